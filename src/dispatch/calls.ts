import type { ActivationId } from '../domain/activation.ts';
import type { Call } from './call.ts';

interface Tally { calls: number }

/** All unfinished calls, by id, and how many of them each namespace has. */
export class Calls<C> {
  readonly #byId = new Map<ActivationId, Call<C>>();
  /** One small object per namespace that ever called: there are no more of them than there are accounts. */
  readonly #tallies = new Map<string, Tally>();

  get size(): number {
    return this.#byId.size;
  }

  get(id: ActivationId): Call<C> | undefined {
    return this.#byId.get(id);
  }

  has(id: ActivationId): boolean {
    return this.#byId.has(id);
  }

  values(): IterableIterator<Call<C>> {
    return this.#byId.values();
  }

  add(call: Call<C>): void {
    this.#byId.set(call.id, call);
    const tally = this.#tallies.get(call.message.namespace);
    if (tally === undefined) this.#tallies.set(call.message.namespace, { calls: 1 });
    else tally.calls += 1;
  }

  forget(call: Call<C>): void {
    if (!this.#byId.delete(call.id)) return;
    const tally = this.#tallies.get(call.message.namespace);
    if (tally !== undefined) tally.calls -= 1;
  }

  /** Unfinished calls of a namespace. */
  inFlight(namespace: string): number {
    return this.#tallies.get(namespace)?.calls ?? 0;
  }
}
