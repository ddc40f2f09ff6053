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
import { activationRecord, errorOutcome, type ActivationId, type ActivationMessage } from '../domain/activation.ts';
import type { InvokerDescription, ToInvoker } from '../link/messages.ts';
import { StoreUnavailable } from '../store/store.ts';
import { Call } from './call.ts';
import type { DispatchOptions } from './dispatch-options.ts';
import { Overloaded, type DispatchView } from './dispatch.ts';
import type { DispatchEvent, Effect, FromInvoker } from './events.ts';
import type { Invoker } from './invoker.ts';
import { Lanes } from './lanes.ts';
import { Placement } from './placement.ts';
import { Recorder } from './recorder.ts';
import { Registry } from './registry.ts';
import { viewOf } from './view.ts';
import { Waits } from './waits.ts';

/** How often what is not urgent is looked after: silence, leases. */
const SWEEP_MS = 250;
/** A cut call asks for a lease longer by this factor, and this many ms, than what it had. */
const LEASE_GROWTH = 1.25;
const LEASE_STEP_MS = 500;

export class DispatchMachine<C extends object> {
  readonly #options: Readonly<DispatchOptions>;
  readonly #placement: Placement;
  readonly #registry: Registry<C>;
  readonly #lanes: Lanes<C>;
  readonly #recorder: Recorder<C>;
  readonly #waits = new Waits<C>();
  readonly #calls = new Map<ActivationId, Call<C>>();
  readonly #held = new Set<Call<C>>();
  readonly #counts = { accepted: 0, completed: 0, rejected: 0, returned: 0, lostInvokers: 0 };
  #effects: Effect<C>[] = [];
  #accepting = 0;
  #restoredAt = 0;
  #sweptAt = -Infinity;
  #noInvokerSince: number | undefined = 0;
  #stopping = false;

  constructor(options: Readonly<DispatchOptions>, random: () => number) {
    this.#options = options;
    this.#placement = new Placement({ leaseMarginMs: options.leaseMarginMs, random });
    this.#registry = new Registry(this.#placement, options);
    this.#lanes = new Lanes(options, this.#placement, this.#registry, (call, invoker, now) => { this.#assign(call, invoker, now); });
    this.#recorder = new Recorder(options, (effect) => { this.#effects.push(effect); });
  }

  /** @returns what is to be done, in this order */
  handle(event: DispatchEvent<C>, now: number): Effect<C>[] {
    this.#effects = [];
    this.#dispatch(event, now);
    if (!this.#stopping && !this.#recorder.full) this.#lanes.serve(now);
    return this.#effects;
  }

  view(): DispatchView {
    return viewOf(this.#registry, { queued: this.#lanes.queued, rescued: this.#lanes.rescued, counts: this.#counts });
  }

  /** What is unfinished, for whoever waits for the end and for tests that look for leaks. */
  sizes(): { calls: number; held: number; waits: number; unrecorded: number; accepting: number; running: number; invokers: number; warmKeys: number } {
    let running = 0;
    for (const invoker of this.#registry.all()) running += invoker.assigned.size;
    return {
      calls: this.#calls.size, held: this.#held.size, waits: this.#waits.size, unrecorded: this.#recorder.unrecorded,
      accepting: this.#accepting, running, invokers: this.#registry.size, warmKeys: this.#placement.warmKeys,
    };
  }

  #dispatch(event: DispatchEvent<C>, now: number): void {
    switch (event.type) {
      case 'submit': this.#submit(event.message); return;
      case 'call': this.#call(event.message, event.waitMs, now); return;
      case 'restored': this.#restore(event.messages, now); return;
      case 'journalled': this.#journalled(event.id, now); return;
      case 'journal-refused': this.#journalRefused(event.id, event.error, now); return;
      case 'stored': this.#stored(event.id); return;
      case 'store-refused': this.#storeRefused(event.id, event.error, now); return;
      case 'joined': this.#joined(event.connection, event.description, now); return;
      case 'heard': this.#heard(event.connection, event.message, now); return;
      case 'closed': this.#registry.disconnect(event.connection, now); return;
      case 'tick': this.#tick(now); return;
      case 'stop': this.#stop(now); return;
      case 'dismiss': this.#dismiss(now); return;
    }
  }

  // Admission

  #submit(message: ActivationMessage): void {
    const refusal = this.#refusal(message.activationId);
    if (refusal !== undefined) {
      this.#refuse(message.activationId, refusal);
      return;
    }
    this.#calls.set(message.activationId, new Call<C>(message, 'accepting', 'writing'));
    this.#accepting += 1;
    this.#emit({ type: 'journal', message });
  }

  #call(message: ActivationMessage, waitMs: number, now: number): void {
    const refusal = this.#refusal(message.activationId);
    if (refusal !== undefined) {
      this.#refuse(message.activationId, refusal);
      return;
    }
    const call = new Call<C>(message, 'queued', 'no');
    call.waiting = true;
    call.waitMs = waitMs;
    call.waitEndsAt = now + waitMs;
    this.#calls.set(call.id, call);
    this.#waits.add(call);
    this.#counts.accepted += 1;
    this.#lanes.push(call, 'queue', now);
  }

