import { createHash } from 'node:crypto';
import type { ActivationId } from '../domain/activation.ts';

const ID_LENGTH = 32;
/** The time that an activation id begins with. */
const TIME_LENGTH = 12;

/**
 * The id of the nth activation that this one begins. It can be worked out again, so that after a restart whoever goes
 * on from an earlier state finds what had been begun, and nothing is begun twice.
 */
export function stepId(id: ActivationId, n: number): ActivationId {
  const digest = createHash('sha256').update(`${id} ${n}`).digest('hex');
  return id.slice(0, TIME_LENGTH) + digest.slice(0, ID_LENGTH - TIME_LENGTH);
}
