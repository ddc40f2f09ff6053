import type { PolicyName } from '../../pilots/policies.ts';
import type { PasteLines } from './plan-report.ts';
import type { PlanSite } from './plan-site.ts';
import type { ChangeId, SiteSetting } from './site-changes.ts';

const PARAMETERS: Readonly<Partial<Record<ChangeId, readonly [name: string, value: string]>>> = {
  'bf-interval-30': ['bf_interval', '30'], 'bf-interval-10': ['bf_interval', '10'], 'bf-resolution-60': ['bf_resolution', '60'],
};
const PARTITION: Readonly<Partial<Record<ChangeId, string>>> = { 'grace-time-0': 'GraceTime=0', 'over-time-limit': 'OverTimeLimit=UNLIMITED' };

/** What an operator pastes for these changes of the site, and how the pilots are started then. Lines with # say where. */
export function pasteLines(asItIs: PlanSite, { changes, site }: SiteSetting, policy: PolicyName): PasteLines {
  const ids = changes.map(({ id }) => id);
  const parameters = ids.flatMap((id) => PARAMETERS[id] === undefined ? [] : [PARAMETERS[id]]);
  const ofPartition = ids.flatMap((id) => PARTITION[id] ?? []).join(' ');
  const partition = asItIs.partition ?? 'NAME';
  return {
    slurmConf: [
      ...parameters.length === 0 ? [] : [`SchedulerParameters=${mergedParameters(asItIs.schedulerText, parameters)}`],
      ...ofPartition === '' ? [] : [`# at the end of the line PartitionName=${partition}:`, ofPartition],
    ],
    sacctmgr: ids.includes('no-reserve') ? qosLines(asItIs) : [],
    apply: [...parameters.length === 0 ? [] : ['scontrol reconfigure'], ...ofPartition === '' ? [] : [`scontrol update PartitionName=${partition} ${ofPartition}`]],
    start: startLine(site, policy),
  };
}

/** The site's other parameters stay, in their order. */
function mergedParameters(text: string, changed: readonly (readonly [name: string, value: string])[]): string {
  const values = new Map(changed);
  const words = text.split(',').map((word) => word.trim()).filter((word) => word !== '').map((word) => {
    const name = word.split('=')[0] ?? '';
    const value = values.get(name);
    if (value === undefined) return word;
    values.delete(name);
    return `${name}=${value}`;
  });
  return [...words, ...[...values].map(([name, value]) => `${name}=${value}`)].join(',');
}

function qosLines({ preemptByQos }: PlanSite): string[] {
  return [
    'sacctmgr -i add qos pilot flags=NoReserve',
    ...preemptByQos ? ['sacctmgr -i modify qos pilot set PreemptMode=cancel GraceTime=0', '# for each QOS of prime jobs:', 'sacctmgr -i modify qos normal set Preempt+=pilot'] : [],
    '# USER: whose account the pilots run under',
    'sacctmgr -i modify user USER set qos+=pilot',
  ];
}

function startLine({ partition, noReserve, overTimeLimit, graceTime, graceHeard }: PlanSite, policy: PolicyName): string {
  const sbatch = [...noReserve ? ['--qos=pilot'] : [], ...graceTime > 0 && graceHeard ? ['--signal=B:TERM@1'] : []];
  return [
    'hpcwhisk up --cluster slurm', ...partition === undefined ? [] : [`--partition ${partition}`], `--policy ${policy}`, ...overTimeLimit && policy === 'single' ? ['--overtime'] : [],
    ...sbatch.length === 0 ? [] : ['--', ...sbatch],
  ].join(' ');
}
