/**
 * Which nodes prime jobs leave free from when to when, as one backfill cycle sees it: a node is free from the limit of the
 * job on it on (pilots count as free, they can be preempted), except where the cycle has planned a job. As in Slurm, a plan
 * covers its time rounded down to bf_resolution at both ends. A table lives for one cycle; within it nodes only become
 * fewer, so that what was found too early for a job is too early for every later one that is as large and as long.
 *
 * Free nodes are counted per stretch of time, which turns most starts down without a look at nodes.
 */
import { FreeCounts } from './free-counts.ts';

/** A start was found at `at` or, infinite, none within the window. */
interface Bound { readonly nodes: number; readonly limitMs: number; readonly at: number }

interface FoundStart {
  /** Epoch ms. */
  readonly at: number;
  /** Indexes, in order, of all nodes that would do where the start is now, otherwise of as many as are wanted. */
  readonly nodes: readonly number[];
}

interface Plan { readonly start: number; readonly end: number }

const NONE: readonly Plan[] = [];

export class BackfillTable {
  readonly #now: number;
  readonly #lastStart: number;
  readonly #resolutionMs: number;
  readonly #counts: FreeCounts;
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
    this.#counts = this.#countReleases();
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

  #countReleases(): FreeCounts {
    const begins = [this.#now];
    const counts = [0];
    for (const [before, at] of this.#freeAt.filter((each) => each <= this.#lastStart).sort().entries()) {
      if (begins.at(-1) !== at) {
        begins.push(at);
        counts.push(0);
      }
      counts[counts.length - 1] = before + 1;
    }
    return new FreeCounts(begins, counts);
  }

  #earliest(nodes: number, limitMs: number): number {
    let at = this.#now;
    for (const bound of this.#bounds) if (bound.at > at && bound.nodes <= nodes && bound.limitMs <= limitMs) at = bound.at;
    return at;
  }

  #search(nodes: number, limitMs: number, earliest: number): FoundStart | undefined {
    for (let at = this.#counts.firstWith(nodes, earliest, false); at !== undefined && at <= this.#lastStart;) {
      // Too few are free in a stretch of the job's time: no start before the end of that will do.
      const short = this.#counts.endOfLastBelow(nodes, at, at + limitMs);
      if (short === undefined) {
        const free = this.#freeFrom(at, at + limitMs, at === this.#now ? Number.POSITIVE_INFINITY : nodes);
        if (free.length >= nodes) return { at, nodes: free };
      }
      at = this.#counts.firstWith(nodes, short ?? at, short === undefined);
    }
    return undefined;
  }

  #freeFrom(at: number, end: number, most: number): number[] {
    const [freeAt, plannedUntil, plans] = [this.#freeAt, this.#plannedUntil, this.#plans];
    const nodes: number[] = [];
    for (let index = 0; index < freeAt.length && nodes.length < most; index++) {
      if ((freeAt[index] ?? 0) > at) continue;
      if ((plannedUntil[index] ?? 0) <= at || !overlaps(plans[index] ?? NONE, at, end)) nodes.push(index);
    }
    return nodes;
  }

  #hold(nodes: readonly number[], start: number, end: number, at: number): void {
    const first = Math.max(start, this.#now);
    if (end <= first) return;
    this.#counts.split(first);
    this.#counts.split(end);
    // A start that is rounded down lies before the end of what is on some of its nodes.
    const early = (begin: number): number => nodes.filter((index) => (this.#freeAt[index] ?? 0) <= begin && !overlaps(this.#plans[index] ?? NONE, begin, begin + 1)).length;
    if (first < at) this.#counts.takeByBegin(first, Math.min(at, end), early);
    this.#counts.take(Math.max(first, at), end, nodes.length);
    const plan: Plan = { start, end };
    for (const index of nodes) {
      const own = this.#plans[index];
      if (own === undefined) this.#plans[index] = [plan];
      else own.push(plan);
      this.#plannedUntil[index] = Math.max(end, this.#plannedUntil[index] ?? 0);
    }
  }

  #roundDown(at: number): number {
    return Math.floor(at / this.#resolutionMs) * this.#resolutionMs;
  }
}

function overlaps(plans: readonly Plan[], at: number, end: number): boolean {
  for (const plan of plans) if (plan.start < end && plan.end > at) return true;
  return false;
}
