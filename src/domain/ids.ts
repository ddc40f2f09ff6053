import { randomBytes, randomFillSync } from 'node:crypto';
import type { ActivationId } from './activation.ts';

const POOL_BYTES = 4096;
const RANDOM_BYTES = 10;
const pool = Buffer.alloc(POOL_BYTES);
let used = POOL_BYTES;

/**
 * A new activation id: 12 hex digits of the epoch ms, then 20 random ones. Ids that sort by time keep the store's
 * index append-only, which is worth a factor of two in inserts.
 */
export function newActivationId(nowMs: number): ActivationId {
  if (used + RANDOM_BYTES > POOL_BYTES) {
    randomFillSync(pool);
    used = 0;
  }
  const random = pool.toString('hex', used, used + RANDOM_BYTES);
  used += RANDOM_BYTES;
  return nowMs.toString(16).padStart(12, '0') + random;
}

/** A secret of `bytes` random bytes as hex digits. */
export function newSecret(bytes: number): string {
  return randomBytes(bytes).toString('hex');
}
