import { chmod, mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:net';
import { directoryVariable, isAlive, nodeVariable, startDaemon, type ProcessIdentity } from './processes.ts';
import { testbedPath } from './packages.ts';
import { TestbedError } from './testbed-error.ts';
import { waitUntil } from './wait-until.ts';

/** sockaddr_un holds 108 bytes; munged binds a name a little longer than the socket's. */
const longestSocketPath = 95;
const daemonTimeoutMs = 60_000;

export function slurmEnvironment(directory: string): { SLURM_CONF: string; PATH: string } {
  return { SLURM_CONF: join(directory, 'slurm.conf'), PATH: testbedPath() };
}

/** Where munged's socket goes: inside the testbed, or in a short directory of its own when that path is too long. */
export async function mungeSocket(directory: string): Promise<{ mungeSocket: string; socketDirectory?: string }> {
  const inside = join(directory, 'munge', 'socket');
  if (Buffer.byteLength(inside) <= longestSocketPath) return { mungeSocket: inside };
  const socketDirectory = await mkdtemp(join(tmpdir(), 'testbed-munge-'));
  await chmod(socketDirectory, 0o711);
  return { mungeSocket: join(socketDirectory, 'socket'), socketDirectory };
}

/** A munged of its own: own key, own socket; /etc/munge and /run/munge stay untouched. */
export async function startMunged(directory: string, socket: string): Promise<ProcessIdentity> {
  const own = join(directory, 'munge');
  await mkdir(own, { recursive: true, mode: 0o711 });
  await writeFile(join(own, 'key'), randomBytes(128), { mode: 0o600, flag: 'wx' });
  // --force: a directory above that is closed to others is an error for a system's munged, and what a private one wants.
  const started = await startDaemon('munged', [
    '--foreground', '--force', `--socket=${socket}`, `--key-file=${own}/key`, `--pid-file=${own}/pid`, `--seed-file=${own}/seed`,
    `--log-file=${own}/log`,
  ], daemonEnvironment(directory), logFile(directory, 'munged'));
  await answers(directory, 'munged', started, () => reaches({ path: socket }));
  return started;
}

export async function startSlurmctld(directory: string, port: number): Promise<ProcessIdentity> {
  const started = await startDaemon('slurmctld', ['-D'], daemonEnvironment(directory), logFile(directory, 'slurmctld'));
  await answers(directory, 'slurmctld', started, () => reaches({ port, host: '127.0.0.1' }));
  return started;
}

/** A daemon that only some testbeds have, when it answers. */
export async function startAnsweringDaemon(
  directory: string, program: string, args: readonly string[], at: { path: string } | { port: number; host: string }, env: NodeJS.ProcessEnv = {},
): Promise<ProcessIdentity> {
  const started = await startDaemon(program, args, { ...daemonEnvironment(directory), ...env }, logFile(directory, program));
  await answers(directory, program, started, () => reaches(at));
  return started;
}

/** Does not wait for it to register with slurmctld. */
export function startSlurmd(directory: string, node: string): Promise<ProcessIdentity> {
  return startDaemon('slurmd', ['-D', '-N', node], { ...daemonEnvironment(directory), [nodeVariable]: node }, logFile(directory, node));
}

/** The error of a daemon that ended by itself, with the last lines of its log: the files may be gone when it is read. */
export async function daemonEnded(directory: string, name: string): Promise<TestbedError> {
  const log = await readFile(logFile(directory, name), 'utf8').catch(() => '');
  const lines = log.trim().split('\n').filter((line) => /error|fatal/i.test(line)).slice(-3);
  return new TestbedError('TESTBED_START', 'system', `${name} ended at once: ${lines.join(' | ') || log.trim().slice(-300) || 'it said nothing'}`);
}

function daemonEnvironment(directory: string): NodeJS.ProcessEnv {
  return { ...slurmEnvironment(directory), LC_ALL: 'C', [directoryVariable]: directory };
}

function logFile(directory: string, name: string): string {
  return join(directory, 'log', `${name}.log`);
}

async function answers(directory: string, name: string, daemon: ProcessIdentity, look: () => Promise<boolean>): Promise<void> {
  const seen = await waitUntil(`${name} to answer`, async () => !isAlive(daemon) ? 'ended' : await look() ? 'answers' : 'silent',
    (state) => state !== 'silent', { timeoutMs: daemonTimeoutMs, everyMs: 20 });
  if (seen === 'ended') throw await daemonEnded(directory, name);
}

function reaches(to: { path: string } | { port: number; host: string }): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(to);
    socket.once('connect', () => { socket.destroy(); resolve(true); });
    socket.once('error', () => { resolve(false); });
  });
}
