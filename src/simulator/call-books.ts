/**
 * What callers were told, and what is in the store: a few bytes per call, so that a day of them fits. The store that the
 * dispatcher writes to is a stand-in for its port that keeps no record but counts, by activation id, who has one.
 */
import type { DispatcherContext } from '../dispatch/dispatcher.ts';
import type { BlockingAnswer } from '../dispatch/dispatch.ts';
import { quantile } from '../traces/surface-statistics.ts';
import { callNumber } from './call-load.ts';

const RECORDED = 1;
const ANSWERS = { succeeded: 2, failed: 4, timedOut: 8, refused: 16 } as const;
type Answer = keyof typeof ANSWERS;

const FIRST_SIZE = 65_536;

export interface ResponseSeconds {
  readonly p50: number;
  readonly p75: number;
  readonly p90: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
  readonly mean: number;
}

export class CallBooks {
  offered = 0;
  /** Records that came a second time, and such of calls that were refused. */
  twice = 0;
  readonly answered: Record<Answer, number> = { succeeded: 0, failed: 0, timedOut: 0, refused: 0 };
  /** Of each call. */
  #flags = new Uint8Array(FIRST_SIZE);
  /** ms from the first one's moment. */
  #due = new Float64Array(FIRST_SIZE);
  /** ms */
  #response = new Float32Array(FIRST_SIZE);

  /** The dispatcher's store. It is never full, never slow, and the controller is never restarted. */
  readonly store: DispatcherContext['store'] = {
    journal: { accept: () => Promise.resolve(), unfinished: () => Promise.resolve([]) },
    activations: {
      append: ({ activationId }) => {
        this.#record(callNumber(activationId));
        return Promise.resolve();
      },
    },
  };

  /** @param due ms @returns the call's number */
  offer(due: number): number {
    const number = this.offered++;
    if (number === this.#flags.length) this.#grow();
    this.#due[number] = due;
    return number;
  }

  answer(number: number, answer: BlockingAnswer, responseMs: number): void {
    if (!answer.done) this.#tell(number, 'timedOut', responseMs);
    else this.#tell(number, answer.record.response.statusCode === 0 ? 'succeeded' : 'failed', responseMs);
  }

  refuse(number: number, responseMs: number): void {
    // It must not have a record.
    if ((this.#flagsOf(number) & RECORDED) !== 0) this.twice++;
    this.#tell(number, 'refused', responseMs);
  }

  /** Accepted calls that have no record, or not yet. */
  withoutRecord(): number {
    let without = 0;
    for (let number = 0; number < this.offered; number++) if ((this.#flagsOf(number) & (RECORDED | ANSWERS.refused)) === 0) without++;
    return without;
  }

  /** Of the accepted calls that had an answer; a 202 counts with its wait. */
  responses(): ResponseSeconds {
    const values = this.#response.subarray(0, this.offered).filter((_, number) => {
      const flags = this.#flagsOf(number);
      return flags > RECORDED && (flags & ANSWERS.refused) === 0;
    }).sort();
    const round = (ms: number): number => Number((ms / 1000).toFixed(6));
    const sorted = values as unknown as readonly number[];
    const at = (share: number): number => round(values.length === 0 ? 0 : quantile(sorted, share));
    return {
      p50: at(0.5), p75: at(0.75), p90: at(0.9), p95: at(0.95), p99: at(0.99), max: round(values.at(-1) ?? 0),
      mean: round(values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length),
    };
  }

  /** The longest time in which every call that came was refused. @param end ms from the begin @returns s */
  longestRefusal(end: number): number {
    let longest = 0;
    let since: number | undefined;
    for (let number = 0; number < this.offered; number++) {
      const due = this.#due[number] ?? 0;
      const refused = (this.#flagsOf(number) & ANSWERS.refused) !== 0;
      if (refused) since ??= due;
      else if (since !== undefined) {
        longest = Math.max(longest, due - since);
        since = undefined;
      }
    }
    if (since !== undefined) longest = Math.max(longest, end - since);
    return longest / 1000;
  }

  #tell(number: number, answer: Answer, responseMs: number): void {
    if (this.#flagsOf(number) > RECORDED) throw new Error(`call ${number} has two answers`);
    this.#flags[number] = this.#flagsOf(number) | ANSWERS[answer];
    this.#response[number] = responseMs;
    this.answered[answer]++;
  }

  #record(number: number): void {
    const flags = this.#flagsOf(number);
    if ((flags & (RECORDED | ANSWERS.refused)) !== 0) {
      this.twice++;
      return;
    }
    this.#flags[number] = flags | RECORDED;
  }

  #flagsOf(number: number): number {
    return this.#flags[number] ?? 0;
  }

  #grow(): void {
    const [flags, due, response] = [this.#flags, this.#due, this.#response];
    this.#flags = new Uint8Array(2 * flags.length);
    this.#flags.set(flags);
    this.#due = new Float64Array(2 * due.length);
    this.#due.set(due);
    this.#response = new Float32Array(2 * response.length);
    this.#response.set(response);
  }
}
