/** What of a site's configuration decides about pilots, taken from what scontrol prints. */
import { doctor, type Finding } from '../../slurm/doctor.ts';
import { secondsOf } from '../../slurm/setting-values.ts';
import { partitionOf, siteLevers, type SiteLevers } from '../../slurm/site-levers.ts';
import { parseSite, type PartitionSettings, type Site } from '../../slurm/site.ts';
import { SlurmError } from '../../slurm/slurm.ts';
import { parseSchedulerParameters, type SchedulerParameters } from '../../simulator/scheduler-parameters.ts';

export interface PlanSite {
  readonly cluster: string;
  readonly version: string;
  /** Where pilots go; absent where nothing is known of partitions. */
  readonly partition?: string;
  /** SchedulerParameters as slurm.conf has them. */
  readonly schedulerText: string;
  /** What the model goes by: also other bounds on how many of a user's jobs backfill looks at, and on how long they may be. */
  readonly scheduler: SchedulerParameters;
  readonly priorities: boolean;
  readonly killWait: number;
  /** GraceTime of the partition, s, and whether a pilot can hear its begin. */
  readonly graceTime: number;
  readonly graceHeard: boolean;
  readonly noReserve: boolean;
  readonly overTimeLimit: boolean;
  /** Whether QOS can be had. */
  readonly slurmdbd: boolean;
  readonly preemptByQos: boolean;
  /** What `hpcwhisk doctor` has against it. */
  readonly findings: readonly Finding[];
}

export interface PlanSiteOptions {
  /** @default the cluster's default partition */
  readonly partition?: string;
  /** The pilots' QOS has the flag already, which scontrol does not show. */
  readonly noReserve: boolean;
}

/** From the text of `scontrol show config` and of `scontrol show partition`, with or without `--oneliner`. @throws {SlurmError} */
export function parsePlanSite(config: string, partitions: string | undefined): Site {
  const site = parseSite(config, (partitions ?? '').replace(/\n[ \t]+/g, ' '));
  if (partitions !== undefined && site.partitions.length === 0) throw new SlurmError('user', 'scontrol show partition printed no partition');
  return site;
}

/** @throws {RangeError} for a partition that the site does not have, or a parameter out of range */
export function planSiteOf(site: Site, { partition: wanted, noReserve }: PlanSiteOptions): PlanSite {
  const partition = knownPartition(site, wanted);
  const levers = siteLevers(site, partition);
  const name = partition?.['PartitionName'] ?? wanted;
  const { settings } = site;
  const text = settings['SchedulerParameters'] ?? '';
  return {
    cluster: settings['ClusterName'] ?? 'the cluster', version: settings['SLURM_VERSION'] ?? '', ...name === undefined ? {} : { partition: name },
    schedulerText: text === '(null)' ? '' : text,
    scheduler: bounded(parseSchedulerParameters(text), levers),
    priorities: settings['PriorityType'] !== 'priority/basic',
    killWait: secondsOf(settings['KillWait'] ?? '30'), graceTime: secondsOf(partition?.['GraceTime'] ?? '0'),
    graceHeard: (settings['SlurmctldParameters'] ?? '').includes('preempt_send_user_signal'),
    noReserve, overTimeLimit: levers.overTimeLimit,
    slurmdbd: (settings['AccountingStorageType'] ?? '').includes('slurmdbd'), preemptByQos: settings['PreemptType'] === 'preempt/qos',
    findings: partition === undefined ? [] : doctor(site, { partition: name ?? '' }).filter(({ level }) => level !== 'ok'),
  };
}

function knownPartition(site: Site, wanted: string | undefined): PartitionSettings | undefined {
  if (site.partitions.length === 0) return undefined;
  const found = partitionOf(site, wanted);
  if (found !== undefined) return found;
  const names = site.partitions.map((one) => one['PartitionName']).join(', ');
  throw new RangeError(wanted === undefined ? `the site has no default partition; name one with --partition: ${names}` : `the site has no partition ${wanted}; it has ${names}`);
}

/** All pilots are one user's in one partition; what is longer than the partition allows never starts, nor does what backfill does not plan. */
function bounded(scheduler: SchedulerParameters, { userDepth, longestMinutes }: SiteLevers): SchedulerParameters {
  return { ...scheduler, bf_max_job_part: userDepth ?? 0, bf_window: Math.min(scheduler.bf_window, longestMinutes) };
}
