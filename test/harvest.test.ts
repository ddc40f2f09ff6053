/**
 * The promise, on a real Slurm: prime jobs take and leave nodes, invokers and the controller are killed, a slurmd goes
 * away, and every accepted call still ends in exactly one record, none of them failed.
 */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import { installTestbedPackages } from '../src/testbed/packages.ts';
import { startTestbed, stopTestbed, type Testbed } from '../src/testbed/testbed.ts';
import { Platform } from './support/platform.ts';
import { finalStates, PrimeJobs } from './support/prime-jobs.ts';
import { processesWith } from './support/processes.ts';
import { waitUntil } from './support/wait-until.ts';

const NODES = 8;
const SECONDS = Number(process.env['HARVEST_SECONDS'] ?? 180);
const CALLS_PER_SECOND = 10;
const PRIME_EVERY_MS = 4_000;
const PENDING_AT_KILL = 20;

describe('the harvest on a real Slurm', () => {
  let directory: string;
  let testbed: Testbed;
  let platform: Platform;

  before(async () => {
    await installTestbedPackages();
    directory = await mkdtemp(join(tmpdir(), 'hpcwhisk-harvest-'));
    testbed = await startTestbed({ nodes: NODES, directory: join(directory, 'slurm') });
    platform = await Platform.start(['--cluster', 'slurm', '--partition', 'whisk', '--invoker-memory', '1024', '--', `--output=${join(directory, 'pilot-%j.log')}`], testbed.env);
  });
  after(async () => {
    await platform.dispose();
    await stopTestbed(testbed.directory);
    await rm(directory, { recursive: true, force: true });
  });

  it('loses no accepted call', { timeout: (SECONDS + 180) * 1000 }, async (t) => {
    await platform.invokers(NODES - 2);
    for (const work of [50, 700]) {
      const answer = await platform.request('PUT', `/api/v1/namespaces/_/actions/work${work}?overwrite=true`, {
        exec: { kind: 'nodejs:default', code: `function main({n}) { return new Promise((resolve) => setTimeout(() => resolve({n}), ${work})) }` },
      });
      assert.equal(answer.status, 200, await answer.text());
    }
    const calls = new Calls(platform);
    const prime = new PrimeJobs(testbed);
    const events = disturbances(platform, testbed, calls, t);
    const started = Date.now();
    const elapsed = (): number => Date.now() - started;
    let nextPrime = 0;
    for (let n = 0; elapsed() < SECONDS * 1000; n++) {
      calls.start(n);
      if (elapsed() >= nextPrime) {
        nextPrime += PRIME_EVERY_MS;
        await prime.submit(await nodeWithPilot(platform, n) ?? `n${1 + (n % NODES)}`, 3 + (n % 5));
      }
      const event = events[0];
      if (event !== undefined && elapsed() >= event.at * SECONDS * 1000) {
        events.shift();
        await event.happen();
      }
      const wait = (n + 1) * (1000 / CALLS_PER_SECOND) - elapsed();
      if (wait > 0) await new Promise((resolve) => { setTimeout(resolve, wait); });
    }
    assert.equal(events.length, 0, 'not every disturbance happened');
    await calls.finished();

    const preempted = (await finalStates(testbed, /whisk/i)).filter((state) => state === 'PREEMPTED').length;
    const delays = (await prime.startDelays()).sort((a, b) => a - b);
    t.diagnostic(`${calls.accepted.size} calls accepted, ${calls.unanswered} unanswered while the controller was away, ${preempted} pilots preempted, prime jobs began ${Math.round(delays[Math.floor(delays.length / 2)] ?? NaN)} ms after sbatch (median of ${delays.length})`);
    assert.deepEqual(calls.refused, [], 'calls were refused');
    assert.ok(preempted >= Math.min(20, SECONDS / 9), `only ${preempted} preemptions: the test did not test what it is for`);
    assert.ok(calls.accepted.size > 0.9 * SECONDS * CALLS_PER_SECOND);
    await everyCallHasOneGoodRecord(platform, calls);
  });
});

interface Disturbance { at: number; happen: () => Promise<void> }

