import type { IdlePeriod, IdleSurface } from './surface.ts';

export interface PackedSurface {
  readonly surface: IdleSurface;
  /** Share (0..1) of the idle node time that found a place; below 1 the trace has more idle nodes at a time than there are. */
  readonly kept: number;
  /** Periods that begin later than in the trace because all nodes were idle, and those that found no place at all. */
  readonly delayed: number;
  readonly dropped: number;
}

export interface PackingOptions {
  /** Time for which a node is busy between two idle periods, at least: a prime job must fit in. @default 5000 ms */
  readonly minBusyMs?: number;
  /** What is left of a delayed period must be at least this long. @default 1000 ms */
  readonly minIdleMs?: number;
}

/**
 * Puts the idle periods of a large cluster on a few nodes, so that as many are idle at a time as in the trace. Each
 * period goes to the node that has been busy for the longest time; where none is free it begins when the next one is,
 * which cuts the number of idle nodes at the number of nodes there are.
 */
export function packSurface(surface: IdleSurface, nodes: readonly string[], options: PackingOptions = {}): PackedSurface {
  const { minBusyMs = 5000, minIdleMs = 1000 } = options;
  const free = nodes.map((node) => ({ node, at: Number.NEGATIVE_INFINITY }));
  const periods: IdlePeriod[] = [];
  let delayed = 0;
  let dropped = 0;
  let asked = 0;
  let placed = 0;
  for (const { start, end } of surface.periods) {
    asked += end - start;
    const first = free.reduce<(typeof free)[number] | undefined>((best, each) => (best === undefined || each.at < best.at ? each : best), undefined);
    const from = Math.max(start, first?.at ?? Number.POSITIVE_INFINITY);
    if (first === undefined || (from > start && end - from < minIdleMs)) {
      dropped++;
      continue;
    }
    if (from > start) delayed++;
    placed += end - from;
    periods.push({ node: first.node, start: from, end });
    first.at = end + minBusyMs;
  }
  periods.sort((a, b) => a.start - b.start);
  return {
    surface: { from: surface.from, to: surface.to, nodeCount: nodes.length, periods },
    kept: asked === 0 ? 1 : placed / asked, delayed, dropped,
  };
}
