/**
 * An invoker in the simulation: what the real one (src/invoker/invoker.ts) does towards the link, with its own books of
 * containers and of what it owes answers for; only starting and running take nothing but time.
 *
 * joined --drain--> draining --> left. It drains on SIGTERM, when the controller asks, and by itself before its lease
 * ends: says so, hands back what has not started (a call whose container still starts is such a one), lets running calls
 * go on within the hold time, interrupts and hands back the rest, and leaves when all is acknowledged. A pilot that ends
 * earlier takes its invoker along without a word. Not here: stem cells, functions that fail, lost connections.
 */
import type { CancelTimer } from '../clock/clock.ts';
import type { ActivationMessage } from '../domain/activation.ts';
import { ContainerPool, type Slot } from '../invoker/container-pool.ts';
import { HeldActivations, type HeldActivation } from '../invoker/held-activations.ts';
import type { LinkHandler } from '../link/link.ts';
import type { InvokerDescription, LeaveCause, ToController, ToInvoker } from '../link/messages.ts';
import type { CallLoad } from './call-load.ts';
import type { EventClock } from './event-clock.ts';
import { SimulatedConnection } from './simulated-connection.ts';

/** The real invoker's defaults (src/invoker/options.ts, src/invoker/invoker.ts), ms. */
const HOLD_MS = 400;
const DRAIN_MARGIN_MS = 2_000;
const LAST_WORDS_MS = 500;
const ACK_WAIT_MS = 500;
const IDLE_MS = 600_000;

export interface InvokerWorld {
  readonly clock: EventClock;
  readonly controller: LinkHandler;
  readonly load: Pick<CallLoad, 'callMs' | 'coldMs' | 'memoryMB'>;
  readonly counts: InvokerCounts;
  readonly watch?: { ran(node: string, from: number, to: number): void };
}

interface InvokerCounts {
  /** Calls that were broken off while they ran, and such as were handed back before. */
  interrupted: number;
  handedBack: number;
  /** Calls for which a container was started. */
  cold: number;
}

/** A call that has a container. */
interface Run { readonly slot: Slot<'warm'>; readonly from: number; endsAt: number; cancel: CancelTimer }

export class SimulatedInvoker {
  readonly #world: InvokerWorld;
  readonly #description: InvokerDescription;
  readonly #connection: SimulatedConnection;
  readonly #pool: ContainerPool<'warm'>;
  readonly #held: HeldActivations;
  readonly #runs = new Map<HeldActivation, Run>();
  readonly #queue: HeldActivation[] = [];
  #draining: LeaveCause | undefined;
  #left = false;

