/** The calls that arrive while pilots come and go: the paper's load, of any size. */
import type { ActivationMessage } from '../domain/activation.ts';
import { DEFAULT_LIMIT_RANGES, standardLimits } from '../domain/limits.ts';
import { exponential, type Random } from '../traces/random.ts';

export const arrivalKinds = ['even', 'poisson'] as const;

export interface CallLoad {
  /** Calls per second. */
  readonly rate: number;
  /** They go to so many functions in turn. */
  readonly functions: number;
  /** How long a function works, ms. */
  readonly callMs: number;
  /** How much longer a call takes for which a container must be started, ms. */
  readonly coldMs: number;
  /** `even`: one every 1/rate seconds, as the paper's; `poisson`: with exponential gaps, to functions drawn at random. */
  readonly arrivals: (typeof arrivalKinds)[number];
  /** What an invoker gives to functions, MB. Each takes OpenWhisk's 256. */
  readonly memoryMB: number;
}

export const defaultCallLoad: Omit<CallLoad, 'rate'> = { functions: 100, callMs: 10, coldMs: 50, arrivals: 'even', memoryMB: 32_768 };

/** All calls are this namespace's. */
export const CALLING_NAMESPACE = 'guest';
const LIMITS = standardLimits(DEFAULT_LIMIT_RANGES);
const TIME_DIGITS = 12;
const NUMBER_DIGITS = 20;

/** Gives out when calls are due and what they call, one after the other. */
export class Arrivals {
  /** Of the next one, ms from the begin. */
  due: number;
  number = 0;
  readonly #load: CallLoad;
  readonly #random: Random;
  readonly #actions: readonly ActivationMessage['action'][];

  constructor(load: CallLoad, random: Random) {
    this.#load = load;
    this.#random = random;
    this.#actions = Array.from({ length: load.functions }, (_, index) => ({
      path: `${CALLING_NAMESPACE}/f${index + 1}`, name: `f${index + 1}`, version: '0.0.1', revision: '1', kind: 'nodejs:24', limits: LIMITS,
    }));
    this.due = load.arrivals === 'even' ? 0 : exponential(random, 1000 / load.rate);
  }

  /** The next call, as of `now` (epoch ms), and moves on to the one after it. */
  take(now: number): ActivationMessage {
    const { rate, functions, arrivals } = this.#load;
    const number = this.number++;
    const action = this.#actions[arrivals === 'even' ? number % functions : Math.floor(this.#random() * functions)];
    if (action === undefined) throw new RangeError('there are no functions');
    this.due = arrivals === 'even' ? this.number * 1000 / rate : this.due + exponential(this.#random, 1000 / rate);
    return {
      activationId: activationId(now, number), transactionId: 'simulated', action, namespace: CALLING_NAMESPACE, subject: CALLING_NAMESPACE,
      args: {}, env: {}, acceptedAt: now, blocking: true,
    };
  }
}

/** As the platform's own begin with the time; behind it the call's number, where those have chance. */
function activationId(now: number, number: number): string {
  return Math.floor(now).toString(16).padStart(TIME_DIGITS, '0') + number.toString(16).padStart(NUMBER_DIGITS, '0');
}

/** @returns which of the calls it is */
export function callNumber(id: string): number {
  return Number.parseInt(id.slice(TIME_DIGITS), 16);
}
