/** What a simulated harvest brought. Shares as fractions (0..1), times in seconds. */
import { surfaceStatistics, quantile, type SurfaceStatistics } from '../traces/surface-statistics.ts';
import { periodsByNode, type IdlePeriod, type IdleSurface } from '../traces/surface.ts';
import type { Harvested } from './harvest-recorder.ts';
import type { CallsReport } from './simulated-calls.ts';

interface Workers {
  readonly quartiles: readonly [number, number, number];
  readonly mean: number;
  /** Share of the time in which there is none, and of the time in which there is none while a node is idle. */
  readonly noneShare: number;
}

export interface HarvestReport {
  readonly setup: Readonly<Record<string, string | number | boolean>>;
  readonly idle: { readonly nodeSeconds: number; readonly quartiles: readonly [number, number, number]; readonly mean: number; readonly periods: number };
  /** Of the idle node time. */
  readonly coverage: {
    /** With a pilot, as Slurm sees it; with a pilot that is ready; and the most that any pilots could have been ready. */
    readonly pilot: number;
    readonly ready: number;
    readonly bound: number;
    /** The rest without a pilot: periods that never had one, time before the first one, time after it. */
    readonly missed: { readonly never: number; readonly leadIn: number; readonly holes: number };
  };
  readonly pilots: Workers;
  readonly ready: Workers;
  readonly jobs: {
    readonly started: number;
    readonly byKind: Readonly<Record<string, number>>;
    readonly byEnd: Readonly<Record<string, number>>;
    readonly running: number;
  };
  readonly primeJobs: {
    readonly arrivals: number;
    readonly preempting: number;
    /** Of those that preempted: start later than without pilots. */
    readonly delay: { readonly p50: number; readonly p95: number; readonly max: number };
  };
  /** Calls to Slurm by the pilot manager. */
  readonly manners: { readonly submissions: number; readonly looks: number; readonly cancellations: number };
  /** Where calls were simulated. */
  readonly calls?: CallsReport;
}

export function coverageOf(surface: IdleSurface, harvested: readonly Harvested[], startupMs: number): HarvestReport['coverage'] {
  const total = surface.periods.reduce((sum, { start, end }) => sum + end - start, 0);
  const share = (ms: number): number => total === 0 ? 0 : ms / total;
  const ready = readyTimes(harvested, startupMs);
  const missed = missedOf(surface, harvested);
  return {
    pilot: share(sumOf(harvested)), ready: share(sumOf(ready)),
    bound: share(surface.periods.reduce((sum, { start, end }) => sum + Math.max(0, end - start - startupMs), 0)),
    missed: { never: share(missed.never), leadIn: share(missed.leadIn), holes: share(missed.holes) },
  };
}

/** Workers at a time, weighted with time. */
export function workersOf(surface: IdleSurface, times: readonly Harvested[]): Workers {
  const { idleNodes, noneIdle }: SurfaceStatistics = surfaceStatistics({
    from: surface.from, to: surface.to, nodeCount: surface.nodeCount, periods: times.toSorted((a, b) => a.start - b.start),
  });
  return { quartiles: idleNodes.quartiles, mean: idleNodes.mean, noneShare: noneIdle.share };
}

export function readyTimes(harvested: readonly Harvested[], startupMs: number): Harvested[] {
  return harvested.map(({ node, start, end }) => ({ node, start: start + startupMs, end })).filter(({ start, end }) => end > start);
}

export function delaysOf(delaysMs: readonly number[]): HarvestReport['primeJobs']['delay'] {
  const sorted = delaysMs.map((ms) => ms / 1000).sort((a, b) => a - b);
  return { p50: quantile(sorted, 0.5), p95: quantile(sorted, 0.95), max: sorted.at(-1) ?? 0 };
}

function missedOf(surface: IdleSurface, harvested: readonly Harvested[]): { never: number; leadIn: number; holes: number } {
  const missed = { never: 0, leadIn: 0, holes: 0 };
  const byNode = new Map<string, Harvested[]>();
  for (const each of harvested.toSorted((a, b) => a.start - b.start)) byNode.set(each.node, [...byNode.get(each.node) ?? [], each]);
  for (const [node, periods] of periodsByNode(surface)) {
    for (const period of periods) addMissed(missed, period, (byNode.get(node) ?? []).filter(({ start }) => start >= period.start && start < period.end));
  }
  return missed;
}

function addMissed(missed: { never: number; leadIn: number; holes: number }, { start, end }: IdlePeriod, own: readonly Harvested[]): void {
  const first = own[0];
  if (first === undefined) {
    missed.never += end - start;
    return;
  }
  missed.leadIn += first.start - start;
  missed.holes += end - first.start - sumOf(own);
}

function sumOf(times: readonly { readonly start: number; readonly end: number }[]): number {
  return times.reduce((sum, { start, end }) => sum + end - start, 0);
}
