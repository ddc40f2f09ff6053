/** One of the replays that `hpcwhisk replay` runs beside each other: a Slurm of its own, and on it the controller with its pilots as a child process. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ReplayError } from '../experiments/replay/replay-error.ts';
import type { ReplayReport } from '../experiments/replay/replay-report.ts';
import { runReplay, type ReplayOptions } from '../experiments/replay/run-replay.ts';
import type { PolicyName } from '../pilots/policies.ts';
import type { Testbed } from '../testbed/testbed.ts';
import { StateDirectory } from './state-directory.ts';

export interface ReplayLane {
  readonly policy: PolicyName;
  readonly testbed: Testbed;
  /** For the controller's state; removed by whoever made it. */
  readonly directory: string;
  /** The controller's, free. */
  readonly port: number;
}

/** A small part of what a node of 24 cores has: room for about sixty functions of the experiment. */
const INVOKER_MB = 8_000;
const START_MS = 60_000;

/** Runs the replay; the controller has ended when this settles. @throws {ReplayError} also when the controller ends on the way */
export async function replayOn(
  { policy, testbed, directory, port }: ReplayLane,
  options: Omit<ReplayOptions, 'testbed' | 'controller' | 'controllerLog' | 'startPilots' | 'policy'> & { readonly signal: AbortSignal },
): Promise<ReplayReport> {
  const state = new StateDirectory(join(directory, 'state'));
  await state.create();
  const url = `http://127.0.0.1:${port}`;
  const ended = new AbortController();
  let lost: ReplayError | undefined;
  let controller: ChildProcess | undefined;
  try {
    return await runReplay({
      ...options, testbed, policy, signal: AbortSignal.any([options.signal, ended.signal]),
      controller: { url, authKey: await state.authKey(undefined), adminToken: await state.adminToken() }, controllerLog: state.file('controller.log'),
      startPilots: async () => {
        controller = await startController(['--limits', 'unlimited', '--port', String(port), '--state', state.path, '--policy', policy], url, testbed);
        controller.once('exit', (code, signal) => {
          lost = new ReplayError('ECONTROLLER', `the controller ended on the way (${signal ?? `exit ${code}`})`);
          ended.abort();
        });
      },
    });
  } catch (error) {
    throw options.signal.aborted ? error : lost ?? error;
  } finally {
    if (controller !== undefined) await stop(controller);
  }
}

/** Starts `hpcwhisk up` on the testbed and waits until it answers. */
async function startController(args: readonly string[], url: string, testbed: Testbed): Promise<ChildProcess> {
  const child = spawn(process.execPath, [
    '--disable-warning=ExperimentalWarning', fileURLToPath(new URL('main.ts', import.meta.url)),
    'up', '--cluster', 'slurm', '--partition', 'whisk', '--invoker-memory', String(INVOKER_MB), ...args,
  ], { env: { ...process.env, ...testbed.env }, stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => { said = (said + chunk.toString()).slice(-2_000); });
  const deadline = Date.now() + START_MS;
  while (!await answers(url)) {
    if (child.exitCode !== null) throw new ReplayError('ECONTROLLER', `the controller ended with ${child.exitCode}: ${said.trim()}`);
    if (Date.now() > deadline) {
      await stop(child);
      throw new ReplayError('ECONTROLLER', `the controller does not answer after ${START_MS / 1000} s: ${said.trim()}`);
    }
    await new Promise((resolve) => { setTimeout(resolve, 100); });
  }
  return child;
}

async function answers(url: string): Promise<boolean> {
  return fetch(`${url}/ping`).then((response) => response.ok, () => false);
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  await once(child, 'exit');
}
