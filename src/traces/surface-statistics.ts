import type { IdleSurface } from './surface.ts';
import { idleSteps } from './surface.ts';

export type Quartiles = readonly [q1: number, median: number, q3: number];

export interface SurfaceStatistics {
  /** Idle nodes at a time, weighted with time. */
  readonly idleNodes: { readonly quartiles: Quartiles; readonly mean: number; readonly max: number };
  /** Share (0..1) of time in which no node is idle, and the longest such stretch in s. */
  readonly noneIdle: { readonly share: number; readonly longestSeconds: number };
  /** Lengths of the idle periods, s; periods that are cut at the ends of the surface count as they stand. */
  readonly periods: { readonly count: number; readonly quartiles: Quartiles; readonly mean: number };
  /** Sum of all idle periods, node seconds, and its share (0..1) of all node time. */
  readonly idleNodeSeconds: number;
  readonly idleShare: number;
}

export function surfaceStatistics(surface: IdleSurface): SurfaceStatistics {
  const lengths = surface.periods.map(({ start, end }) => (end - start) / 1000).sort((a, b) => a - b);
  const idleNodeSeconds = lengths.reduce((sum, length) => sum + length, 0);
  const seconds = (surface.to - surface.from) / 1000;
  const occupancy = occupancyOf(surface);
  return {
    idleNodes: {
      quartiles: quartilesOf((share) => weightedQuantile(occupancy.secondsByIdle, share)),
      mean: idleNodeSeconds / seconds,
      max: Math.max(...occupancy.secondsByIdle.keys()),
    },
    noneIdle: { share: (occupancy.secondsByIdle.get(0) ?? 0) / seconds, longestSeconds: occupancy.longestWithoutIdle },
    periods: {
      count: lengths.length,
      quartiles: quartilesOf((share) => quantile(lengths, share)),
      mean: lengths.length === 0 ? 0 : idleNodeSeconds / lengths.length,
    },
    idleNodeSeconds,
    idleShare: idleNodeSeconds / (seconds * surface.nodeCount),
  };
}

/** The value below which `share` (0..1) of the sorted values lie, interpolated between neighbours; 0 of none. */
export function quantile(sorted: readonly number[], share: number): number {
  if (sorted.length === 0) return 0;
  const position = (sorted.length - 1) * share;
  const below = sorted[Math.floor(position)] ?? 0;
  const above = sorted[Math.ceil(position)] ?? below;
  return below + (above - below) * (position - Math.floor(position));
}

function quartilesOf(at: (share: number) => number): Quartiles {
  return [at(0.25), at(0.5), at(0.75)];
}

function occupancyOf(surface: IdleSurface): { secondsByIdle: Map<number, number>; longestWithoutIdle: number } {
  const secondsByIdle = new Map<number, number>();
  const steps = idleSteps(surface);
  let longestWithoutIdle = 0;
  steps.forEach(({ at, idle }, index) => {
    const length = ((steps[index + 1]?.at ?? surface.to) - at) / 1000;
    secondsByIdle.set(idle, (secondsByIdle.get(idle) ?? 0) + length);
    if (idle === 0) longestWithoutIdle = Math.max(longestWithoutIdle, length);
  });
  return { secondsByIdle, longestWithoutIdle };
}

/** The value below which `share` (0..1) of the weight lies, by value. */
export function weightedQuantile(weights: ReadonlyMap<number, number>, share: number): number {
  const entries = [...weights].sort(([a], [b]) => a - b);
  const total = entries.reduce((sum, [, weight]) => sum + weight, 0);
  let passed = 0;
  for (const [value, weight] of entries) {
    passed += weight;
    if (passed >= total * share) return value;
  }
  return entries.at(-1)?.[0] ?? 0;
}
