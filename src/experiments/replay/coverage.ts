import { quantile, type Quartiles } from '../../traces/surface-statistics.ts';
import { idleNodesAt, type ReplayPlan } from './plan.ts';
import type { Sample } from './samples.ts';

/** Nodes at one sample: `healthy` and `pilots` count only nodes that the plan leaves idle. */
export interface CoveragePoint {
  /** s from the begin of the window */
  readonly at: number;
  readonly idle: number;
  readonly pilots: number;
  readonly healthy: number;
  /** Healthy invokers anywhere, also on nodes that a prime job is about to get. */
  readonly healthyAll: number;
  readonly queued: number;
}

export interface Distribution {
  readonly quartiles: Quartiles;
  readonly mean: number;
}

export interface Coverage {
  /** Shares (0..1) of the idle node time. */
  readonly slurm: number;
  readonly ready: number;
  /** Where the rest of the ready coverage went, shares (0..1) of the idle node time. */
  readonly missed: { readonly neverCovered: number; readonly leadIn: number; readonly holes: number };
  readonly idleNodes: Distribution;
  readonly pilots: Distribution;
  readonly healthy: Distribution;
  /** Shares (0..1) of the time of the window. */
  readonly noPilot: number;
  readonly noHealthy: number;
  readonly noHealthyWhileIdle: number;
  /** s */
  readonly longestNoHealthy: number;
  /** Whole minutes of the window in which no sample shows a healthy invoker. */
  readonly minutesWithoutHealthy: number;
  readonly points: readonly CoveragePoint[];
}

/** A sample stands for the time until the next, but for no more than this: nobody looked any longer. */
const MAX_WEIGHT_S = 5;

/** Joins what the plan left idle with what was seen. Samples by time; those outside the window or incomplete are left out. */
export function coverageOf(plan: ReplayPlan, samples: readonly Sample[]): Coverage {
  const inside = samples.filter((sample): sample is Required<Sample> =>
    sample.at >= 0 && sample.at < plan.length && sample.pilots !== undefined && sample.controller !== undefined);
  const looks = inside.map((sample, index) => {
    const next = inside[index + 1]?.at ?? Math.min(plan.length, sample.at + 1000);
    const idle = idleNodesAt(plan, sample.at);
    const healthy = new Set(sample.controller.healthy.map(({ node }) => node));
    return { sample, weight: Math.min(MAX_WEIGHT_S, (next - sample.at) / 1000), idle, healthy };
  });
  const points = looks.map(({ sample, idle, healthy }): CoveragePoint => ({
    at: Math.round(sample.at) / 1000, idle: idle.length,
    pilots: idle.filter((node) => sample.pilots.has(node)).length,
    healthy: idle.filter((node) => healthy.has(node)).length,
    healthyAll: healthy.size, queued: sample.controller.queued,
  }));
  const sum = (value: (index: number) => number): number => looks.reduce((total, { weight }, index) => total + weight * value(index), 0);
  const idleTime = sum((index) => points[index]?.idle ?? 0);
  const time = sum(() => 1);
  const share = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole);
  const withoutHealthy = (index: number): boolean => points[index]?.healthyAll === 0;
  return {
    slurm: share(sum((index) => points[index]?.pilots ?? 0), idleTime),
    ready: share(sum((index) => points[index]?.healthy ?? 0), idleTime),
    missed: missedOf(plan, looks, idleTime),
    idleNodes: distributionOf(points.map(({ idle }) => idle)),
    pilots: distributionOf(looks.map(({ sample }) => sample.pilots.size)),
    healthy: distributionOf(points.map(({ healthyAll }) => healthyAll)),
    noPilot: share(sum((index) => (looks[index]?.sample.pilots.size === 0 ? 1 : 0)), time),
    noHealthy: share(sum((index) => (withoutHealthy(index) ? 1 : 0)), time),
    noHealthyWhileIdle: share(sum((index) => (withoutHealthy(index) && (points[index]?.idle ?? 0) > 0 ? 1 : 0)), time),
    longestNoHealthy: longestStretch(looks.map(({ weight }, index) => ({ weight, counts: withoutHealthy(index) }))),
    minutesWithoutHealthy: emptyMinutes(points),
    points,
  };
}

export function distributionOf(values: readonly number[]): Distribution {
  const sorted = [...values].sort((a, b) => a - b);
  return {
    quartiles: [quantile(sorted, 0.25), quantile(sorted, 0.5), quantile(sorted, 0.75)],
    mean: sorted.length === 0 ? 0 : sorted.reduce((total, value) => total + value, 0) / sorted.length,
  };
}

interface Look { readonly sample: Sample; readonly weight: number; readonly healthy: ReadonlySet<string> }

function missedOf(plan: ReplayPlan, looks: readonly Look[], idleTime: number): Coverage['missed'] {
  const missed = { neverCovered: 0, leadIn: 0, holes: 0 };
  if (idleTime === 0) return missed;
  for (const [node, periods] of plan.idle) {
    for (const { start, end } of periods) {
      let before = 0;
      let covered = false;
      for (const { sample, weight, healthy } of looks) {
        if (sample.at < start || sample.at >= end) continue;
        if (healthy.has(node)) covered = true;
        else if (covered) missed.holes += weight;
        else before += weight;
      }
      if (covered) missed.leadIn += before;
      else missed.neverCovered += before;
    }
  }
  return { neverCovered: missed.neverCovered / idleTime, leadIn: missed.leadIn / idleTime, holes: missed.holes / idleTime };
}

function longestStretch(looks: readonly { weight: number; counts: boolean }[]): number {
  let longest = 0;
  let current = 0;
  for (const { weight, counts } of looks) {
    current = counts ? current + weight : 0;
    longest = Math.max(longest, current);
  }
  return longest;
}

function emptyMinutes(points: readonly CoveragePoint[]): number {
  const healthyInMinute = new Map<number, boolean>();
  for (const { at, healthyAll } of points) {
    const minute = Math.floor(at / 60);
    healthyInMinute.set(minute, (healthyInMinute.get(minute) ?? false) || healthyAll > 0);
  }
  return [...healthyInMinute.values()].filter((healthy) => !healthy).length;
}
