/**
 * Tells source text from archives. OpenWhisk's rule: code that is, once trimmed, valid non-empty base64 is binary.
 * Code can have tens of megabytes, so nothing here decodes the whole or runs a regular expression that backtracks.
 */
const OUTSIDE_BASE64 = /[^A-Za-z0-9+/]/;

export function isBinaryCode(code: string): boolean {
  const text = code.trim();
  if (text.length === 0 || text.length % 4 !== 0) return false;
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  return !OUTSIDE_BASE64.test(padding === 0 ? text : text.slice(0, -padding));
}

/** What an action's binary code may be: a zip, or a tar.gz. Looks at its ends only. */
export function isArchive(base64: string): boolean {
  const [first, second, method] = Buffer.from(base64.trim().slice(0, 4), 'base64');
  return (first === 0x1f && second === 0x8b && method === 8) || isZip(base64);
}

/** A zip archive's last record: 22 bytes and a comment of at most 64 KB, after everything else. */
const END_RECORD = Buffer.from([0x50, 0x4b, 0x05, 0x06]);
const END_RECORD_MAX_BYTES = 22 + 65_535;

/** Looks at the first and the last bytes of base64 text: an archive begins with `PK` and has its directory's end record. */
function isZip(base64: string): boolean {
  const text = base64.trim();
  if (!Buffer.from(text.slice(0, 4), 'base64').toString('latin1').startsWith('PK')) return false;
  const tailCharacters = Math.ceil(END_RECORD_MAX_BYTES / 3) * 4 + 4;
  const tail = Buffer.from(text.slice(Math.max(0, text.length - tailCharacters)), 'base64');
  return tail.includes(END_RECORD);
}
