import type { CancelTimer, Clock } from './clock.ts';

interface Timer { at: number; order: number; action: () => void; everyMs?: number }

/** A clock that stands still until it is advanced; timers fire in order of time, then of creation. */
export class VirtualClock implements Clock {
  #now: number;
  #order = 0;
  readonly #timers = new Set<Timer>();

  constructor(startMs = 0) {
    this.#now = startMs;
  }

  now(): number {
    return this.#now;
  }

  after(ms: number, action: () => void): CancelTimer {
    return this.#add({ at: this.#now + ms, order: this.#order++, action });
  }

  every(ms: number, action: () => void): CancelTimer {
    if (ms <= 0) throw new RangeError(`period must be positive: ${ms}`);
    return this.#add({ at: this.#now + ms, order: this.#order++, action, everyMs: ms });
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => { this.after(ms, resolve); });
  }

  /** Moves time forward by `ms`, firing what falls due on the way. */
  advance(ms: number): void {
    const until = this.#now + ms;
    for (let timer = this.#next(until); timer !== undefined; timer = this.#next(until)) {
      this.#now = timer.at;
      if (timer.everyMs === undefined) this.#timers.delete(timer);
      else timer.at += timer.everyMs;
      timer.action();
    }
    this.#now = until;
  }

  #add(timer: Timer): CancelTimer {
    this.#timers.add(timer);
    return () => { this.#timers.delete(timer); };
  }

  #next(until: number): Timer | undefined {
    let first: Timer | undefined;
    for (const timer of this.#timers) {
      if (timer.at > until) continue;
      if (first === undefined || timer.at < first.at || (timer.at === first.at && timer.order < first.order)) first = timer;
    }
    return first;
  }
}