  #refusal(id: ActivationId): Error | undefined {
    if (this.#stopping) return this.#overloaded('the controller is about to stop');
    if (this.#recorder.full) return new StoreUnavailable('the store does not take the records of finished calls');
    if (this.#lanes.queued + this.#accepting >= this.#options.maxQueued) return this.#overloaded(`${this.#options.maxQueued} calls wait already`);
    return this.#calls.has(id) ? new Error(`there is an unfinished activation ${id} already`) : undefined;
  }

  #overloaded(reason: string): Overloaded {
    return new Overloaded(reason, this.#options.retryAfterSeconds);
  }

  #refuse(id: ActivationId, error: Error): void {
    this.#counts.rejected += 1;
    this.#emit({ type: 'refused', id, error });
  }

  #restore(messages: readonly ActivationMessage[], now: number): void {
    this.#restoredAt = now;
    for (const message of messages) {
      const call = new Call<C>(message, 'held', 'yes');
      this.#calls.set(call.id, call);
      this.#held.add(call);
    }
  }

  #journalled(id: ActivationId, now: number): void {
    const call = this.#calls.get(id);
    if (call?.journal !== 'writing') return;
    call.journal = 'yes';
    if (call.state === 'accepting') {
      this.#accepting -= 1;
      this.#counts.accepted += 1;
      this.#lanes.push(call, 'queue', now);
    } else {
      call.waiting = false;
      call.lastChance = false;
    }
    this.#emit({ type: 'accepted', id });
  }

  #journalRefused(id: ActivationId, error: Error, now: number): void {
    const call = this.#calls.get(id);
    if (call?.journal !== 'writing') return;
    call.journal = 'no';
    if (call.state === 'accepting') {
      this.#accepting -= 1;
      this.#calls.delete(id);
      this.#refuse(id, error);
    } else {
      this.#lastChance(call, error, now);
    }
  }

  // The end of a wait

  #waitEnded(call: Call<C>, now: number): void {
    if (call.state === 'recording') {
      this.#lastChance(call, new StoreUnavailable('the record of this call could not be stored'), now);
      return;
    }
    call.journal = 'writing';
    this.#emit({ type: 'journal', message: call.message });
  }

  /** Its caller cannot wait any longer, and it is not journalled. */
  #lastChance(call: Call<C>, error: Error, now: number): void {
    if (call.state === 'recording' && !this.#recorder.isRefused(call)) call.lastChance = true;
    else this.#withdraw(call, error, now);
  }

  /** Tells its caller that it was not accepted. From then on it must not run, nor leave a record. */
  #withdraw(call: Call<C>, error: Error, now: number): void {
    this.#lanes.remove(call, now);
    if (call.state === 'recording') this.#recorder.settle(call);
    call.state = 'withdrawn';
    this.#forget(call);
    this.#counts.accepted -= 1;
    this.#refuse(call.id, error);
  }

  #forget(call: Call<C>): void {
    this.#calls.delete(call.id);
    this.#held.delete(call);
    this.#waits.remove(call);
  }

  // Running

  #assign(call: Call<C>, invoker: Invoker<C>, now: number): void {
    this.#runs(call, invoker, now);
    this.#send(invoker, { type: 'assign', message: call.message });
  }

  #runs(call: Call<C>, invoker: Invoker<C>, now: number): void {
    call.state = 'running';
    call.invoker = invoker;
    call.assignedAt = now;
    call.leaseAtAssignment = invoker.placed.leaseEndsAt - this.#options.leaseMarginMs - now;
    invoker.assigned.set(call.id, call);
  }

  /** The invoker does not hold it any more. @returns what was assigned there under this id */
  #released(invoker: Invoker<C>, id: ActivationId, warm: boolean, now: number): Call<C> | undefined {
    const call = invoker.assigned.get(id);
    if (call !== undefined) {
      invoker.assigned.delete(id);
      this.#placement.release(invoker.placed, call.key, call.memoryMB, warm && !invoker.draining);
      this.#lanes.moreRoom();
    }
    if (invoker.ghosts.delete(id) && invoker.ghosts.size === 0) this.#opens(invoker, now);
    return call;
  }

  #opens(invoker: Invoker<C>, now: number): void {
    this.#registry.refresh(invoker, now);
    this.#lanes.moreRoom();
  }

  /** What the invoker held under this call is over without a result. */
  #rescue(call: Call<C>, invoker: Invoker<C>, started: boolean, now: number): void {
    if (call.state !== 'running' || call.invoker !== invoker) return;
    call.invoker = undefined;
    this.#counts.returned += 1;
    if (started && call.message.action.atMostOnce === true) {
      this.#fail(call, 'The worker went away while it may have been running this action, which may run at most once.', now);
      return;
    }
    if (started && call.leaseAtAssignment < call.timeLimitMs) {
      const longer = Math.max(call.minimumLeaseMs, now - call.assignedAt) * LEASE_GROWTH + LEASE_STEP_MS;
      call.minimumLeaseMs = Math.min(call.timeLimitMs, longer);
    }
    this.#lanes.push(call, 'rescue', now);
    if (this.#stopping && call.waiting && call.journal === 'no') this.#withdraw(call, this.#overloaded('the controller is about to stop'), now);
  }

  // Completion

  #completed(invoker: Invoker<C>, message: Extract<FromInvoker, { type: 'complete' }>, now: number): void {
    const { activationId: id, outcome } = message;
    this.#released(invoker, id, outcome.response.statusCode < 2 && !outcome.timedOut, now);
    const foreign = invoker.foreign.delete(id);
    let call = this.#calls.get(id);
    if (call === undefined && foreign && message.message?.activationId === id) {
      call = new Call<C>(message.message, 'running', 'yes');
      this.#calls.set(id, call);
    }
    if (call === undefined || call.state === 'accepting') {
      this.#send(invoker, { type: 'ack', ids: [id] });
      return;
    }
    if (call.state === 'recording') {
      if (!call.reporters.includes(invoker)) call.reporters.push(invoker);
      return;
    }
    this.#lanes.remove(call, now);
    this.#held.delete(call);
    this.#recorder.record(call, activationRecord(call.message, outcome), invoker);
  }

  /** Ends a call that no invoker can end. */
  #fail(call: Call<C>, error: string, now: number): void {
    this.#lanes.remove(call, now);
    this.#held.delete(call);
    this.#recorder.record(call, activationRecord(call.message, errorOutcome(3, error, call.message, now)), undefined);
  }

  #stored(id: ActivationId): void {
    const call = this.#calls.get(id);
    if (call?.state !== 'recording' || call.record === undefined) return;
    this.#recorder.settle(call);
    this.#forget(call);
    this.#counts.completed += 1;
    this.#lanes.moreRoom();
    if (call.waiting) this.#emit({ type: 'answered', id, record: call.record });
  }

  #storeRefused(id: ActivationId, error: Error, now: number): void {
    const call = this.#calls.get(id);
    if (call?.state !== 'recording') return;
    this.#recorder.refuse(call, now);
    if (call.lastChance) this.#withdraw(call, error, now);
  }

  // Invokers

  #joined(connection: C, description: InvokerDescription, now: number): void {
    const { invoker, first, replaced } = this.#registry.join(connection, description, now);
    if (replaced !== undefined) this.#emit({ type: 'close', connection: replaced });
    this.#send(invoker, { type: 'welcome', heartbeatMs: this.#options.heartbeatMs });
    this.#reconcile(invoker, new Set(description.held), first, now);
    if (this.#stopping || invoker.askedToDrain) this.#askToDrain(invoker, now);
    this.#opens(invoker, now);
    if (!this.#stopping && !this.#recorder.full) this.#lanes.servePatient(now);
    this.#log('info', { invoker: invoker.id, node: description.node, held: description.held.length, returning: !first }, 'invoker joined');
  }

  /** Compares what it holds with what it is thought to hold. */
  #reconcile(invoker: Invoker<C>, held: ReadonlySet<ActivationId>, first: boolean, now: number): void {
    for (const call of [...invoker.assigned.values()]) {
      if (held.has(call.id)) continue;
      this.#released(invoker, call.id, false, now);
      this.#rescue(call, invoker, true, now);
    }
    for (const id of invoker.ghosts) {
      if (!held.has(id)) invoker.ghosts.delete(id);
    }
    const finished: ActivationId[] = [];
    for (const id of held) {
      if (invoker.assigned.has(id)) continue;
      const call = this.#calls.get(id);
      if (call !== undefined && (call.state === 'held' || call.state === 'queued')) {
        this.#claim(call, invoker, now);
        continue;
      }
      invoker.ghosts.add(id);
      if (call !== undefined || invoker.foreign.has(id)) continue;
      if (first) invoker.foreign.add(id);
      else finished.push(id);
    }
    if (finished.length > 0) this.#send(invoker, { type: 'ack', ids: finished });
  }

  /** It still runs what waits to be run again. */
  #claim(call: Call<C>, invoker: Invoker<C>, now: number): void {
    this.#lanes.remove(call, now);
    this.#held.delete(call);
    this.#placement.book(invoker.placed, call.memoryMB);
    this.#runs(call, invoker, now);
  }

  #heard(connection: C, message: FromInvoker, now: number): void {
    const invoker = this.#registry.heard(connection, now);
    if (invoker === undefined) return;
    switch (message.type) {
      case 'complete': this.#completed(invoker, message, now); return;
      case 'heartbeat': this.#heartbeat(invoker, message, now); return;
      case 'return': {
        const call = this.#released(invoker, message.activationId, false, now);
        invoker.foreign.delete(message.activationId);
        this.#send(invoker, { type: 'ack', ids: [message.activationId] });
        // Whoever gives work back is about to go, whether this controller has heard it say so or an earlier one.
        this.#drains(invoker, 'returns its calls', now);
        if (call !== undefined) this.#rescue(call, invoker, message.reason === 'interrupted', now);
        return;
      }
      case 'draining': this.#drains(invoker, message.cause, now); return;
      case 'leave':
        this.#remove(invoker, now);
        this.#log('info', { invoker: invoker.id, cause: message.cause }, 'invoker left');
    }
  }

  #heartbeat(invoker: Invoker<C>, message: Extract<FromInvoker, { type: 'heartbeat' }>, now: number): void {
    if ((message.leaseEndsAt ?? Infinity) !== invoker.placed.leaseEndsAt) this.#placement.setLease(invoker.placed, message.leaseEndsAt, now);
    // The first one after a join comes ahead of the completions that are sent again. After that, with nothing new on its
    // way to an invoker with ghosts, what it says that it runs can be compared.
    invoker.heartbeats += 1;
    if (invoker.ghosts.size === 0 || invoker.heartbeats === 1 || message.running > invoker.assigned.size) return;
    invoker.ghosts.clear();
    this.#opens(invoker, now);
  }

  #drains(invoker: Invoker<C>, cause: string, now: number): void {
    if (invoker.draining) return;
    invoker.draining = true;
    this.#placement.forgetContainers(invoker.placed);
    this.#registry.refresh(invoker, now);
    this.#log('info', { invoker: invoker.id, cause, running: invoker.assigned.size }, 'invoker drains');
  }

  #askToDrain(invoker: Invoker<C>, now: number): void {
    invoker.askedToDrain = true;
    this.#send(invoker, { type: 'drain' });
    this.#drains(invoker, 'asked to', now);
  }

  #remove(invoker: Invoker<C>, now: number): void {
    this.#registry.remove(invoker);
    for (const call of invoker.assigned.values()) this.#rescue(call, invoker, true, now);
    invoker.assigned.clear();
    // What waited for room on it may have become hopeless, or may be reserved for it.
    this.#lanes.reserve(now);
    this.#lanes.moreRoom();
  }

  #lose(invoker: Invoker<C>, why: string, now: number): void {
    this.#counts.lostInvokers += 1;
    this.#log('warn', { invoker: invoker.id, why, held: invoker.assigned.size }, 'invoker lost');
    const { connection } = invoker;
    this.#remove(invoker, now);
    if (connection !== undefined) this.#emit({ type: 'close', connection });
  }

  // Time

  #tick(now: number): void {
    this.#registry.tick(now);
    for (const invoker of this.#registry.overdue()) this.#lose(invoker, 'connection lost', now);
    for (const call of this.#waits.due(now)) this.#waitEnded(call, now);
    this.#recorder.retry(now);
    if (this.#held.size > 0) this.#endHold(now);
    if (now - this.#sweptAt >= SWEEP_MS) {
      this.#sweptAt = now;
      this.#sweepInvokers(now);
      this.#sweepCalls(now);
      if (!this.#stopping && !this.#recorder.full) this.#lanes.servePatient(now);
    }
    this.#lanes.moreRoom();
  }

  #endHold(now: number): void {
    const { recoveryHoldMs, atMostOnceHoldMs } = this.#options;
    for (const call of this.#held) {
      const once = call.message.action.atMostOnce === true;
      if (now - this.#restoredAt < (once ? atMostOnceHoldMs : recoveryHoldMs)) continue;
      this.#held.delete(call);
      if (once) this.#fail(call, 'The controller was restarted while this action may have been running, which may run at most once.', now);
      else this.#lanes.push(call, 'rescue', now);
    }
  }

  #sweepInvokers(now: number): void {
    for (const invoker of this.#registry.silent(now)) this.#lose(invoker, 'silent', now);
    let staying = 0;
    for (const invoker of this.#registry.all()) {
      this.#placement.retier(invoker.placed, now);
      if (!invoker.draining) staying += 1;
      // It gets nothing new within the margin. It drains by itself; if it has not begun half-way, it is told to.
      const ends = invoker.placed.leaseEndsAt - now <= this.#options.leaseMarginMs / 2;
      if (ends && !invoker.draining && invoker.connection !== undefined) this.#askToDrain(invoker, now);
    }
    if (staying > 0) this.#noInvokerSince = undefined;
    else this.#noInvokerSince ??= now;
    this.#lanes.reserve(now);
  }

  #sweepCalls(now: number): void {
    const { noInvokerWaitMs, acceptedWaitMs } = this.#options;
    const since = this.#noInvokerSince;
    for (const call of this.#lanes.all()) {
      if (call.journal === 'no' && call.waiting) {
        if (since !== undefined && now - Math.max(since, call.queuedAt) >= noInvokerWaitMs) {
          this.#withdraw(call, this.#overloaded('there is no worker at present'), now);
        }
      } else if (call.journal === 'yes' && now - call.firstQueuedAt >= acceptedWaitMs) {
        this.#fail(call, `No worker could run the action within ${Math.round(acceptedWaitMs / 1000)} seconds.`, now);
      }
    }
  }

  // The end

  #stop(now: number): void {
    this.#stopping = true;
    for (const invoker of this.#registry.all()) {
      if (!invoker.askedToDrain) this.#askToDrain(invoker, now);
    }
    for (const call of this.#lanes.all()) {
      if (call.waiting && call.journal === 'no') this.#withdraw(call, this.#overloaded('the controller is about to stop'), now);
    }
  }

  #dismiss(now: number): void {
    for (const call of [...this.#calls.values()]) {
      if (call.waiting && call.journal === 'no' && call.state !== 'recording') this.#withdraw(call, this.#overloaded('the controller stops'), now);
    }
  }

  #send(invoker: Invoker<C>, message: ToInvoker): void {
    if (invoker.connection !== undefined) this.#emit({ type: 'send', to: invoker.connection, message });
  }

  #log(level: 'info' | 'warn', fields: object, text: string): void {
    this.#emit({ type: 'log', level, fields, text });
  }

  #emit(effect: Effect<C>): void {
    this.#effects.push(effect);
  }
}
