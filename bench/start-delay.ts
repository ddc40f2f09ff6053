/**
 * How much later prime jobs begin because of pilots: real Slurms of eight nodes, three with pilots that hold every idle node
 * and serve calls beside three without, at the same time, and in turns; each two get the same prime jobs (drawn from one
 * seed: which node, how long, when). Slurm itself lets a job wait up to batch_sched_delay (3 s), by when its last
 * pass was, so that one start tells nothing and only many tell something: the difference comes with its confidence interval.
 *
 * Started by the main loop, or by backfill alone: there a prime job of the whole cluster waits ahead of them for an eighth
 * node, so that the main loop comes to nothing behind it. Backfill signals the pilots in one cycle and starts the job in a later one.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { installTestbedPackages } from '../src/testbed/packages.ts';
import { startTestbed, stopTestbed, type Testbed } from '../src/testbed/testbed.ts';
import { seededRandom } from '../src/traces/random.ts';
import { Platform } from '../test/support/platform.ts';
import { PrimeJobs, type StartedJob } from '../test/support/prime-jobs.ts';
import { median } from './statistics.ts';

const run = promisify(execFile);

export interface StartDelay {
  /** sbatch begun to the script's first line, ms. */
  without: number[];
  with: number[];
  /** SIGTERM of the pilot on the node (when the controller heard of it) to the prime job's first line, ms: what the pilot itself costs, the launch included. None where backfill starts the job, a cycle later. */
  handOver: number[];
  /** Difference of the medians, ms, the bounds of 95 % of its bootstrap resamples, and the ratio of the medians. */
  addedMs: number;
  addedBoundsMs: [number, number];
  ratio: number;
}

const NODES = 8;
const CALLS_PER_SECOND = 10;
const SEED = 7;

interface Situation {
  readonly schedulerParameters?: string;
  /** How many nodes pilots and prime jobs share; another prime job has the others, and one that wants all waits. */
  readonly shared: number;
  readonly jobs: number;
  /** From one submission to the next, ms, at least and at most. */
  readonly spacing: readonly [number, number];
  /** After a prime job a pilot needs its time to come back, so that the next prime job finds one. */
  readonly restMs: number;
  readonly lastStartMs: number;
}

const SITUATIONS: Readonly<Record<'main' | 'backfill', Situation>> = {
  main: { shared: NODES, jobs: 24, spacing: [3000, 7000], restMs: 8_000, lastStartMs: 15_000 },
  backfill: { schedulerParameters: 'bf_interval=10', shared: NODES - 1, jobs: 14, spacing: [6000, 12_000], restMs: 25_000, lastStartMs: 40_000 },
};
/** Testbeds with pilots, and as many without, at a time. */
const PAIRS = 3;
const RESAMPLES = 2000;

/**
 * @param by who starts the prime jobs
 * @param rounds in each of which every testbed has one turn, with pilots or without; each takes about two and a half minutes
 */
export async function benchStartDelay(by: 'main' | 'backfill', rounds: number): Promise<StartDelay> {
  const situation = SITUATIONS[by];
  await installTestbedPackages();
  const directories = await Promise.all(Array.from({ length: 2 * PAIRS }, () => mkdtemp(join(tmpdir(), 'hpcwhisk-bench-slurm-'))));
  const delays = { without: [] as number[], with: [] as number[], handOver: [] as number[] };
  try {
    const testbeds: Testbed[] = [];
    // One after another, as each looks for free ports.
    for (const directory of directories) {
      const testbed = await startTestbed({ nodes: NODES, directory, ...situation.schedulerParameters === undefined ? {} : { schedulerParameters: situation.schedulerParameters } });
      testbeds.push(testbed);
      if (situation.shared < NODES) await keepWaiting(testbed, situation.shared);
    }
    for (let round = 0; round < rounds; round++) {
      await Promise.all(testbeds.map(async (testbed, index) => {
        const seed = SEED + round * PAIRS + (index >> 1);
        const turn = (): Promise<StartedJob[]> => primeJobs(situation, testbed, seed, `round-${round}`);
        if ((index + round) % 2 === 0) {
          delays.without.push(...(await turn()).map(delayOf));
          return;
        }
        const { jobs, drains } = await withPilots(situation, testbed, turn);
        delays.with.push(...jobs.map(delayOf));
        delays.handOver.push(...jobs.flatMap((job) => handOver(job, drains)));
      }));
    }
  } finally {
    for (const directory of directories) {
      await stopTestbed(directory);
      await rm(directory, { recursive: true, force: true });
    }
  }
  const [without, withThem] = [median(delays.without), median(delays.with)];
  return { ...delays, addedMs: withThem - without, addedBoundsMs: boundsOfDifference(delays.without, delays.with), ratio: withThem / without };
}

/** Of the difference of the medians: the percentile bootstrap. */
function boundsOfDifference(without: readonly number[], withThem: readonly number[]): [number, number] {
  const random = seededRandom(SEED);
  const resample = (values: readonly number[]): number => median(values.map(() => values[Math.floor(random() * values.length)] ?? NaN));
  const differences = Array.from({ length: RESAMPLES }, () => resample(withThem) - resample(without)).sort((a, b) => a - b);
  return [differences[Math.floor(0.025 * RESAMPLES)] ?? NaN, differences[Math.floor(0.975 * RESAMPLES)] ?? NaN];
}

