import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { policyNames, policyOf } from '../pilots/policies.ts';
import { surfaceOfLog } from '../traces/availability.ts';
import { readNodeLog, type NodeSample } from '../traces/node-log.ts';
import { withPollGapsFilled } from '../traces/poll-gaps.ts';
import { realDay, withoutRealDay } from '../traces/real-day.test-data.ts';
import type { IdleSurface } from '../traces/surface.ts';
import { syntheticSurface } from '../traces/synthetic.ts';
import { periodShares } from './observed-harvest.ts';
import { DRAWN_SHARES, planKinds } from './planned-starts.ts';
import { parseSchedulerParameters, PROMETHEUS_PARAMETERS, SLURM_DEFAULTS } from './scheduler-parameters.ts';
import { simulateHarvest, type HarvestRequest } from './simulate-harvest.ts';

const FROM = 1_600_000_000_000;
const surfaceOf = (seed: number, minutes: number): IdleSurface =>
  syntheticSurface({ seed, minutes, from: FROM, nodes: Array.from({ length: 12 }, (_, index) => `n${index}`), meanIdleNodes: 4 });

const model: HarvestRequest['model'] = {
  scheduler: SLURM_DEFAULTS, primePending: true, priorities: true, noReserve: false, overTimeLimit: false, graceTime: 0, graceHeard: false, killWait: 30, exitMs: 100, primeStartedBy: 'main',
};

const requests = fc.record({
  surface: fc.tuple(fc.nat(1000), fc.integer({ min: 1, max: 180 })).map(([seed, minutes]) => surfaceOf(seed, minutes)),
  policy: fc.constantFrom(...policyNames).map((name) => policyOf(name)),
  plans: fc.constantFrom(...planKinds),
  startupMs: fc.integer({ min: 0, max: 30_000 }),
  seed: fc.nat(),
  model: fc.record({
    scheduler: fc.record({ bf_interval: fc.integer({ min: 1, max: 200 }), bf_resolution: fc.integer({ min: 1, max: 300 }) }).map((own) => ({ ...SLURM_DEFAULTS, ...own })),
    backfillTakes: fc.integer({ min: 0, max: 60 }), timeMin: fc.constantFrom('cut' as const, 'minimum' as const), primePending: fc.constantFrom(true, false, 'drawn' as const), priorities: fc.boolean(), noReserve: fc.boolean(), overTimeLimit: fc.boolean(),
    graceTime: fc.constantFrom(0, 0, 5, 60), graceHeard: fc.boolean(), killWait: fc.constantFrom(30, 180), exitMs: fc.integer({ min: 0, max: 60_000 }),
    primeStartedBy: fc.constantFrom('main' as const, 'backfill' as const),
  }),
});

describe('a simulated harvest, whatever the surface, the policy and the parameters', () => {
  it('covers no more than anybody could, and accounts for all idle time', async () => {
    await fc.assert(fc.asyncProperty(requests, async (request) => {
      // That no node ever has two pilots is checked by the recorder, which throws.
      const { coverage, ready, idle } = await simulateHarvest(request);
      assert.ok(coverage.pilot <= 1 + 1e-9 && coverage.ready <= coverage.bound + 1e-9 && coverage.ready <= coverage.pilot + 1e-9, JSON.stringify(coverage));
      const { never, leadIn, holes } = coverage.missed;
      if (idle.nodeSeconds > 0) assert.ok(Math.abs(coverage.pilot + never + leadIn + holes - 1) < 1e-6, JSON.stringify(coverage));
      assert.ok(Math.min(never, leadIn, holes) >= -1e-9 && ready.mean <= idle.mean + 1e-9);
    }), { numRuns: 60 });
  });

  it('delays prime jobs by the way of preemption only, and at most one backfill cycle more where backfill starts them', async () => {
    await fc.assert(fc.asyncProperty(requests, async (request) => {
      const { primeJobs } = await simulateHarvest(request);
      const { graceTime, graceHeard, killWait, exitMs, primeStartedBy, scheduler } = request.model;
      const cycle = primeStartedBy === 'main' ? 0 : scheduler.bf_interval + request.model.backfillTakes;
      const grace = graceTime === 0 || graceHeard ? 0 : graceTime + 30;
      assert.ok(primeJobs.preempting <= primeJobs.arrivals);
      assert.ok(primeJobs.delay.max <= cycle + grace + Math.min(exitMs / 1000, killWait + (graceHeard ? graceTime : 0)) + 0.1 + 1e-9);
    }), { numRuns: 30 });
  });

  it('is the same for the same seed, byte for byte', async () => {
    await fc.assert(fc.asyncProperty(requests, async (request) => {
      assert.equal(JSON.stringify(await simulateHarvest(request)), JSON.stringify(await simulateHarvest(request)));
    }), { numRuns: 20 });
  });
});

