/** What of a site the policy `adaptive` goes by. */
import type { PilotSite } from '../pilots/adaptive.ts';
import { partitionOf, siteLevers } from '../slurm/site-levers.ts';
import { readQosFlags, readSite, type Site } from '../slurm/site.ts';
import { SlurmError } from '../slurm/slurm.ts';

interface Whereabouts {
  /** @default the cluster's default partition */
  readonly partition?: string;
  readonly sbatchArguments: readonly string[];
}

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
  const { overTimeLimit, backfillDepth, longestMinutes } = siteLevers(site, partitionOf(site, partition));
  return {
    noReserve: qosFlags.some((flag) => flag.toLowerCase() === 'noreserve'), overTimeLimit, maxLimitMinutes: longestMinutes,
    ...backfillDepth === undefined ? {} : { backfillDepth },
  };
}

function qosOf(sbatchArguments: readonly string[]): string | undefined {
  for (const [place, argument] of sbatchArguments.entries()) {
    if (argument === '--qos' || argument === '-q') return sbatchArguments[place + 1];
    if (argument.startsWith('--qos=')) return argument.slice('--qos='.length);
  }
  return process.env['SBATCH_QOS'];
}
