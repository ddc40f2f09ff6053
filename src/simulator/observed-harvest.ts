/**
 * What a log that shows pilots tells of how Slurm let them in. A log does not say what Slurm had planned for a node, but each
 * idle period shows whether a pilot came and when, and that depends on which of three kinds the period is of:
 *
 * held: a prime job is chosen for the node; no pilot gets in, neither by the main loop nor by backfill.
 * blocked: nothing is planned, but the main loop passes over the node: the pilot comes with the next backfill cycle.
 * open: the main loop starts a pilot at once.
 *
 * Open periods have a pilot in their first sample; blocked ones have it by chance in any, if a cycle falls into them. So of
 * all periods of about one length the shares of the three follow from two counts.
 */
import { availabilityOf } from '../traces/availability.ts';
import { MAX_SPACING_MS, meanSpacingMs, type NodeSample } from '../traces/node-log.ts';

export interface PeriodShares {
  /** Periods shorter than this, s, and not shorter than those before. */
  readonly below: number;
  readonly open: number;
  readonly blocked: number;
  readonly held: number;
}

/** An idle period as the samples show it. */
interface ObservedPeriod {
  readonly seconds: number;
  /** Samples until the one with a pilot; undefined where none came. */
  readonly wait: number | undefined;
}

/** @returns periods by begin. Those that hold no pilot anywhere in the log mean that it is none of a day with pilots. */
function observedPeriods(samples: readonly NodeSample[]): ObservedPeriod[] {
  const spacing = meanSpacingMs(samples);
  const pilots = samples.map((sample) => new Set(sample.pilots));
  return availabilityOf(samples, MAX_SPACING_MS).runs.map(({ node, from, to }) => {
    let wait: number | undefined;
    for (let index = from; index < to && wait === undefined; index++) if (pilots[index]?.has(node) === true) wait = index - from;
    const [start, last, next] = [samples[from]?.at ?? 0, samples[to - 1]?.at ?? 0, samples[to]?.at];
    return { seconds: ((next === undefined || next - last > MAX_SPACING_MS ? last + spacing : next) - start) / 1000, wait };
  });
}

/**
 * @param bounds upper ends of the classes of length, s, ascending; the last may be infinite
 * @param cycleSeconds the cluster's bf_interval
 */
export function periodShares(samples: readonly NodeSample[], bounds: readonly number[], cycleSeconds: number): PeriodShares[] {
  const periods = observedPeriods(samples);
  const spacing = meanSpacingMs(samples) / 1000;
  return bounds.map((below, index) => {
    const own = periods.filter(({ seconds }) => seconds < below && seconds >= (bounds[index - 1] ?? 0));
    const mean = (of: (period: ObservedPeriod) => number): number => own.reduce((sum, period) => sum + of(period), 0) / Math.max(1, own.length);
    const covered = mean(({ wait }) => wait === undefined ? 0 : 1);
    const atOnce = mean(({ wait }) => wait === 0 ? 1 : 0);
    // A blocked period is covered if a cycle falls into it, and covered at once if one falls into its first sample.
    const reached = mean(({ seconds }) => Math.min(1, seconds / cycleSeconds));
    const reachedAtOnce = mean(({ seconds }) => Math.min(1, seconds / cycleSeconds, spacing / cycleSeconds));
    const blocked = within01((covered - atOnce) / Math.max(1e-9, reached - reachedAtOnce));
    const open = within01(Math.min(1 - blocked, atOnce - blocked * reachedAtOnce));
    return { below, open, blocked, held: within01(1 - open - blocked) };
  });
}

function within01(value: number): number {
  return Math.max(0, Math.min(1, value));
}
