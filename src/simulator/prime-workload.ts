/** Prime jobs as the model's queue takes them: whole nodes, times in ms. */
import type { TraceJob, Workload } from '../traces/workload.ts';

export interface PrimeJob {
  readonly id: string;
  /** Epoch ms. */
  readonly submittedAt: number;
  readonly nodes: number;
  /** Of the job by itself; Slurm ends it at its limit. */
  readonly runMs: number;
  readonly limitMs: number;
  /** Epoch ms; where it started before the window in truth: it then runs, or waits, at the window's begin. */
  readonly startedAt?: number;
}

export interface PrimeWorkload {
  /** Epoch ms, [from, to). */
  readonly from: number;
  readonly to: number;
  readonly nodeCount: number;
  /** By submission. Those that are over before the window are left out. */
  readonly jobs: readonly PrimeJob[];
  /** Jobs left out because they never ran, because nothing says how many nodes they had, or because they are larger than the cluster. */
  readonly leftOut: { readonly neverRan: number; readonly sizeUnknown: number; readonly tooLarge: number };
  /** Jobs whose limit is not known, which got the longest that any job has. */
  readonly limitUnknown: number;
}

interface WorkloadWindow {
  readonly from: number;
  readonly to: number;
  readonly nodeCount: number;
  /** Where a job does not say its nodes. */
  readonly processorsPerNode?: number;
}

/** The part of a workload in the window, with those jobs that were there at its begin. */
export function primeWorkloadOf({ jobs }: Workload, { from, to, nodeCount, processorsPerNode }: WorkloadWindow): PrimeWorkload {
  const leftOut = { neverRan: 0, sizeUnknown: 0, tooLarge: 0 };
  const longest = jobs.reduce((most, { limitSeconds, runSeconds }) => Math.max(most, limitSeconds ?? 0, runSeconds ?? 0), 60);
  const taken: PrimeJob[] = [];
  let limitUnknown = 0;
  for (const job of jobs) {
    const submittedAt = job.submitted ?? job.started;
    if (submittedAt === undefined || submittedAt >= to || (job.ended !== undefined && job.ended <= from)) continue;
    const runMs = runMsOf(job, to);
    const nodes = nodesOf(job, processorsPerNode);
    if (runMs === undefined) leftOut.neverRan++;
    else if (nodes === undefined) leftOut.sizeUnknown++;
    else if (nodes > nodeCount) leftOut.tooLarge++;
    else {
      // Slurm's limits are whole minutes from one on.
      const limitMs = Math.max(60, job.limitSeconds ?? longest) * 1000;
      if (job.limitSeconds === undefined) limitUnknown++;
      const before = job.started !== undefined && job.started < from;
      taken.push({ id: job.id, submittedAt, nodes, runMs, limitMs, ...before ? { startedAt: job.started } : {} });
    }
  }
  taken.sort((a, b) => a.submittedAt - b.submittedAt);
  return { from, to, nodeCount, jobs: taken, leftOut, limitUnknown };
}

/** What a workload shows of the cluster: the most nodes that jobs had at a time. 0: jobs do not say when they ran. */
export function mostNodesAtATime({ jobs }: Workload, processorsPerNode: number | undefined): number {
  const changes: { at: number; by: number }[] = [];
  for (const job of jobs) {
    const nodes = nodesOf(job, processorsPerNode);
    if (nodes === undefined || job.started === undefined || job.ended === undefined || job.ended <= job.started) continue;
    changes.push({ at: job.started, by: nodes }, { at: job.ended, by: -nodes });
  }
  changes.sort((a, b) => a.at - b.at || a.by - b.by);
  let now = 0;
  let most = 0;
  for (const { by } of changes) {
    now += by;
    most = Math.max(most, now);
  }
  return most;
}

/** A job that still runs when its log ends runs at least until the window's end. */
function runMsOf({ runSeconds, started, ended }: TraceJob, to: number): number | undefined {
  if (runSeconds !== undefined) return runSeconds * 1000;
  return started !== undefined && ended === undefined && started < to ? to - started : undefined;
}

function nodesOf({ nodes, processors }: TraceJob, processorsPerNode: number | undefined): number | undefined {
  if (nodes !== undefined && nodes > 0) return nodes;
  if (processors === undefined || processors < 1 || processorsPerNode === undefined) return undefined;
  return Math.ceil(processors / processorsPerNode);
}
