import { exponential, seededRandom, type Random } from '../traces/random.ts';
import type { IdlePeriod, IdleSurface } from '../traces/surface.ts';
import type { PeriodShares } from './observed-harvest.ts';

/**
 * What Slurm knows of an idle period's end, which a log does not show. `none`: nothing is planned; `exact`: every
 * period's end is; `drawn`: as on the paper's day, by kinds of periods (observed-harvest.ts): on held ones a prime job is due
 * from the begin; most of the others have a plan, far behind their end, since jobs end before their limits.
 */
export const planKinds = ['none', 'exact', 'drawn'] as const;
export type PlanKind = (typeof planKinds)[number];

/**
 * Whether a prime job waits that cannot start, so that the main loop gives its nodes to no pilot: always and for all
 * nodes, never, or, `drawn`, for the nodes of periods that are held or blocked.
 */
export type PrimePending = boolean | 'drawn';

/** The same as people choose it. */
export const primePendingChoices = ['always', 'never', 'drawn'] as const;
export type PrimePendingChoice = (typeof primePendingChoices)[number];

/** What is drawn are kinds of periods, which go with drawn plans only: with others, `drawn` means always. */
export function primePendingOf(choice: PrimePendingChoice, plans: PlanKind): PrimePending {
  if (choice === 'drawn') return plans === 'drawn' ? 'drawn' : true;
  return choice === 'always';
}

/**
 * Shares of the kinds of periods by length, as the paper's day shows them (17 March 2022, a backfill cycle every 150 s),
 * rounded to hundredths.
 */
export const DRAWN_SHARES: readonly PeriodShares[] = [
  { below: 120, open: 0.01, blocked: 0.05, held: 0.94 },
  { below: 180, open: 0, blocked: 0.26, held: 0.74 },
  { below: 240, open: 0, blocked: 0.64, held: 0.36 },
  { below: 420, open: 0.18, blocked: 0.6, held: 0.22 },
  { below: 900, open: 0.07, blocked: 0.93, held: 0 },
  { below: 1800, open: 0.31, blocked: 0.69, held: 0 },
  { below: 3600, open: 0.51, blocked: 0.49, held: 0 },
  { below: Number.POSITIVE_INFINITY, open: 0.82, blocked: 0.18, held: 0 },
];

/**
 * Of the 416 pilots of that day that backfill started and that a node can be told for, 62 % had a shorter limit than the
 * longest, so that much was planned; at the mean the plan lay 20 minutes behind what became the end: what was left of
 * their limits, and half of the way to the next longer one.
 */
const PLANNED_SHARE = 0.62;
const MEAN_EARLY_MS = 20 * 60_000;

export interface PeriodPlan {
  /** Epoch ms of the planned start of a prime job on the node; infinite where there is none. */
  readonly plannedAt: number;
  /** The main loop gives the node to no pilot. */
  readonly passedOver: boolean;
  /** What Slurm plans instead from a moment within the period on, epoch ms. @default none */
  readonly changes?: readonly { readonly at: number; readonly plannedAt: number }[];
  /** At the period's end a prime job is submitted, or one that waits for it can start: the main loop starts it. @default it starts then, as logged */
  readonly arrival?: 'submitted' | 'freed';
}

/** As many numbers are taken from `random` whatever the kinds, so that all of them meet the same periods. */
export function planOf(plans: PlanKind, primePending: PrimePending, { start, end }: IdlePeriod, random: Random): PeriodPlan {
  const pick = random();
  const planned = random() < PLANNED_SHARE;
  const early = exponential(random, MEAN_EARLY_MS);
  const { held, blocked } = DRAWN_SHARES.find(({ below }) => (end - start) / 1000 < below) ?? { held: 0, blocked: 0 };
  const passedOver = primePending === true || (primePending === 'drawn' && pick < held + blocked);
  if (plans === 'none') return { plannedAt: Number.POSITIVE_INFINITY, passedOver };
  if (plans === 'exact') return { plannedAt: end, passedOver };
  if (pick < held) return { plannedAt: start, passedOver };
  return { plannedAt: planned ? end + early : Number.POSITIVE_INFINITY, passedOver };
}

/** The numbers that plans are drawn with: own ones, so that all policies meet the same plans. */
export function randomOfPlans(seed: number): Random {
  return seededRandom(seed + 1);
}

/**
 * The surface as it would be with shorter backfill cycles than when the log was written. Most held periods are nodes that wait
 * for the cycle that starts a prime job on them: up to one cycle long they are about equally frequent, longer ones are rare. So
 * they shorten in proportion, and the prime jobs start earlier; the others stay. That is inferred, not measured.
 * @param seed of the simulation that is to run on it, which then takes the same periods for held
 * @param factor of the cycle, in (0, 1]
 */
export function withShorterCycles(surface: IdleSurface, seed: number, factor: number): IdleSurface {
  const random = randomOfPlans(seed);
  const periods = surface.periods.map((period) => {
    const { node, start, end } = period;
    const held = planOf('drawn', 'drawn', period, random).plannedAt === start;
    return held ? { node, start, end: Math.max(start + 1, Math.round(start + (end - start) * factor)) } : period;
  });
  return { ...surface, periods };
}
