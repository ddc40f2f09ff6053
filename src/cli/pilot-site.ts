/** What of a site the policy `adaptive` goes by. */
import type { PilotSite } from '../pilots/adaptive.ts';
import { readQosFlags, readSite, type Site } from '../slurm/site.ts';
import { SlurmError } from '../slurm/slurm.ts';
import { parseTimeLimit } from '../slurm/time-limit.ts';

interface Whereabouts {
  /** @default the cluster's default partition */
  readonly partition?: string;
  readonly sbatchArguments: readonly string[];
}

const DEPTHS = ['bf_max_job_part', 'bf_max_job_user', 'bf_max_job_user_part', 'bf_max_job_test'];

/** Asks slurmctld twice, and slurmdbd once where pilots have a QOS. What cannot be read is unknown. */
export async function readPilotSite({ partition, sbatchArguments }: Whereabouts, env: Readonly<Record<string, string>>): Promise<PilotSite> {
  try {
    const qos = qosOf(sbatchArguments);
    const flags = qos === undefined ? [] : await readQosFlags(qos, { env });
    return pilotSite(await readSite({ env }), partition, flags);
  } catch (error) {
    if (error instanceof SlurmError) return {};
    throw error;
  }
}

/** @param qosFlags of the pilots' QOS */
export function pilotSite(site: Site, partition: string | undefined, qosFlags: readonly string[]): PilotSite {
  const own = site.partitions.find((one) => partition === undefined ? one['Default'] === 'YES' : one['PartitionName'] === partition) ?? {};
  const overTime = own['OverTimeLimit'] === undefined || own['OverTimeLimit'] === 'NONE' ? site.settings['OverTimeLimit'] : own['OverTimeLimit'];
  const depths = DEPTHS.map((name) => Number(site.schedulerParameters[name] ?? 0)).filter((depth) => depth > 0);
  const longest = [parseTimeLimit(own['MaxTime'] ?? 'UNLIMITED'), Number(site.schedulerParameters['bf_window'] ?? 0)].filter((minutes) => minutes !== null && minutes > 0) as number[];
  return {
    noReserve: qosFlags.some((flag) => flag.toLowerCase() === 'noreserve'), overTimeLimit: overTime === 'UNLIMITED',
    ...depths.length === 0 ? {} : { backfillDepth: Math.min(...depths) },
    ...longest.length === 0 ? {} : { maxLimitMinutes: Math.min(...longest) },
  };
}

function qosOf(sbatchArguments: readonly string[]): string | undefined {
  for (const [place, argument] of sbatchArguments.entries()) {
    if (argument === '--qos' || argument === '-q') return sbatchArguments[place + 1];
    if (argument.startsWith('--qos=')) return argument.slice('--qos='.length);
  }
  return process.env['SBATCH_QOS'];
}
