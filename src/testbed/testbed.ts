/**
 * A real Slurm of N nodes on this host, from Debian's packages: one munged, one slurmctld, N slurmd, all in a private
 * directory on free ports, so that several stand side by side and beside a Slurm of the site. It belongs to its
 * directory, not to the process that started it: any process finds it there again, and `stopTestbed(directory)` ends
 * it and leaves nothing, whether it is up, was only half started, or its starter has crashed.
 * Partitions: `prime` (PriorityTier=10, never preempted) and `whisk` (PriorityTier=1, PreemptMode=CANCEL, GraceTime=0).
 */
import { execFile } from 'node:child_process';
import { mkdir, readdir, realpath, rm, rmdir, writeFile } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { hostname, userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { silentLogger, type Logger } from '../domain/logger.ts';
import { startAccounting } from './accounting.ts';
import { nodeName, slurmConfiguration, type TestbedConfiguration } from './configuration.ts';
import { daemonEnded, mungeSocket, slurmEnvironment, startMunged, startSlurmctld, startSlurmd } from './daemons.ts';
import { assertTestbedPackages } from './packages.ts';
import { freePortRange } from './ports.ts';
import { isAlive, killUntilGone, signal, testbedProcesses, type ProcessIdentity, type TestbedMark } from './processes.ts';
import { TestbedError } from './testbed-error.ts';
import { readState, writeState, type TestbedState } from './testbed-state.ts';
import { waitUntil } from './wait-until.ts';

const run = promisify(execFile);

/** A lost race for ports is the one failure that another attempt cures. */
const startAttempts = 3;
/** Beside each other slurmd start faster than one by one, all at once they stop each other. */
const slurmdsAtOnce = 32;
/** What jobs get between SIGTERM and SIGKILL when the testbed is stopped. */
const jobsEndMs = 5000;
const slurmctldEndsMs = 3000;
const ownEntries = ['slurm.conf', 'slurmdbd.conf', 'accounting', 'state', 'spool', 'run', 'log', 'munge', 'testbed.json', 'testbed.json.new'];

export interface TestbedOptions extends Pick<TestbedConfiguration, 'schedulerParameters' | 'whiskPartition' | 'settings'> {
  readonly nodes: number;
  /** New or empty; its parents are made. */
  readonly directory: string;
  /** @default 4 */
  readonly cpusPerNode?: number;
  /** @default 2000 */
  readonly memoryMBPerNode?: number;
  /** With slurmdbd and a MariaDB of its own, and a QOS `pilot` with the flag NoReserve. @default false */
  readonly accounting?: boolean;
  readonly logger?: Logger;
}

export interface Testbed {
  readonly directory: string;
  /** For sbatch, squeue and the others: add it to a command's environment. */
  readonly env: { readonly SLURM_CONF: string; readonly PATH: string };
  /** `n1`, `n2`, … */
  readonly nodes: readonly string[];
  /** One line per ended job (jobcomp/filetxt): JobId=… JobState=… StartTime=… EndTime=… NodeList=… */
  readonly jobLog: string;
  /** Kills the node's slurmd; `power: true` takes its jobs' processes with it, as a power cut does. */
  stopNode(name: string, options?: { power?: boolean }): Promise<void>;
  /** Starts the node's slurmd again and waits until slurmctld can use it. */
  startNode(name: string): Promise<void>;
  /** Kills slurmctld; jobs run on. */
  stopController(): Promise<void>;
  /** Starts slurmctld again from its saved state. */
  startController(): Promise<void>;
  stop(): Promise<void>;
}

export interface TestbedStatus {
  /** `broken`: daemons or files are left, but it does not answer; `stopTestbed` clears it away. */
  readonly state: 'up' | 'broken' | 'down';
  readonly directory: string;
  /** Nodes by Slurm's state: idle, allocated, down*, … */
  readonly nodes: Readonly<Record<string, number>>;
  /** Jobs by Slurm's state. */
  readonly jobs: Readonly<Record<string, number>>;
  readonly processes: number;
}

/**
 * Starts a testbed and waits until all its nodes are idle.
 * @throws {TestbedError} when packages are missing, the directory is in use, or a daemon does not start; nothing is left then.
 */
export async function startTestbed(options: TestbedOptions): Promise<Testbed> {
  if (!Number.isInteger(options.nodes) || options.nodes < 1) throw new TestbedError('TESTBED_NODES', 'user', `a testbed has 1 node or more, not ${options.nodes}`);
  await assertTestbedPackages(undefined, options);
  const directory = await prepareDirectory(options.directory);
  const logger = options.logger ?? silentLogger;
  for (let attempt = 1; ; attempt++) {
    try {
      return await startOnce(directory, options, logger);
    } catch (error) {
      await stopTestbed(directory);
      if (attempt === startAttempts || !(error instanceof Error) || !/address already in use|EADDRINUSE/i.test(error.message)) throw error;
      logger.warn({ error: error.message }, 'testbed lost a port to somebody else; once more with others');
      await mkdir(directory, { recursive: true, mode: 0o755 });
    }
  }
}

/** The testbed of this directory, if one was started there and its slurmctld runs. */
export async function findTestbed(directory: string): Promise<Testbed | undefined> {
  const path = await realpath(directory).catch(() => undefined);
  if (path === undefined) return undefined;
  const state = await readState(path);
  const slurmctld = state?.daemons['slurmctld'];
  if (state?.ready !== true || slurmctld === undefined || !isAlive(slurmctld)) return undefined;
  return new RunningTestbed(path, state.nodes);
}

/** Ends every process of the directory's testbed and removes its files. Nothing there is no error. */
export async function stopTestbed(directory: string): Promise<void> {
  const path = await realpath(directory).catch(() => resolve(directory));
  const state = await readState(path).catch(() => undefined);
  const mark = markOf(path, state);
  const find = () => testbedProcesses(mark);
  const slurmctld = state?.daemons['slurmctld'];
  if (slurmctld !== undefined && isAlive(slurmctld)) {
    await endJobs(path, mark);
    // Asked, it takes its own children along instead of leaving them to init.
    signal(slurmctld, 'SIGTERM');
    await waitUntil('the end of slurmctld', () => isAlive(slurmctld), (alive) => !alive, { timeoutMs: slurmctldEndsMs, everyMs: 10 }).catch(() => undefined);
  }
  try {
    await killUntilGone(`the testbed's processes in ${path}`, find);
  } catch (cause) {
    throw new TestbedError('TESTBED_STOP', 'system', String(cause), { cause });
  }
  for (const entry of ownEntries) await rm(join(path, entry), { recursive: true, force: true, maxRetries: 3 });
  if (state?.socketDirectory !== undefined) await rm(state.socketDirectory, { recursive: true, force: true });
  // What others have put there stays.
  await rmdir(path).catch(() => undefined);
}

export async function testbedStatus(directory: string): Promise<TestbedStatus> {
  const path = await realpath(directory).catch(() => resolve(directory));
  const state = await readState(path).catch(() => undefined);
  const processes = testbedProcesses(markOf(path, state)).length;
  const none = { directory: path, nodes: {}, jobs: {}, processes };
  if (state === undefined && processes === 0) return { state: 'down', ...none };
  const slurmctld = state?.daemons['slurmctld'];
  if (slurmctld === undefined || !isAlive(slurmctld)) return { state: 'broken', ...none };
  try {
    const env = slurmEnvironment(path);
    const nodes = await run('sinfo', ['-h', '-p', 'prime', '-o', '%T %D'], { env, timeout: 15_000 });
    const jobs = await run('squeue', ['-h', '-r', '-o', '%T'], { env, timeout: 15_000, maxBuffer: 64 << 20 });
    return { state: state?.ready === true ? 'up' : 'broken', directory: path, nodes: tally(nodes.stdout), jobs: tally(jobs.stdout), processes };
  } catch {
    return { state: 'broken', ...none };
  }
}

class RunningTestbed implements Testbed {
  readonly directory: string;
  readonly env: { readonly SLURM_CONF: string; readonly PATH: string };
  readonly nodes: readonly string[];
  readonly jobLog: string;

  constructor(directory: string, nodes: number) {
    this.directory = directory;
    this.env = slurmEnvironment(directory);
    this.nodes = Array.from({ length: nodes }, (_, index) => nodeName(index));
    this.jobLog = join(directory, 'log', 'jobs.log');
  }

  async stopNode(name: string, options: { power?: boolean } = {}): Promise<void> {
    const state = await this.#state(name);
    if (options.power === true) return killUntilGone(`node ${name}`, () => testbedProcesses(markOf(this.directory, state), name));
    await this.#kill(state, name);
  }

  async startNode(name: string): Promise<void> {
    const state = await this.#state(name);
    const running = state.daemons[name];
    if (running !== undefined && isAlive(running)) return;
    await this.#note(state, name, await startSlurmd(this.directory, name));
    await waitUntil(`node ${name}`, async () => (await run('sinfo', ['-h', '-n', name, '-p', 'prime', '-o', '%T'], { env: this.env, timeout: 15_000 })).stdout.trim(),
      (seen) => /^[a-z]+$/.test(seen) && seen !== 'down' && seen !== 'unknown', { timeoutMs: 60_000 });
  }

  async stopController(): Promise<void> {
    await this.#kill(await this.#state(), 'slurmctld');
  }

  async startController(): Promise<void> {
    const state = await this.#state();
    const running = state.daemons['slurmctld'];
    if (running !== undefined && isAlive(running)) return;
    await this.#note(state, 'slurmctld', await startSlurmctld(this.directory, state.firstPort));
  }

  stop(): Promise<void> {
    return stopTestbed(this.directory);
  }

  async #kill(state: TestbedState, daemon: string): Promise<void> {
    const running = state.daemons[daemon];
    if (running !== undefined) await killUntilGone(daemon, () => isAlive(running) ? [running] : []);
  }

  async #note(state: TestbedState, daemon: string, started: ProcessIdentity): Promise<void> {
    await writeState(this.directory, { ...state, daemons: { ...state.daemons, [daemon]: started } });
  }

  async #state(node?: string): Promise<TestbedState> {
    const state = await readState(this.directory);
    if (state === undefined) throw new TestbedError('TESTBED_DIRECTORY', 'user', `the testbed in ${this.directory} was stopped`);
    if (node !== undefined && !this.nodes.includes(node)) throw new TestbedError('TESTBED_UNKNOWN_NODE', 'user', `the testbed has no node ${node}, only ${this.nodes[0] ?? ''} to ${this.nodes.at(-1) ?? ''}`);
    return state;
  }
}

