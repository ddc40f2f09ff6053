/**
 * The processes of a testbed are found by what they carry, not only by what was written down: every daemon has the
 * testbed's directory in its environment (slurmstepd inherits it from slurmd), and every job process has the testbed's
 * own cluster name there (slurmstepd puts it in). Their descendants count too. So nothing is missed when the starter
 * died between starting a daemon and noting it, and nothing foreign is hit when a process id was used again.
 */
import { spawn } from 'node:child_process';
import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { waitUntil } from './wait-until.ts';

/** In the environment of every daemon: the testbed's directory. */
export const directoryVariable = 'HPCWHISK_TESTBED';
/** In the environment of slurmd: the name of its node. */
export const nodeVariable = 'HPCWHISK_TESTBED_NODE';

/** A process that cannot be confused with a later one of the same id. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks from boot to its start: field 22 of /proc/PID/stat. */
  readonly startTicks: number;
}

/** As found in /proc: `name` is the program's, cut to 15 characters. */
export interface RunningProcess extends ProcessIdentity { readonly parent: number; readonly name: string }

/** What tells a testbed's processes from all others. */
export interface TestbedMark {
  readonly directory: string;
  readonly clusterName: string | undefined;
}

/** Starts a daemon that outlives this process; what it prints is added to `logFile`. */
export function startDaemon(program: string, args: readonly string[], env: NodeJS.ProcessEnv, logFile: string): Promise<ProcessIdentity> {
  const log = openSync(logFile, 'a', 0o600);
  const child = spawn(program, args, { detached: true, stdio: ['ignore', log, log], env, cwd: '/' });
  closeSync(log);
  child.unref();
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('spawn', () => {
      const pid = child.pid ?? 0;
      resolve({ pid, startTicks: readProcess(pid)?.startTicks ?? 0 });
    });
  });
}

/** Whether it still runs; one that ended and was not yet waited for does not. */
export function isAlive(process: ProcessIdentity): boolean {
  return readProcess(process.pid)?.startTicks === process.startTicks;
}

/** All processes of a testbed that run now; with `node`, only those of that node. The caller itself is never among them. */
export function testbedProcesses(mark: TestbedMark, node?: string): RunningProcess[] {
  const running = allProcesses();
  const found = new Map<number, RunningProcess>();
  for (const candidate of running) if (carriesMark(candidate.pid, mark, node)) found.set(candidate.pid, candidate);
  for (let grown = true; grown;) {
    grown = false;
    for (const candidate of running) {
      if (found.has(candidate.pid) || !found.has(candidate.parent)) continue;
      found.set(candidate.pid, candidate);
      grown = true;
    }
  }
  found.delete(process.pid);
  found.delete(process.ppid);
  return [...found.values()];
}

/** Sends a signal; one that is gone already is no error. */
export function signal(target: ProcessIdentity, name: NodeJS.Signals): void {
  if (!isAlive(target)) return;
  try {
    process.kill(target.pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Kills what `find` finds until it finds nothing more: a process may have forked while the others were looked at. */
export async function killUntilGone(what: string, find: () => ProcessIdentity[]): Promise<void> {
  await waitUntil(`the end of ${what}`, () => {
    const left = find();
    for (const target of left) signal(target, 'SIGKILL');
    return left;
  }, (left) => left.length === 0, { timeoutMs: 30_000, everyMs: 20 });
}

function carriesMark(pid: number, mark: TestbedMark, node: string | undefined): boolean {
  const variables = environment(pid);
  if (variables.includes(`${directoryVariable}=${mark.directory}`)) return node === undefined || variables.includes(`${nodeVariable}=${node}`);
  if (mark.clusterName === undefined || !variables.includes(`SLURM_CLUSTER_NAME=${mark.clusterName}`)) return false;
  return node === undefined || variables.includes(`SLURMD_NODENAME=${node}`);
}

function environment(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0');
  } catch {
    return []; // Another user's, or gone.
  }
}

function allProcesses(): RunningProcess[] {
  const found: RunningProcess[] = [];
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const running = readProcess(Number(entry));
    if (running !== undefined) found.push(running);
  }
  return found;
}

function readProcess(pid: number): RunningProcess | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The second field is the program's name in brackets and may itself hold blanks and brackets.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const [state, parent] = fields;
    if (state === 'Z' || state === 'X') return undefined;
    return { pid, parent: Number(parent), name: stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')')), startTicks: Number(fields[19]) };
  } catch {
    return undefined;
  }
}
