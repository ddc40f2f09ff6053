/**
 * Which invoker runs a call. In this order: one with an idle warm container whose lease covers the call's time limit;
 * any whose lease covers it, the emptiest first; the one whose lease lasts longest (a call that gets cut is run again),
 * where a warm one may have half of that. Memory is never promised twice. Affinity follows the containers, not a hash
 * over a list of invokers, so that who comes and goes changes nothing for the others.
 */
import { CapacityIndex, tierCovering } from './capacity-index.ts';
import { IdleContainers } from './idle-containers.ts';
import type { IdleContainer, PlacedInvoker } from './placed-invoker.ts';

/** How deep one looks into a stack of idle containers for one that may be used. */
const WARM_DEPTH = 4;

export interface PlacementRequest {
  /** Calls with the same key may share containers, one after the other. */
  readonly key: string;
  readonly memoryMB: number;
  readonly timeLimitMs: number;
  /** Least remaining lease that makes sense at all, ms. */
  readonly minimumLeaseMs: number;
}

export interface PlacementOptions {
  leaseMarginMs: number;
  /** Between 0 (inclusive) and 1. */
  random: () => number;
}

export class Placement {
  readonly #marginMs: number;
  readonly #index: CapacityIndex;
  readonly #idle = new IdleContainers();

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
    let shortWarm: IdleContainer | undefined;
    let container = this.#idle.top(key);
    for (let depth = 0; container !== undefined && depth < WARM_DEPTH; depth += 1) {
      const { invoker } = container;
      if (invoker.open && invoker.freeMB >= memoryMB) {
        const remaining = this.#remaining(invoker, now);
        if (remaining >= timeLimitMs) return this.#bookWarm(container, memoryMB);
        if (remaining > 0 && remaining >= minimumLeaseMs) shortWarm ??= container;
      }
      container = container.below;
    }
    const tier = tierCovering(timeLimitMs);
    const covering = this.#index.most(memoryMB, tier, timeLimitMs, now);
    if (covering !== undefined) return this.book(covering, memoryMB);
    const longest = this.#index.longest(memoryMB, tier, minimumLeaseMs, now);
    if (shortWarm !== undefined
      && (longest === undefined || this.#remaining(shortWarm.invoker, now) * 2 >= this.#remaining(longest, now))) {
      return this.#bookWarm(shortWarm, memoryMB);
    }
    return longest === undefined ? undefined : this.book(longest, memoryMB);
  }

  /** Books memory without choosing: for what an invoker is known to run already. */
  book(invoker: PlacedInvoker, memoryMB: number): PlacedInvoker {
    invoker.freeMB -= memoryMB;
    this.#idle.fit(invoker);
    this.#index.updateMemory(invoker);
    return invoker;
  }

  /** Gives the memory back; `warm`: the container stays there for the next call of this key. */
  release(invoker: PlacedInvoker, key: string, memoryMB: number, warm: boolean): void {
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

  #bookWarm(container: IdleContainer, memoryMB: number): PlacedInvoker {
    this.#idle.remove(container);
    return this.book(container.invoker, memoryMB);
  }
}
