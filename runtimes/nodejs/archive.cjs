'use strict';
/*
 * Unpacks the archives that actions come in: zip and tar.gz, within bounds and inside a directory of theirs. The sizes that
 * bound them are enforced while inflating, whatever the archive says of itself. Written out here because an action's box
 * has no packages.
 */
const fs = require('node:fs');
const path = require('node:path');
const zlib = require('node:zlib');

const MAX_UNPACKED_BYTES = 512 * 1024 * 1024;
const MAX_ENTRIES = 50_000;

const failed = (reason) => new Error(`There was an error uncompressing the action archive. ${reason}`);
const isGzip = (data) => data[0] === 0x1f && data[1] === 0x8b;

/** Unpacks a zip or a tar.gz. */
function unpack(archive, directory) {
  if (isGzip(archive)) unpackTar(archive, directory);
  else unpackZip(archive, directory);
}

/** The path of an archive's entry below `directory`. */
function inside(directory, name) {
  const target = path.resolve(directory, name);
  if (name.startsWith('/') || name.includes('\0') || (target !== directory && !target.startsWith(`${directory}/`))) throw failed(`It reaches outside itself: ${name}`);
  return target;
}

/** Links are made last, so that nothing is written through one. */
function makeLinks(links, directory) {
  for (const [to, link] of links) {
    const resolved = path.resolve(path.dirname(link), to);
    if (path.isAbsolute(to) || !resolved.startsWith(`${directory}/`)) throw failed(`A link reaches outside it: ${to}`);
    fs.symlinkSync(to, link);
  }
}

/** Unpacks within bounds and inside `directory` only; the sizes that bound it are enforced while inflating. */
function unpackZip(zip, directory) {
  fs.mkdirSync(directory, { recursive: true });
  let end = zip.length - 22;
  while (end >= 0 && zip.readUInt32LE(end) !== 0x06054b50) end--;
  if (end < 0) throw failed('It is not a zip archive.');
  const count = zip.readUInt16LE(end + 10);
  let at = zip.readUInt32LE(end + 16);
  if (count === 0xffff || at === 0xffffffff || count > MAX_ENTRIES) throw failed('It is too large.');
  let left = MAX_UNPACKED_BYTES;
  const links = [];
  try {
    for (let entry = 0; entry < count; entry++) {
      if (zip.readUInt32LE(at) !== 0x02014b50) throw failed('Its directory is damaged.');
      const flags = zip.readUInt16LE(at + 8);
      const method = zip.readUInt16LE(at + 10);
      const packed = zip.readUInt32LE(at + 20);
      const nameBytes = zip.readUInt16LE(at + 28);
      const skip = 46 + nameBytes + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32);
      const mode = zip.readUInt16LE(at + 40);
      const local = zip.readUInt32LE(at + 42);
      const name = zip.toString('utf8', at + 46, at + 46 + nameBytes).replaceAll('\\', '/');
      at += skip;
      const target = inside(directory, name);
      if (name.endsWith('/')) {
        fs.mkdirSync(target, { recursive: true });
        continue;
      }
      if ((flags & 1) !== 0) throw failed('It is encrypted.');
      if (zip.readUInt32LE(local) !== 0x04034b50) throw failed('Its directory is damaged.');
      const from = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
      const raw = zip.subarray(from, from + packed);
      if (method !== 0 && method !== 8) throw failed(`Its compression method ${method} is not supported.`);
      const data = method === 0 ? raw : raw.length === 0 ? raw : zlib.inflateRawSync(raw, { maxOutputLength: Math.max(1, left) });
      left -= data.length;
      if (left < 0) throw failed('It is too large.');
      fs.mkdirSync(path.dirname(target), { recursive: true });
      if ((mode & 0o170000) === 0o120000) links.push([data.toString(), target]);
      else fs.writeFileSync(target, data, { mode: (mode & 0o111) === 0 ? 0o644 : 0o755 });
    }
    makeLinks(links, directory);
  } catch (error) {
    if (error?.code === 'ERR_BUFFER_TOO_LARGE') throw failed('It is too large.');
    if (error instanceof RangeError) throw failed('It is damaged.');
    throw error;
  }
}

const TAR_BLOCK = 512;

/** The same for tar.gz: POSIX headers, with the long names of both GNU and pax. */
function unpackTar(archive, directory) {
  let tar;
  try {
    tar = zlib.gunzipSync(archive, { maxOutputLength: MAX_UNPACKED_BYTES });
  } catch (error) {
    throw failed(error?.code === 'ERR_BUFFER_TOO_LARGE' ? 'It is too large.' : 'It is damaged.');
  }
  fs.mkdirSync(directory, { recursive: true });
  const field = (at, from, length) => {
    const bytes = tar.subarray(at + from, at + from + length);
    const end = bytes.indexOf(0);
    return bytes.toString('utf8', 0, end < 0 ? length : end);
  };
  const links = [];
  let longer = {};
  for (let at = 0, entries = 0; at + TAR_BLOCK <= tar.length && tar[at] !== 0; entries++) {
    if (entries >= MAX_ENTRIES) throw failed('It is too large.');
    const size = Number.parseInt(field(at, 124, 12).trim() || '0', 8);
    const type = String.fromCharCode(tar[at + 156]);
    const data = tar.subarray(at + TAR_BLOCK, at + TAR_BLOCK + size);
    if (Number.isNaN(size) || data.length < size || !field(at, 257, 6).startsWith('ustar')) throw failed('It is damaged.');
    const header = at;
    at += TAR_BLOCK + Math.ceil(size / TAR_BLOCK) * TAR_BLOCK;
    if (type === 'L' || type === 'K') {
      longer[type === 'L' ? 'path' : 'linkpath'] = data.toString('utf8').replace(/\0.*$/s, '');
      continue;
    }
    if (type === 'x') {
      for (const [, key, value] of data.toString('utf8').matchAll(/^\d+ (path|linkpath)=(.*)$/gm)) longer[key] = value;
      continue;
    }
    if (type === 'g') continue;
    const prefix = field(header, 257, 8) === 'ustar' ? field(header, 345, 155) : '';
    const name = longer.path ?? (prefix === '' ? field(header, 0, 100) : `${prefix}/${field(header, 0, 100)}`);
    const linkedTo = longer.linkpath ?? field(header, 157, 100);
    longer = {};
    const target = inside(directory, name);
    if (type === '5') {
      fs.mkdirSync(target, { recursive: true });
      continue;
    }
    fs.mkdirSync(path.dirname(target), { recursive: true });
    if (type === '2') links.push([linkedTo, target]);
    else if (type === '1') fs.linkSync(inside(directory, linkedTo), target);
    else if (type === '0' || type === '\0') fs.writeFileSync(target, data, { mode: (Number.parseInt(field(header, 100, 8), 8) & 0o111) === 0 ? 0o644 : 0o755 });
    else throw failed(`It holds something that is neither file, directory nor link: ${name}`);
  }
  makeLinks(links, directory);
}

module.exports = { unpack, isArchive: (data) => isGzip(data) || data.toString('latin1', 0, 4) === 'PK\x03\x04' };
