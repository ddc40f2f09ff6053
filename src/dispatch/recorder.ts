/**
 * The last step of a call: its record goes to the store, and only when the store has it the invoker may forget it and
 * the caller hears of it. A record that the store refuses is kept and offered again, after a pause that doubles.
 */
import type { ActivationRecord } from '../domain/activation.ts';
import type { Call, Holder } from './call.ts';
import type { DispatchOptions } from './dispatch-options.ts';
import type { Effect } from './events.ts';

export class Recorder<C> {
  readonly #options: Readonly<DispatchOptions>;
  readonly #emit: (effect: Effect<C>) => void;
  readonly #refused = new Set<Call<C>>();
  #count = 0;
  #bytes = 0;

  constructor(options: Readonly<DispatchOptions>, emit: (effect: Effect<C>) => void) {
    this.#options = options;
    this.#emit = emit;
  }

  /** Finished calls without a stored record. */
  get unrecorded(): number {
    return this.#count;
  }

  /** No more may finish until the store has taken some. */
  get full(): boolean {
    return this.#count >= this.#options.maxUnrecorded || this.#bytes >= this.#options.maxUnrecordedBytes;
  }

  record(call: Call<C>, record: ActivationRecord, reporter: Holder<C> | undefined): void {
    call.state = 'recording';
    call.invoker = undefined;
    call.record = record;
    call.recordBytes = sizeOf(record);
    if (reporter !== undefined) call.reporters.push(reporter);
    this.#count += 1;
    this.#bytes += call.recordBytes;
    this.#emit({ type: 'record', record });
  }

  /** The store has it, or it is given up: whoever reported it may forget it. */
  settle(call: Call<C>): void {
    this.#refused.delete(call);
    this.#count -= 1;
    this.#bytes -= call.recordBytes;
    for (const { connection } of call.reporters) {
      if (connection !== undefined) this.#emit({ type: 'send', to: connection, message: { type: 'ack', ids: [call.id] } });
    }
  }

  refuse(call: Call<C>, now: number): void {
    const { storeRetryFirstMs, storeRetryMaxMs } = this.#options;
    call.retryMs = call.retryMs === 0 ? storeRetryFirstMs : Math.min(call.retryMs * 2, storeRetryMaxMs);
    call.retryAt = now + call.retryMs;
    this.#refused.add(call);
  }

  /** Offers again what was refused and has waited. */
  retry(now: number): void {
    for (const call of this.#refused) {
      if (call.retryAt > now || call.record === undefined) continue;
      this.#refused.delete(call);
      this.#emit({ type: 'record', record: call.record });
    }
  }

  /** Whether the store has refused it and it waits for another try. */
  isRefused(call: Call<C>): boolean {
    return this.#refused.has(call);
  }
}

/** About the bytes that a record keeps in memory. */
function sizeOf(record: ActivationRecord): number {
  let size = 1_000 + record.response.size;
  for (const line of record.logs) size += line.length;
  return size;
}