describe('levers', () => {
  const surface = surfaceOf(7, 600);
  const coverage = async (request: Partial<HarvestRequest>): Promise<number> =>
    (await simulateHarvest({ surface, policy: policyOf('fib'), plans: 'exact', startupMs: 1000, seed: 3, model, ...request })).coverage.ready;

  it('help in the order that was measured: a shorter backfill cycle, and NoReserve', async () => {
    const scheduler = (text: string): Partial<HarvestRequest> => ({ model: { ...model, scheduler: parseSchedulerParameters(text) } });
    const [paper, defaults, fast] = [await coverage(scheduler(PROMETHEUS_PARAMETERS)), await coverage({}), await coverage(scheduler('bf_interval=5,bf_resolution=10'))];
    assert.ok(paper < defaults && defaults < fast, [paper, defaults, fast].join(' '));
    assert.ok(await coverage({ policy: policyOf('single'), model: { ...model, noReserve: true } }) > defaults);
    assert.ok(await coverage({ policy: policyOf('single', { limitMinutes: 1 }), model: { ...model, overTimeLimit: true } }) > defaults);
    assert.ok(await coverage({ policy: policyOf('dense') }) > defaults);
  });

  it('bring a preempted pilot\'s node nothing where the prime job must wait for it', async () => {
    const polite = await simulateHarvest({ surface, policy: policyOf('fib'), plans: 'none', startupMs: 1000, seed: 3, model });
    const slow = await simulateHarvest({ surface, policy: policyOf('fib'), plans: 'none', startupMs: 1000, seed: 3, model: { ...model, exitMs: 60_000, killWait: 180 } });
    assert.equal(polite.primeJobs.delay.p50, 0.2);
    assert.equal(slow.primeJobs.delay.p50, 60.1);
  });
});

