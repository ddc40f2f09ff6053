import { standardNormal, type Random } from '../traces/random.ts';
import type { IdlePeriod } from '../traces/surface.ts';

/**
 * What Slurm knows of an idle period's end. A log shows when a prime job took the node, not for when it was planned: jobs
 * elsewhere end before their limits, so it mostly comes earlier than that.
 * `none`: nothing is planned; `exact`: every period's end is; `drawn`: some periods have a plan, which lies later than their end.
 */
export const planKinds = ['none', 'exact', 'drawn'] as const;
export type PlanKind = (typeof planKinds)[number];

/** Chosen so that fib starts as many pilots below 90 minutes as on the real day. */
const PLANNED_SHARE = 0.6;
/** Spread of the plan's distance over the true one, logarithmic. */
const SIGMA = 1.2;

/** Epoch ms of the planned start of a prime job on the node; infinite where there is none. */
export function plannedStart(kind: PlanKind, { start, end }: IdlePeriod, random: Random): number {
  if (kind === 'none') return Number.POSITIVE_INFINITY;
  if (kind === 'exact') return end;
  const planned = random() < PLANNED_SHARE;
  const factor = Math.exp(SIGMA * Math.abs(standardNormal(random)));
  return planned ? start + (end - start) * factor : Number.POSITIVE_INFINITY;
}
