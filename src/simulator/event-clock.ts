import type { CancelTimer, Clock } from '../clock/clock.ts';

interface Event {
  at: number;
  order: number;
  action: () => void;
  /** The action may set promises going, which must have settled before time moves on. */
  readonly settles: boolean;
  readonly everyMs?: number;
  cancelled: boolean;
}

const STEPS_AT_A_TIME = 64;

/**
 * The clock of a simulation: time jumps from event to event, in order of time, then of creation. Production code sees it
 * as a `Clock`; what it awaits has come before the next event. The model's own events are plain calls.
 */
export class EventClock implements Clock {
  #now: number;
  #order = 0;
  /** A binary heap. */
  readonly #events: Event[] = [];

  constructor(startMs: number) {
    this.#now = startMs;
  }

  now(): number {
    return this.#now;
  }

  /** Calls `action` at a moment (epoch ms), or at once when that is past. The action must not await anything. */
  at(ms: number, action: () => void): CancelTimer {
    return this.#add({ at: Math.max(ms, this.#now), order: this.#order++, action, settles: false, cancelled: false });
  }

  after(ms: number, action: () => void): CancelTimer {
    return this.#add({ at: this.#now + Math.max(0, ms), order: this.#order++, action, settles: true, cancelled: false });
  }

  every(ms: number, action: () => void): CancelTimer {
    if (!(ms > 0)) throw new RangeError(`period must be positive: ${ms}`);
    return this.#add({ at: this.#now + ms, order: this.#order++, action, settles: true, everyMs: ms, cancelled: false });
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => { this.after(ms, resolve); });
  }

  /** Lets time pass until `ms` (epoch), and everything happen that is due by then. */
  run(ms: number): Promise<void> {
    return new Promise((resolve, reject) => {
      let done = false;
      const step = (): void => {
        if (done) return;
        try {
          done = !this.#proceed(ms);
          if (done) resolve();
        } catch (error) {
          done = true;
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      };
      // All promises that can settle without the outside world do so between two immediates. Many at a time, because
      // behind the last of them Node.js asks the operating system what there is, which costs more than an event.
      const steps = (): void => {
        for (let count = 0; count < STEPS_AT_A_TIME; count++) setImmediate(step);
        setImmediate(() => { if (!done) steps(); });
      };
      steps();
    });
  }

  /** Goes on until promises must settle. @returns whether something may still be due by `ms` */
  #proceed(ms: number): boolean {
    for (let next = this.#events[0]; next !== undefined && next.at <= ms; next = this.#events[0]) {
      this.#pop();
      if (next.cancelled) continue;
      this.#now = next.at;
      next.action();
      if (next.everyMs !== undefined) {
        next.at += next.everyMs;
        next.order = this.#order++;
        this.#push(next);
      }
      if (next.settles) return true;
    }
    this.#now = ms;
    return false;
  }

  #add(event: Event): CancelTimer {
    this.#push(event);
    return () => { event.cancelled = true; };
  }

  #push(event: Event): void {
    const heap = this.#events;
    let place = heap.push(event) - 1;
    while (place > 0) {
      const above = (place - 1) >> 1;
      const parent = heap[above];
      if (parent === undefined || isBefore(parent, event)) break;
      heap[place] = parent;
      place = above;
    }
    heap[place] = event;
  }

  #pop(): void {
    const heap = this.#events;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let place = 0;
    for (;;) {
      const left = 2 * place + 1;
      const [a, b] = [heap[left], heap[left + 1]];
      if (a === undefined) break;
      const below = b !== undefined && isBefore(b, a) ? left + 1 : left;
      const child = below === left ? a : b;
      if (child === undefined || isBefore(last, child)) break;
      heap[place] = child;
      place = below;
    }
    heap[place] = last;
  }
}

function isBefore(a: Event, b: Event): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
