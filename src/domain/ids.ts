import { randomBytes, randomFillSync, randomInt } from 'node:crypto';
import type { ActivationId } from './activation.ts';

const POOL_BYTES = 4096;
const ACTIVATION_ID_RANDOM_BYTES = 10;
const TRANSACTION_ID_BYTES = 16;
const AUTH_KEY_LENGTH = 64;
const AUTH_KEY_ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const pool = Buffer.alloc(POOL_BYTES);
let used = POOL_BYTES;

/**
 * A new activation id: 12 hex digits of the epoch ms, then 20 random ones. Ids that sort by time keep the store's
 * index append-only, which is worth a factor of two in inserts.
 */
export function newActivationId(nowMs: number): ActivationId {
  return nowMs.toString(16).padStart(12, '0') + pooledHex(ACTIVATION_ID_RANDOM_BYTES);
}

/** A new transaction id: 32 hex digits, all random. */
export function newTransactionId(): string {
  return pooledHex(TRANSACTION_ID_BYTES);
}

/** Random bytes drawn in bulk: a call for each id would cost more than all else about it. */
function pooledHex(bytes: number): string {
  if (used + bytes > POOL_BYTES) {
    randomFillSync(pool);
    used = 0;
  }
  used += bytes;
  return pool.toString('hex', used - bytes, used);
}

/** A secret of `bytes` random bytes as hex digits. */
export function newSecret(bytes: number): string {
  return randomBytes(bytes).toString('hex');
}

/** The key behind `uuid:` in Basic authentication: 64 random letters and digits. */
export function newAuthKey(): string {
  return Array.from({ length: AUTH_KEY_LENGTH }, () => AUTH_KEY_ALPHABET.charAt(randomInt(AUTH_KEY_ALPHABET.length))).join('');
}
