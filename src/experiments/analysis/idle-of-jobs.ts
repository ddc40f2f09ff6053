/**
 * Idle nodes reckoned from jobs: what no job held. With node lists each node's periods are known; without, only how many
 * nodes (or processors) were left at a time. Nodes that were down count as idle: a dump of jobs does not tell them apart.
 */
import type { TraceJob, Workload } from '../../traces/workload.ts';
import type { IdleData } from './idle-data.ts';

export interface JobWindow {
  /** Epoch ms. */
  readonly from: number;
  readonly to: number;
}

/** From the first start to the last end; undefined where no job ran. */
export function windowOfJobs(jobs: readonly TraceJob[]): JobWindow | undefined {
  let from = Number.POSITIVE_INFINITY;
  let to = Number.NEGATIVE_INFINITY;
  for (const { started, ended } of jobs) {
    if (started === undefined || ended === undefined) continue;
    from = Math.min(from, started);
    to = Math.max(to, ended);
  }
  return to > from ? { from, to } : undefined;
}

/** @param nodes of the cluster, where somebody knows better than the log */
export function idleDataOfJobs(workload: Workload, window: JobWindow, nodes?: number): IdleData | undefined {
  const ran = workload.jobs.filter(({ started, ended }) => started !== undefined && started < window.to && (ended === undefined || ended > window.from));
  const size = sizeOf(workload, ran);
  if (size === undefined) return undefined;
  const changes: Change[] = [];
  for (const job of ran) {
    const start = Math.max(job.started ?? 0, window.from);
    const end = Math.min(job.ended ?? window.to, window.to);
    const count = size.of(job);
    if (end <= start || count === 0) continue;
    changes.push({ at: start, busy: count }, { at: end, busy: -count });
  }
  const { pieces, most } = busyPieces(changes, window);
  const listed = ran.some(({ nodeList }) => nodeList !== undefined);
  const names = new Set(ran.flatMap(({ nodeList }) => nodeList ?? []));
  const known = nodes ?? size.total;
  const total = known ?? Math.max(most, names.size);
  return {
    unit: size.unit, total, totalFrom: nodes !== undefined ? 'option' : size.total !== undefined ? 'log' : listed ? 'names' : 'use',
    pieces: pieces.map(({ at, end, busy }) => ({ at, seconds: (end - at) / 1000, idle: Math.max(0, total - busy), pilots: 0, afterHole: false })),
    ...listed ? { periods: [...periodsOfNodes(ran, window), ...neverUsed(total - names.size, window)] } : {},
    hasPilots: false, sampled: false,
  };
}

interface Change { readonly at: number; readonly busy: number }

/** How many nodes, or failing that processors, a job takes. */
function sizeOf(workload: Workload, jobs: readonly TraceJob[]): { unit: 'nodes' | 'processors'; total?: number; of: (job: TraceJob) => number } | undefined {
  const { nodeCount, processors } = workload;
  if (jobs.some(({ nodes, nodeList }) => nodes !== undefined || nodeList !== undefined)) {
    return { unit: 'nodes', of: (job) => job.nodeList?.length ?? job.nodes ?? 0, ...nodeCount === undefined ? {} : { total: nodeCount } };
  }
  if (!jobs.some((job) => job.processors !== undefined)) return undefined;
  if (nodeCount !== undefined && processors !== undefined && processors >= nodeCount) {
    const perNode = processors / nodeCount;
    return { unit: 'nodes', total: nodeCount, of: (job) => Math.ceil((job.processors ?? 0) / perNode) };
  }
  return { unit: 'processors', of: (job) => job.processors ?? 0, ...processors === undefined ? {} : { total: processors } };
}

function busyPieces(changes: Change[], { from, to }: JobWindow): { pieces: { at: number; end: number; busy: number }[]; most: number } {
  changes.sort((a, b) => a.at - b.at);
  const pieces: { at: number; end: number; busy: number }[] = [];
  let busy = 0;
  let most = 0;
  let at = from;
  for (const change of changes) {
    if (change.at > at) {
      pieces.push({ at, end: change.at, busy });
      most = Math.max(most, busy);
      at = change.at;
    }
    busy += change.busy;
  }
  if (to > at) pieces.push({ at, end: to, busy });
  return { pieces, most };
}

/** Lengths in s of the time between jobs on each node that any job used; several jobs may share a node. */
function periodsOfNodes(jobs: readonly TraceJob[], { from, to }: JobWindow): number[] {
  const busyUntil = new Map<string, number>();
  const periods: number[] = [];
  // By start, as a workload has them.
  for (const { nodeList, started, ended } of jobs) {
    for (const node of nodeList ?? []) {
      const until = busyUntil.get(node) ?? from;
      if ((started ?? 0) > until) periods.push(((started ?? 0) - until) / 1000);
      busyUntil.set(node, Math.max(until, ended ?? to));
    }
  }
  for (const until of busyUntil.values()) if (until < to) periods.push((to - until) / 1000);
  return periods;
}

function neverUsed(nodes: number, { from, to }: JobWindow): number[] {
  return Array.from({ length: Math.max(0, nodes) }, () => (to - from) / 1000);
}
