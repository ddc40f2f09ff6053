/** What a node log says of single nodes, counted in samples: the form in which the paper works with it. */
import { MAX_SPACING_MS, meanSpacingMs, type NodeLog, type NodeSample } from './node-log.ts';
import type { IdlePeriod, IdleSurface } from './surface.ts';

/** A node is available in all samples from index `from` until just before `to`, and not in those beside them. */
export interface AvailableRun {
  readonly node: string;
  readonly from: number;
  readonly to: number;
}

export interface Availability {
  /** By `from`, then by node. */
  readonly runs: readonly AvailableRun[];
  /** Available nodes in each sample. */
  readonly counts: readonly number[];
  /** Nodes that are available at any time. */
  readonly seen: ReadonlySet<string>;
}

/** @param breakAt a run ends where a sample comes later than this (ms) after the one before; @default never */
export function availabilityOf(samples: readonly NodeSample[], breakAt = Number.POSITIVE_INFINITY): Availability {
  const runs: AvailableRun[] = [];
  const counts: number[] = [];
  const seen = new Set<string>();
  const since = new Map<string, number>();
  let available: ReadonlySet<string> = new Set();
  let last: NodeSample | undefined;
  samples.forEach((sample, index) => {
    const hole = last !== undefined && sample.at - last.at > breakAt;
    if (hole) closeAll(index);
    // Most samples show what the one before showed, and share its arrays.
    if (hole || sample.idle !== last?.idle || sample.pilots !== last.pilots) {
      available = new Set([...sample.idle, ...sample.pilots]);
      for (const [node, from] of since) {
        if (available.has(node)) continue;
        runs.push({ node, from, to: index });
        since.delete(node);
      }
      for (const node of available) {
        if (since.has(node)) continue;
        since.set(node, index);
        seen.add(node);
      }
    }
    counts.push(available.size);
    last = sample;
  });
  closeAll(samples.length);
  runs.sort((a, b) => a.from - b.from || (a.node < b.node ? -1 : 1));
  return { runs, counts, seen };

  function closeAll(to: number): void {
    for (const [node, from] of since) runs.push({ node, from, to });
    since.clear();
  }
}

/** Nodes of the cluster: what the log says, else the highest number in a node's name plus one, or what was seen. */
export function clusterSize(log: NodeLog, seen: ReadonlySet<string>): number {
  return log.nodeCount ?? Math.max(seen.size, highestNumber(seen) + 1);
}

/**
 * The idle surface of a log: a node is idle from the first sample that shows it available to the first that does not.
 * @param nodeCount nodes of the cluster; by default as `clusterSize` has it
 */
export function surfaceOfLog(log: NodeLog, nodeCount?: number): IdleSurface {
  const { samples } = log;
  const { runs, seen } = availabilityOf(samples, MAX_SPACING_MS);
  const spacing = meanSpacingMs(samples);
  const timeOf = (index: number): number => samples[index]?.at ?? 0;
  const periods: IdlePeriod[] = runs.map(({ node, from, to }) => {
    const last = timeOf(to - 1);
    const next = samples[to]?.at;
    return { node, start: timeOf(from), end: next === undefined || next - last > MAX_SPACING_MS ? last + spacing : next };
  });
  return { from: timeOf(0), to: timeOf(samples.length - 1) + spacing, nodeCount: nodeCount ?? clusterSize(log, seen), periods };
}

function highestNumber(nodes: Iterable<string>): number {
  let highest = -1;
  for (const node of nodes) {
    const digits = /[0-9]{1,6}$/.exec(node)?.[0];
    if (digits !== undefined) highest = Math.max(highest, Number(digits));
  }
  return highest;
}
