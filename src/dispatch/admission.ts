/**
 * How a call is let in, and how its caller is told that it is not. A non-blocking call, and a step of a composition, is
 * in when it is journalled. A blocking one runs at once; its caller is told when it has a record, or, when the wait ends
 * first, that it is journalled. Whoever was told that a call is not accepted can rely on it: it leaves no record.
 */
import type { ActivationId, ActivationMessage } from '../domain/activation.ts';
import { StoreUnavailable } from '../store/store.ts';
import { Call } from './call.ts';
import type { MachineState } from './state.ts';

export class Admission<C extends object> {
  readonly #state: MachineState<C>;

  constructor(state: MachineState<C>) {
    this.#state = state;
  }

  /** @param watched somebody waits for its record, however long it takes */
  submit(message: ActivationMessage, watched: boolean): void {
    const state = this.#state;
    const refusal = this.#refusal(message.activationId);
    if (refusal !== undefined) {
      this.#refuse(message.activationId, refusal);
      return;
    }
    const call = new Call<C>(message, 'accepting', 'writing');
    call.watched = watched;
    state.calls.add(call);
    state.accepting += 1;
    state.emit({ type: 'journal', message });
  }

  call(message: ActivationMessage, waitMs: number, now: number): void {
    const state = this.#state;
    const refusal = this.#refusal(message.activationId);
    if (refusal !== undefined) {
      this.#refuse(message.activationId, refusal);
      return;
    }
    const call = new Call<C>(message, 'queued', 'no');
    call.waiting = true;
    call.waitMs = waitMs;
    call.waitEndsAt = now + waitMs;
    state.calls.add(call);
    state.waits.add(call);
    state.counts.accepted += 1;
    state.lanes.push(call, 'queue', now);
  }

  journalled(id: ActivationId, now: number): void {
    const state = this.#state;
    const call = state.calls.get(id);
    if (call?.journal !== 'writing') return;
    call.journal = 'yes';
    if (call.state === 'accepting') {
      state.accepting -= 1;
      state.counts.accepted += 1;
      state.lanes.push(call, 'queue', now);
    } else {
      call.waiting = false;
      call.lastChance = false;
    }
    state.emit({ type: 'accepted', id });
  }

  journalRefused(id: ActivationId, error: Error, now: number): void {
    const state = this.#state;
    const call = state.calls.get(id);
    if (call?.journal !== 'writing') return;
    call.journal = 'no';
    if (call.state === 'accepting') {
      state.accepting -= 1;
      state.forget(call);
      this.#refuse(id, error);
    } else {
      this.#lastChance(call, error, now);
    }
  }

  waitEnded(call: Call<C>, now: number): void {
    if (call.state === 'recording') {
      this.#lastChance(call, new StoreUnavailable('the record of this call could not be stored'), now);
      return;
    }
    call.journal = 'writing';
    this.#state.emit({ type: 'journal', message: call.message });
  }

  /** Tells its caller that it was not accepted. From then on it must not run, nor leave a record. */
  withdraw(call: Call<C>, error: Error, now: number): void {
    const state = this.#state;
    state.lanes.remove(call, now);
    if (call.state === 'recording') state.recorder.settle(call);
    call.state = 'withdrawn';
    state.forget(call);
    state.counts.accepted -= 1;
    this.#refuse(call.id, error);
  }

  /** Its caller cannot wait any longer, and it is not journalled. */
  #lastChance(call: Call<C>, error: Error, now: number): void {
    if (call.state === 'recording' && !this.#state.recorder.isRefused(call)) call.lastChance = true;
    else this.withdraw(call, error, now);
  }

  #refusal(id: ActivationId): Error | undefined {
    const { stopping, recorder, lanes, accepting, options, calls } = this.#state;
    if (stopping) return this.#state.overloaded('the controller is about to stop');
    if (recorder.full) return new StoreUnavailable('the store does not take the records of finished calls');
    if (lanes.queued + accepting >= options.maxQueued) return this.#state.overloaded(`${options.maxQueued} calls wait already`);
    return calls.has(id) ? new Error(`there is an unfinished activation ${id} already`) : undefined;
  }

  #refuse(id: ActivationId, error: Error): void {
    this.#state.counts.rejected += 1;
    this.#state.emit({ type: 'refused', id, error });
  }
}
