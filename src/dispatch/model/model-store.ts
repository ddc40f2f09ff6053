import type { Clock } from '../../clock/clock.ts';
import type { ActivationId, ActivationMessage, ActivationRecord } from '../../domain/activation.ts';
import { StoreUnavailable } from '../../store/store.ts';

interface Operation { apply: () => void; done: boolean }

/** A store that takes its time, can be out of order, and forgets nothing that it has confirmed. */
export class ModelStore {
  readonly records = new Map<ActivationId, ActivationRecord>();
  readonly journal = new Map<ActivationId, ActivationMessage>();
  up = true;
  latencyMs = 1;
  readonly #clock: Clock;
  readonly #inFlight = new Set<Operation>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  accept(message: ActivationMessage, reply: (error?: Error) => void): void {
    this.#operate(() => { this.journal.set(message.activationId, message); }, reply);
  }

  append(record: ActivationRecord, reply: (error?: Error) => void): void {
    this.#operate(() => {
      if (!this.records.has(record.activationId)) this.records.set(record.activationId, record);
    }, reply);
  }

  unfinished(): ActivationMessage[] {
    return [...this.journal.values()].filter((message) => !this.records.has(message.activationId));
  }

  /** The controller dies: what was being written is written or not, and nobody hears of it. */
  crash(written: (index: number) => boolean): void {
    let index = 0;
    for (const operation of this.#inFlight) {
      if (this.up && written(index)) operation.apply();
      operation.done = true;
      index += 1;
    }
    this.#inFlight.clear();
  }

  #operate(apply: () => void, reply: (error?: Error) => void): void {
    const operation = { apply, done: false };
    this.#inFlight.add(operation);
    this.#clock.after(this.latencyMs, () => {
      if (operation.done) return;
      this.#inFlight.delete(operation);
      if (this.up) {
        apply();
        reply();
      } else {
        reply(new StoreUnavailable('no space left'));
      }
    });
  }
}
