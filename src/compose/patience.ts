import type { Clock } from '../clock/clock.ts';
import { Overloaded } from '../dispatch/dispatch.ts';
import { StoreUnavailable } from '../store/store.ts';

/** The controller stops: whatever goes on will go on after the next start. */
export class Stopped extends Error {
  override readonly name = 'Stopped';
}

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;

/**
 * For what was accepted and must happen: a full queue or a full disk delays it only. The pauses between the tries double
 * up to 5 s.
 */
export class Patience {
  readonly #clock: Clock;
  #stopped = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get stopped(): boolean {
    return this.#stopped;
  }

  stop(): void {
    this.#stopped = true;
  }

  /** Tries until it happens. @throws {Stopped} @throws whatever else than being refused for now makes it fail */
  async insist<T>(attempt: () => Promise<T>): Promise<T> {
    for (let pauseMs = FIRST_PAUSE_MS; !this.#stopped; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
      try {
        return await attempt();
      } catch (error) {
        if (!(error instanceof Overloaded) && !(error instanceof StoreUnavailable)) throw error;
      }
      await this.#clock.sleep(pauseMs);
    }
    throw new Stopped();
  }
}
