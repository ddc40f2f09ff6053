/**
 * Which invoker runs a call. In this order: one with an idle warm container whose lease covers the call's time limit;
 * any whose lease covers it, the emptiest first; the one whose lease lasts longest (a call that gets cut is run again),
 * where a warm one may have half of that. Memory is never promised twice; a call that may share a container with others
 * of its key first goes where one has room, which takes no memory. Affinity follows the containers, not a hash
 * over a list of invokers, so that who comes and goes changes nothing for the others.
 */
import { CapacityIndex, tierCovering } from './capacity-index.ts';
import { IdleContainers } from './idle-containers.ts';
import type { IdleContainer, PlacedInvoker } from './placed-invoker.ts';
import { SharedContainers } from './shared-containers.ts';

/** How deep one looks into a stack of idle containers for one that may be used. */
const WARM_DEPTH = 4;
/** The same for shared containers with room, of which there is seldom more than one. */
const SHARED_DEPTH = 8;

export interface PlacementRequest {
  /** Calls with the same key may use the same container, one after the other. */
  readonly key: string;
  readonly memoryMB: number;
  /** So many of them at a time. */
  readonly concurrency: number;
  readonly timeLimitMs: number;
  /** Least remaining lease that makes sense at all, ms. */
  readonly minimumLeaseMs: number;
}

/** What a call takes of an invoker. */
type Container = Pick<PlacementRequest, 'key' | 'memoryMB' | 'concurrency'>;

export interface PlacementOptions {
  leaseMarginMs: number;
  /** Between 0 (inclusive) and 1. */
  random: () => number;
}

export class Placement {
  readonly #marginMs: number;
  readonly #index: CapacityIndex;
  readonly #idle = new IdleContainers();
  readonly #shared = new SharedContainers();

  constructor(options: PlacementOptions) {
    this.#marginMs = options.leaseMarginMs;
    this.#index = new CapacityIndex(options.leaseMarginMs, options.random);
  }

  /** Number of keys with an idle container somewhere. */
  get warmKeys(): number {
    return this.#idle.keys;
  }

  /** @param leaseEndsAt epoch ms; null without an end */
  add(id: string, memoryMB: number, leaseEndsAt: number | null, now: number): PlacedInvoker {
    const invoker: PlacedInvoker = {
      id, memoryMB, freeMB: memoryMB, leaseEndsAt: leaseEndsAt ?? Infinity, open: true,
      tier: -1, bucket: -1, position: -1, oldestIdle: undefined, youngestIdle: undefined, idleMB: 0,
    };
    this.#index.update(invoker, now);
    return invoker;
  }

  remove(invoker: PlacedInvoker): void {
    this.#idle.forget(invoker);
    this.#shared.forget(invoker);
    invoker.open = false;
    this.#index.update(invoker, 0);
  }

  /** Whether it takes new calls. What it runs and its containers stay known. */
  setOpen(invoker: PlacedInvoker, open: boolean, now: number): void {
    if (invoker.open === open) return;
    invoker.open = open;
    this.#index.update(invoker, now);
  }

  setLease(invoker: PlacedInvoker, leaseEndsAt: number | null, now: number): void {
    invoker.leaseEndsAt = leaseEndsAt ?? Infinity;
    this.#index.update(invoker, now);
  }

  /** Its containers will not be used again. */
  forgetContainers(invoker: PlacedInvoker): void {
    this.#idle.forget(invoker);
  }

  /** Picks an invoker for the call and books the memory there. */
  place(request: PlacementRequest, now: number): PlacedInvoker | undefined {
    const { key, memoryMB, timeLimitMs, minimumLeaseMs } = request;
    const sharing = request.concurrency > 1 ? this.#share(request, timeLimitMs, now) : undefined;
    if (sharing !== undefined) return sharing;
    let shortWarm: IdleContainer | undefined;
    let container = this.#idle.top(key);
    for (let depth = 0; container !== undefined && depth < WARM_DEPTH; depth += 1) {
      const { invoker } = container;
      if (invoker.open && invoker.freeMB >= memoryMB) {
        const remaining = this.#remaining(invoker, now);
        if (remaining >= timeLimitMs) return this.#bookWarm(container, request);
        if (remaining > 0 && remaining >= minimumLeaseMs) shortWarm ??= container;
      }
      container = container.below;
    }
    const tier = tierCovering(timeLimitMs);
    const covering = this.#index.most(memoryMB, tier, timeLimitMs, now);
    if (covering !== undefined) return this.book(covering, request);
    const longest = this.#index.longest(memoryMB, tier, minimumLeaseMs, now);
    if (shortWarm !== undefined
      && (longest === undefined || this.#remaining(shortWarm.invoker, now) * 2 >= this.#remaining(longest, now))) {
      return this.#bookWarm(shortWarm, request);
    }
    return longest === undefined ? this.#share(request, minimumLeaseMs, now) : this.book(longest, request);
  }

  /** Books memory without choosing: for what an invoker is known to run already. */
  book(invoker: PlacedInvoker, { key, memoryMB, concurrency }: Container): PlacedInvoker {
    if (concurrency > 1) {
      const room = this.#shared.hasRoom(invoker, key);
      this.#shared.enter(invoker, key, concurrency);
      if (room) return invoker;
    }
    invoker.freeMB -= memoryMB;
    this.#idle.fit(invoker);
    this.#index.updateMemory(invoker);
    return invoker;
  }

  /** Gives the memory back; `warm`: the container stays there for the next call of this key. */
  release(invoker: PlacedInvoker, { key, memoryMB, concurrency }: Container, warm: boolean): void {
    if (concurrency > 1 && !this.#shared.leave(invoker, key)) return;
    invoker.freeMB += memoryMB;
    if (warm) this.#idle.add(invoker, key, memoryMB);
    this.#index.updateMemory(invoker);
  }

  /** Follows the time: to be called for each invoker about once per second. */
  retier(invoker: PlacedInvoker, now: number): void {
    this.#index.update(invoker, now);
  }

  /** What is left of the lease, margin taken off, ms. */
  #remaining(invoker: PlacedInvoker, now: number): number {
    return invoker.leaseEndsAt - this.#marginMs - now;
  }

  #bookWarm(container: IdleContainer, request: Container): PlacedInvoker {
    this.#idle.remove(container);
    return this.book(container.invoker, request);
  }

  /** Lets the call in where a container of its key has room and the lease is at least so long. */
  #share(request: PlacementRequest, leaseMs: number, now: number): PlacedInvoker | undefined {
    let depth = 0;
    for (const invoker of this.#shared.withRoom(request.key)) {
      const remaining = this.#remaining(invoker, now);
      if (invoker.open && remaining > 0 && remaining >= leaseMs) return this.book(invoker, request);
      depth += 1;
      if (depth === SHARED_DEPTH) return undefined;
    }
    return undefined;
  }
}
