/**
 * OpenWhisk's throttles of a namespace: invocations and fires in the running minute of the wall clock (the count starts
 * anew with each minute), and activations in flight. Everything that asks is counted, also what is refused: requests,
 * and the actions that rules have invoked, but no components of compositions.
 */
import type { Clock } from '../clock/clock.ts';
import { tooManyConcurrentRequests, tooManyRequests } from '../domain/errors.ts';
import type { Limits } from '../domain/limits.ts';

const MINUTE_MS = 60_000;

interface ThrottlesOptions {
  limitsOf: (namespace: string) => Limits;
  /** Accepted activations of a namespace that are not finished. */
  inFlight: (namespace: string) => number;
  clock: Clock;
}

export class Throttles {
  readonly #options: ThrottlesOptions;
  readonly #invocations: MinuteCounter;
  readonly #fires: MinuteCounter;

  constructor(options: ThrottlesOptions) {
    this.#options = options;
    this.#invocations = new MinuteCounter(options.clock);
    this.#fires = new MinuteCounter(options.clock);
  }

  /** Before an action is invoked by a request or a rule, or a web action in its owner's name. @throws {ApiError} 429 */
  checkInvocation(namespace: string): void {
    const { invocationsPerMinute, concurrentInvocations } = this.#options.limitsOf(namespace);
    const count = this.#invocations.count(namespace);
    if (count > invocationsPerMinute) throw tooManyRequests(count, invocationsPerMinute);
    const running = this.#options.inFlight(namespace);
    if (running >= concurrentInvocations) throw tooManyConcurrentRequests(running, concurrentInvocations);
  }

  /** Before a trigger is fired. @throws {ApiError} 429 */
  checkFire(namespace: string): void {
    const { firesPerMinute } = this.#options.limitsOf(namespace);
    const count = this.#fires.count(namespace);
    if (count > firesPerMinute) throw tooManyRequests(count, firesPerMinute);
  }
}

/** Counts by key in the running minute; what was counted in earlier ones is forgotten all at once. */
class MinuteCounter {
  readonly #clock: Clock;
  readonly #counts = new Map<string, number>();
  #minute = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @returns how many it are now */
  count(key: string): number {
    const minute = Math.floor(this.#clock.now() / MINUTE_MS);
    if (minute !== this.#minute) {
      this.#minute = minute;
      this.#counts.clear();
    }
    const count = (this.#counts.get(key) ?? 0) + 1;
    this.#counts.set(key, count);
    return count;
  }
}
