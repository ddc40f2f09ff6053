/** Everything that a testbed's slurm.conf depends on. */
export interface TestbedConfiguration {
  readonly clusterName: string;
  readonly directory: string;
  readonly hostname: string;
  /** Who runs the daemons. */
  readonly user: string;
  readonly mungeSocket: string;
  /** slurmctld's; the nodes' ports follow it. */
  readonly firstPort: number;
  readonly nodes: number;
  readonly cpusPerNode: number;
  readonly memoryMBPerNode: number;
  /** slurmdbd's port, where the testbed has accounting. */
  readonly accountingPort?: number;
  /** Verbatim; undefined leaves Slurm's own. */
  readonly schedulerParameters?: string;
  /** Replaces or adds settings of the partition of the pilots, e.g. `{ GraceTime: '30' }` or `{ Nodes: 'n[1-8]' }`. */
  readonly whiskPartition?: Readonly<Record<string, string>>;
  /** More settings, e.g. `{ OverTimeLimit: 'UNLIMITED' }`; they win over those here. */
  readonly settings?: Readonly<Record<string, string>>;
}

export function nodeName(index: number): string {
  return `n${index + 1}`;
}

function nodeRange(nodes: number): string {
  return nodes === 1 ? 'n1' : `n[1-${nodes}]`;
}

/**
 * The testbed's slurm.conf. Slurm's defaults stand unless a line here says why not; in particular SchedulerParameters,
 * KillWait (30 s), MessageTimeout (10 s), MinJobAge (300 s), MaxArraySize (1001) and MaxJobCount (10000).
 */
export function slurmConfiguration(of: TestbedConfiguration): string {
  const settings: Record<string, string> = {
    ClusterName: of.clusterName,
    SlurmctldHost: `${of.hostname}(127.0.0.1)`,
    SlurmctldPort: String(of.firstPort),
    SlurmUser: of.user,
    SlurmdUser: of.user,
    AuthType: 'auth/munge',
    CredType: 'cred/munge',
    AuthInfo: `socket=${of.mungeSocket}`,
    StateSaveLocation: `${of.directory}/state`,
    SlurmdSpoolDir: `${of.directory}/spool/%n`,
    SlurmctldPidFile: `${of.directory}/run/slurmctld.pid`,
    SlurmdPidFile: `${of.directory}/run/%n.pid`,
    MpiDefault: 'none',
    MailProg: '/bin/true',
    // Many slurmd on one host: no cgroups, nothing bound to real processors, and the node is what this file says.
    ProctrackType: 'proctrack/linuxproc',
    TaskPlugin: 'task/none',
    SlurmdParameters: 'config_overrides',
    SelectType: 'select/cons_tres',
    SelectTypeParameters: 'CR_CPU',
    SchedulerType: 'sched/backfill',
    ...of.schedulerParameters === undefined ? {} : { SchedulerParameters: of.schedulerParameters },
    PreemptType: 'preempt/partition_prio',
    PreemptMode: 'CANCEL',
    // A partition's weight for both, so that --nice has something to take away from.
    PriorityType: 'priority/multifactor',
    PriorityWeightPartition: '20000',
    ...of.accountingPort === undefined ? { AccountingStorageType: 'accounting_storage/none' } : {
      AccountingStorageType: 'accounting_storage/slurmdbd',
      AccountingStorageHost: '127.0.0.1',
      AccountingStoragePort: String(of.accountingPort),
      // With slurmdbd this is no password, but the socket of the munged that it trusts.
      AccountingStoragePass: of.mungeSocket,
      // A QOS that does not exist is refused, as sites have it.
      AccountingStorageEnforce: 'associations,qos',
    },
    JobAcctGatherType: 'jobacct_gather/none',
    // One line per job that ended, for whoever wants to reckon afterwards.
    JobCompType: 'jobcomp/filetxt',
    JobCompLoc: `${of.directory}/log/jobs.log`,
    // Slurm's 300 s is too long to watch a node fail; a node that comes back is used at once.
    SlurmdTimeout: '30',
    SlurmctldTimeout: '30',
    ReturnToService: '2',
    SlurmctldDebug: 'info',
    SlurmdDebug: 'info',
    ...of.settings,
  };
  const range = nodeRange(of.nodes);
  const whisk = { Nodes: range, PriorityTier: '1', PriorityJobFactor: '10', PreemptMode: 'CANCEL', GraceTime: '0', ...of.whiskPartition };
  const ports = of.nodes === 1 ? String(of.firstPort + 1) : `[${of.firstPort + 1}-${of.firstPort + of.nodes}]`;
  return [
    ...Object.entries(settings).map(([name, value]) => `${name}=${value}`),
    `NodeName=${range} NodeHostname=${of.hostname} NodeAddr=127.0.0.1 Port=${ports} CPUs=${of.cpusPerNode} RealMemory=${of.memoryMBPerNode} State=UNKNOWN`,
    `PartitionName=prime Nodes=${range} Default=YES MaxTime=INFINITE State=UP PriorityTier=10 PriorityJobFactor=20 PreemptMode=OFF`,
    `PartitionName=whisk Default=NO MaxTime=INFINITE State=UP ${Object.entries(whisk).map(([name, value]) => `${name}=${value}`).join(' ')}`,
    '',
  ].join('\n');
}
