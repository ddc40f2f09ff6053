import { quantile, surfaceStatistics } from '../../traces/surface-statistics.ts';
import type { IdleSurface } from '../../traces/surface.ts';
import { accepted, binCalls, countOutcomes, responseTimes, type Audit, type Call } from './calls.ts';
import { coverageOf, distributionOf } from './coverage.ts';
import { invokerLives } from './invoker-lives.ts';
import type { ReplayPlan } from './plan.ts';
import { percentilesOf } from './percentiles.ts';
import type { SubmittedPrimeJob } from './prime-jobs.ts';
import type { Arrival } from './prime-schedule.ts';
import { primeStarts } from './prime-starts.ts';
import { type CallFailure, CDF_SHARES, type ReplayReport, type ReplaySetup } from './replay-report.ts';
import type { SamplerBurden } from './sampler.ts';
import type { Sample } from './samples.ts';
import type { SlurmctldBurden } from './slurmctld-watch.ts';

/** What a replay leaves behind when it is over. */
export interface ReplayFindings {
  readonly setup: ReplaySetup;
  readonly surface: IdleSurface;
  readonly plan: ReplayPlan;
  /** Those before the window included. */
  readonly samples: readonly Sample[];
  /** Those due inside the window. */
  readonly calls: readonly Call[];
  readonly audit: Audit;
  /** The first few failed calls. */
  readonly failures: readonly CallFailure[];
  readonly arrivals: readonly Arrival[];
  /** First lines of prime jobs' scripts, epoch ms by job id. */
  readonly starts: ReadonlyMap<string, number>;
  /** Prime jobs of the control; none where it could not be made. */
  readonly control: readonly SubmittedPrimeJob[];
  /** As text, where they can be read. */
  readonly logs: { readonly slurmctldLog?: string; readonly controllerLog?: string };
  /** Begins of Slurm's backfill cycles, epoch ms. */
  readonly cycles: readonly number[];
  readonly burden: SamplerBurden;
  readonly slurmctld?: SlurmctldBurden;
  readonly warnings: readonly string[];
}

const MAX_WARNINGS = 20;

export function buildReport(findings: ReplayFindings): ReplayReport {
  const { setup, surface, plan, samples, calls, arrivals, burden, warnings } = findings;
  const inside = samples.filter(({ at }) => at >= 0 && at < plan.length);
  const lives = invokerLives(inside);
  const times = accepted(calls).map(({ responseMs }) => responseMs).sort((a, b) => a - b);
  const preempting = arrivals.filter((arrival) => arrival.preempting);
  return {
    version: 1,
    setup,
    surface: surfaceStatistics(surface),
    coverage: coverageOf(plan, samples),
    invokers: { count: lives.count, startup: percentilesOf(lives.startupSeconds), served: distributionOf(lives.servedSeconds) },
    pilots: {
      count: new Set(inside.flatMap(({ pilots }) => [...(pilots?.values() ?? [])])).size,
      preemptions: preempting.length,
      mostInOneSecond: mostInOneSecond(preempting.map(({ job }) => job.submittedAt)),
    },
    calls: {
      sent: calls.length,
      outcomes: countOutcomes(calls),
      audit: findings.audit,
      accepted: responseTimes(times),
      perMinute: binCalls(calls, plan.length / 1000, 60),
      perTenSeconds: binCalls(calls, plan.length / 1000, 10),
      distribution: CDF_SHARES.map((share) => rounded(quantile(times, share))),
      failures: failuresOf(calls),
      failureSamples: findings.failures,
    },
    primeJobs: primeStarts({ ...findings, ...findings.logs }),
    burden: {
      looks: burden.looks, failed: burden.failed, skipped: burden.skipped, squeue: percentilesOf(burden.squeueMs),
      ...(findings.slurmctld === undefined ? {} : { slurmctld: findings.slurmctld }),
    },
    warnings: { count: warnings.length, first: warnings.slice(0, MAX_WARNINGS) },
  };
}

function mostInOneSecond(times: readonly number[]): number {
  const sorted = [...times].sort((a, b) => a - b);
  let most = 0;
  let first = 0;
  sorted.forEach((time, last) => {
    while (time - (sorted[first] ?? time) >= 1000) first++;
    most = Math.max(most, last - first + 1);
  });
  return most;
}

function failuresOf(calls: readonly Call[]): Record<string, number> {
  const byStatus: Record<string, number> = {};
  for (const { outcome, status } of calls) {
    if (outcome === 'failed') byStatus[status] = (byStatus[status] ?? 0) + 1;
  }
  return byStatus;
}

function rounded(ms: number): number {
  return Math.round(ms * 100) / 100;
}
