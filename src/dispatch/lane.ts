/** What may stand in a lane; the fields are the lane's own to change. */
export interface LaneEntry<T> {
  lane: object | undefined;
  next: T | undefined;
  previous: T | undefined;
}

/** A line, first come first served, from whose middle one may step out. An entry stands in at most one lane. */
export class Lane<T extends LaneEntry<T>> {
  first: T | undefined;
  #last: T | undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  push(entry: T): void {
    if (entry.lane !== undefined) throw new Error('it stands in a lane already');
    entry.lane = this;
    entry.previous = this.#last;
    if (this.#last === undefined) this.first = entry;
    else this.#last.next = entry;
    this.#last = entry;
    this.#size += 1;
  }

  remove(entry: T): void {
    if (entry.lane !== this) throw new Error('it does not stand in this lane');
    if (entry.previous === undefined) this.first = entry.next;
    else entry.previous.next = entry.next;
    if (entry.next === undefined) this.#last = entry.previous;
    else entry.next.previous = entry.previous;
    entry.lane = undefined;
    entry.next = undefined;
    entry.previous = undefined;
    this.#size -= 1;
  }

  /** From the first to the last; the one at hand may be removed. */
  * [Symbol.iterator](): Generator<T, void> {
    let entry = this.first;
    while (entry !== undefined) {
      const { next } = entry;
      yield entry;
      entry = next;
    }
  }
}
