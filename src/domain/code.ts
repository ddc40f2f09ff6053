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
