import type { Call } from './call.ts';

/**
 * Blocking calls by the end of their wait. Callers ask for few different waits (nearly all for the same), so there is
 * one set per length: each is in order of its deadlines by itself, and nobody needs a timer or a heap.
 */
export class Waits<C> {
  readonly #byLength = new Map<number, Set<Call<C>>>();

  add(call: Call<C>): void {
    let calls = this.#byLength.get(call.waitMs);
    if (calls === undefined) {
      calls = new Set();
      this.#byLength.set(call.waitMs, calls);
    }
    calls.add(call);
  }

  remove(call: Call<C>): void {
    const calls = this.#byLength.get(call.waitMs);
    if (calls === undefined) return;
    calls.delete(call);
    if (calls.size === 0) this.#byLength.delete(call.waitMs);
  }

  /** Takes out those whose wait is over. */
  due(now: number): Call<C>[] {
    const due: Call<C>[] = [];
    for (const calls of this.#byLength.values()) {
      for (const call of calls) {
        if (call.waitEndsAt > now) break;
        due.push(call);
      }
    }
    for (const call of due) this.remove(call);
    return due;
  }

  get size(): number {
    let size = 0;
    for (const calls of this.#byLength.values()) size += calls.size;
    return size;
  }
}
