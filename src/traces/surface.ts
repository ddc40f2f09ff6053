/**
 * An idle surface: for each node of a cluster the periods in which no prime job uses it. It is what a harvest can
 * live on, whatever it came from: a node log, a generator, or a window cut from either.
 */

/** One node is idle (or held by a pilot, which gives way) from `start` until just before `end`. Epoch ms. */
export interface IdlePeriod {
  readonly node: string;
  readonly start: number;
  readonly end: number;
}

export interface IdleSurface {
  /** Epoch ms, [from, to). */
  readonly from: number;
  readonly to: number;
  /** Nodes of the cluster, those that are never idle included. */
  readonly nodeCount: number;
  /** Inside [from, to), none empty, by start; those of one node do not touch or overlap. */
  readonly periods: readonly IdlePeriod[];
}

/** The number of idle nodes from `at` (epoch ms) to the next step. */
export interface IdleStep {
  readonly at: number;
  readonly idle: number;
}

/** The surface as a step function: its first step is at `from`, neighbouring steps differ. */
export function idleSteps(surface: IdleSurface): IdleStep[] {
  const changes = new Map<number, number>([[surface.from, 0]]);
  for (const { start, end } of surface.periods) {
    changes.set(start, (changes.get(start) ?? 0) + 1);
    if (end < surface.to) changes.set(end, (changes.get(end) ?? 0) - 1);
  }
  const steps: IdleStep[] = [];
  let idle = 0;
  for (const [at, change] of [...changes].sort(([a], [b]) => a - b)) {
    if (change === 0 && steps.length > 0) continue;
    idle += change;
    steps.push({ at, idle });
  }
  return steps;
}

/** The periods of each node that has any, by start. */
export function periodsByNode(surface: IdleSurface): Map<string, IdlePeriod[]> {
  const byNode = new Map<string, IdlePeriod[]>();
  for (const period of surface.periods) {
    const own = byNode.get(period.node);
    if (own === undefined) byNode.set(period.node, [period]);
    else own.push(period);
  }
  return byNode;
}

/** The part of the surface in [from, to): periods that reach out of it are cut. */
export function cutSurface(surface: IdleSurface, from: number, to: number): IdleSurface {
  const periods: IdlePeriod[] = [];
  for (const { node, start, end } of surface.periods) {
    const cut = { node, start: Math.max(start, from), end: Math.min(end, to) };
    if (cut.start < cut.end) periods.push(cut);
  }
  return { from, to, nodeCount: surface.nodeCount, periods: periods.sort((a, b) => a.start - b.start) };
}
