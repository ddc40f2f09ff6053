/**
 * `hpcwhisk replay`: a testbed for each policy, the replays beside each other, the report; then everything is taken down.
 * Several policies walk in step: where one waits for something, the others wait with it.
 */
import { access, constants, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { besideEachOther } from '../experiments/replay/beside-each-other.ts';
import { assertNeverAllIdle } from '../experiments/replay/blocking-job.ts';
import { loadSurface } from '../experiments/replay/load-surface.ts';
import { planReplay } from '../experiments/replay/plan.ts';
import { measuresOf, namesOf } from '../experiments/replay/render/side-by-side.ts';
import { ReplayError } from '../experiments/replay/replay-error.ts';
import { progressLine } from '../experiments/replay/replay-progress.ts';
import type { ReplayReport } from '../experiments/replay/replay-report.ts';
import { reportJson, writeReport } from '../experiments/replay/write-report.ts';
import type { PolicyName } from '../pilots/policies.ts';
import { installTestbedPackages } from '../testbed/packages.ts';
import { freePortRange } from '../testbed/ports.ts';
import { TestbedError } from '../testbed/testbed-error.ts';
import { startTestbed, stopTestbed, type Testbed } from '../testbed/testbed.ts';
import { packSurface } from '../traces/packing.ts';
import type { IdleSurface } from '../traces/surface.ts';
import { TraceError } from '../traces/trace-error.ts';
import { CommandError, errorText } from './command-error.ts';
import { replayOn, type ReplayLane } from './replay-lane.ts';
import { comparedText, tableTwoText } from './render/replay-table.ts';

export interface ReplayCommandOptions {
  log?: string;
  synthetic?: number;
  from?: string;
  timezone?: string;
  minutes: number;
  nodes: number;
  policy: readonly PolicyName[];
  primePending: 'always' | 'never';
  controlMinutes?: number;
  rate: number;
  functions: number;
  schedulerParameters?: string;
  report: string;
  json: boolean;
}

type Surface = Awaited<ReturnType<typeof loadSurface>>;

const EXIT_USAGE = 64;
const EXIT_UNAVAILABLE = 69;
const EXIT_INTERRUPTED = 130;

export async function runReplayCommand(options: ReplayCommandOptions): Promise<void> {
  const loaded = await clearly(() => loadSurface(surfaceRequest(options)));
  if (options.primePending === 'always') await clearly(() => Promise.resolve(loaded.surface).then((surface) => { assertSomeBusy(surface, options.nodes); }));
  await writable(options.report);
  const interrupted = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => { interrupted.abort(); });
  const directory = await mkdtemp(join(tmpdir(), 'hpcwhisk-replay-'));
  const places = options.policy.map((policy, index) => ({ policy, directory: join(directory, String(index + 1)) }));
  try {
    const reports = await clearly(async () => {
      await installTestbedPackages();
      // One after the other: they take what ports are free.
      const testbeds: Testbed[] = [];
      for (const place of places) {
        if (interrupted.signal.aborted) throw new ReplayError('EABORTED', 'the replay was stopped');
        tell(`Starting a Slurm of ${options.nodes} nodes${places.length > 1 ? ` for ${place.policy}` : ''} …`);
        testbeds.push(await startTestbed({
          nodes: options.nodes, directory: testbedOf(place),
          ...(options.schedulerParameters === undefined ? {} : { schedulerParameters: options.schedulerParameters }),
        }));
      }
      const port = await freePortRange(places.length);
      const lanes = testbeds.flatMap((testbed, index): ReplayLane[] => {
        const place = places[index];
        return place === undefined ? [] : [{ ...place, testbed, port: port + index }];
      });
      return runLanes(lanes, loaded, options, interrupted.signal);
    });
    const files = await writeReport(reports, options.report);
    console.log(options.json ? reportJson(reports) : `${summary(reports)}\n\nReport: ${files.html} and ${files.json}`);
  } finally {
    await Promise.all(places.map((place) => stopTestbed(testbedOf(place)).catch((error: unknown) => {
      tell(`the testbed of ${place.policy} could not be taken down: ${errorText(error)}`);
    })));
    await rm(directory, { recursive: true, force: true });
  }
}

async function runLanes(lanes: readonly ReplayLane[], { surface, source }: Surface, options: ReplayCommandOptions, interrupted: AbortSignal): Promise<ReplayReport[]> {
  const width = Math.max(...lanes.map(({ policy }) => policy.length));
  return besideEachOther(lanes, ({ policy }) => (lanes.length > 1 ? policy : undefined), (lane, company) => replayOn(lane, {
    ...company, surface, source, rate: options.rate, functions: options.functions, primePending: options.primePending,
    onProgress: (progress) => { tell(lanes.length > 1 ? `${lane.policy.padEnd(width)}  ${progressLine(progress)}` : progressLine(progress)); },
    ...(options.controlMinutes === undefined ? {} : { controlMs: options.controlMinutes * 60_000 }),
    ...(options.timezone === undefined ? {} : { timeZone: options.timezone }),
  }), interrupted);
}

/** Before anything is started. @throws {ReplayError} EPLAN */
function assertSomeBusy(surface: IdleSurface, nodes: number): void {
  const names = Array.from({ length: nodes }, (_, index) => `n${index + 1}`);
  assertNeverAllIdle(planReplay(packSurface(surface, names).surface, names));
}

function testbedOf({ directory }: { readonly directory: string }): string {
  return join(directory, 'slurm');
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
    if (error instanceof ReplayError) throw new CommandError(error.code, error.message, exitOf(error), { cause: error });
    throw error;
  }
}

function exitOf({ code }: ReplayError): number {
  if (code === 'EPLAN') return EXIT_USAGE;
  return code === 'EABORTED' ? EXIT_INTERRUPTED : EXIT_UNAVAILABLE;
}

function summary(reports: readonly ReplayReport[]): string {
  const [only, ...others] = reports;
  return only !== undefined && others.length === 0 ? tableTwoText(only) : comparedText(namesOf(reports), measuresOf(reports));
}

function tell(text: string): void {
  console.error(`${new Date().toTimeString().slice(0, 8)}  ${text}`);
}