async function startOnce(directory: string, options: TestbedOptions, logger: Logger): Promise<Testbed> {
  const startedAt = Date.now();
  const firstPort = await freePortRange(options.nodes + 2);
  const accounting = options.accounting === true ? { accountingPort: firstPort + options.nodes + 1 } : {};
  const clusterName = `testbed_${createHash('sha256').update(directory).digest('hex').slice(0, 10)}_${firstPort}`;
  const socket = await mungeSocket(directory);
  let state: TestbedState = { version: 1, clusterName, nodes: options.nodes, firstPort, ...socket, ready: false, daemons: {} };
  const note = async (daemons: Record<string, ProcessIdentity>) => {
    state = { ...state, daemons: { ...state.daemons, ...daemons } };
    await writeState(directory, state);
  };
  await note({});
  for (const entry of ['state', 'spool', 'run', 'log']) await mkdir(join(directory, entry), { mode: 0o755 });
  for (let node = 0; node < options.nodes; node++) await mkdir(join(directory, 'spool', nodeName(node)), { mode: 0o755 });
  const common = { clusterName, directory, mungeSocket: socket.mungeSocket, user: userInfo().username, hostname: hostname().split('.')[0] ?? 'localhost' };
  await writeFile(join(directory, 'slurm.conf'), slurmConfiguration({
    ...options, ...common, ...accounting, firstPort,
    cpusPerNode: options.cpusPerNode ?? 4, memoryMBPerNode: options.memoryMBPerNode ?? 2000,
  }), { mode: 0o644 });
  await note({ munged: await startMunged(directory, socket.mungeSocket) });
  if (accounting.accountingPort !== undefined) await startAccounting({ ...common, port: accounting.accountingPort }, note);
  await note({ slurmctld: await startSlurmctld(directory, firstPort) });
  const testbed = new RunningTestbed(directory, options.nodes);
  const slurmds: Record<string, ProcessIdentity> = {};
  for (let first = 0; first < options.nodes; first += slurmdsAtOnce) {
    const names = testbed.nodes.slice(first, first + slurmdsAtOnce);
    await Promise.all(names.map(async (name) => { slurmds[name] = await startSlurmd(directory, name); }));
    await note(slurmds);
  }
  await allIdle(testbed, slurmds);
  state = { ...state, ready: true };
  await writeState(directory, state);
  logger.info({ directory, nodes: options.nodes, ms: Date.now() - startedAt }, 'testbed is up');
  return testbed;
}