  /** Joins. @param description its `held` is empty */
  constructor(world: InvokerWorld, description: InvokerDescription) {
    this.#world = world;
    this.#description = description;
    this.#pool = new ContainerPool(world.load.memoryMB);
    this.#held = new HeldActivations((message) => { this.#send(message); });
    this.#held.newConnection();
    this.#connection = new SimulatedConnection(world.clock, world.controller, description, (message) => { this.#received(message); });
    const { leaseEndsAt } = description;
    if (leaseEndsAt !== null) world.clock.at(leaseEndsAt - DRAIN_MARGIN_MS, () => { this.#drain('time-limit', leaseEndsAt - LAST_WORDS_MS); });
  }

  /** SIGTERM. @returns how long it will hold the node for calls that run, ms */
  signal(): number {
    const now = this.#world.clock.now();
    let held = 0;
    for (const [{ state }, { endsAt }] of this.#runs) if (state === 'running') held = Math.max(held, Math.min(HOLD_MS, endsAt - now));
    if (this.#draining !== undefined) this.#interruptAt(now + HOLD_MS);
    else this.#drain('preempted', now + HOLD_MS);
    return held;
  }

  /** Its pilot has ended: whatever it does stops. */
  kill(): void {
    if (this.#left) return;
    for (const [held, run] of [...this.#runs]) {
      this.#stop(held, run);
      if (held.state === 'running') this.#world.counts.interrupted++;
    }
    this.#left = true;
    this.#connection.hangUp();
  }

  #received(message: ToInvoker): void {
    if (this.#left) return;
    switch (message.type) {
      case 'assign': this.#assign(message.message); return;
      case 'ack':
        this.#held.acknowledged(message.ids);
        this.#leaveWhenDone();
        return;
      case 'welcome': this.#heartbeat(message.heartbeatMs); return;
      case 'drain': this.#drain('shutdown', this.#world.clock.now() + HOLD_MS); return;
      case 'refuse': throw new Error(`the controller refuses ${this.#description.invokerId}: ${message.reason}`);
      case 'code':
    }
  }

  #heartbeat(periodMs: number): void {
    const { clock } = this.#world;
    if (this.#left) return;
    for (const slot of this.#pool.idleSince(clock.now() - IDLE_MS)) this.#remove(slot);
    this.#send({ type: 'heartbeat', freeMemoryMB: this.#pool.availableMB, running: this.#held.unanswered, leaseEndsAt: this.#description.leaseEndsAt });
    clock.at(clock.now() + periodMs, () => { this.#heartbeat(periodMs); });
  }

  #assign(message: ActivationMessage): void {
    const held = this.#held.add(message);
    if (held === undefined) return;
    if (this.#draining !== undefined) this.#handBack(held);
    else {
      this.#queue.push(held);
      this.#pump();
    }
  }

  /** Starts what can start, first come first served. */
  #pump(): void {
    while (this.#queue[0] !== undefined && this.#tryStart(this.#queue[0])) this.#queue.shift();
  }

  #tryStart(held: HeldActivation): boolean {
    const { action, namespace } = held.message;
    const request = { key: `${namespace}\n${action.path}\n${action.revision}`, kind: action.kind, memoryMB: action.limits.memory, concurrency: 1 };
    let acquired = this.#pool.acquire(request);
    if (acquired.type === 'wait' && acquired.evict.length > 0) {
      // How long that takes is part of the time of a cold start.
      for (const slot of acquired.evict) this.#remove(slot);
      acquired = this.#pool.acquire(request);
    }
    if (acquired.type === 'wait') return false;
    if (acquired.type === 'never') throw new RangeError(`a function of ${action.limits.memory} MB does not fit an invoker of ${this.#pool.memoryMB}`);
    this.#start(held, acquired.slot);
    return true;
  }

  #start(held: HeldActivation, slot: Slot<'warm'>): void {
    const { clock, load, counts } = this.#world;
    const run: Run = { slot, from: clock.now(), endsAt: Number.POSITIVE_INFINITY, cancel: () => undefined };
    this.#runs.set(held, run);
    if (slot.container !== undefined) {
      this.#run(held, run);
      return;
    }
    counts.cold++;
    run.cancel = clock.at(clock.now() + load.coldMs, () => {
      slot.container = 'warm';
      this.#run(held, run);
    });
  }

  #run(held: HeldActivation, run: Run): void {
    const { clock, load } = this.#world;
    const start = clock.now();
    held.state = 'running';
    run.endsAt = start + load.callMs;
    run.cancel = clock.at(run.endsAt, () => { this.#finish(held, run, start); });
  }

  #finish(held: HeldActivation, run: Run, start: number): void {
    const end = this.#world.clock.now();
    this.#stop(held, run);
    if (this.#draining !== undefined) this.#remove(run.slot);
    else this.#pool.release(run.slot, end);
    this.#held.answer(held, {
      type: 'complete',
      outcome: { response: { statusCode: 0, result: {}, size: 2 }, start, end, duration: end - start, waitTime: start - held.message.acceptedAt, timedOut: false, logs: [] },
    });
    this.#leaveWhenDone();
    this.#pump();
  }

  #drain(cause: LeaveCause, holdUntil: number): void {
    if (this.#left || this.#draining !== undefined) return;
    this.#draining = cause;
    this.#send({ type: 'draining', cause });
    for (const held of this.#held.in('waiting')) this.#handBack(held);
    this.#queue.length = 0;
    this.#interruptAt(holdUntil);
    this.#leaveWhenDone();
  }

  #handBack(held: HeldActivation): void {
    const run = this.#runs.get(held);
    if (run !== undefined) this.#stop(held, run);
    this.#world.counts.handedBack++;
    this.#held.answer(held, { type: 'return', reason: 'not-started' });
  }

  #interruptAt(time: number): void {
    this.#world.clock.at(time, () => {
      if (this.#left) return;
      for (const held of this.#held.in('running')) {
        const run = this.#runs.get(held);
        if (run !== undefined) this.#stop(held, run);
        this.#world.counts.interrupted++;
        this.#held.answer(held, { type: 'return', reason: 'interrupted' });
      }
      this.#leaveWhenDone();
    });
  }

  /** Leaves once nothing runs and every answer is acknowledged, or was not for too long. */
  #leaveWhenDone(): void {
    if (this.#draining === undefined || this.#left || this.#held.unanswered > 0) return;
    if (this.#held.ids.length === 0) this.#leave(this.#draining);
    else {
      const cause = this.#draining;
      this.#world.clock.at(this.#world.clock.now() + ACK_WAIT_MS, () => { this.#leave(cause); });
    }
  }

  #leave(cause: LeaveCause): void {
    if (this.#left) return;
    this.#send({ type: 'leave', cause });
    this.#left = true;
    this.#connection.hangUp();
  }

  /** The call does not use its container any more. */
  #stop(held: HeldActivation, run: Run): void {
    run.cancel();
    this.#runs.delete(held);
    this.#world.watch?.ran(this.#description.node, run.from, this.#world.clock.now());
  }

  #remove(slot: Slot<'warm'>): void {
    this.#pool.removing(slot);
    this.#pool.removed(slot);
  }

  #send(message: ToController): void {
    if (!this.#left && message.type !== 'join') this.#connection.toController(message);
  }
}
