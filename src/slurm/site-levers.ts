import { minutesOf } from './setting-values.ts';
import type { PartitionSettings, Site } from './site.ts';

/** What of a site's settings decides which pilots may start, and for how long. */
export interface SiteLevers {
  /** OverTimeLimit=UNLIMITED: a limit does not end the partition's jobs. */
  readonly overTimeLimit: boolean;
  /** How many jobs of one user in one partition backfill looks at; absent where nothing bounds it. */
  readonly userDepth?: number;
  /** The same with bf_max_job_test, which counts everybody's jobs. */
  readonly backfillDepth?: number;
  /** The partition's MaxTime and bf_window, minutes: what is longer never starts, or never by backfill. */
  readonly longestMinutes: number;
}

const USER_DEPTHS = ['bf_max_job_part', 'bf_max_job_user', 'bf_max_job_user_part'];
/** Slurm's default bf_window: a day. */
const WINDOW_MINUTES = 1440;

/** @param partition the pilots'; undefined where nothing is known of it */
export function siteLevers(site: Site, partition: PartitionSettings | undefined): SiteLevers {
  const parameters = site.schedulerParameters;
  const least = (names: readonly string[]): number => Math.min(...names.map((name) => Number(parameters[name] ?? 0)).filter((depth) => depth > 0));
  const [userDepth, backfillDepth] = [least(USER_DEPTHS), least([...USER_DEPTHS, 'bf_max_job_test'])];
  return {
    overTimeLimit: overTimeLimitOf(site, partition) === 'UNLIMITED',
    ...Number.isFinite(userDepth) ? { userDepth } : {}, ...Number.isFinite(backfillDepth) ? { backfillDepth } : {},
    longestMinutes: Math.min(minutesOf(partition?.['MaxTime'] ?? 'UNLIMITED'), Number(parameters['bf_window'] ?? 0) || WINDOW_MINUTES),
  };
}

/** As printed: `UNLIMITED`, `5 min`, `0 min`; the partition's own before the cluster's. */
export function overTimeLimitOf({ settings }: Site, partition: PartitionSettings | undefined): string | undefined {
  const own = partition?.['OverTimeLimit'];
  return own === undefined || own === 'NONE' ? settings['OverTimeLimit'] : own;
}

/** The partition of this name, or the default one. */
export function partitionOf({ partitions }: Site, name: string | undefined): PartitionSettings | undefined {
  return partitions.find((one) => name === undefined ? one['Default'] === 'YES' : one['PartitionName'] === name);
}
