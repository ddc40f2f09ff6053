/** Archives as clients send them, good ones and bad ones, in base64. */
import { deflateRawSync, gzipSync } from 'node:zlib';
import { strToU8, zipSync } from 'fflate';
import type { ZipOptions } from 'fflate';

export function zip(files: Record<string, string | Uint8Array | [string, ZipOptions]>): string {
  const entries = Object.entries(files).map(([name, file]): [string, Uint8Array | [Uint8Array, ZipOptions]] => {
    if (typeof file === 'string') return [name, strToU8(file)];
    return [name, Array.isArray(file) ? [strToU8(file[0]), file[1]] : file];
  });
  return Buffer.from(zipSync(Object.fromEntries(entries))).toString('base64');
}

/** Directory entries that all name the same deflated zeros. */
export function bomb(bytes: number, entries: number): string {
  const data = deflateRawSync(Buffer.alloc(bytes), { level: 1 });
  const name = Buffer.from('a');
  const local = Buffer.alloc(30);
  local.writeUInt32LE(0x04034b50, 0);
  local.writeUInt16LE(8, 8);
  local.writeUInt16LE(name.length, 26);
  const directory = Buffer.alloc(46);
  directory.writeUInt32LE(0x02014b50, 0);
  directory.writeUInt16LE(8, 10);
  directory.writeUInt32LE(data.length, 20);
  directory.writeUInt16LE(name.length, 28);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(entries, 10);
  end.writeUInt32LE(local.length + name.length + data.length, 16);
  const listed = Array.from({ length: entries }, () => [directory, name]).flat();
  return Buffer.concat([local, name, data, ...listed, end]).toString('base64');
}

interface TarEntry { name: string; text?: string; mode?: number; type?: '0' | '2' | '5'; linkTo?: string; format?: 'ustar' | 'gnu' }

/** A tar.gz; a name that is too long for its header gets one of GNU's or pax' long ones. */
export function tarGz(entries: readonly TarEntry[]): string {
  const blocks = entries.flatMap((entry) => {
    const { name, text = '', mode = 0o644, type = '0', linkTo = '', format = 'ustar' } = entry;
    const own = tarBlocks(name.slice(0, 100), Buffer.from(text), mode, type, linkTo);
    if (name.length <= 100) return own;
    if (format === 'gnu') return [...tarBlocks('././@LongLink', Buffer.from(`${name}\0`), 0o644, 'L', ''), ...own];
    const record = ` path=${name}\n`;
    const length = record.length + String(record.length + 3).length;
    return [...tarBlocks('PaxHeaders/x', Buffer.from(`${length}${record}`), 0o644, 'x', ''), ...own];
  });
  return gzipSync(Buffer.concat([...blocks, Buffer.alloc(1024)])).toString('base64');
}

function tarBlocks(name: string, data: Buffer, mode: number, type: string, linkTo: string): Buffer[] {
  const header = Buffer.alloc(512);
  header.write(name, 0);
  header.write(mode.toString(8).padStart(7, '0'), 100);
  header.write('0000000\0' + '0000000', 108);
  header.write(data.length.toString(8).padStart(11, '0'), 124);
  header.write('00000000000', 136);
  header.write(' '.repeat(8) + type + linkTo, 148);
  header.write('ustar\x0000', 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return [header, data, Buffer.alloc((512 - (data.length % 512)) % 512)];
}
