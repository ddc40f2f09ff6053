/** One look at a whole cluster: one sinfo and one squeue, whatever its size; what a poller writes down. */
import { expandHostList, HostListError } from '../../domain/host-list.ts';
import { SlurmError } from '../slurm.ts';
import { SlurmCommands } from './slurm-command.ts';

/** Nodes in one state, in Slurm's bracket notation. */
export interface NodesInState {
  /** As sinfo's %T prints it: `idle`, `idle~`, `planned`, … */
  readonly state: string;
  readonly count: number;
  readonly hosts: string;
}

/** A job, or the tasks of an array that have not started. Times in epoch seconds. */
export interface QueuedJob {
  /** `17`, `17_4`, `17_*` */
  readonly id: string;
  readonly state: string;
  readonly submitted?: number;
  readonly started?: number;
  readonly ended?: number;
  /** null: none. */
  readonly limitMinutes?: number | null;
  readonly nodes?: number;
  readonly processors?: number;
  readonly partition: string;
  /** Where it runs, in Slurm's bracket notation. */
  readonly hosts: string;
  readonly name: string;
}

export interface ClusterLook {
  readonly nodes: readonly NodesInState[];
  /** Those that this user may see; those that ended lately, too. */
  readonly jobs: readonly QueuedJob[];
}

export interface ClusterLookOptions {
  /** Whose nodes. @default all partitions' */
  readonly partition?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** How long a command may take before slurmctld counts as away. @default 20000 */
  readonly timeoutMs?: number;
}

/** The name comes last: it is free text. */
const squeueFields = '%i|%T|%V|%S|%e|%l|%D|%C|%P|%N|%j';
const squeueFieldCount = 11;
const started = new Set(['RUNNING', 'SUSPENDED', 'COMPLETING', 'STOPPED', 'SIGNALING', 'RESIZING', 'STAGE_OUT']);
const ended = new Set(['COMPLETED', 'PREEMPTED', 'TIMEOUT', 'CANCELLED', 'FAILED', 'NODE_FAIL', 'BOOT_FAIL', 'DEADLINE', 'OUT_OF_MEMORY', 'REVOKED']);

/** @returns a function that looks once. It throws {SlurmError}. */
export function clusterLooker({ partition, env = {}, timeoutMs = 20_000 }: ClusterLookOptions): () => Promise<ClusterLook> {
  const commands = new SlurmCommands(env, timeoutMs);
  // Without a partition's field a node of several partitions is there once.
  const sinfo = ['--noheader', '--format=%T|%D|%N', ...partition === undefined ? [] : [`--partition=${partition}`]];
  const squeue = ['--noheader', '--states=all', `--format=${squeueFields}`];
  return async () => {
    const [nodes, jobs] = await Promise.all([
      commands.run('sinfo', sinfo), commands.run('squeue', squeue, { env: { SLURM_TIME_FORMAT: '%s' } }),
    ]);
    const inStates = parseNodeStates(nodes);
    if (inStates.length === 0) throw new SlurmError('user', partition === undefined ? 'sinfo shows no nodes' : `Slurm knows no partition "${partition}" with nodes`);
    return { nodes: inStates, jobs: parseQueue(jobs) };
  };
}

/** What `sinfo --noheader --format=%T|%D|%N` printed. @throws {SlurmError} on a line that it should not print */
export function parseNodeStates(output: string): NodesInState[] {
  return output.split('\n').map((line) => line.trim()).filter((line) => line !== '' && !line.startsWith('n/a|0|')).map((line) => {
    const [state, , hosts] = line.split('|');
    if (state === undefined || hosts === undefined || state === '') throw new SlurmError('user', `sinfo printed a line that this program does not understand: "${line.slice(0, 200)}"`);
    try {
      // The printed number may be rounded (2K).
      return { state, count: expandHostList(hosts).length, hosts };
    } catch (error) {
      if (error instanceof HostListError) throw new SlurmError('user', `sinfo: ${error.message}`, { cause: error });
      throw error;
    }
  });
}

/** What squeue printed with the fields above and SLURM_TIME_FORMAT=%s. @throws {SlurmError} on a line that it should not print */
export function parseQueue(output: string): QueuedJob[] {
  return output.split('\n').filter((line) => line.trim() !== '').map(parseJob);
}

function parseJob(line: string): QueuedJob {
  const fields = line.split('|');
  const [id = '', state = '', submit, start, end, limit, nodes, processors, partition = '', hosts = ''] = fields;
  if (fields.length < squeueFieldCount || !/^\d+/.test(id)) throw new SlurmError('user', `squeue printed a line that this program does not understand: "${line.slice(0, 200)}"`);
  const known = {
    submitted: numberOf(submit), nodes: numberOf(nodes), processors: numberOf(processors), ...times(state, numberOf(start), numberOf(end)),
    limitMinutes: limitMinutesOf(limit ?? ''),
  };
  return {
    // The bracket of tasks that wait changes at each one that starts.
    id: id.replace(/_\[.*$/, '_*'), state, partition, hosts: ended.has(state) ? '' : hosts, name: fields.slice(squeueFieldCount - 1).join('|').trim(),
    ...Object.fromEntries(Object.entries(known).filter(([, value]) => value !== undefined)),
  };
}

/** What squeue prints for jobs that wait is a plan, and the end of one that runs its limit. */
function times(state: string, start: number | undefined, end: number | undefined): { started?: number; ended?: number } {
  if (ended.has(state)) {
    // Cancelled while it waited: both times are that of the cancellation.
    if (start === undefined || end === undefined || (state === 'CANCELLED' && start >= end)) return end === undefined ? {} : { ended: end };
    return { started: start, ended: end };
  }
  return started.has(state) && start !== undefined ? { started: start } : {};
}

function numberOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}

function limitMinutesOf(text: string): number | null | undefined {
  if (text === 'UNLIMITED') return null;
  const match = /^(?:(?:(\d+)-)?(\d+):)?(\d+):(\d+)$/.exec(text);
  if (match === null) return undefined;
  const [days = 0, hours = 0, minutes = 0, seconds = 0] = match.slice(1).map((field: string | undefined) => Number(field ?? 0));
  return (days * 24 + hours) * 60 + minutes + Math.ceil(seconds / 60);
}
