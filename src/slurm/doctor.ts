/**
 * Reads a site's settings for what makes pilots expensive for prime jobs or useless for calls. Figures are measured on
 * Slurm 22.05 with pilots and prime jobs of our own; each finding says what it costs and what to do about it.
 */
import { expandHostList } from '../domain/host-list.ts';
import { minutesOf, secondsOf } from './setting-values.ts';
import { overTimeLimitOf, partitionOf } from './site-levers.ts';
import type { PartitionSettings, Site } from './site.ts';

export interface Finding {
  /** `error`: pilots do harm or never run; `warn`: they lose coverage or delay prime jobs; `ok`: as it should be, or a hint. */
  readonly level: 'ok' | 'warn' | 'error';
  readonly code: string;
  readonly text: string;
  /** What to do, and who; empty when nothing is to be done. */
  readonly advice: string;
}

export interface DoctorOptions {
  /** Where pilots go. @default the site's default partition */
  readonly partition?: string;
  /** Pilots that the policy keeps pending. @default 90 */
  readonly maxPending?: number;
  /** The longest pilot. @default 90 */
  readonly longestMinutes?: number;
}

interface Patient { readonly site: Site; readonly partition: PartitionSettings; readonly maxPending: number; readonly longestMinutes: number }

/** All findings, those that ask for something first. */
export function doctor(site: Site, options: DoctorOptions = {}): Finding[] {
  const partition = partitionOf(site, options.partition);
  if (partition === undefined) {
    const known = site.partitions.map((one) => one['PartitionName']).join(', ');
    return [finding('error', 'PARTITION_UNKNOWN', options.partition === undefined ? 'this site has no default partition' : `this site has no partition ${options.partition}`, `name one of: ${known}`)];
  }
  const patient: Patient = { site, partition, maxPending: options.maxPending ?? 90, longestMinutes: options.longestMinutes ?? 90 };
  const order = { error: 0, warn: 1, ok: 2 };
  return checks.flatMap((check) => check(patient)).sort((a, b) => order[a.level] - order[b.level]);
}

const checks: readonly ((patient: Patient) => Finding[])[] = [
  partitionState, preemption, priorityTier, graceTime, exemptTime, killWait, backfillInterval, backfillResolution, backfillDepth, schedulingDelay,
  overTimeLimit, noReserve, nicePlugin, arraySize, processTracking, debugFlags,
];

function partitionState({ partition, longestMinutes }: Patient): Finding[] {
  const findings: Finding[] = [];
  if (partition['State'] !== 'UP') findings.push(finding('error', 'PARTITION_STATE', `the partition ${nameOf(partition)} is ${partition['State'] ?? 'in no state'}, not UP`, 'ask the site'));
  const maxMinutes = minutesOf(partition['MaxTime'] ?? 'UNLIMITED');
  if (maxMinutes < longestMinutes) findings.push(finding('warn', 'PARTITION_MAX_TIME', `the partition allows ${maxMinutes} minutes, pilots ask for up to ${longestMinutes}: the longer ones stay pending for ever`, `use the policy single with a limit of ${maxMinutes} minutes or less`));
  return findings;
}

function preemption({ site, partition }: Patient): Finding[] {
  const type = site.settings['PreemptType'] ?? '';
  if (type !== 'preempt/partition_prio' && type !== 'preempt/qos') {
    return [finding('error', 'PREEMPT_TYPE', `PreemptType is ${type || 'unset'}: nothing takes a node back from a pilot, prime jobs wait until its time limit`, 'operator: PreemptType=preempt/partition_prio (or preempt/qos) and a preemptible partition')];
  }
  const modes = (partition['PreemptMode'] ?? site.settings['PreemptMode'] ?? '').split(',').map((mode) => mode.toUpperCase());
  if (modes.includes('OFF')) return [finding('error', 'PREEMPT_MODE', `PreemptMode of ${nameOf(partition)} is OFF: prime jobs wait for pilots`, 'operator: PreemptMode=CANCEL on this partition')];
  if (modes.includes('SUSPEND')) return [finding('error', 'PREEMPT_MODE', `PreemptMode of ${nameOf(partition)} is SUSPEND: stopped pilots keep their memory and calls hang in them`, 'operator: PreemptMode=CANCEL on this partition')];
  if (modes.includes('REQUEUE')) return [finding('warn', 'PREEMPT_REQUEUE', `PreemptMode of ${nameOf(partition)} is REQUEUE: a requeued pilot waits 2 minutes before it may start again`, 'pilots are submitted with --no-requeue, so that they end and are replaced; operator: PreemptMode=CANCEL says the same')];
  return [finding('ok', 'PREEMPTION', `pilots are preempted by ${type} with ${modes.join(',')}`)];
}