export function startDelayText({ without, with: withThem, handOver: handOvers, addedMs, addedBoundsMs, ratio }: StartDelay): string {
  const line = (name: string, values: readonly number[]): string => {
    const sorted = [...values].sort((a, b) => a - b);
    const at = (share: number): string => ((sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN) / 1000).toFixed(2);
    return `  ${name.padEnd(16)} ${String(values.length).padStart(4)} jobs   p25 ${at(0.25)}   p50 ${(median(values) / 1000).toFixed(2)}   p75 ${at(0.75)}   p95 ${at(0.95)} s`;
  };
  return [
    `Start of prime jobs on real Slurms of ${NODES} nodes, sbatch to the first line of the script`,
    line('without pilots', without), line('with pilots', withThem), ...handOvers.length === 0 ? [] : [line('of it: hand-over', handOvers)],
    `  by pilots ${seconds(addedMs)} s at the median (95 %: ${addedBoundsMs.map(seconds).join(' to ')} s), ${ratio.toFixed(2)} x`,
  ].join('\n');
}

function seconds(ms: number): string {
  return `${ms >= 0 ? '+' : ''}${(ms / 1000).toFixed(2)}`;
}

interface Drain { node: string; at: number }

/** Where a pilot was on the node: it was signalled at most this long before the prime job began. */
const HAND_OVER_MS = 5_000;

function handOver({ node, beganAt }: StartedJob, drains: readonly Drain[]): number[] {
  const times = drains.filter((drain) => drain.node === node && drain.at <= beganAt && drain.at > beganAt - HAND_OVER_MS).map(({ at }) => beganAt - at);
  return times.slice(-1);
}

function delayOf({ submittedAt, beganAt }: StartedJob): number {
  return beganAt - submittedAt;
}

async function withPilots(situation: Situation, testbed: Testbed, work: () => Promise<StartedJob[]>): Promise<{ jobs: StartedJob[]; drains: Drain[] }> {
  const platform = await Platform.start(['--cluster', 'slurm', '--partition', 'whisk', '--invoker-memory', '1024'], testbed.env);
  let calls: NodeJS.Timeout | undefined;
  try {
    await platform.invokers(situation.shared);
    const created = await platform.request('PUT', '/api/v1/namespaces/_/actions/busy?overwrite=true', { exec: { kind: 'nodejs:default', code: 'function main() { return {} }' } });
    if (!created.ok) throw new Error(`the action could not be created: ${await created.text()}`);
    calls = setInterval(() => {
      platform.request('POST', '/api/v1/namespaces/_/actions/busy?blocking=true', {}).then((response) => response.arrayBuffer()).catch(() => undefined);
    }, 1000 / CALLS_PER_SECOND);
    const jobs = await work();
    const log = await readFile(join(platform.state, 'controller.log'), 'utf8');
    const drains = log.split('\n').filter((entry) => entry.includes('"invoker drains"')).map((entry) => {
      const { time, invoker } = JSON.parse(entry) as { time: number; invoker: string };
      return { at: time, node: /-(n\d+)-/.exec(invoker)?.[1] ?? '' };
    });
    return { jobs, drains };
  } finally {
    clearInterval(calls);
    await platform.dispose();
  }
}

/** A prime job on each node from `shared` on, and one behind it that wants all nodes. */
async function keepWaiting(testbed: Testbed, shared: number): Promise<void> {
  const sbatch = (...args: string[]): Promise<unknown> => run('sbatch', ['--partition=prime', '--exclusive', '--time=240', '--output=/dev/null', ...args, '--wrap=sleep 14400'], { env: { ...process.env, ...testbed.env } });
  for (let node = shared + 1; node <= NODES; node++) await sbatch(`--nodelist=n${node}`);
  await sleep(5000);
  await sbatch(`--nodes=${NODES}`);
}

async function primeJobs({ shared, jobs: count, spacing, restMs, lastStartMs }: Situation, testbed: Testbed, seed: number, directory: string): Promise<StartedJob[]> {
  const random = seededRandom(seed);
  const jobs = new PrimeJobs(testbed, directory);
  const freeFrom = new Map(Array.from({ length: shared }, (_, index) => [`n${index + 1}`, 0]));
  for (let job = 0; job < count; job++) {
    const free = [...freeFrom].filter(([, from]) => from < Date.now()).map(([node]) => node);
    const node = free[Math.floor(random() * free.length)] ?? 'n1';
    const seconds = 3 + Math.floor(random() * 6);
    freeFrom.set(node, Date.now() + seconds * 1000 + restMs);
    await jobs.submit(node, seconds);
    await sleep(spacing[0] + random() * (spacing[1] - spacing[0]));
  }
  await sleep(lastStartMs);
  const started = await jobs.started();
  if (started.length < count) throw new Error(`only ${started.length} of ${count} prime jobs began`);
  return started;
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => { setTimeout(resolve, ms); });
}
