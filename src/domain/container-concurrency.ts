import type { ActionReference } from './activation.ts';

/**
 * How many activations of an action may run in one container at a time. Node.js serves several at once by its nature; the
 * other runtimes take one after the other, so for them any limit is accepted and means one.
 */
export function containerConcurrency({ kind, limits }: Pick<ActionReference, 'kind' | 'limits'>): number {
  return limits.concurrency > 1 && kind.startsWith('nodejs:') ? limits.concurrency : 1;
}
