import { duration, percent, seconds, significant } from '../experiments/render/units.ts';
import { policyOf, type PolicyName, type PolicyOptions } from '../pilots/policies.ts';
import type { PilotPolicy } from '../pilots/pilot-policy.ts';
import type { CallLoad } from '../simulator/call-load.ts';
import type { HarvestReport } from '../simulator/harvest-report.ts';
import { primePendingOf, withShorterCycles, type PlanKind, type PrimePendingChoice } from '../simulator/planned-starts.ts';
import { parseSchedulerParameters, type SchedulerParameters } from '../simulator/scheduler-parameters.ts';
import { simulateHarvest } from '../simulator/simulate-harvest.ts';
import type { WorkloadRequest } from '../simulator/simulate-workload.ts';
import type { IdleSurface } from '../traces/surface.ts';
import { syntheticSurface } from '../traces/synthetic.ts';
import { CommandError } from './command-error.ts';
import { primeJobsFor, queueRows, workloadReports, type WorkloadOptions } from './simulate-workload.ts';
import { callRows } from './simulated-calls-table.ts';
import { loadTrace } from './trace-files.ts';
import { surfaceOfTrace } from './trace-surface.ts';

export interface SimulateSlurmOptions extends WorkloadOptions {
  readonly log?: readonly string[];
  readonly synthetic?: number;
  readonly policy: readonly PolicyName[];
  readonly depth?: number;
  readonly limit?: number;
  readonly schedulerParameters: string;
  /** `drawn` only where plans are. */
  readonly primePending: PrimePendingChoice;
  readonly backfillTakes: number;
  readonly slurmVersion: string;
  readonly logCycle?: number;
  readonly priorities: 'nice' | 'flat';
  readonly plans: PlanKind;
  readonly qosNoReserve: boolean;
  readonly overTimeLimit: boolean;
  readonly graceTime: number;
  readonly graceHeard: boolean;
  readonly killWait: number;
  readonly exit: number;
  readonly primeStart: 'main' | 'backfill';
  readonly startup: number;
  readonly poll: number;
  readonly calls?: number;
  readonly functions: number;
  readonly callMs: number;
  readonly coldMs: number;
  readonly arrivals: CallLoad['arrivals'];
  readonly invokerMemory: number;
  readonly seed: number;
  readonly json: boolean;
}

const EXIT_USAGE = 64;

/** @returns what is to be printed. @throws {CommandError} */
export async function runSimulateSlurm(options: SimulateSlurmOptions): Promise<string> {
  const scheduler = inRange(() => parseSchedulerParameters(options.schedulerParameters));
  const policies = options.policy.map((name) => inRange(() => policyFor(name, options, scheduler)));
  const reports = await reportsFor(options, policies, scheduler);
  if (!options.json) return table(reports);
  return JSON.stringify(reports.length === 1 ? reports[0] : reports, null, 2);
}

async function reportsFor(options: SimulateSlurmOptions, policies: readonly PilotPolicy[], scheduler: SchedulerParameters): Promise<HarvestReport[]> {
  const workload = await primeJobsFor(options);
  if (workload !== undefined) {
    return workloadReports(policies.map((policy) => ({
      workload, policy, startupMs: options.startup * 1000, seed: options.seed, manager: { periodMs: options.poll * 1000 }, model: siteOf(options, scheduler),
    })));
  }
  const surface = cycledSurface(await surfaceFor(options), options, scheduler);
  const reports: HarvestReport[] = [];
  for (const policy of policies) reports.push(await simulateHarvest(requestOf(options, surface, policy, scheduler)));
  return reports;
}

function cycledSurface(surface: IdleSurface, { logCycle, backfillTakes, plans, seed }: SimulateSlurmOptions, { bf_interval }: SchedulerParameters): IdleSurface {
  const factor = logCycle === undefined ? 1 : (bf_interval + backfillTakes) / logCycle;
  return plans !== 'drawn' || factor >= 1 ? surface : withShorterCycles(surface, seed, factor);
}

function requestOf(options: SimulateSlurmOptions, surface: IdleSurface, policy: PilotPolicy, scheduler: SchedulerParameters): Parameters<typeof simulateHarvest>[0] {
  return {
    surface, policy, plans: options.plans, startupMs: options.startup * 1000, seed: options.seed, manager: { periodMs: options.poll * 1000 },
    model: { ...siteOf(options, scheduler), primePending: primePendingOf(options.primePending, options.plans), primeStartedBy: options.primeStart },
    ...callsOf(options),
  };
}

