import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { policyNames, policyOf } from '../pilots/policies.ts';
import type { IdleSurface } from '../traces/surface.ts';
import { syntheticSurface } from '../traces/synthetic.ts';
import { arrivalKinds, defaultCallLoad } from './call-load.ts';
import { planKinds } from './planned-starts.ts';
import { SLURM_DEFAULTS } from './scheduler-parameters.ts';
import { simulateHarvest, type HarvestRequest } from './simulate-harvest.ts';
import type { CallsReport } from './simulated-calls.ts';

const RUNS = Number(process.env['FAST_CHECK_RUNS'] ?? 12);
const FROM = 1_600_000_000_000;
const model: HarvestRequest['model'] = {
  scheduler: { ...SLURM_DEFAULTS, bf_interval: 10, bf_resolution: 10 }, primePending: true, priorities: true, noReserve: false, overTimeLimit: false,
  graceTime: 0, graceHeard: false, killWait: 30, exitMs: 100, primeStartedBy: 'main',
};
const surfaceOf = (seed: number, minutes: number, idle = 3): IdleSurface =>
  syntheticSurface({ seed, minutes, from: FROM, nodes: Array.from({ length: 8 }, (_, index) => `n${index}`), meanIdleNodes: idle });
/** Nodes that come idle and are taken again as said, minutes. */
const drawn = (minutes: number, ...periods: [node: string, start: number, end: number][]): IdleSurface => ({
  from: FROM, to: FROM + minutes * 60_000, nodeCount: 4,
  periods: periods.map(([node, start, end]) => ({ node, start: FROM + start * 60_000, end: FROM + end * 60_000 })).sort((a, b) => a.start - b.start),
});

async function callsOf(request: Partial<HarvestRequest> & Pick<HarvestRequest, 'surface'>, load: Partial<typeof defaultCallLoad> & { rate?: number } = {}): Promise<CallsReport> {
  const report = await simulateHarvest({
    policy: policyOf('single'), plans: 'none', startupMs: 1000, seed: 1, model, ...request, calls: { ...defaultCallLoad, rate: 2, ...load },
  });
  assert.ok(report.calls !== undefined);
  return report.calls;
}

/** Nodes that change hands all the time: of each, how long it is busy and idle in turn, s. */
const restless = fc.array(fc.array(fc.tuple(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 5, max: 120 })), { minLength: 2, maxLength: 6 }), { minLength: 2, maxLength: 5 })
  .map((nodes): IdleSurface => {
    const periods = nodes.flatMap((turns, index) => {
      let at = FROM;
      return turns.map(([busy, idle]) => {
        const start = at + busy * 1000;
        at = start + idle * 1000;
        return { node: `n${index}`, start, end: at };
      });
    });
    return { from: FROM, to: Math.max(...periods.map(({ end }) => end)) + 5000, nodeCount: nodes.length, periods: periods.sort((a, b) => a.start - b.start) };
  });

const requests = fc.record({
  surface: fc.oneof({ weight: 1, arbitrary: fc.tuple(fc.nat(1000), fc.integer({ min: 1, max: 6 })).map(([seed, minutes]) => surfaceOf(seed, minutes)) }, { weight: 3, arbitrary: restless }),
  policy: fc.constantFrom(...policyNames).map((name) => policyOf(name)),
  plans: fc.constantFrom(...planKinds),
  startupMs: fc.constantFrom(0, 0, 1000, 15_000),
  seed: fc.nat(),
  model: fc.record({
    noReserve: fc.boolean(), overTimeLimit: fc.boolean(), graceTime: fc.constantFrom(0, 0, 5, 60), graceHeard: fc.boolean(),
    killWait: fc.constantFrom(0, 0, 1, 30), exitMs: fc.constantFrom(0, 100, 5000), primeStartedBy: fc.constantFrom('main' as const, 'backfill' as const),
  }).map((own) => ({ ...model, ...own })),
  calls: fc.record({
    rate: fc.constantFrom(0.2, 2, 10), functions: fc.integer({ min: 1, max: 40 }), callMs: fc.constantFrom(0, 10, 300, 3000, 30_000), coldMs: fc.constantFrom(0, 50, 2000),
    arrivals: fc.constantFrom(...arrivalKinds), memoryMB: fc.constantFrom(256, 1024, 32_768),
  }),
});