describe('the model on the real day', { skip: withoutRealDay }, () => {
  const samples = (): NodeSample[] => withPollGapsFilled(readNodeLog(readFileSync(realDay().nodeLog)).samples);
  const whole = (): IdleSurface => surfaceOfLog({ samples: samples(), torn: 0 });

  it('is drawn with what the day shows', () => {
    const measured = periodShares(samples(), DRAWN_SHARES.map(({ below }) => below), 150);
    for (const [index, shares] of DRAWN_SHARES.entries()) {
      for (const kind of ['open', 'blocked', 'held'] as const) assert.ok(Math.abs((measured[index]?.[kind] ?? 0) - shares[kind]) <= 0.0051, `${kind} below ${shares.below}`);
    }
  });


  it('comes near what the paper saw on it', async () => {
    const report = await simulateHarvest({
      surface: whole(), policy: policyOf('fib'), plans: 'drawn', startupMs: 12_500, seed: 1,
      model: { ...model, primePending: 'drawn', backfillTakes: 30, scheduler: parseSchedulerParameters(PROMETHEUS_PARAMETERS), exitMs: 60_000, killWait: 180 }, manager: { periodMs: 15_000 },
    });
    const near = (value: number, published: number, by: number): void => { assert.ok(Math.abs(value - published) < by, `${value} against ${published}`); };
    near(report.coverage.pilot, 0.8997, 0.02);
    near(report.coverage.ready, 0.8768, 0.03);
    near(report.coverage.missed.never, 0.059, 0.01);
    near(report.coverage.missed.leadIn, 0.044, 0.015);
    near(report.pilots.mean, 10.66, 0.4);
    for (const [index, published] of [4, 10, 14].entries()) near(report.pilots.quartiles[index] ?? 0, published, 1.5);
    near(report.pilots.noneShare, 0.0139, 0.005);
    near(report.jobs.started, 694, 70);
    near((report.jobs.byKind['m90'] ?? 0) / report.jobs.started, 327 / 694, 0.15);
    assert.ok(report.manners.looks <= 2 * (86_400 / 15 + 2));
  });

  it('is harvested by adaptive as well as by fib and dense or better, with about as many calls to Slurm as dense makes', async () => {
    const surface = whole();
    for (const parameters of [PROMETHEUS_PARAMETERS, '']) {
      for (const noReserve of [false, true]) {
        const harvest = (policy: HarvestRequest['policy']): ReturnType<typeof simulateHarvest> =>
          simulateHarvest({ surface, policy, plans: 'drawn', startupMs: 1000, seed: 1, model: { ...model, primePending: 'drawn', noReserve, scheduler: parseSchedulerParameters(parameters) } });
        const own = await harvest(policyOf('adaptive', { site: { noReserve } }));
        const [byFib, byDense] = [await harvest(policyOf('fib')), await harvest(policyOf('dense'))];
        // A hundredth of a point is chance: which of two idle nodes a pilot gets.
        assert.ok(own.coverage.ready >= Math.max(byFib.coverage.ready, byDense.coverage.ready) - 2e-4, `${parameters} ${noReserve}: ${own.coverage.ready}, ${byFib.coverage.ready}, ${byDense.coverage.ready}`);
        const calls = ({ manners }: typeof own): number => manners.submissions + manners.cancellations;
        assert.ok(calls(own) <= 1.5 * calls(byDense), `${calls(own)} against ${calls(byDense)}`);
      }
    }
  });

  it('comes near what a real Slurm brought in its gaps of up to 300 s, with NoReserve and a prime job always pending', async () => {
    const surface = whole();
    const short = { ...surface, periods: surface.periods.filter(({ start, end }) => end - start <= 300_000) };
    for (const [parameters, measured] of [['bf_interval=5,bf_resolution=10', 0.97], ['', 0.85], [PROMETHEUS_PARAMETERS, 0.534]] as const) {
      let sum = 0;
      for (const seed of [1, 2, 3]) {
        const { coverage } = await simulateHarvest({
          surface: short, policy: policyOf('single'), plans: 'none', startupMs: 100, seed, model: { ...model, noReserve: true, scheduler: parseSchedulerParameters(parameters) },
        });
        sum += coverage.pilot / 3;
      }
      assert.ok(Math.abs(sum - measured) < 0.025, `${parameters}: ${sum} against ${measured}`);
    }
  });
});

describe('parseSchedulerParameters', () => {
  it('takes what it knows of slurm.conf\'s text', () => {
    assert.deepEqual(parseSchedulerParameters(PROMETHEUS_PARAMETERS), {
      bf_interval: 120, bf_resolution: 120, bf_window: 180, bf_max_job_part: 100, bf_max_job_test: 6000, bf_max_job_start: 200, batch_sched_delay: 10, sched_min_interval: 500_000,
    });
    assert.deepEqual(parseSchedulerParameters(''), SLURM_DEFAULTS);
  });

  for (const text of ['bf_interval=x', 'bf_interval', 'bf_resolution=0', 'batch_sched_delay=-1']) {
    it(`refuses ${text}`, () => { assert.throws(() => parseSchedulerParameters(text), RangeError); });
  }
});
