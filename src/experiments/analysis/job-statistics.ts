import type { TraceJob } from '../../traces/workload.ts';
import type { JobsSummary } from './analysis.ts';
import { spreadOf } from './spread.ts';

export interface JobStatistics {
  readonly summary: JobsSummary;
  /** Sorted, s. */
  readonly runTimes: readonly number[];
  readonly limits: readonly number[];
  readonly slacks: readonly number[];
}

export function jobStatistics(jobs: readonly TraceJob[]): JobStatistics {
  const byState: Record<string, number> = {};
  for (const { state } of jobs) if (state !== undefined) byState[state] = (byState[state] ?? 0) + 1;
  const sorted = (value: (job: TraceJob) => number | undefined): number[] => {
    const values: number[] = [];
    for (const job of jobs) {
      const own = value(job);
      if (own !== undefined) values.push(own);
    }
    return values.sort((a, b) => a - b);
  };
  const runTimes = sorted(({ runSeconds }) => runSeconds);
  const limits = sorted(({ limitSeconds }) => limitSeconds ?? undefined);
  const slacks = sorted(({ limitSeconds, runSeconds }) => runSeconds === undefined || typeof limitSeconds !== 'number' ? undefined : limitSeconds - runSeconds);
  const waits = sorted(({ submitted, started }) => submitted === undefined || started === undefined ? undefined : Math.max(0, started - submitted) / 1000);
  const nodes = sorted((job) => job.runSeconds === undefined ? undefined : job.nodes);
  const unlimited = jobs.filter(({ limitSeconds }) => limitSeconds === null).length;
  return {
    summary: {
      count: jobs.length, ran: runTimes.length, byState,
      ...runTimes.length === 0 ? {} : { runTime: spreadOf(runTimes) },
      ...limits.length + unlimited === 0 ? {} : { limit: { ...spreadOf(limits), unlimited } },
      ...slacks.length === 0 ? {} : { slack: spreadOf(slacks) },
      ...waits.length === 0 ? {} : { wait: spreadOf(waits) },
      ...nodes.length === 0 ? {} : { nodes: spreadOf(nodes) },
    },
    runTimes, limits, slacks,
  };
}
