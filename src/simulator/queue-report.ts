/** What prime jobs notice of pilots: the same workload in the model twice, with pilots and without. Times in seconds, shares 0..1. */
import { quantile } from '../traces/surface-statistics.ts';
import { delaysOf, type HarvestReport } from './harvest-report.ts';
import type { PrimeRun } from './prime-queue.ts';
import type { PrimeWorkload } from './prime-workload.ts';

/** Of the jobs that were submitted within the window and started in it. */
interface Waiting {
  readonly mean: number;
  readonly p50: number;
  readonly p95: number;
  readonly max: number;
  /** (wait + run) / run, of runs below 10 s as if they took 10 s, at least 1. */
  readonly boundedSlowdown: { readonly mean: number; readonly p95: number };
}

interface QueueRun {
  readonly started: number;
  readonly byMain: number;
  readonly byBackfill: number;
  /** Submitted by the window's end, and not started. */
  readonly pending: number;
  /** Of the cluster's node time. */
  readonly utilisation: number;
  readonly waiting: Waiting;
}

export interface QueueReport {
  readonly jobs: number;
  /** They ran when the window began. */
  readonly before: number;
  readonly leftOut: PrimeWorkload['leftOut'];
  readonly limitUnknown: number;
  readonly withPilots: QueueRun;
  readonly withoutPilots: QueueRun;
  /** Start with pilots minus start without, of the jobs that started in both runs: below 0 where a job came earlier. */
  readonly addedDelay: {
    readonly jobs: number;
    readonly p50: number;
    readonly p95: number;
    readonly max: number;
    readonly mean: number;
    /** Of those jobs: more than a second later, and more than a second earlier. */
    readonly laterShare: number;
    readonly earlierShare: number;
    /** Jobs that started within the window in one of the runs only. */
    readonly onlyWith: number;
    readonly onlyWithout: number;
  };
}

const SLOWDOWN_BOUND = 10;

export interface FinishedQueue {
  readonly runs: readonly PrimeRun[];
  /** Node seconds that prime jobs left idle. */
  readonly idleNodeSeconds: number;
}

export function queueReport(workload: PrimeWorkload, withPilots: FinishedQueue, withoutPilots: FinishedQueue): QueueReport {
  return {
    jobs: workload.jobs.length, before: withPilots.runs.filter(({ startedBy }) => startedBy === 'before').length,
    leftOut: workload.leftOut, limitUnknown: workload.limitUnknown,
    withPilots: queueRun(workload, withPilots), withoutPilots: queueRun(workload, withoutPilots),
    addedDelay: addedDelay(withPilots.runs, withoutPilots.runs, workload.to),
  };
}

/** From the decision to start a job until its start: what pilots that must leave cost it. */
export function preemptionDelays(runs: readonly PrimeRun[], to: number): HarvestReport['primeJobs'] {
  const started = runs.filter((run) => run.startedBy !== 'before' && startOf(run, to) !== undefined);
  const preempting = started.filter(({ preempted }) => preempted > 0);
  return { arrivals: started.length, preempting: preempting.length, delay: delaysOf(preempting.map(({ decidedAt = 0, startedAt = 0 }) => startedAt - decidedAt)) };
}

function queueRun({ from, to, nodeCount }: PrimeWorkload, { runs, idleNodeSeconds }: FinishedQueue): QueueRun {
  const started = runs.filter((run) => run.startedBy !== 'before' && startOf(run, to) !== undefined);
  return {
    started: started.length, byMain: started.filter(({ startedBy }) => startedBy === 'main').length,
    byBackfill: started.filter(({ startedBy }) => startedBy === 'backfill').length,
    pending: runs.filter((run) => startOf(run, to) === undefined).length,
    utilisation: 1 - idleNodeSeconds / (nodeCount * (to - from) / 1000),
    waiting: waitingOf(started.filter(({ job }) => job.submittedAt >= from)),
  };
}

function waitingOf(runs: readonly PrimeRun[]): Waiting {
  const waits = runs.map(({ job, startedAt = 0 }) => (startedAt - job.submittedAt) / 1000).sort((a, b) => a - b);
  const slowdowns = runs.map(({ job, startedAt = 0, endsAt = 0 }) => {
    const run = (endsAt - startedAt) / 1000;
    return Math.max(1, ((startedAt - job.submittedAt) / 1000 + run) / Math.max(run, SLOWDOWN_BOUND));
  }).sort((a, b) => a - b);
  return {
    mean: meanOf(waits), p50: quantile(waits, 0.5), p95: quantile(waits, 0.95), max: waits.at(-1) ?? 0,
    boundedSlowdown: { mean: meanOf(slowdowns), p95: quantile(slowdowns, 0.95) },
  };
}

function addedDelay(withPilots: readonly PrimeRun[], withoutPilots: readonly PrimeRun[], to: number): QueueReport['addedDelay'] {
  const delays: number[] = [];
  let onlyWith = 0;
  let onlyWithout = 0;
  for (const [index, run] of withPilots.entries()) {
    if (run.startedBy === 'before') continue;
    const [own, other] = [startOf(run, to), startOf(withoutPilots[index], to)];
    if (own !== undefined && other !== undefined) delays.push((own - other) / 1000);
    else if (own !== undefined) onlyWith++;
    else if (other !== undefined) onlyWithout++;
  }
  delays.sort((a, b) => a - b);
  const share = (which: (delay: number) => boolean): number => delays.length === 0 ? 0 : delays.filter(which).length / delays.length;
  return {
    jobs: delays.length, p50: quantile(delays, 0.5), p95: quantile(delays, 0.95), max: delays.at(-1) ?? 0, mean: meanOf(delays),
    laterShare: share((delay) => delay > 1), earlierShare: share((delay) => delay < -1), onlyWith, onlyWithout,
  };
}

function startOf(run: PrimeRun | undefined, to: number): number | undefined {
  return run?.startedAt !== undefined && run.startedAt < to ? run.startedAt : undefined;
}

function meanOf(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}
