/**
 * Where calls wait for a worker. Calls that were interrupted go first (rescue), then whoever came first (queue). A call
 * that fits nowhere is passed by those behind it, but only by a few; after a while one invoker is emptied for it. What
 * no invoker of now could ever run (too big, or cut by the end of a lease before) waits apart (patient), where it is in
 * nobody's way, and is tried now and then.
 */
import type { Call } from './call.ts';
import type { DispatchOptions } from './dispatch-options.ts';
import type { Invoker } from './invoker.ts';
import { Lane } from './lane.ts';
import type { PlacedInvoker } from './placed-invoker.ts';
import type { Placement } from './placement.ts';
import type { Registry } from './registry.ts';

interface Reservation<C> { call: Call<C>; invoker: Invoker<C> }

export class Lanes<C> {
  readonly #rescue = new Lane<Call<C>>();
  readonly #queue = new Lane<Call<C>>();
  readonly #patient = new Lane<Call<C>>();
  readonly #options: Readonly<DispatchOptions>;
  readonly #placement: Placement;
  readonly #registry: Registry<C>;
  readonly #assign: (call: Call<C>, invoker: Invoker<C>, now: number) => void;
  #reservation: Reservation<C> | undefined;
  /** What waits was tried and fits nowhere; only more room changes that. */
  #stuck = false;

  constructor(
    options: Readonly<DispatchOptions>, placement: Placement, registry: Registry<C>,
    assign: (call: Call<C>, invoker: Invoker<C>, now: number) => void,
  ) {
    this.#options = options;
    this.#placement = placement;
    this.#registry = registry;
    this.#assign = assign;
  }

  get queued(): number {
    return this.#queue.size + this.#patient.size;
  }

  get rescued(): number {
    return this.#rescue.size;
  }

  push(call: Call<C>, lane: 'rescue' | 'queue', now: number): void {
    call.state = 'queued';
    call.queuedAt = now;
    if (call.firstQueuedAt === 0) call.firstQueuedAt = now;
    if (lane === 'queue') this.#queue.push(call);
    else {
      this.#rescue.push(call);
      this.#stuck = false;
    }
  }

  remove(call: Call<C>, now: number): void {
    if (call.lane === this.#rescue) this.#rescue.remove(call);
    else if (call.lane === this.#queue) this.#queue.remove(call);
    else if (call.lane === this.#patient) this.#patient.remove(call);
    if (this.#reservation?.call === call) this.#unreserve(now);
  }

  * all(): Generator<Call<C>, void> {
    yield* this.#rescue;
    yield* this.#queue;
    yield* this.#patient;
  }

  /** There is more room than before. */
  moreRoom(): void {
    this.#stuck = false;
  }

  /** Places what fits. */
  serve(now: number): void {
    if (this.#stuck) return;
    this.#serveReserved(now);
    this.#serveLane(this.#rescue, now);
    this.#serveLane(this.#queue, now);
    this.#stuck = this.#rescue.size + this.#queue.size > 0;
  }

  /** Tries again what waits apart, a few at a time. */
  servePatient(now: number): void {
    let tries = Math.min(this.#options.lookAhead, this.#patient.size);
    for (const call of this.#patient) {
      if (tries === 0) return;
      tries -= 1;
      this.#patient.remove(call);
      const placed = this.#placement.place(call, now);
      if (placed === undefined) this.#patient.push(call);
      else this.#assign(call, this.#invokerOf(placed), now);
    }
  }

  /** Empties an invoker for a call that has been passed by for long, one at a time. */
  reserve(now: number): void {
    if (this.#reservation !== undefined) {
      const { invoker } = this.#reservation;
      const fit = this.#registry.get(invoker.id) === invoker && invoker.connection !== undefined && !invoker.draining && !invoker.silent;
      if (!fit) this.#unreserve(now);
      return;
    }
    const call = this.#rescue.first ?? this.#queue.first;
    if (call === undefined || now - call.queuedAt < this.#options.reserveAfterMs) return;
    let best: Invoker<C> | undefined;
    for (const invoker of this.#registry.all()) {
      if (!invoker.takesCalls || invoker.placed.memoryMB < call.memoryMB) continue;
      if (invoker.placed.leaseEndsAt - this.#options.leaseMarginMs - now < call.minimumLeaseMs) continue;
      if (best === undefined || invoker.placed.freeMB > best.placed.freeMB) best = invoker;
    }
    if (best === undefined) return;
    best.reserved = true;
    this.#registry.refresh(best, now);
    this.#reservation = { call, invoker: best };
    this.#stuck = false;
  }

  #unreserve(now: number): void {
    if (this.#reservation === undefined) return;
    const { invoker } = this.#reservation;
    this.#reservation = undefined;
    invoker.reserved = false;
    if (this.#registry.get(invoker.id) === invoker) this.#registry.refresh(invoker, now);
    this.#stuck = false;
  }

  #serveReserved(now: number): void {
    if (this.#reservation === undefined) return;
    const { call, invoker } = this.#reservation;
    if (invoker.placed.freeMB < call.memoryMB) return;
    if (invoker.connection === undefined || invoker.draining || invoker.silent) return;
    this.remove(call, now);
    this.#placement.book(invoker.placed, call);
    this.#assign(call, invoker, now);
  }

  #serveLane(lane: Lane<Call<C>>, now: number): void {
    let passed = 0;
    for (const call of lane) {
      const placed = this.#placement.place(call, now);
      if (placed !== undefined) {
        this.remove(call, now);
        this.#assign(call, this.#invokerOf(placed), now);
        continue;
      }
      if (this.#isHopeless(call)) {
        this.remove(call, now);
        this.#patient.push(call);
        continue;
      }
      passed += 1;
      if (passed > this.#options.lookAhead) return;
    }
  }

  /** Whether those that are there now could not run it even if they were empty. */
  #isHopeless(call: Call<C>): boolean {
    return this.#registry.size > 0 && (call.minimumLeaseMs > 0 || call.memoryMB > this.#registry.largestMB);
  }

  #invokerOf(placed: PlacedInvoker): Invoker<C> {
    const invoker = this.#registry.get(placed.id);
    if (invoker === undefined) throw new Error(`placement knows an invoker that the registry has not: ${placed.id}`);
    return invoker;
  }
}
