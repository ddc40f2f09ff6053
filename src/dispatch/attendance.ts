/** Invokers come, say how they are, drain and go; what they take with them is rescued. */
import type { InvokerDescription } from '../link/messages.ts';
import type { Assignments } from './assignments.ts';
import type { FromInvoker } from './events.ts';
import type { Invoker } from './invoker.ts';
import type { MachineState } from './state.ts';

export class Attendance<C extends object> {
  readonly #state: MachineState<C>;
  readonly #assignments: Assignments<C>;
  /** Undefined while there is one that stays. */
  noInvokerSince: number | undefined = 0;

  constructor(state: MachineState<C>, assignments: Assignments<C>) {
    this.#state = state;
    this.#assignments = assignments;
  }

  joined(connection: C, description: InvokerDescription, now: number): void {
    const state = this.#state;
    const { invoker, first, replaced } = state.registry.join(connection, description, now);
    if (replaced !== undefined) state.emit({ type: 'close', connection: replaced });
    state.send(invoker, { type: 'welcome', heartbeatMs: state.options.heartbeatMs, maxResultBytes: state.options.maxResultBytes });
    this.#assignments.reconcile(invoker, new Set(description.held), first, now);
    if (state.stopping || invoker.askedToDrain) this.#askToDrain(invoker, now);
    this.#assignments.opens(invoker, now);
    if (!state.stopping && !state.recorder.full) state.lanes.servePatient(now);
    state.log('info', { invoker: invoker.id, node: description.node, held: description.held.length, returning: !first }, 'invoker joined');
  }

  heard(connection: C, message: FromInvoker, now: number): void {
    const state = this.#state;
    const invoker = state.registry.heard(connection, now);
    if (invoker === undefined) return;
    switch (message.type) {
      case 'complete': this.#assignments.completed(invoker, message, now); return;
      case 'heartbeat': this.#heartbeat(invoker, message, now); return;
      case 'return': {
        const call = this.#assignments.released(invoker, message.activationId, false, now);
        invoker.foreign.delete(message.activationId);
        state.send(invoker, { type: 'ack', ids: [message.activationId] });
        // Whoever gives work back is about to go, whether this controller has heard it say so or an earlier one.
        this.#drains(invoker, 'returns its calls', now);
        if (call !== undefined) this.#assignments.rescue(call, invoker, message.reason === 'interrupted', now);
        return;
      }
      case 'draining': this.#drains(invoker, message.cause, now); return;
      case 'leave':
        this.#remove(invoker, now);
        state.log('info', { invoker: invoker.id, cause: message.cause }, 'invoker left');
    }
  }

  /** Time has passed: whose connection did not come back in time is lost. */
  tick(now: number): void {
    const { registry } = this.#state;
    registry.tick(now);
    for (const invoker of registry.overdue()) this.#lose(invoker, 'connection lost', now);
  }

  /** What is not urgent: silence, leases. */
  sweep(now: number): void {
    const { registry, placement, options, lanes } = this.#state;
    for (const invoker of registry.silent(now)) this.#lose(invoker, 'silent', now);
    let staying = 0;
    for (const invoker of registry.all()) {
      placement.retier(invoker.placed, now);
      if (!invoker.draining) staying += 1;
      // It gets nothing new within the margin. It drains by itself; if it has not begun half-way, it is told to.
      const ends = invoker.placed.leaseEndsAt - now <= options.leaseMarginMs / 2;
      if (ends && !invoker.draining && invoker.connection !== undefined) this.#askToDrain(invoker, now);
    }
    if (staying > 0) this.noInvokerSince = undefined;
    else this.noInvokerSince ??= now;
    lanes.reserve(now);
  }

  /** The controller is about to stop. */
  drainAll(now: number): void {
    for (const invoker of this.#state.registry.all()) {
      if (!invoker.askedToDrain) this.#askToDrain(invoker, now);
    }
  }

  #heartbeat(invoker: Invoker<C>, message: Extract<FromInvoker, { type: 'heartbeat' }>, now: number): void {
    if ((message.leaseEndsAt ?? Infinity) !== invoker.placed.leaseEndsAt) this.#state.placement.setLease(invoker.placed, message.leaseEndsAt, now);
    // The first one after a join comes ahead of the completions that are sent again. After that, with nothing new on its
    // way to an invoker with ghosts, what it says that it runs can be compared.
    invoker.heartbeats += 1;
    if (invoker.ghosts.size === 0 || invoker.heartbeats === 1 || message.running > invoker.assigned.size) return;
    invoker.ghosts.clear();
    this.#assignments.opens(invoker, now);
  }

  #drains(invoker: Invoker<C>, cause: string, now: number): void {
    if (invoker.draining) return;
    const state = this.#state;
    invoker.draining = true;
    state.placement.forgetContainers(invoker.placed);
    state.registry.refresh(invoker, now);
    state.log('info', { invoker: invoker.id, cause, running: invoker.assigned.size }, 'invoker drains');
  }

  #askToDrain(invoker: Invoker<C>, now: number): void {
    invoker.askedToDrain = true;
    this.#state.send(invoker, { type: 'drain' });
    this.#drains(invoker, 'asked to', now);
  }

  #remove(invoker: Invoker<C>, now: number): void {
    const { registry, lanes } = this.#state;
    registry.remove(invoker);
    for (const call of invoker.assigned.values()) this.#assignments.rescue(call, invoker, true, now);
    invoker.assigned.clear();
    // What waited for room on it may have become hopeless, or may be reserved for it.
    lanes.reserve(now);
    lanes.moreRoom();
  }

  #lose(invoker: Invoker<C>, why: string, now: number): void {
    const state = this.#state;
    state.counts.lostInvokers += 1;
    state.log('warn', { invoker: invoker.id, why, held: invoker.assigned.size }, 'invoker lost');
    const { connection } = invoker;
    this.#remove(invoker, now);
    if (connection !== undefined) state.emit({ type: 'close', connection });
  }
}
