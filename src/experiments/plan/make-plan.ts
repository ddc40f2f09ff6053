/**
 * Every setting of the site times every policy, on the site's own log, by the model of Slurm. All runs of a seed meet the
 * same planned starts, so that what differs is what was changed.
 */
import { policyNames, type PolicyName } from '../../pilots/policies.ts';
import { clairvoyant } from '../../simulator/clairvoyant.ts';
import type { HarvestReport } from '../../simulator/harvest-report.ts';
import { LENGTH_SETS } from '../../simulator/pilot-lengths.ts';
import type { PlanKind, PrimePending } from '../../simulator/planned-starts.ts';
import { simulateHarvestWithDelays, type HarvestRequest } from '../../simulator/simulate-harvest.ts';
import { availabilityOf } from '../../traces/availability.ts';
import type { NodeSample } from '../../traces/node-log.ts';
import { quantile } from '../../traces/surface-statistics.ts';
import type { IdleSurface } from '../../traces/surface.ts';
import type { AnalysisSource, IdleSummary } from '../analysis/analysis.ts';
import type { DelaySpread, PlanReport, PolicyOutcome, SettingOutcome } from './plan-report.ts';
import type { PlanSite } from './plan-site.ts';
import { policyOfSite } from './policy-of-site.ts';
import { rankedChanges, recommend } from './recommend.ts';
import { settingsFor, type SiteSetting } from './site-changes.ts';

export interface PlanRequest {
  readonly source: AnalysisSource;
  readonly idle: IdleSummary;
  readonly surface: IdleSurface;
  readonly samples: readonly NodeSample[];
  readonly site: PlanSite;
  readonly policies: readonly PolicyName[];
  readonly plans: PlanKind;
  readonly primePending: PrimePending;
  readonly startupSeconds: number;
  /** From SIGTERM until a pilot has left. */
  readonly exitSeconds: number;
  readonly pollSeconds: number;
  readonly seed: number;
  /** So many seeds are averaged. */
  readonly seeds: number;
}

type Ready = Pick<PolicyOutcome, 'policy' | 'ready' | 'submissionsPerMinute'>;

/** Node time that differs by less is noise. */
const NEARLY_EQUAL = 0.002;
const DAY_SECONDS = 86_400;
const PAPER_SPACING_SECONDS = 10;

/** The same request gives the same report. @param progress told how many of all simulations are done */
export async function makePlan(request: PlanRequest, progress: (done: number, all: number) => void = () => undefined): Promise<PlanReport> {
  const settings = settingsFor(request.site);
  const all = settings.length * (request.policies.length + 1);
  let done = 0;
  const step = (): void => { progress(++done, all); };
  const outcomes: SettingOutcome[] = [];
  for (const setting of settings) outcomes.push(await outcomeOf(setting, request, step));
  const { source, site, idle, surface, samples, policies, plans, primePending, seed, seeds, startupSeconds, exitSeconds, pollSeconds } = request;
  const idleSeconds = surface.periods.reduce((sum, { start, end }) => sum + (end - start) / 1000, 0);
  const spacing = source.spacingSeconds ?? 0;
  const warmup = Math.ceil(startupSeconds / PAPER_SPACING_SECONDS);
  return {
    source, setup: { policies, plans, primePending, seed, seeds, startupSeconds, exitSeconds, pollSeconds }, site, idle,
    nodeHoursPerDay: nodeHoursPerDay(idleSeconds, surface),
    bound: idleSeconds === 0 ? 0 : surface.periods.reduce((sum, { start, end }) => sum + Math.max(0, (end - start) / 1000 - startupSeconds), 0) / idleSeconds,
    ...Math.abs(spacing - PAPER_SPACING_SECONDS) < 1 ? { clairvoyant: clairvoyant(availabilityOf(samples), { lengths: LENGTH_SETS['A1'] ?? [], warmup }).readyShare } : {},
    settings: outcomes, ranking: rankedChanges(outcomes, settings), ...recommend(outcomes, settings),
  };
}

