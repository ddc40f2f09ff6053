/**
 * Who is there. An invoker joins under an id that nobody had before; a lost connection may come back within a grace
 * time; whoever stays away, or silent, is forgotten, and its id is remembered for a while, so that what it says when
 * it does come back is known for an echo. Silence is measured on a clock that stands still while this process does:
 * a controller that was stopped for a minute must not think that all others were.
 */
import type { InvokerDescription } from '../link/messages.ts';
import type { DispatchOptions } from './dispatch-options.ts';
import { Invoker } from './invoker.ts';
import type { Placement } from './placement.ts';

/** Ids of the gone are small; this many cover days. */
const REMEMBERED = 10_000;
/** Between two ticks no more than this many tick times count as time. */
const STALL_TICKS = 4;

export class Registry<C> {
  readonly #placement: Placement;
  readonly #options: Readonly<DispatchOptions>;
  readonly #byId = new Map<string, Invoker<C>>();
  readonly #byConnection = new Map<C, Invoker<C>>();
  readonly #away = new Set<Invoker<C>>();
  readonly #gone = new Set<string>();
  #largestMB: number | undefined = 0;
  #clock = 0;
  #tickedAt: number | undefined;

  constructor(placement: Placement, options: Readonly<DispatchOptions>) {
    this.#placement = placement;
    this.#options = options;
  }

  get size(): number {
    return this.#byId.size;
  }

  /** Memory of the largest invoker, MB. */
  get largestMB(): number {
    if (this.#largestMB === undefined) {
      this.#largestMB = 0;
      for (const { placed } of this.#byId.values()) this.#largestMB = Math.max(this.#largestMB, placed.memoryMB);
    }
    return this.#largestMB;
  }

  all(): IterableIterator<Invoker<C>> {
    return this.#byId.values();
  }

  get(id: string): Invoker<C> | undefined {
    return this.#byId.get(id);
  }

  /** Whom this connection belongs to; what it says is a sign of life. */
  heard(connection: C, now: number): Invoker<C> | undefined {
    const invoker = this.#byConnection.get(connection);
    if (invoker === undefined) return undefined;
    invoker.heardAt = this.#clock;
    if (invoker.silent) {
      invoker.silent = false;
      this.refresh(invoker, now);
    }
    return invoker;
  }

  /** @returns the invoker, and whether this controller has never heard of it */
  join(connection: C, description: InvokerDescription, now: number): { invoker: Invoker<C>; first: boolean; replaced: C | undefined } {
    const known = this.#byId.get(description.invokerId);
    if (known === undefined) {
      const placed = this.#placement.add(description.invokerId, description.memoryMB, description.leaseEndsAt, now);
      const invoker = new Invoker(description, placed, connection, now, this.#clock);
      this.#byId.set(invoker.id, invoker);
      this.#largestMB = undefined;
      this.#byConnection.set(connection, invoker);
      return { invoker, first: !this.#gone.has(invoker.id), replaced: undefined };
    }
    const replaced = known.connection;
    if (replaced !== undefined) this.#byConnection.delete(replaced);
    this.#away.delete(known);
    known.connection = connection;
    known.heardAt = this.#clock;
    known.silent = false;
    known.heartbeats = 0;
    this.#byConnection.set(connection, known);
    this.#placement.setLease(known.placed, description.leaseEndsAt, now);
    return { invoker: known, first: false, replaced };
  }

  /** The connection is lost; the invoker may come back. */
  disconnect(connection: C, now: number): Invoker<C> | undefined {
    const invoker = this.#byConnection.get(connection);
    if (invoker === undefined) return undefined;
    this.#byConnection.delete(connection);
    invoker.connection = undefined;
    invoker.awayAt = this.#clock;
    this.#away.add(invoker);
    this.refresh(invoker, now);
    return invoker;
  }

  /** Forgets it. What it held is the caller's to see to. */
  remove(invoker: Invoker<C>): void {
    this.#byId.delete(invoker.id);
    this.#largestMB = undefined;
    if (invoker.connection !== undefined) this.#byConnection.delete(invoker.connection);
    this.#away.delete(invoker);
    this.#placement.remove(invoker.placed);
    this.#gone.add(invoker.id);
    if (this.#gone.size <= REMEMBERED) return;
    for (const oldest of this.#gone) {
      this.#gone.delete(oldest);
      break;
    }
  }

  /** After a change of what makes an invoker take calls. */
  refresh(invoker: Invoker<C>, now: number): void {
    this.#placement.setOpen(invoker.placed, invoker.takesCalls, now);
  }

  tick(now: number): void {
    const passed = this.#tickedAt === undefined ? 0 : now - this.#tickedAt;
    this.#tickedAt = now;
    this.#clock += Math.max(0, Math.min(passed, STALL_TICKS * this.#options.tickMs));
  }

  /** Those whose connection did not come back in time. */
  * overdue(): Generator<Invoker<C>, void> {
    for (const invoker of this.#away) {
      if (this.#clock - invoker.awayAt >= this.#options.graceMs) yield invoker;
    }
  }

  /** Marks the silent ones; gives those that have been silent for too long. */
  * silent(now: number): Generator<Invoker<C>, void> {
    for (const invoker of this.#byConnection.values()) {
      const silence = this.#clock - invoker.heardAt;
      if (silence >= this.#options.lostMs) yield invoker;
      else if (silence >= this.#options.silentMs && !invoker.silent) {
        invoker.silent = true;
        this.refresh(invoker, now);
      }
    }
  }
}
