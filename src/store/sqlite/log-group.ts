/**
 * A group is what one write brings to the log: a header `=LLLLLLLL CCCCCCCC\n` (length and CRC-32 of what follows, in
 * hex), then lines. A group counts as a whole or not at all: after a torn write none of its lines is believed.
 */
import { readSync } from 'node:fs';
import { crc32 } from 'node:zlib';

const HEADER_BYTES = 19;
const HEADER = /^=([0-9a-f]{8}) ([0-9a-f]{8})\n$/;
const SCRATCH_BYTES = 256 * 1024;
const READ_BYTES = 1024 * 1024;

export class GroupEncoder {
  readonly #scratch = Buffer.allocUnsafe(SCRATCH_BYTES);

  /** @returns bytes that are valid until the next call */
  encode(lines: readonly string[]): Buffer {
    const text = lines.join('');
    const fits = HEADER_BYTES + text.length * 3 <= SCRATCH_BYTES;
    const buffer = fits ? this.#scratch : Buffer.allocUnsafe(HEADER_BYTES + Buffer.byteLength(text));
    const length = buffer.write(text, HEADER_BYTES, 'utf8');
    const end = HEADER_BYTES + length;
    buffer.write(`=${hex(length)} ${hex(crc32(buffer.subarray(HEADER_BYTES, end)))}\n`, 0, 'latin1');
    return buffer.subarray(0, end);
  }
}

function hex(value: number): string {
  return value.toString(16).padStart(8, '0');
}

export interface Group {
  lines: string[];
  /** Offset in the file at which the group ends. */
  end: number;
}

/**
 * Reads the groups of a segment from byte `from` up to byte `to` (both ends of groups), stopping at the first that is
 * torn or damaged: compare the last `end` with `to` to find out.
 */
export function* readGroups(fd: number, from: number, to: number): Generator<Group> {
  let chunk: Buffer = Buffer.alloc(0);
  let chunkStart = from;
  let position = from;
  const have = (bytes: number): Buffer | undefined => {
    if (position + bytes > to) return undefined;
    if (position + bytes > chunkStart + chunk.length) {
      chunk = readAt(fd, position, Math.min(Math.max(bytes, READ_BYTES), to - position));
      chunkStart = position;
    }
    const offset = position - chunkStart;
    return offset + bytes <= chunk.length ? chunk.subarray(offset, offset + bytes) : undefined;
  };
  for (;;) {
    const header = HEADER.exec(have(HEADER_BYTES)?.toString('latin1') ?? '');
    if (header === null) return;
    const length = Number.parseInt(header[1] ?? '', 16);
    const payload = have(HEADER_BYTES + length)?.subarray(HEADER_BYTES);
    if (payload === undefined || crc32(payload) !== Number.parseInt(header[2] ?? '', 16)) return;
    position += HEADER_BYTES + length;
    const lines = payload.toString('utf8').split('\n');
    lines.pop();
    yield { lines, end: position };
  }
}

function readAt(fd: number, position: number, bytes: number): Buffer {
  const buffer = Buffer.allocUnsafe(bytes);
  let filled = 0;
  while (filled < bytes) {
    const read = readSync(fd, buffer, filled, bytes - filled, position + filled);
    if (read === 0) break;
    filled += read;
  }
  return buffer.subarray(0, filled);
}
