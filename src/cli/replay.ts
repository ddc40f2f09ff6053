/** `hpcwhisk replay`: a testbed, the controller with its pilots as a child process, the replay, the report; then everything is taken down. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { access, constants, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadSurface, type LoadedSurface } from '../experiments/replay/load-surface.ts';
import { tableTwo } from '../experiments/replay/render/table-two.ts';
import { ReplayError } from '../experiments/replay/replay-error.ts';
import { progressLine } from '../experiments/replay/replay-progress.ts';
import type { ReplayReport } from '../experiments/replay/replay-report.ts';
import { runReplay } from '../experiments/replay/run-replay.ts';
import { writeReport } from '../experiments/replay/write-report.ts';
import type { PolicyName } from '../pilots/policies.ts';
import { installTestbedPackages } from '../testbed/packages.ts';
import { freePortRange } from '../testbed/ports.ts';
import { TestbedError } from '../testbed/testbed-error.ts';
import { startTestbed, stopTestbed, type Testbed } from '../testbed/testbed.ts';
import { TraceError } from '../traces/trace-error.ts';
import { CommandError, errorText } from './command-error.ts';
import { StateDirectory } from './state-directory.ts';

export interface ReplayCommandOptions {
  log?: string;
  synthetic?: number;
  from?: string;
  timezone?: string;
  minutes: number;
  nodes: number;
  policy: PolicyName;
  controlMinutes?: number;
  rate: number;
  functions: number;
  schedulerParameters?: string;
  report: string;
  json: boolean;
}

/** A small part of what a node of 24 cores has: room for about sixty functions of the experiment. */
const INVOKER_MB = 8_000;
const START_MS = 60_000;
const EXIT_USAGE = 64;
const EXIT_UNAVAILABLE = 69;
const EXIT_INTERRUPTED = 130;

export async function runReplayCommand(options: ReplayCommandOptions): Promise<void> {
  const loaded = await clearly(() => loadSurface(surfaceRequest(options)));
  await writable(options.report);
  const interrupted = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => { interrupted.abort(); });
  const directory = await mkdtemp(join(tmpdir(), 'hpcwhisk-replay-'));
  const testbedDirectory = join(directory, 'slurm');
  try {
    const report = await clearly(async () => {
      await installTestbedPackages();
      tell(`Starting a Slurm of ${options.nodes} nodes …`);
      const testbed = await startTestbed({
        nodes: options.nodes, directory: testbedDirectory,
        ...(options.schedulerParameters === undefined ? {} : { schedulerParameters: options.schedulerParameters }),
      });
      return replayOn(testbed, directory, loaded, options, interrupted.signal);
    });
    const files = await writeReport(report, options.report);
    console.log(options.json ? JSON.stringify(report) : `${summary(report)}\n\nReport: ${files.html} and ${files.json}`);
  } finally {
    await stopTestbed(testbedDirectory);
    await rm(directory, { recursive: true, force: true });
  }
}

async function replayOn(testbed: Testbed, directory: string, { surface, source }: LoadedSurface, options: ReplayCommandOptions, signal: AbortSignal): Promise<ReplayReport> {
  const state = new StateDirectory(join(directory, 'state'));
  await state.create();
  const port = await freePortRange(1);
  const url = `http://127.0.0.1:${port}`;
  let controller: ChildProcess | undefined;
  try {
    return await runReplay({
      surface, source, testbed, policy: options.policy, rate: options.rate, functions: options.functions, signal,
      controller: { url, authKey: await state.authKey(undefined), adminToken: await state.adminToken() },
      startPilots: async () => { controller = await startController(['--limits', 'unlimited', '--port', String(port), '--state', state.path, '--policy', options.policy], url, testbed); },
      onProgress: (progress) => { tell(progressLine(progress)); },
      ...(options.controlMinutes === undefined ? {} : { controlMs: options.controlMinutes * 60_000 }),
      ...(options.timezone === undefined ? {} : { timeZone: options.timezone }),
    });
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

function surfaceRequest(options: ReplayCommandOptions): Parameters<typeof loadSurface>[0] {
  const { log, synthetic, from, timezone, minutes, nodes } = options;
  if (log !== undefined) return { log, minutes, ...(from === undefined ? {} : { from }), ...(timezone === undefined ? {} : { timeZone: timezone }) };
  if (synthetic !== undefined) return { seed: synthetic, minutes, nodes };
  throw new CommandError('EUSAGE', 'name a node log with --log FILE, or a generated surface with --synthetic SEED', EXIT_USAGE);
}

/** Better now than after half an hour. */
async function writable(directory: string): Promise<void> {
  try {
    await mkdir(directory, { recursive: true });
    await access(directory, constants.W_OK);
  } catch (error) {
    throw new CommandError('EREPORT', `the report cannot be written to ${directory}: ${errorText(error)}`, 73, { cause: error });
  }
}

async function clearly<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof TraceError) throw new CommandError(error.code, error.message, EXIT_USAGE, { cause: error });
    if (error instanceof TestbedError) throw new CommandError(error.code, error.message, EXIT_UNAVAILABLE, { cause: error });
    if (error instanceof ReplayError) throw new CommandError(error.code, error.message, error.code === 'EABORTED' ? EXIT_INTERRUPTED : EXIT_UNAVAILABLE, { cause: error });
    throw error;
  }
}

function summary(report: ReplayReport): string {
  const sections = tableTwo(report);
  const rows = sections.flatMap((section) => section.rows);
  const width = (cells: readonly string[]): number => Math.max(...cells.map((cell) => cell.length));
  const widths = [width(rows.map((row) => row.label)), width(['paper: fib', ...rows.map((row) => row.fib)]), width(['paper: var', ...rows.map((row) => row.var)])];
  const line = (cells: readonly string[]): string => `  ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd();
  return sections.map((section) => [
    line([section.title.toUpperCase(), 'paper: fib', 'paper: var', 'this run']),
    ...section.rows.map((row) => line([row.label, row.fib, row.var, row.run])),
  ].join('\n')).join('\n\n');
}

function tell(text: string): void {
  console.error(`${new Date().toTimeString().slice(0, 8)}  ${text}`);
}
