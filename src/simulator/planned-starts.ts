import { exponential, type Random } from '../traces/random.ts';
import type { IdlePeriod } from '../traces/surface.ts';

/**
 * What Slurm knows of an idle period's end. A log shows when a prime job took the node, not for when it was planned: jobs
 * elsewhere end before their limits, so it mostly comes earlier than that.
 * `none`: nothing is planned; `exact`: every period's end is; `drawn`: some periods have a plan, which lies later than their end.
 */
export const planKinds = ['none', 'exact', 'drawn'] as const;
export type PlanKind = (typeof planKinds)[number];

/**
 * Share of the periods with a plan, and how much later than their end that is, ms at the mean. Chosen by the real day of the
 * paper's fib: so many of its pilots had the longest limit, so many were preempted, so much was covered.
 */
const PLANNED_SHARE = 0.5;
const MEAN_EARLY_MS = 150_000;

/** Epoch ms of the planned start of a prime job on the node; infinite where there is none. */
export function plannedStart(kind: PlanKind, { end }: IdlePeriod, random: Random): number {
  if (kind === 'none') return Number.POSITIVE_INFINITY;
  if (kind === 'exact') return end;
  const planned = random() < PLANNED_SHARE;
  const plannedAt = end + exponential(random, MEAN_EARLY_MS);
  return planned ? plannedAt : Number.POSITIVE_INFINITY;
}
