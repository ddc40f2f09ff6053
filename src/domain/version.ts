import { contentMalformed } from './errors.ts';

export const FIRST_VERSION = '0.0.1';

const PART = /^\+?\d{1,9}$/;

/**
 * Reads `1`, `1.2` or `1.2.3` into three parts, as OpenWhisk does; missing parts are 0.
 * @throws {ApiError} 400
 */
export function parseVersion(text: string): string {
  const parts = text.split('.').slice(0, 3);
  if (!parts.every((part) => PART.test(part))) throw contentMalformed('semantic version malformed');
  const numbers = [0, 1, 2].map((index) => Number(parts[index] ?? 0));
  if (numbers.every((part) => part === 0)) throw contentMalformed('semantic version malformed');
  return numbers.join('.');
}

/** `0.0.1` becomes `0.0.2`. */
export function nextPatch(version: string): string {
  const [major = '0', minor = '0', patch = '0'] = version.split('.');
  return `${major}.${minor}.${Number(patch) + 1}`;
}
