/**
 * Which nodes prime jobs leave free from when to when, as one backfill cycle sees it: a node is free from the limit of the
 * job on it on (pilots count as free, they can be preempted), except where the cycle has planned a job. As in Slurm, a plan
 * covers its time rounded down to bf_resolution at both ends. A table lives for one cycle; within it nodes only become
 * fewer, so that what was found too early for a job is too early for every later one that is as large and as long.
 *
 * Free nodes are counted per stretch of time, which turns most starts down without a look at nodes.
 */

/** A start was found at `at` or, infinite, none within the window. */
interface Bound { readonly nodes: number; readonly limitMs: number; readonly at: number }

interface FoundStart {
  /** Epoch ms. */
  readonly at: number;
  /** Indexes of all nodes that would do, in order. */
  readonly nodes: readonly number[];
}

interface Plan { readonly start: number; readonly end: number }

const NONE: readonly Plan[] = [];

export class BackfillTable {
  readonly #now: number;
  readonly #lastStart: number;
  readonly #resolutionMs: number;
  /** Stretches, by begin, each lasts until the next one begins; and how many nodes are free in them. */
  readonly #begins: number[] = [];
  readonly #counts: number[] = [];
  /** By node. */
  readonly #freeAt: Float64Array;
  readonly #plans: (Plan[] | undefined)[];
  /** By node: when the last of its plans ends. */
  readonly #plannedUntil: Float64Array;
  readonly #bounds: Bound[] = [];

  /** @param freeAt by node: when the limit of the prime job on it is reached; in the past where there is none */
  constructor(freeAt: Float64Array, now: number, windowMs: number, resolutionMs: number) {
    this.#now = now;
    this.#lastStart = now + windowMs;
    this.#resolutionMs = resolutionMs;
    this.#freeAt = freeAt.map((at) => Math.max(at, now));
    this.#plans = Array.from({ length: freeAt.length });
    this.#plannedUntil = new Float64Array(freeAt.length).fill(now);
    this.#countReleases();
  }

  /** The first moment at which so many nodes are free for so long; undefined where that is not within the window. */
  firstStart(nodes: number, limitMs: number): FoundStart | undefined {
    const found = this.#search(nodes, limitMs, this.#earliest(nodes, limitMs));
    const at = found?.at ?? Number.POSITIVE_INFINITY;
    if (at > this.#now) this.#bounds.push({ nodes, limitMs, at });
    return found;
  }

  /** Holds the nodes for a job that starts at `at`. */
  plan(nodes: readonly number[], at: number, limitMs: number): void {
    this.#hold(nodes, this.#roundDown(at), this.#roundDown(at + limitMs), at);
  }

  /** The nodes now have a job of this limit. */
  occupy(nodes: readonly number[], limitMs: number): void {
    this.#hold(nodes, this.#now, this.#now + limitMs, this.#now);
  }

  /** Epoch ms of the first job planned on the node, infinite where there is none. */
  plannedAt(index: number): number {
    return (this.#plans[index] ?? NONE).reduce((first, { start }) => Math.min(first, start), Number.POSITIVE_INFINITY);
  }

  #countReleases(): void {
    const times = this.#freeAt.filter((at) => at <= this.#lastStart).sort();
    this.#begins.push(this.#now);
    this.#counts.push(0);
    for (const [before, at] of times.entries()) {
      const last = this.#begins.length - 1;
      if (this.#begins[last] === at) this.#counts[last] = before + 1;
      else {
        this.#begins.push(at);
        this.#counts.push(before + 1);
      }
    }
  }

  #earliest(nodes: number, limitMs: number): number {
    let at = this.#now;
    for (const bound of this.#bounds) if (bound.at > at && bound.nodes <= nodes && bound.limitMs <= limitMs) at = bound.at;
    return at;
  }

  #search(nodes: number, limitMs: number, earliest: number): FoundStart | undefined {
    for (let place = this.#placeOf(earliest); place < this.#begins.length;) {
      // Most stretches of a full cluster have no node free: this is where a cycle's time goes.
      while ((this.#counts[place] ?? nodes) < nodes) place++;
      const at = this.#begins[place];
      if (at === undefined || at > this.#lastStart) return undefined;
      const short = this.#lastShort(place, at + limitMs, nodes);
      if (short !== undefined) {
        place = short + 1;
        continue;
      }
      const free = this.#freeFrom(at, at + limitMs);
      if (free.length >= nodes) return { at, nodes: free };
      place++;
    }
    return undefined;
  }

  /** The last stretch from `place` on, begun before `end`, with fewer free nodes: no start before its end will do. */
  #lastShort(place: number, end: number, nodes: number): number | undefined {
    for (let other = this.#placeOf(end) - 1; other > place; other--) if ((this.#counts[other] ?? 0) < nodes) return other;
    return undefined;
  }

  #freeFrom(at: number, end: number): number[] {
    const nodes: number[] = [];
    for (let index = 0; index < this.#freeAt.length; index++) {
      if ((this.#freeAt[index] ?? 0) > at) continue;
      if ((this.#plannedUntil[index] ?? 0) <= at || !overlaps(this.#plans[index] ?? NONE, at, end)) nodes.push(index);
    }
    return nodes;
  }

  #hold(nodes: readonly number[], start: number, end: number, at: number): void {
    const first = Math.max(start, this.#now);
    if (end <= first) return;
    const from = this.#split(first);
    this.#split(end);
    for (let place = from; place < this.#begins.length; place++) {
      const begin = this.#begins[place] ?? 0;
      if (begin >= end) break;
      // A start that is rounded down lies before the end of what is on some of its nodes.
      const taken = begin >= at ? nodes.length : nodes.filter((index) => (this.#freeAt[index] ?? 0) <= begin && !overlaps(this.#plans[index] ?? NONE, begin, begin + 1)).length;
      this.#counts[place] = (this.#counts[place] ?? 0) - taken;
    }
    const plan: Plan = { start, end };
    for (const index of nodes) {
      const own = this.#plans[index];
      if (own === undefined) this.#plans[index] = [plan];
      else own.push(plan);
      this.#plannedUntil[index] = Math.max(end, this.#plannedUntil[index] ?? 0);
    }
  }

  /** The place of the stretch that begins at `at`, which it makes if need be. */
  #split(at: number): number {
    const place = this.#placeOf(at);
    if (this.#begins[place] === at) return place;
    const before = place - 1;
    this.#begins.splice(place, 0, at);
    this.#counts.splice(place, 0, this.#counts[before] ?? 0);
    return place;
  }

  /** The first stretch that begins at `at` or later. */
  #placeOf(at: number): number {
    let low = 0;
    let high = this.#begins.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#begins[middle] ?? 0) < at) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #roundDown(at: number): number {
    return Math.floor(at / this.#resolutionMs) * this.#resolutionMs;
  }
}

function overlaps(plans: readonly Plan[], at: number, end: number): boolean {
  for (const plan of plans) if (plan.start < end && plan.end > at) return true;
  return false;
}
