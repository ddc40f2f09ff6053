/**
 * What runs where, from the assignment of a call to its record. What an invoker held when it went runs again elsewhere,
 * ahead of the queue. The first completion of a call counts, from whomever; it is acknowledged when its record is stored.
 */
import { activationRecord, errorOutcome, type ActivationId } from '../domain/activation.ts';
import type { Admission } from './admission.ts';
import { Call } from './call.ts';
import type { FromInvoker } from './events.ts';
import type { Invoker } from './invoker.ts';
import type { MachineState } from './state.ts';

/** A cut call asks for a lease longer by this factor, and this many ms, than what it had. */
const LEASE_GROWTH = 1.25;
const LEASE_STEP_MS = 500;

export class Assignments<C extends object> {
  readonly #state: MachineState<C>;
  readonly #admission: Admission<C>;

  constructor(state: MachineState<C>, admission: Admission<C>) {
    this.#state = state;
    this.#admission = admission;
  }

  assign(call: Call<C>, invoker: Invoker<C>, now: number): void {
    this.#runs(call, invoker, now);
    this.#state.send(invoker, { type: 'assign', message: call.message });
  }

  /** The invoker does not hold it any more. @returns what was assigned there under this id */
  released(invoker: Invoker<C>, id: ActivationId, warm: boolean, now: number): Call<C> | undefined {
    const { placement, lanes } = this.#state;
    const call = invoker.assigned.get(id);
    if (call !== undefined) {
      invoker.assigned.delete(id);
      placement.release(invoker.placed, call, warm && !invoker.draining);
      lanes.moreRoom();
    }
    if (invoker.ghosts.delete(id) && invoker.ghosts.size === 0) this.opens(invoker, now);
    return call;
  }

  opens(invoker: Invoker<C>, now: number): void {
    this.#state.registry.refresh(invoker, now);
    this.#state.lanes.moreRoom();
  }

  /** What the invoker held under this call is over without a result. */
  rescue(call: Call<C>, invoker: Invoker<C>, started: boolean, now: number): void {
    const state = this.#state;
    if (call.state !== 'running' || call.invoker !== invoker) return;
    call.invoker = undefined;
    state.counts.returned += 1;
    if (started && call.message.action.atMostOnce === true) {
      this.fail(call, 'The worker went away while it may have been running this action, which may run at most once.', now);
      return;
    }
    if (started && call.leaseAtAssignment < call.timeLimitMs) {
      const longer = Math.max(call.minimumLeaseMs, now - call.assignedAt) * LEASE_GROWTH + LEASE_STEP_MS;
      call.minimumLeaseMs = Math.min(call.timeLimitMs, longer);
    }
    state.lanes.push(call, 'rescue', now);
    if (state.stopping && call.waiting && call.journal === 'no') this.#admission.withdraw(call, state.overloaded('the controller is about to stop'), now);
  }

  /** Compares what an invoker that has just joined holds with what it is thought to hold. */
  reconcile(invoker: Invoker<C>, held: ReadonlySet<ActivationId>, first: boolean, now: number): void {
    for (const call of [...invoker.assigned.values()]) {
      if (held.has(call.id)) continue;
      this.released(invoker, call.id, false, now);
      this.rescue(call, invoker, true, now);
    }
    for (const id of invoker.ghosts) {
      if (!held.has(id)) invoker.ghosts.delete(id);
    }
    const finished: ActivationId[] = [];
    for (const id of held) {
      if (invoker.assigned.has(id)) continue;
      const call = this.#state.calls.get(id);
      if (call !== undefined && (call.state === 'held' || call.state === 'queued')) {
        this.#claim(call, invoker, now);
        continue;
      }
      invoker.ghosts.add(id);
      if (call !== undefined || invoker.foreign.has(id)) continue;
      if (first) invoker.foreign.add(id);
      else finished.push(id);
    }
    if (finished.length > 0) this.#state.send(invoker, { type: 'ack', ids: finished });
  }

  completed(invoker: Invoker<C>, message: Extract<FromInvoker, { type: 'complete' }>, now: number): void {
    const state = this.#state;
    const { activationId: id, outcome } = message;
    this.released(invoker, id, outcome.response.statusCode < 2 && !outcome.timedOut, now);
    const foreign = invoker.foreign.delete(id);
    let call = state.calls.get(id);
    if (call === undefined && foreign && message.message?.activationId === id) {
      call = new Call<C>(message.message, 'running', 'yes');
      state.calls.add(call);
    }
    if (call === undefined || call.state === 'accepting') {
      state.send(invoker, { type: 'ack', ids: [id] });
      return;
    }
    if (call.state === 'recording') {
      if (!call.reporters.includes(invoker)) call.reporters.push(invoker);
      return;
    }
    state.lanes.remove(call, now);
    state.held.delete(call);
    state.recorder.record(call, activationRecord(call.message, outcome), invoker);
  }

  /** Ends a call that no invoker can end. */
  fail(call: Call<C>, error: string, now: number): void {
    const { lanes, held, recorder } = this.#state;
    lanes.remove(call, now);
    held.delete(call);
    recorder.record(call, activationRecord(call.message, errorOutcome(3, error, call.message, now)), undefined);
  }

  stored(id: ActivationId): void {
    const state = this.#state;
    const call = state.calls.get(id);
    if (call?.state !== 'recording' || call.record === undefined) return;
    state.recorder.settle(call);
    state.forget(call);
    state.counts.completed += 1;
    state.lanes.moreRoom();
    if (call.waiting) state.emit({ type: 'answered', id, record: call.record });
    if (call.watched) state.emit({ type: 'recorded', id, record: call.record });
  }

  storeRefused(id: ActivationId, error: Error, now: number): void {
    const { calls, recorder } = this.#state;
    const call = calls.get(id);
    if (call?.state !== 'recording') return;
    recorder.refuse(call, now);
    if (call.lastChance) this.#admission.withdraw(call, error, now);
  }

  /** It still runs what waits to be run again. */
  #claim(call: Call<C>, invoker: Invoker<C>, now: number): void {
    const { lanes, held, placement } = this.#state;
    lanes.remove(call, now);
    held.delete(call);
    placement.book(invoker.placed, call);
    this.#runs(call, invoker, now);
  }

  #runs(call: Call<C>, invoker: Invoker<C>, now: number): void {
    call.state = 'running';
    call.invoker = invoker;
    call.assignedAt = now;
    call.leaseAtAssignment = invoker.placed.leaseEndsAt - this.#state.options.leaseMarginMs - now;
    invoker.assigned.set(call.id, call);
  }
}