function priorityTier({ site, partition }: Patient): Finding[] {
  if (site.settings['PreemptType'] !== 'preempt/partition_prio') return [];
  const own = Number(partition['PriorityTier'] ?? 1);
  const nodes = new Set(nodesOf(partition));
  const notAbove = site.partitions.filter((other) => other !== partition && Number(other['PriorityTier'] ?? 1) <= own && nodesOf(other).some((node) => nodes.has(node)));
  if (notAbove.length === 0) return [finding('ok', 'PRIORITY_TIER', `every other partition on these nodes has a higher PriorityTier than ${nameOf(partition)} (${own})`)];
  return [finding('error', 'PRIORITY_TIER', `jobs of ${notAbove.map(nameOf).join(', ')} cannot preempt pilots: their PriorityTier is not above ${own}`, `operator: a lower PriorityTier for ${nameOf(partition)} than for all others on its nodes`)];
}

function graceTime({ site, partition }: Patient): Finding[] {
  const seconds = secondsOf(partition['GraceTime'] ?? '0');
  if (seconds === 0) return [finding('ok', 'GRACE_TIME', 'GraceTime is 0: SIGTERM reaches the pilot at once and KillWait is its time to drain')];
  if ((site.settings['SlurmctldParameters'] ?? '').includes('preempt_send_user_signal')) {
    return [finding('warn', 'GRACE_TIME', `GraceTime is ${seconds} s; a batch script hears of it only through its own signal`, 'give the sbatch argument --signal=B:TERM@1, or ask for GraceTime=0')];
  }
  return [finding('warn', 'GRACE_TIME', `GraceTime is ${seconds} s, but a batch script hears nothing until it is over, which is noticed every 30 s only: prime jobs wait ${seconds} to ${seconds + 32} s for nothing`,
    'operator: GraceTime=0 on the partition (pilots drain within KillWait), or SlurmctldParameters=preempt_send_user_signal together with --signal=B:TERM@1')];
}

function exemptTime({ site }: Patient): Finding[] {
  const seconds = secondsOf(site.settings['PreemptExemptTime'] ?? '0');
  if (seconds <= 0) return [];
  return [finding('warn', 'PREEMPT_EXEMPT_TIME', `PreemptExemptTime is ${seconds} s: a pilot that has just started keeps its node so long from a prime job`, 'operator: PreemptExemptTime=0 for pilots (a QOS can set its own)')];
}

function killWait({ site }: Patient): Finding[] {
  const seconds = secondsOf(site.settings['KillWait'] ?? '30');
  if (seconds < 3) return [finding('warn', 'KILL_WAIT', `KillWait is ${seconds} s: little time between SIGTERM and SIGKILL for calls to be handed back`, 'operator: KillWait=30, Slurm\'s default')];
  return [finding('ok', 'KILL_WAIT', `KillWait is ${seconds} s; a pilot needs about 1 s of it`)];
}

function backfillInterval({ site }: Patient): Finding[] {
  if (site.settings['SchedulerType'] !== 'sched/backfill') {
    return [finding('error', 'NO_BACKFILL', `SchedulerType is ${site.settings['SchedulerType'] ?? 'unset'}: while a prime job waits, no pilot starts`, 'operator: SchedulerType=sched/backfill')];
  }
  const seconds = Number(site.schedulerParameters['bf_interval'] ?? 30);
  if (seconds > 30) return [finding('warn', 'BF_INTERVAL', `bf_interval is ${seconds} s: while a prime job waits, an idle node waits up to so long for a pilot (in replays 96-97 % of the idle time was used with 5 s, 85 % with 30 s, 53-56 % with 120 s)`, 'operator: bf_interval=30 or less; the strongest lever of all')];
  return [finding('ok', 'BF_INTERVAL', `bf_interval is ${seconds} s`)];
}

function backfillResolution({ site }: Patient): Finding[] {
  const seconds = Number(site.schedulerParameters['bf_resolution'] ?? 60);
  if (seconds > 60) return [finding('warn', 'BF_RESOLUTION', `bf_resolution is ${seconds} s: up to so much before every planned start of a prime job is lost`, 'operator: bf_resolution=60 or less')];
  return [finding('ok', 'BF_RESOLUTION', `bf_resolution is ${seconds} s`)];
}

