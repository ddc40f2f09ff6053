import type { ActivationResource } from '../client/resources.ts';
import type { Query } from '../client/whisk-client.ts';

/** A record appears when its activation ends but is filed under its start, so a poll looks back by the longest run. */
const LOOK_BACK_MS = 300_000;

/** Which records of a poll are new. Looks back, and remembers no more than what it can meet again. */
export class ActivationPoll {
  readonly #from: number;
  #since: number;
  #seen = new Map<string, number>();

  /** @param from epoch ms: activations that started before are not shown */
  constructor(from: number) {
    this.#from = from;
    this.#since = from;
  }

  query(): Query {
    return { since: this.#since, docs: true, limit: 0, skip: 0 };
  }

  /** Oldest first. */
  unseen(page: readonly ActivationResource[]): ActivationResource[] {
    const fresh = page.filter(({ activationId, start }) => start >= this.#from && !this.#seen.has(activationId)).toReversed();
    for (const { activationId, start } of fresh) this.#seen.set(activationId, start);
    const newest = Math.max(this.#from, ...this.#seen.values());
    this.#since = Math.max(this.#from, newest - LOOK_BACK_MS);
    this.#seen = new Map([...this.#seen].filter(([, start]) => start >= this.#since));
    return fresh;
  }
}
