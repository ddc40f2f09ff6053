/**
 * The heart of the dispatcher: a state machine without I/O. It is told what happened and when, and answers with what is
 * to be done; the loop around it (dispatcher.ts) does that and tells what became of it.
 *
 * What it promises: every accepted call ends in exactly one record. Accepted is what was journalled, and a blocking call
 * as soon as it has its answer; a call that is refused never runs from then on and leaves no record. What an invoker
 * held when it went runs again elsewhere, ahead of the queue, as often as it takes, unless its action says at-most-once:
 * then it ends in a record that says what happened. The first completion of a call counts; later ones (of invokers that
 * were thought dead) are acknowledged and dropped. A completion is acknowledged only when its record is stored.
 *
 * After a restart: journalled calls wait a moment for invokers that still run them, then run again. An at-most-once call
 * that nobody claims may have been started before the restart, so it ends in a record that says so. Blocking calls that
 * were running, which no journal knows, have lost their caller; where an invoker completes one, its record is stored.
 */
import type { ActivationId, ActivationMessage } from '../domain/activation.ts';
import { Admission } from './admission.ts';
import { Assignments } from './assignments.ts';
import { Attendance } from './attendance.ts';
import { Call } from './call.ts';
import type { DispatchOptions } from './dispatch-options.ts';
import type { DispatchView } from './dispatch.ts';
import type { DispatchEvent, Effect } from './events.ts';
import { Lanes } from './lanes.ts';
import { MachineState } from './state.ts';
import { viewOf } from './view.ts';

/** How often what is not urgent is looked after: silence, leases. */
const SWEEP_MS = 250;

export class DispatchMachine<C extends object> {
  readonly #state: MachineState<C>;
  readonly #admission: Admission<C>;
  readonly #assignments: Assignments<C>;
  readonly #attendance: Attendance<C>;
  #restoredAt = 0;
  #sweptAt = -Infinity;

  constructor(options: Readonly<DispatchOptions>, random: () => number) {
    this.#state = new MachineState<C>(options, random, ({ placement, registry }) => (
      new Lanes(options, placement, registry, (call, invoker, now) => { this.#assignments.assign(call, invoker, now); })
    ));
    this.#admission = new Admission(this.#state);
    this.#assignments = new Assignments(this.#state, this.#admission);
    this.#attendance = new Attendance(this.#state, this.#assignments);
  }

  /** @returns what is to be done, in this order */
  handle(event: DispatchEvent<C>, now: number): Effect<C>[] {
    const state = this.#state;
    const effects: Effect<C>[] = [];
    state.effects = effects;
    this.#dispatch(event, now);
    if (!state.stopping && !state.recorder.full) state.lanes.serve(now);
    return effects;
  }

  view(): DispatchView {
    const { registry, lanes, counts } = this.#state;
    return viewOf(registry, { queued: lanes.queued, rescued: lanes.rescued, counts });
  }

  /** Unfinished calls of a namespace, those that are being journalled included. */
  inFlight(namespace: string): number {
    return this.#state.calls.inFlight(namespace);
  }

  /** Has the end of an unfinished call told by a `recorded` (or `refused`). @returns whether there is such a call */
  watch(id: ActivationId): boolean {
    const call = this.#state.calls.get(id);
    if (call === undefined) return false;
    call.watched = true;
    return true;
  }

  /** What is unfinished, for whoever waits for the end and for tests that look for leaks. */
  sizes(): { calls: number; held: number; waits: number; unrecorded: number; accepting: number; running: number; invokers: number; warmKeys: number } {
    const { registry, calls, held, waits, recorder, accepting, placement } = this.#state;
    let running = 0;
    for (const invoker of registry.all()) running += invoker.assigned.size;
    return {
      calls: calls.size, held: held.size, waits: waits.size, unrecorded: recorder.unrecorded,
      accepting, running, invokers: registry.size, warmKeys: placement.warmKeys,
    };
  }

  #dispatch(event: DispatchEvent<C>, now: number): void {
    switch (event.type) {
      case 'submit': this.#admission.submit(event.message, false); return;
      case 'run': this.#admission.submit(event.message, true); return;
      case 'call': this.#admission.call(event.message, event.waitMs, now); return;
      case 'restored': this.#restore(event.messages, now); return;
      case 'journalled': this.#admission.journalled(event.id, now); return;
      case 'journal-refused': this.#admission.journalRefused(event.id, event.error, now); return;
      case 'stored': this.#assignments.stored(event.id); return;
      case 'store-refused': this.#assignments.storeRefused(event.id, event.error, now); return;
      case 'joined': this.#attendance.joined(event.connection, event.description, now); return;
      case 'heard': this.#attendance.heard(event.connection, event.message, now); return;
      case 'closed': this.#state.registry.disconnect(event.connection, now); return;
      case 'tick': this.#tick(now); return;
      case 'stop': this.#stop(now); return;
      case 'dismiss': this.#dismiss(now); return;
    }
  }

  #restore(messages: readonly ActivationMessage[], now: number): void {
    const { calls, held } = this.#state;
    this.#restoredAt = now;
    for (const message of messages) {
      const call = new Call<C>(message, 'held', 'yes');
      calls.add(call);
      held.add(call);
    }
  }

  // Time

  #tick(now: number): void {
    const { waits, recorder, held, lanes } = this.#state;
    this.#attendance.tick(now);
    for (const call of waits.due(now)) this.#admission.waitEnded(call, now);
    recorder.retry(now);
    if (held.size > 0) this.#endHold(now);
    if (now - this.#sweptAt >= SWEEP_MS) {
      this.#sweptAt = now;
      this.#attendance.sweep(now);
      this.#sweepCalls(now);
      if (!this.#state.stopping && !recorder.full) lanes.servePatient(now);
    }
    lanes.moreRoom();
  }

  #endHold(now: number): void {
    const { options, held, lanes } = this.#state;
    for (const call of held) {
      const once = call.message.action.atMostOnce === true;
      if (now - this.#restoredAt < (once ? options.atMostOnceHoldMs : options.recoveryHoldMs)) continue;
      held.delete(call);
      if (once) this.#assignments.fail(call, 'The controller was restarted while this action may have been running, which may run at most once.', now);
      else lanes.push(call, 'rescue', now);
    }
  }

  #sweepCalls(now: number): void {
    const state = this.#state;
    const { noInvokerWaitMs, acceptedWaitMs } = state.options;
    const since = this.#attendance.noInvokerSince;
    for (const call of state.lanes.all()) {
      if (call.journal === 'no' && call.waiting) {
        if (since !== undefined && now - Math.max(since, call.queuedAt) >= noInvokerWaitMs) {
          this.#admission.withdraw(call, state.overloaded('there is no worker at present'), now);
        }
      } else if (call.journal === 'yes' && now - call.firstQueuedAt >= acceptedWaitMs) {
        this.#assignments.fail(call, `No worker could run the action within ${Math.round(acceptedWaitMs / 1000)} seconds.`, now);
      }
    }
  }

  // The end

  #stop(now: number): void {
    const state = this.#state;
    state.stopping = true;
    this.#attendance.drainAll(now);
    for (const call of state.lanes.all()) {
      if (call.waiting && call.journal === 'no') this.#admission.withdraw(call, state.overloaded('the controller is about to stop'), now);
    }
  }

  #dismiss(now: number): void {
    const state = this.#state;
    for (const call of [...state.calls.values()]) {
      if (call.waiting && call.journal === 'no' && call.state !== 'recording') this.#admission.withdraw(call, state.overloaded('the controller stops'), now);
    }
  }
}