function backfillDepth({ site, maxPending }: Patient): Finding[] {
  for (const name of ['bf_max_job_part', 'bf_max_job_user', 'bf_max_job_user_part']) {
    const depth = Number(site.schedulerParameters[name] ?? 0);
    if (depth > 0 && depth < maxPending) {
      return [finding('warn', 'BF_MAX_JOB', `${name} is ${depth}: backfill looks at so many pilots only, and ${maxPending} are kept pending`, `keep fewer than ${depth} pending, or operator: ${name}=${maxPending + 10}`)];
    }
  }
  return [finding('ok', 'BF_MAX_JOB', `backfill looks at all ${maxPending} pending pilots`)];
}

function schedulingDelay({ site }: Patient): Finding[] {
  const seconds = Number(site.schedulerParameters['batch_sched_delay'] ?? 3);
  if (seconds <= 3) return [];
  return [finding('warn', 'BATCH_SCHED_DELAY', `batch_sched_delay is ${seconds} s: a job, prime ones too, that is submitted soon after another, as pilots are, waits for the main loop for up to ${seconds} s`, 'operator: batch_sched_delay=3, Slurm\'s default')];
}

function overTimeLimit({ site, partition }: Patient): Finding[] {
  const value = overTimeLimitOf(site, partition) ?? '0 min';
  if (value === 'UNLIMITED') return [finding('ok', 'OVER_TIME_LIMIT', 'OverTimeLimit is UNLIMITED: a pilot of 1 minute fits every gap and runs until it is preempted', 'nothing: the policy adaptive makes use of it')];
  const minutes = Number.parseInt(value, 10);
  if (minutes > 0) return [finding('ok', 'OVER_TIME_LIMIT', `OverTimeLimit is ${minutes} min: pilots may run so much longer than they asked for`, 'shorter pilots of the policy single fit more gaps')];
  return [];
}

function noReserve({ site }: Patient): Finding[] {
  const accounting = site.settings['AccountingStorageType'] ?? '';
  if (!accounting.includes('slurmdbd')) return [];
  return [finding('ok', 'NO_RESERVE', 'a QOS with Flags=NoReserve lets one kind of pilot into every gap (97 % of the idle time used in replays, 91 % with fib)', 'operator: sacctmgr add qos pilot flags=NoReserve; then the sbatch argument --qos=pilot')];
}

function nicePlugin({ site }: Patient): Finding[] {
  if (site.settings['PriorityType'] !== 'priority/basic') return [];
  return [finding('warn', 'PRIORITY_TYPE', 'PriorityType is priority/basic: --nice may have no effect, so fib and dense cannot put long pilots first; adaptive submits its pilots anew in order, with more sbatch calls', 'operator: PriorityType=priority/multifactor')];
}

function arraySize({ site, maxPending }: Patient): Finding[] {
  const size = Number(site.settings['MaxArraySize'] ?? 1001);
  if (size > maxPending) return [];
  return [finding('warn', 'MAX_ARRAY_SIZE', `MaxArraySize is ${size}: at most ${Math.max(size - 1, 0)} pilots per submission`, `keep fewer than ${size} pending, or operator: MaxArraySize=1001, Slurm's default`)];
}

function processTracking({ site }: Patient): Finding[] {
  const type = site.settings['ProctrackType'] ?? '';
  if (type === 'proctrack/cgroup') return [finding('ok', 'PROCTRACK', 'processes are tracked by cgroups: nothing of a pilot outlives it')];
  return [finding('warn', 'PROCTRACK', `ProctrackType is ${type || 'unset'}: a process that leaves its parent may outlive its pilot`, 'operator: ProctrackType=proctrack/cgroup')];
}

function debugFlags({ site }: Patient): Finding[] {
  const flags = site.settings['DebugFlags'] ?? '(null)';
  if (flags === '(null)' || flags === '') return [];
  return [finding('warn', 'DEBUG_FLAGS', `DebugFlags ${flags} are set: slurmctld writes much and answers slower`, 'operator: scontrol setdebugflags with a minus before each')];
}

function finding(level: Finding['level'], code: string, text: string, advice = ''): Finding {
  return { level, code, text, advice };
}

function nameOf(partition: PartitionSettings): string {
  return partition['PartitionName'] ?? '?';
}

function nodesOf(partition: PartitionSettings): string[] {
  const nodes = partition['Nodes'] ?? '';
  return nodes === '(null)' ? [] : expandHostList(nodes);
}
