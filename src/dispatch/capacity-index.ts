/**
 * Finds an invoker with enough free memory and enough lease in O(1), whatever their number. Invokers stand in cells:
 * 8 tiers of remaining lease times 32 buckets of free memory, with one bit per cell that says whether anybody is in it.
 * Buckets are 128 MB wide up to 2 GB, then two per power of two. Time moves invokers to lower tiers: `retier` does that
 * now and then, and whoever picks checks the lease itself.
 */
import type { PlacedInvoker } from './placed-invoker.ts';

const BUCKETS = 32;
const ALL_BUCKETS = 0xffffffff;
/** Two random choices; two more where both would have to give up idle containers. */
const CHOICES = 4;
/** How many of a cell are looked at where not all of it will do. */
const SAMPLE = 8;
/** How often one looks again after meeting somebody whom time had moved to a lower tier. */
const ROUNDS = 8;

/** Least remaining lease in ms of each tier, margin taken off. The steps are usual time limits: 10 s, 30 s, 1, 2, 5, 10 min, 1 h. */
const TIER_FLOORS_MS = [0, 10_000, 30_000, 60_000, 120_000, 300_000, 600_000, 3_600_000] as const;
const TIERS = TIER_FLOORS_MS.length;

/** The lowest tier in which every lease is at least this long; TIERS when there is none. */
export function tierCovering(ms: number): number {
  let tier = 0;
  while (tier < TIERS && (TIER_FLOORS_MS[tier] ?? Infinity) < ms) tier += 1;
  return tier;
}

/** The tier that a remaining lease falls into; -1 when there is nothing left of it. */
function tierOf(remainingMs: number): number {
  let tier = TIERS - 1;
  while (tier >= 0 && (TIER_FLOORS_MS[tier] ?? 0) > remainingMs) tier -= 1;
  return tier;
}

/** The bucket that this much free memory falls into. */
export function bucketOf(freeMB: number): number {
  if (freeMB < 2048) return freeMB < 0 ? 0 : freeMB >> 7;
  const gigabytes = freeMB >> 10;
  const log = 31 - Math.clz32(gigabytes);
  return Math.min(BUCKETS - 1, 16 + (log - 1) * 2 + ((gigabytes >> (log - 1)) & 1));
}

/** Least free memory in a bucket, MB. */
function floorOf(bucket: number): number {
  if (bucket < 16) return bucket << 7;
  const log = ((bucket - 16) >> 1) + 1;
  return ((2 + ((bucket - 16) & 1)) << (log - 1)) << 10;
}

/** Mask of the buckets in which everybody has at least this much. */
function bucketsCovering(memoryMB: number): number {
  const bucket = bucketOf(memoryMB);
  const first = floorOf(bucket) >= memoryMB ? bucket : bucket + 1;
  return first >= BUCKETS ? 0 : (ALL_BUCKETS << first) >>> 0;
}

export class CapacityIndex {
  readonly #marginMs: number;
  readonly #random: () => number;
  readonly #cells: PlacedInvoker[][] = Array.from({ length: TIERS * BUCKETS }, () => []);
  /** How often somebody was met in a tier that was not his any more. */
  #moved = 0;
  readonly #masks = new Uint32Array(TIERS);

  constructor(marginMs: number, random: () => number) {
    this.#marginMs = marginMs;
    this.#random = random;
  }

