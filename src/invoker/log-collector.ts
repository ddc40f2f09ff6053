/**
 * Logs of a container: its two output streams, cut into lines with the time of their arrival, up to the sentinel line
 * that a runtime writes to both after each activation. What comes between two activations belongs to the next one.
 * Everything is read at once, so that a function that prints is never held up; beyond the limit it is thrown away.
 */
import type { Readable } from 'node:stream';
import type { Clock } from '../clock/clock.ts';

export const LOG_SENTINEL = 'XXX_THE_END_OF_A_WHISK_ACTIVATION_XXX';
const SENTINEL_LINE = Buffer.from(`${LOG_SENTINEL}\n`);
const SENTINEL = Buffer.from(LOG_SENTINEL);
const NEWLINE = 0x0a;
/** A line longer than this is cut, as Docker cuts it. */
const MAX_LINE_BYTES = 16_384;
/** Kept of what is printed while no activation runs. */
const BETWEEN_BYTES = 64 * 1024;
const TIME_WIDTH = 30;
const LAST_WORDS_BYTES = 1024;

export const LOG_TEXTS = {
  missing: 'There was an issue while collecting your logs. Data might be missing.',
  developerError: 'The action did not initialize or run as expected. Log data might be missing.',
  truncated: (limitBytes: number): string => `Logs were truncated because the total bytes size exceeds the limit of ${limitBytes} bytes.`,
} as const;

type StreamName = 'stdout' | 'stderr';
interface LogStream { readonly name: StreamName; partial: Buffer | undefined; sentinel: boolean; ended: boolean }

export class LogCollector {
  readonly #clock: Clock;
  readonly #streams: readonly LogStream[];
  readonly #sources: Record<StreamName, Readable>;
  #lines: string[] = [];
  #bytes = 0;
  #limitBytes = BETWEEN_BYTES;
  #truncated = false;
  #waiting: (() => void) | undefined;
  #stderrTail = '';
  #heapExhausted = false;

  constructor(stdout: Readable, stderr: Readable, clock: Clock) {
    this.#clock = clock;
    this.#sources = { stdout, stderr };
    this.#streams = [this.#follow('stdout', stdout), this.#follow('stderr', stderr)];
  }

  /** Reads no more. @returns the streams, for another reader */
  detach(): Record<StreamName, Readable> {
    for (const stream of Object.values(this.#sources)) stream.removeAllListeners('data');
    return this.#sources;
  }

  /** The last of what the process itself said before it died. */
  get stderrTail(): string {
    return this.#stderrTail;
  }

  /** Node.js said that its heap is full, which it does only on its way out. */
  get sawHeapExhausted(): boolean {
    return this.#heapExhausted;
  }

  /** An activation begins. */
  begin(limitBytes: number): void {
    this.#limitBytes = limitBytes;
    for (const stream of this.#streams) stream.sentinel = false;
  }

  /** Both sentinels are there, or nothing more can come. */
  get complete(): boolean {
    return this.#streams.every((stream) => stream.sentinel || stream.ended);
  }

  get sentinels(): boolean {
    return this.#streams.every((stream) => stream.sentinel);
  }

  /** Resolves when `complete`, or after `ms`. */
  async settled(ms: number): Promise<void> {
    if (this.complete) return;
    await new Promise<void>((resolve) => {
      const cancel = this.#clock.after(ms, resolve);
      this.#waiting = () => { cancel(); resolve(); };
    });
    this.#waiting = undefined;
  }

  /** The activation's lines; ends it. @param notices further lines of the platform's own */
  take(notices: readonly string[]): string[] {
    const now = this.#clock.now();
    for (const stream of this.#streams) {
      if (stream.partial !== undefined && !stream.sentinel) this.#add(stream, stream.partial, now);
      if (!stream.sentinel) stream.partial = undefined;
    }
    const lines = this.#lines;
    if (this.#truncated) lines.push(formatLine(now, 'stderr', LOG_TEXTS.truncated(this.#limitBytes)));
    for (const notice of notices) lines.push(formatLine(now, 'stderr', notice));
    this.#lines = [];
    this.#bytes = 0;
    this.#truncated = false;
    this.#limitBytes = BETWEEN_BYTES;
    return lines;
  }

  #follow(name: StreamName, readable: Readable): LogStream {
    const stream: LogStream = { name, partial: undefined, sentinel: false, ended: false };
    readable.on('data', (chunk: Buffer) => { this.#received(stream, chunk); });
    readable.once('close', () => {
      stream.ended = true;
      this.#check();
    });
    return stream;
  }

  #received(stream: LogStream, chunk: Buffer): void {
    if (stream.partial === undefined && chunk.length === SENTINEL_LINE.length && chunk.equals(SENTINEL_LINE)) {
      stream.sentinel = true;
    } else {
      this.#split(stream, chunk);
    }
    this.#check();
  }

  #split(stream: LogStream, chunk: Buffer): void {
    const now = this.#clock.now();
    let from = 0;
    for (let newline = chunk.indexOf(NEWLINE); newline >= 0; newline = chunk.indexOf(NEWLINE, from)) {
      const part = chunk.subarray(from, newline);
      from = newline + 1;
      const line = stream.partial === undefined ? part : Buffer.concat([stream.partial, part]);
      stream.partial = undefined;
      if (line.length >= SENTINEL.length && line.subarray(line.length - SENTINEL.length).equals(SENTINEL)) {
        // Text without a newline of its own stands before the sentinel.
        if (line.length > SENTINEL.length) this.#add(stream, line.subarray(0, line.length - SENTINEL.length), now);
        stream.sentinel = true;
      } else {
        this.#add(stream, line, now);
      }
    }
    if (from === chunk.length) return;
    const rest = chunk.subarray(from);
    stream.partial = stream.partial === undefined ? Buffer.from(rest) : Buffer.concat([stream.partial, rest]);
    while (stream.partial.length > MAX_LINE_BYTES + SENTINEL_LINE.length) {
      this.#add(stream, stream.partial.subarray(0, MAX_LINE_BYTES), now);
      stream.partial = stream.partial.subarray(MAX_LINE_BYTES);
    }
  }

  #add(stream: LogStream, line: Buffer, now: number): void {
    if (stream.name === 'stderr') this.#noteLastWords(line);
    if (this.#truncated) return;
    if (this.#bytes + line.length + 1 > this.#limitBytes) {
      this.#truncated = true;
      const room = this.#limitBytes - this.#bytes;
      if (room > 0) this.#lines.push(formatLine(now, stream.name, line.toString('utf8', 0, room)));
      return;
    }
    this.#bytes += line.length + 1;
    this.#lines.push(formatLine(now, stream.name, line.toString()));
  }

  #noteLastWords(line: Buffer): void {
    this.#stderrTail = line.toString('utf8', 0, Math.min(line.length, LAST_WORDS_BYTES));
    if (this.#stderrTail.startsWith('FATAL ERROR: ') && this.#stderrTail.includes('heap out of memory')) this.#heapExhausted = true;
  }

  #check(): void {
    if (this.#waiting !== undefined && this.complete) this.#waiting();
  }
}

/** `2026-01-02T03:04:05.678Z       stdout: text`, the time as wide as Docker's with nanoseconds. */
export function formatLine(ms: number, stream: StreamName, text: string): string {
  return `${new Date(ms).toISOString().padEnd(TIME_WIDTH)} ${stream}: ${text.trimEnd()}`;
}
