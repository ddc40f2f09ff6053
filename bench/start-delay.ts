/**
 * How much later prime jobs begin because of pilots: a real Slurm of eight nodes, the same prime jobs (drawn from one
 * seed: which node, how long, when) in turns without and with pilots that hold every idle node and serve calls.
 * Slurm itself lets a job wait up to batch_sched_delay (3 s), so that only many jobs tell something.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installTestbedPackages } from '../src/testbed/packages.ts';
import { startTestbed, stopTestbed, type Testbed } from '../src/testbed/testbed.ts';
import { seededRandom } from '../src/traces/random.ts';
import { Platform } from '../test/support/platform.ts';
import { PrimeJobs, type StartedJob } from '../test/support/prime-jobs.ts';
import { median } from './statistics.ts';

export interface StartDelay {
  /** sbatch begun to the script's first line, ms. */
  without: number[];
  with: number[];
  /** SIGTERM of the pilot on the node (when the controller heard of it) to the prime job's first line, ms: what the pilot itself costs, the launch included. */
  handOver: number[];
  /** Difference of the medians, ms, and their ratio. */
  addedMs: number;
  ratio: number;
}

const NODES = 8;
const JOBS = 12;
const CALLS_PER_SECOND = 10;
const SEED = 7;
const LAST_START_MS = 15_000;
/** After a prime job a pilot needs its time to come back, so that the next prime job finds one. */
const REST_MS = 8_000;

/** @param rounds of one turn without and one with pilots; each round takes about two and a half minutes */
export async function benchStartDelay(rounds: number): Promise<StartDelay> {
  await installTestbedPackages();
  const directory = await mkdtemp(join(tmpdir(), 'hpcwhisk-bench-slurm-'));
  const delays = { without: [] as number[], with: [] as number[], handOver: [] as number[] };
  try {
    const testbed = await startTestbed({ nodes: NODES, directory });
    for (let round = 0; round < rounds; round++) {
      delays.without.push(...(await primeJobs(testbed, SEED + round, `without-${round}`)).map(delayOf));
      const { jobs, drains } = await withPilots(testbed, () => primeJobs(testbed, SEED + round, `with-${round}`));
      delays.with.push(...jobs.map(delayOf));
      delays.handOver.push(...jobs.flatMap((job) => handOver(job, drains)));
    }
  } finally {
    await stopTestbed(directory);
    await rm(directory, { recursive: true, force: true });
  }
  const [without, withThem] = [median(delays.without), median(delays.with)];
  return { ...delays, addedMs: withThem - without, ratio: withThem / without };
}

export function startDelayText({ without, with: withThem, handOver: handOvers, addedMs, ratio }: StartDelay): string {
  const line = (name: string, values: readonly number[]): string => {
    const sorted = [...values].sort((a, b) => a - b);
    const at = (share: number): string => ((sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN) / 1000).toFixed(2);
    return `  ${name.padEnd(16)} ${String(values.length).padStart(4)} jobs   p25 ${at(0.25)}   p50 ${(median(values) / 1000).toFixed(2)}   p75 ${at(0.75)}   p95 ${at(0.95)} s`;
  };
  return [
    'Start of prime jobs on a real Slurm of 8 nodes, sbatch to the first line of the script, in turns',
    line('without pilots', without), line('with pilots', withThem), line('of it: hand-over', handOvers),
    `  by pilots ${addedMs >= 0 ? '+' : ''}${(addedMs / 1000).toFixed(2)} s at the median, ${ratio.toFixed(2)} x`,
  ].join('\n');
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

async function withPilots(testbed: Testbed, work: () => Promise<StartedJob[]>): Promise<{ jobs: StartedJob[]; drains: Drain[] }> {
  const platform = await Platform.start(['--cluster', 'slurm', '--partition', 'whisk', '--invoker-memory', '1024'], testbed.env);
  let calls: NodeJS.Timeout | undefined;
  try {
    await platform.invokers(NODES);
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

async function primeJobs(testbed: Testbed, seed: number, directory: string): Promise<StartedJob[]> {
  const random = seededRandom(seed);
  const jobs = new PrimeJobs(testbed, directory);
  const freeFrom = new Map(Array.from({ length: NODES }, (_, index) => [`n${index + 1}`, 0]));
  for (let job = 0; job < JOBS; job++) {
    const free = [...freeFrom].filter(([, from]) => from < Date.now()).map(([node]) => node);
    const node = free[Math.floor(random() * free.length)] ?? 'n1';
    const seconds = 3 + Math.floor(random() * 6);
    freeFrom.set(node, Date.now() + seconds * 1000 + REST_MS);
    await jobs.submit(node, seconds);
    await sleep(3000 + random() * 4000);
  }
  await sleep(LAST_START_MS);
  const started = await jobs.started();
  if (started.length < JOBS) throw new Error(`only ${started.length} of ${JOBS} prime jobs began`);
  return started;
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => { setTimeout(resolve, ms); });
}