  /** Puts the invoker where it belongs now: out of the index when it is closed or its lease is over. */
  update(invoker: PlacedInvoker, now: number): void {
    const tier = invoker.open ? tierOf(invoker.leaseEndsAt - this.#marginMs - now) : -1;
    this.#move(invoker, tier, bucketOf(invoker.freeMB));
  }

  /** After a change of its free memory only. */
  updateMemory(invoker: PlacedInvoker): void {
    if (invoker.tier >= 0) this.#move(invoker, invoker.tier, bucketOf(invoker.freeMB));
  }

  /**
   * Of the tiers from `lowest` on, the invoker with about the most free memory (the better of a few random ones of
   * the emptiest). `leaseMs` is what it must have left at least.
   */
  most(memoryMB: number, lowest: number, leaseMs: number, now: number): PlacedInvoker | undefined {
    for (let round = 0; round < ROUNDS; round += 1) {
      const moved = this.#moved;
      const cell = this.#bestCell(bucketsCovering(memoryMB), lowest);
      const found = cell === undefined
        ? this.#sample(memoryMB, lowest, leaseMs, now) : this.#better(cell, memoryMB, leaseMs, now);
      if (found !== undefined) return found;
      if (this.#moved === moved) return undefined;
    }
    return undefined;
  }

  /** Of the tiers below `tier`, from the top, one with about the longest lease, at least `leaseMs`. */
  longest(memoryMB: number, tier: number, leaseMs: number, now: number): PlacedInvoker | undefined {
    for (let t = tier - 1; t >= 0; t -= 1) {
      if ((this.#masks[t] ?? 0) === 0) continue;
      // Nearly always the first bucket will do; it does not when leases are too short, or over and not yet sorted out.
      for (let covering = bucketsCovering(memoryMB) & (this.#masks[t] ?? 0); covering !== 0;) {
        const bucket = 31 - Math.clz32(covering);
        const found = this.#longestOf(this.#cellOf(t, bucket), memoryMB, leaseMs, now);
        if (found !== undefined) return found;
        covering &= ~(1 << bucket);
      }
      const found = this.#longestOf(this.#cellOf(t, bucketOf(memoryMB)), memoryMB, leaseMs, now);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** The longest lease among a few of the cell. */
  #longestOf(cell: readonly PlacedInvoker[], memoryMB: number, leaseMs: number, now: number): PlacedInvoker | undefined {
    const start = Math.floor(this.#random() * cell.length);
    let best: PlacedInvoker | undefined;
    for (let n = Math.min(SAMPLE, cell.length) - 1; n >= 0; n -= 1) {
      const one = cell[(start + n) % cell.length];
      if (one === undefined || !this.#serves(one, memoryMB, leaseMs, now)) continue;
      if (best === undefined || one.leaseEndsAt > best.leaseEndsAt) best = one;
    }
    return best;
  }

  #serves(invoker: PlacedInvoker, memoryMB: number, leaseMs: number, now: number): boolean {
    const remaining = invoker.leaseEndsAt - this.#marginMs - now;
    return invoker.freeMB >= memoryMB && remaining >= leaseMs && remaining > 0;
  }

  #bestCell(covering: number, lowest: number): PlacedInvoker[] | undefined {
    let best: PlacedInvoker[] | undefined;
    let bestBucket = -1;
    for (let tier = TIERS - 1; tier >= lowest; tier -= 1) {
      const mask = (this.#masks[tier] ?? 0) & covering;
      const bucket = 31 - Math.clz32(mask);
      if (bucket <= bestBucket) continue;
      bestBucket = bucket;
      best = this.#cellOf(tier, bucket);
    }
    return best;
  }

  /** Of a few random ones the one with the most memory that neither calls nor idle containers take. */
  #better(cell: PlacedInvoker[], memoryMB: number, leaseMs: number, now: number): PlacedInvoker | undefined {
    let best: PlacedInvoker | undefined;
    for (let tries = Math.min(CHOICES, cell.length); tries > 0 && cell.length > 0; tries -= 1) {
      const one = this.#any(cell);
      if (one === undefined) break;
      if (!this.#serves(one, memoryMB, leaseMs, now)) {
        this.#metMoved(one, now);
        continue;
      }
      if (best === undefined || one.freeMB - one.idleMB > best.freeMB - best.idleMB) best = one;
      if (tries < CHOICES && best.freeMB - best.idleMB >= memoryMB) break;
    }
    return best;
  }

  /** Buckets that hold both: some with enough memory, some without. */
  #sample(memoryMB: number, lowest: number, leaseMs: number, now: number): PlacedInvoker | undefined {
    for (let tier = TIERS - 1; tier >= lowest; tier -= 1) {
      const cell = this.#cellOf(tier, bucketOf(memoryMB));
      const tries = Math.min(SAMPLE, cell.length);
      const start = Math.floor(this.#random() * cell.length);
      for (let n = 0; n < tries; n += 1) {
        const one = cell[(start + n) % cell.length];
        if (one === undefined) continue;
        if (this.#serves(one, memoryMB, leaseMs, now)) return one;
        if (one.freeMB >= memoryMB) {
          this.#metMoved(one, now);
          return undefined;
        }
      }
    }
    return undefined;
  }

  /** Time has moved it to a lower tier: say so in the index, and look again. */
  #metMoved(invoker: PlacedInvoker, now: number): void {
    this.update(invoker, now);
    this.#moved += 1;
  }

  #any(cell: readonly PlacedInvoker[]): PlacedInvoker | undefined {
    return cell.length === 1 ? cell[0] : cell[Math.floor(this.#random() * cell.length)];
  }

  #cellOf(tier: number, bucket: number): PlacedInvoker[] {
    const cell = this.#cells[tier * BUCKETS + bucket];
    if (cell === undefined) throw new RangeError(`no cell ${tier}, ${bucket}`);
    return cell;
  }

  #move(invoker: PlacedInvoker, tier: number, bucket: number): void {
    if (invoker.tier === tier && (tier < 0 || invoker.bucket === bucket)) return;
    if (invoker.tier >= 0) {
      const cell = this.#cellOf(invoker.tier, invoker.bucket);
      const last = cell.pop();
      if (last !== undefined && last !== invoker) {
        cell[invoker.position] = last;
        last.position = invoker.position;
      }
      if (cell.length === 0) this.#masks[invoker.tier] = (this.#masks[invoker.tier] ?? 0) & ~(1 << invoker.bucket);
    }
    invoker.tier = tier;
    if (tier < 0) return;
    const cell = this.#cellOf(tier, bucket);
    invoker.bucket = bucket;
    invoker.position = cell.length;
    cell.push(invoker);
    this.#masks[tier] = (this.#masks[tier] ?? 0) | (1 << bucket);
  }
}
