import { timingSafeEqual } from 'node:crypto';

/** Compares in a time that depends on the length only. */
export function sameSecret(expected: Buffer, given: string): boolean {
  const bytes = Buffer.from(given);
  return bytes.length === expected.length && timingSafeEqual(bytes, expected);
}