function siteOf(options: SimulateSlurmOptions, scheduler: SchedulerParameters): WorkloadRequest['model'] {
  return {
    scheduler, timeMin: options.slurmVersion === '19.05' ? 'cut' : 'minimum', backfillTakes: options.backfillTakes, priorities: options.priorities === 'nice', noReserve: options.qosNoReserve, overTimeLimit: options.overTimeLimit,
    graceTime: options.graceTime, graceHeard: options.graceHeard, killWait: options.killWait, exitMs: options.exit * 1000,
  };
}

function callsOf({ calls: rate, functions, callMs, coldMs, arrivals, invokerMemory }: SimulateSlurmOptions): { calls?: CallLoad } {
  return rate === undefined ? {} : { calls: { rate, functions, callMs, coldMs, arrivals, memoryMB: invokerMemory } };
}

function policyFor(name: PolicyName, { depth, limit, qosNoReserve, overTimeLimit }: SimulateSlurmOptions, { bf_max_job_part, bf_max_job_test, bf_window }: SchedulerParameters): PilotPolicy {
  const wanted: PolicyOptions = {
    ...depth === undefined ? {} : { depth }, ...limit === undefined ? {} : { limitMinutes: limit },
    // What a pilot manager would read off this site.
    site: {
      noReserve: qosNoReserve, overTimeLimit, maxLimitMinutes: bf_window,
      backfillDepth: Math.min(...[bf_max_job_part, bf_max_job_test].map((most) => most === 0 ? Number.MAX_SAFE_INTEGER : most)),
    },
  };
  return policyOf(name, wanted);
}

async function surfaceFor(options: SimulateSlurmOptions): Promise<IdleSurface> {
  const { log, synthetic, minutes, nodes = 64, day, timezone } = options;
  if (log === undefined) {
    if (synthetic === undefined) throw new CommandError('EUSAGE', 'name a node log with --log FILE, a generated surface with --synthetic SEED, or prime jobs with --workload FILE or --synthetic-workload SEED', EXIT_USAGE);
    return syntheticSurface({ seed: synthetic, minutes, nodes: Array.from({ length: nodes }, (_, index) => `n${index + 1}`) });
  }
  return surfaceOfTrace(await loadTrace(log, timezone), day);
}

function inRange<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof RangeError) throw new CommandError('EUSAGE', error.message, EXIT_USAGE, { cause: error });
    throw error;
  }
}

function table(reports: readonly HarvestReport[]): string {
  const row = (label: string, value: (report: HarvestReport) => string): string[] => [label, ...reports.map(value)];
  const three = (values: readonly number[]): string => values.map((value) => significant(value)).join(' / ');
  const rows = [
    row('Policy', ({ setup }) => String(setup['policy'])),
    row('Idle node time', ({ idle }) => `${significant(idle.nodeSeconds / 3600, 4)} h in ${idle.periods.toLocaleString('en-US')} periods`),
    row('With a pilot', ({ coverage }) => percent(coverage.pilot)),
    row('With a ready invoker', ({ coverage }) => percent(coverage.ready)),
    row('  most that any pilots could be ready', ({ coverage }) => percent(coverage.bound)),
    row('Without a pilot: never / lead-in / holes', ({ coverage: { missed } }) => [missed.never, missed.leadIn, missed.holes].map(percent).join(' / ')),
    row('Ready invokers, quartiles; mean', ({ ready }) => `${three(ready.quartiles)}; ${significant(ready.mean)}`),
    row('Time without a ready invoker; without a pilot', ({ ready, pilots }) => `${percent(ready.noneShare)}; ${percent(pilots.noneShare)}`),
    row('Pilots started; preempted; at their limit', ({ jobs }) => [jobs.started, jobs.byEnd['PREEMPTED'] ?? 0, jobs.byEnd['TIMEOUT'] ?? 0].map((value) => value.toLocaleString('en-US')).join('; ')),
    row('Prime jobs that preempt, delay p50 / p95 / max', ({ primeJobs: { delay } }) => [delay.p50, delay.p95, delay.max].map(seconds).join(' / ')),
    row('sbatch calls; a minute', ({ manners, setup }) => `${manners.submissions.toLocaleString('en-US')}; ${significant(manners.submissions / Math.max(1, (Date.parse(String(setup['to'])) - Date.parse(String(setup['from']))) / 60_000))}`),
  ];
  const span = reports[0]?.setup;
  const length = span === undefined ? '' : `${String(span['from'])} to ${String(span['to'])}, ${duration((Date.parse(String(span['to'])) - Date.parse(String(span['from']))) / 1000)}`;
  const calls = callRows(reports);
  return [length, '', ...aligned([...rows, ...queueRows(reports)]), ...calls.length === 0 ? [] : ['', ...aligned(calls)]].join('\n');
}

function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((cells) => cells[column]?.length ?? 0))) ?? [];
  return rows.map((cells) => cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ').trimEnd());
}