describe('calls in a simulation, whatever the surface, the policy, the load and the parameters', () => {
  it('have one record each when they were accepted, or are still known; and none is on a node that a prime job has', async () => {
    await fc.assert(fc.asyncProperty(requests, async (request) => {
      const ran: { node: string; from: number; to: number }[] = [];
      const prime: { node: string; wanted: number; begin: number }[] = [];
      const { calls } = await simulateHarvest({
        ...request, callsWatch: { ran: (node, from, to) => { ran.push({ node, from, to }); }, primeBegins: (node, wanted, begin) => { prime.push({ node, wanted, begin }); } },
      });
      assert.ok(calls !== undefined);
      assert.deepEqual([calls.lost, calls.twice], [0, 0]);
      assert.equal(calls.offered, calls.accepted + calls.refused);
      assert.equal(calls.accepted, calls.succeeded + calls.failed + calls.timedOut + calls.waiting);
      assert.ok(calls.unfinished >= calls.waiting && calls.unfinished <= calls.accepted);
      const { from: first, to: last, periods } = request.surface;
      const freeAfter = (node: string, at: number): number => periods.find((period) => period.node === node && period.start >= at)?.start ?? last;
      const nodes = new Set(periods.map(({ node }) => node));
      const busy = [...[...nodes].map((node) => ({ node, wanted: first, begin: first })), ...prime].map((one) => ({ ...one, end: freeAfter(one.node, one.wanted) }));
      for (const run of ran.filter(({ from }) => from < last)) {
        const both = busy.find(({ node, begin, end }) => node === run.node && Math.max(begin, run.from) < Math.min(end, run.to));
        assert.equal(both, undefined, `a call from ${run.from - first} to ${run.to - first} on ${run.node}`);
        assert.ok(nodes.has(run.node));
      }
    }), { numRuns: RUNS });
  });

  it('come out the same for the same seed, byte for byte, and otherwise for another one', async () => {
    const of = async (seed: number): Promise<string> => JSON.stringify(await callsOf({ surface: surfaceOf(5, 30), seed, policy: policyOf('fib') }, { arrivals: 'poisson' }));
    assert.equal(await of(3), await of(3));
    assert.notEqual(await of(3), await of(4));
  });
});

describe('calls in a simulation', () => {
  it('wait for the first invoker, and hear a 503 when there was none for 50 s', async () => {
    const calls = await callsOf({ surface: drawn(10, ['n1', 5, 10]) }, { rate: 1, functions: 1 });
    // A backfill cycle comes within 10 s, and 1 s later the invoker.
    assert.ok(calls.refused >= 250 && calls.refused <= 262, `${calls.refused}`);
    assert.ok(Math.abs(calls.longestRefusal - calls.refused) <= 1);
    assert.equal(calls.succeeded, 600 - calls.refused);
    assert.ok(calls.response.max > 40 && calls.response.max < 51);
    assert.equal(calls.coldStarts > 0, true);
  });

  it('are refused one and all where no node is ever idle', async () => {
    const calls = await callsOf({ surface: drawn(5) });
    assert.deepEqual([calls.offered, calls.succeeded, calls.response.p99], [600, 0, 0]);
    assert.equal(calls.refused + calls.waiting, 600);
    assert.ok(calls.waiting >= 100 && calls.waiting <= 101, `${calls.waiting}`);
  });

  it('take their own time, the way to and fro, and once for each function and invoker a container\'s', async () => {
    const calls = await callsOf({ surface: drawn(20, ['n1', 0, 20]) }, { functions: 3, callMs: 200 });
    const { response, coldStarts } = calls;
    assert.ok(Math.abs(response.p50 - 0.20058) < 1e-5, `${response.p50}`);
    // The first ones queue behind the pilot's start: more containers than functions.
    assert.ok(coldStarts >= 3 && coldStarts <= 3 * 12, `${coldStarts}`);
    assert.equal(calls.succeeded + calls.waiting, calls.offered);
  });

  it('make containers come and go where an invoker has room for few', async () => {
    const roomy = await callsOf({ surface: drawn(20, ['n1', 0, 20]) }, { functions: 10 });
    const tight = await callsOf({ surface: drawn(20, ['n1', 0, 20]) }, { functions: 10, memoryMB: 512 });
    assert.ok(tight.coldStarts > 10 * roomy.coldStarts, `${tight.coldStarts} against ${roomy.coldStarts}`);
    assert.equal(tight.succeeded, roomy.succeeded);
  });

  it('that run when their node is taken are interrupted after 0.4 s and run again on another', async () => {
    const surface = drawn(10, ['n1', 0, 5], ['n2', 0, 10], ['n3', 0, 10]);
    const long = await callsOf({ surface }, { rate: 1, callMs: 10_000 });
    assert.ok(long.interrupted > 0);
    assert.equal(long.refused + long.failed + long.timedOut, 0);
    assert.ok(long.response.max > 10.5 && long.response.p50 < 10.1);
    const short = await callsOf({ surface }, { rate: 20, callMs: 300 });
    assert.equal(short.interrupted, 0);
  });

  it('hold a prime job up by no more than the hold time', async () => {
    const surface = drawn(10, ['n1', 0, 5], ['n2', 0, 10]);
    const delayWith = async (callMs: number): Promise<number> => {
      const report = await simulateHarvest({ surface, policy: policyOf('single'), plans: 'none', startupMs: 1000, seed: 1, model, calls: { ...defaultCallLoad, rate: 4, callMs } });
      return report.primeJobs.delay.max;
    };
    assert.ok(Math.abs(await delayWith(30_000) - 0.6) < 1e-6);
    const brief = await delayWith(150);
    assert.ok(brief >= 0.2 && brief <= 0.35, `${brief}`);
  });

  it('time out when nobody runs them for a minute though there are invokers', async () => {
    const calls = await callsOf({ surface: drawn(10, ['n1', 0, 10]) }, { rate: 1, callMs: 20_000, memoryMB: 512 });
    assert.ok(calls.timedOut > 0 && calls.unfinished > 0);
    assert.equal(calls.response.p99.toFixed(0), '60');
    assert.equal(calls.lost, 0);
  });
});