/** In order; `at` is a fraction of the whole time. */
function disturbances(platform: Platform, testbed: Testbed, calls: Calls, t: TestContext): Disturbance[] {
  const killInvoker = async (): Promise<void> => {
    const { invokers } = await platform.status();
    for (const { jobId, node } of [...invokers].sort((a, b) => b.running - a.running)) {
      const raw = (await Promise.all([processesWith(`SLURM_JOB_ID=${jobId}`, 'invoker.mjs'), processesWith(`SLURMD_NODENAME=${node}`, 'invoker.mjs')]))
        .find((pids) => pids.length > 0);
      const pid = raw?.[0];
      if (pid === undefined) continue;
      process.kill(pid, 'SIGKILL');
      t.diagnostic(`killed the invoker of ${node}`);
      return;
    }
    assert.fail(`no invoker to kill: ${JSON.stringify(invokers)}`);
  };
  return [
    { at: 0.2, happen: killInvoker },
    { at: 0.4, happen: killInvoker },
    { at: 0.5, happen: async () => { await testbed.stopNode(`n${NODES}`); } },
    {
      at: 0.65,
      happen: async () => {
        await Promise.all(Array.from({ length: PENDING_AT_KILL }, (_, n) => calls.startNonBlocking(1_000_000 + n)));
        platform.kill9();
        t.diagnostic('killed the controller');
        await platform.start();
      },
    },
  ];
}

async function nodeWithPilot(platform: Platform, n: number): Promise<string | undefined> {
  const { invokers } = await platform.status();
  const healthy = invokers.filter((invoker) => invoker.state === 'healthy');
  return healthy[n % Math.max(1, healthy.length)]?.node;
}

/** Starts calls, blocking and not, short and long, and keeps what was promised. */
class Calls {
  /** Activation id to the number that its result must carry. */
  readonly accepted = new Map<string, number>();
  /** Answers that were neither 200 nor 202. */
  readonly refused: string[] = [];
  /** Connections that broke without an answer: nothing was promised. */
  unanswered = 0;
  readonly #platform: Platform;
  readonly #pending = new Set<Promise<void>>();

  constructor(platform: Platform) {
    this.#platform = platform;
  }

  start(n: number): void {
    const call = this.#call(`work${n % 3 === 0 ? 700 : 50}?blocking=${n % 2 === 0}`, n).finally(() => { this.#pending.delete(call); });
    this.#pending.add(call);
  }

  startNonBlocking(n: number): Promise<void> {
    return this.#call('work700', n);
  }

  async finished(): Promise<void> {
    await Promise.all(this.#pending);
  }

  async #call(path: string, n: number): Promise<void> {
    let text: string;
    let status: number;
    try {
      const response = await this.#platform.request('POST', `/api/v1/namespaces/_/actions/${path}`, { n });
      [status, text] = [response.status, await response.text()];
    } catch {
      this.unanswered += 1;
      return;
    }
    const body = JSON.parse(text) as { activationId?: string };
    if ((status === 200 || status === 202) && body.activationId !== undefined) this.accepted.set(body.activationId, n);
    else this.refused.push(`${status} ${text.slice(0, 1_000)}`);
  }
}

async function everyCallHasOneGoodRecord(platform: Platform, calls: Calls): Promise<void> {
  interface Summary { activationId: string; statusCode?: number }
  const list = async (): Promise<Summary[]> => {
    const all: Summary[] = [];
    for (;;) {
      const response = await platform.request('GET', `/api/v1/namespaces/_/activations?limit=200&skip=${all.length}`);
      const page = await response.json() as Summary[];
      all.push(...page);
      if (page.length < 200) return all;
    }
  };
  const missing = (records: readonly Summary[]): string[] => {
    const ids = new Set(records.map((record) => record.activationId));
    return [...calls.accepted.keys()].filter((id) => !ids.has(id));
  };
  const records = await waitUntil('every accepted call has a record', async () => {
    const found = await list();
    return missing(found).length === 0 ? found : undefined;
  }, { timeoutMs: 60_000, describe: async () => `missing: ${missing(await list()).join(' ')}; ${JSON.stringify(await platform.status())}` });
  const ids = records.map((record) => record.activationId);
  assert.equal(new Set(ids).size, ids.length, 'an activation has two records');
  const failed = records.filter((record) => calls.accepted.has(record.activationId) && record.statusCode !== 0);
  assert.deepEqual(failed, [], 'calls failed');
}