async function allIdle(testbed: Testbed, slurmds: Readonly<Record<string, ProcessIdentity>>): Promise<void> {
  const count = testbed.nodes.length;
  await waitUntil(`${count} idle nodes`, async () => {
    for (const [name, slurmd] of Object.entries(slurmds)) if (!isAlive(slurmd)) throw await daemonEnded(testbed.directory, name);
    const { stdout } = await run('sinfo', ['-h', '-p', 'prime', '-o', '%T %D'], { env: testbed.env, timeout: 30_000 });
    return tally(stdout);
  }, (nodes) => nodes['idle'] === count, { timeoutMs: 60_000 + 200 * count });
}

/** Lets the jobs end as Slurm would make them; whoever is deaf is killed with the rest afterwards. */
async function endJobs(directory: string, mark: TestbedMark): Promise<void> {
  const env = slurmEnvironment(directory);
  // Each job has a slurmstepd, which ends when the job has.
  const jobs = () => testbedProcesses(mark).filter(({ name }) => name === 'slurmstepd');
  if (jobs().length === 0) return;
  for (const partition of ['whisk', 'prime']) await run('scancel', ['-p', partition], { env, timeout: 15_000 }).catch(() => undefined);
  await waitUntil('the jobs to end', jobs, (left) => left.length === 0, { timeoutMs: jobsEndMs }).catch(() => undefined);
}