async function outcomeOf(setting: SiteSetting, request: PlanRequest, step: () => void): Promise<SettingOutcome> {
  const policies: PolicyOutcome[] = [];
  for (const policy of request.policies) {
    policies.push(await policyOutcome(policy, setting.site, request));
    step();
  }
  const best = bestOf(policies);
  const { changes, site, title } = setting;
  const delays: number[] = [];
  for (const seed of seedsOf(request)) delays.push(...(await simulateHarvestWithDelays(harvestOf(best, site, request, seed, 'backfill'))).delaysMs);
  step();
  return {
    title, changes: changes.map(({ id }) => id), obstacles: changes.flatMap(({ obstacle }) => obstacle?.(request.site) ?? []), policies, best,
    delayByBackfill: delaySpread(delays),
  };
}

async function policyOutcome(policy: PolicyName, site: PlanSite, request: PlanRequest): Promise<PolicyOutcome> {
  const { surface } = request;
  const runs: { readonly report: HarvestReport; readonly delaysMs: readonly number[] }[] = [];
  for (const seed of seedsOf(request)) runs.push(await simulateHarvestWithDelays(harvestOf(policy, site, request, seed, 'main')));
  const mean = (value: (report: HarvestReport) => number): number => runs.reduce((sum, { report }) => sum + value(report), 0) / runs.length;
  const days = (surface.to - surface.from) / 1000 / DAY_SECONDS;
  const ready = mean(({ coverage }) => coverage.ready);
  const each = runs.map(({ report }) => report.coverage.ready);
  return {
    policy, pilot: mean(({ coverage }) => coverage.pilot), ready, readyRange: [Math.min(...each), Math.max(...each)],
    readyNodeHoursPerDay: nodeHoursPerDay(ready * mean(({ idle }) => idle.nodeSeconds), surface), readyMean: mean((run) => run.ready.mean),
    noWorkerShare: mean((run) => run.ready.noneShare), noPilotShare: mean(({ pilots }) => pilots.noneShare),
    pilotsPerDay: mean(({ jobs }) => jobs.started) / days, submissionsPerMinute: mean(({ manners }) => manners.submissions) / days / 1440,
    preemptingShare: mean(({ primeJobs }) => primeJobs.arrivals === 0 ? 0 : primeJobs.preempting / primeJobs.arrivals),
    delay: delaySpread(runs.flatMap(({ delaysMs }) => delaysMs)),
  };
}

function harvestOf(name: PolicyName, site: PlanSite, request: PlanRequest, seed: number, primeStartedBy: 'main' | 'backfill'): HarvestRequest {
  const { surface, plans, primePending, startupSeconds, exitSeconds, pollSeconds } = request;
  const { scheduler, priorities, noReserve, graceTime, graceHeard, killWait } = site;
  const { policy, staysOverTime } = policyOfSite(name, site);
  return {
    surface, plans, startupMs: startupSeconds * 1000, seed, policy, manager: { periodMs: pollSeconds * 1000 },
    model: { scheduler, primePending, priorities, noReserve, overTimeLimit: staysOverTime, graceTime, graceHeard, killWait, exitMs: exitSeconds * 1000, primeStartedBy },
  };
}

function bestOf(policies: readonly Ready[]): PolicyName {
  const most = Math.max(...policies.map(({ ready }) => ready));
  const [best] = policies.filter(({ ready }) => ready >= most - NEARLY_EQUAL).sort((a, b) => a.submissionsPerMinute - b.submissionsPerMinute);
  return best?.policy ?? policyNames[0];
}

function seedsOf({ seed, seeds }: PlanRequest): number[] {
  // A seed's plans are drawn from the next number.
  return Array.from({ length: seeds }, (_, index) => seed + 2 * index);
}

function nodeHoursPerDay(nodeSeconds: number, { from, to }: IdleSurface): number {
  return to > from ? nodeSeconds / 3600 / ((to - from) / 1000 / DAY_SECONDS) : 0;
}

function delaySpread(delaysMs: readonly number[]): DelaySpread {
  const sorted = delaysMs.map((ms) => ms / 1000).sort((a, b) => a - b);
  return {
    count: sorted.length, p50: quantile(sorted, 0.5), p95: quantile(sorted, 0.95), max: sorted.at(-1) ?? 0,
    quantiles: sorted.length === 0 ? [] : Array.from({ length: 21 }, (_, index) => quantile(sorted, index / 20)),
  };
}