async function prepareDirectory(directory: string): Promise<string> {
  try {
    await mkdir(directory, { recursive: true, mode: 0o755 });
    const path = await realpath(directory);
    const entries = await readdir(path);
    if (entries.includes('testbed.json')) throw new TestbedError('TESTBED_DIRECTORY', 'user', `there is a testbed in ${path} already; stop it first`);
    if (entries.length > 0) throw new TestbedError('TESTBED_DIRECTORY', 'user', `${path} is not empty; a testbed wants a directory of its own`);
    if (/[\s#=%,"']/.test(path)) throw new TestbedError('TESTBED_DIRECTORY', 'user', `slurm.conf cannot hold the path ${path}; choose one without blanks and signs`);
    return path;
  } catch (cause) {
    if (cause instanceof TestbedError) throw cause;
    throw new TestbedError('TESTBED_DIRECTORY', 'user', `cannot use ${directory} for a testbed: ${(cause as Error).message}`, { cause });
  }
}

function markOf(directory: string, state: TestbedState | undefined): TestbedMark {
  return { directory, clusterName: state?.clusterName };
}

/** Lines of `name` or `name count`, added up by name. */
function tally(text: string): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const line of text.split('\n')) {
    const [name, count] = line.trim().split(/\s+/);
    if (name === undefined || name === '') continue;
    counts[name] = (counts[name] ?? 0) + Number(count ?? 1);
  }
  return counts;
}
