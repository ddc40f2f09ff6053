import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { policyNames, policyOf } from '../pilots/policies.ts';
import type { PrimeJob, PrimeWorkload } from './prime-workload.ts';
import { SLURM_DEFAULTS } from './scheduler-parameters.ts';
import { runWorkload, simulateWorkload, type WorkloadRequest, type WorkloadRun } from './simulate-workload.ts';
import { syntheticWorkload } from './synthetic-workload.ts';

/** A multiple of two minutes. */
const FROM = 1_600_000_080_000;
const SECOND = 1000;
const MINUTE = 60_000;
const HANDOVER = 100;

const model: WorkloadRequest['model'] = {
  scheduler: { ...SLURM_DEFAULTS, bf_interval: 30 }, backfillTakes: 0, priorities: true, noReserve: false, overTimeLimit: false, graceTime: 0, graceHeard: false, killWait: 30, exitMs: 100,
};

/** Times of jobs in seconds: submission, nodes, run time, limit. */
function workloadOf(nodeCount: number, minutes: number, jobs: readonly (readonly [submit: number, nodes: number, run: number, limit: number])[]): PrimeWorkload {
  const all = jobs.map(([submit, nodes, run, limit], index): PrimeJob =>
    ({ id: String(index + 1), submittedAt: FROM + submit * SECOND, nodes, runMs: run * SECOND, limitMs: limit * SECOND }));
  all.sort((a, b) => a.submittedAt - b.submittedAt);
  return { from: FROM, to: FROM + minutes * MINUTE, nodeCount, jobs: all, leftOut: { neverRan: 0, sizeUnknown: 0, tooLarge: 0 }, limitUnknown: 0 };
}

const requestOf = (workload: PrimeWorkload, request: Partial<WorkloadRequest> = {}): WorkloadRequest =>
  ({ workload, policy: policyOf('dense'), model, startupMs: 1000, seed: 1, ...request });

/** In whole seconds: slurmctld looks once a second, at any part of it. */
const startsOf = ({ runs }: WorkloadRun): string[] =>
  runs.map(({ job, startedBy, startedAt }) => startedAt === undefined ? `${job.id} waits` : `${job.id} by ${startedBy ?? ''} after ${Math.floor((startedAt - FROM) / 1000)} s`);

/** From SIGTERM, or its promise, until a pilot has left. */
function longestExit({ graceTime, graceHeard, killWait, exitMs }: WorkloadRequest['model']): number {
  return (graceTime === 0 || graceHeard ? 0 : (graceTime + 30) * SECOND) + Math.min(exitMs, (killWait + (graceHeard ? graceTime : 0)) * SECOND);
}

const models = fc.record({
  scheduler: fc.record({
    bf_interval: fc.integer({ min: 1, max: 120 }), bf_resolution: fc.integer({ min: 1, max: 300 }), batch_sched_delay: fc.integer({ min: 1, max: 20 }),
    bf_max_job_start: fc.constantFrom(0, 1), bf_max_job_test: fc.constantFrom(3, 500),
  }).map((own) => ({ ...SLURM_DEFAULTS, ...own })),
  backfillTakes: fc.constant(0), priorities: fc.boolean(), noReserve: fc.boolean(), overTimeLimit: fc.boolean(),
  graceTime: fc.constantFrom(0, 0, 5), graceHeard: fc.boolean(), killWait: fc.constant(30), exitMs: fc.integer({ min: 0, max: 20_000 }),
});
const NODES = 6;
const jobOf = (nodes: fc.Arbitrary<number>) => fc.tuple(fc.nat(3000), nodes, fc.integer({ min: 1, max: 1500 }), fc.integer({ min: 1, max: 40 }).map((minutes) => minutes * 60));
const requests = (nodes: fc.Arbitrary<number>): fc.Arbitrary<WorkloadRequest> => fc.record({
  workload: fc.array(jobOf(nodes), { minLength: 1, maxLength: 25 }).map((jobs) => workloadOf(NODES, 70, jobs)),
  policy: fc.constantFrom(...policyNames).map((name) => policyOf(name)),
  startupMs: fc.integer({ min: 0, max: 20_000 }), seed: fc.nat(), model: models, manager: fc.constant({ periodMs: 15_000 }),
});

describe('prime jobs in a queue', () => {
  it('start at once while there is room, and nothing overtakes in the main loop', async () => {
    const run = await runWorkload(requestOf(workloadOf(4, 60, [[10, 3, 600, 600], [20, 2, 600, 600], [30, 1, 1200, 1200]]), { model: { ...model, scheduler: { ...model.scheduler, bf_interval: 100_000 } } }), false);
    assert.deepEqual(startsOf(run), ['1 by main after 10 s', '2 by main after 610 s', '3 by main after 610 s']);
  });

  it('are backfilled where they end by their limits before those ahead begin, and not where they would not', async () => {
    // Node 4 is free until the first job's limit, 10 minutes: 9 minutes fit, 11 do not.
    for (const [limit, started] of [[540, /^3 by backfill after/], [660, /^3 by main after 610 s/]] as const) {
      const run = await runWorkload(requestOf(workloadOf(4, 60, [[10, 3, 600, 600], [20, 4, 60, 600], [21, 1, 540, limit]])), false);
      assert.match(startsOf(run)[2] ?? '', limit === 540 ? started : /^3 by main after 6[78]\d/);
      assert.equal(startsOf(run)[1], '2 by main after 610 s');
    }
  });

  it('that end before their limits bring plans forward, and end at their limits at the latest', async () => {
    const { runs } = await runWorkload(requestOf(workloadOf(2, 120, [[0, 2, 300, 3600], [1, 2, 9000, 600], [2, 2, 60, 600]])), false);
    assert.deepEqual(runs.map(({ startedAt = 0, endsAt = 0 }) => [startedAt, endsAt].map((at) => Math.floor((at - FROM) / 1000))), [[0, 300], [300, 900], [900, 960]]);
  });

  it('find pilots out of their way, by the way of preemption', async () => {
    const run = await runWorkload(requestOf(workloadOf(2, 60, [[600, 2, 600, 600]]), { model: { ...model, exitMs: 700 } }), true);
    const [prime] = run.runs;
    assert.equal(prime?.preempted, 2);
    assert.equal((prime.startedAt ?? 0) - (prime.decidedAt ?? 0), 700 + HANDOVER);
    assert.equal(run.recorder.ends['PREEMPTED'], 2);
  });

  it('hold off pilots that would still run at a planned start', async () => {
    // One of the two nodes is kept for the second job, which starts within 10 minutes: only pilots that short get in.
    const request = requestOf(workloadOf(2, 12, [[0, 1, 590, 600], [0, 2, 600, 600]]), { model: { ...model, scheduler: { ...model.scheduler, bf_interval: 10 } } });
    const long = await simulateWorkload({ ...request, policy: policyOf('single', { limitMinutes: 30 }) });
    const short = await simulateWorkload({ ...request, policy: policyOf('single', { limitMinutes: 3 }) });
    const helped = await simulateWorkload({ ...request, policy: policyOf('single', { limitMinutes: 30 }), model: { ...request.model, noReserve: true } });
    assert.equal(long.coverage.pilot, 0);
    assert.ok(short.coverage.pilot > 0.4 && helped.coverage.pilot > 0.9, `${short.coverage.pilot} ${helped.coverage.pilot}`);
    assert.ok(helped.queue.addedDelay.max <= 3 + 0.2, JSON.stringify(helped.queue.addedDelay));
  });
});

describe('a simulated workload, whatever its jobs, the policy and the parameters', () => {
  it('has no two jobs on a node, none before its submission, and no coverage above the bound', async () => {
    await fc.assert(fc.asyncProperty(requests(fc.integer({ min: 1, max: NODES })), async (request) => {
      const { runs } = await runWorkload(request, true);
      // That no node ever has two pilots is checked by the recorder, which throws.
      const taken = runs.flatMap(({ nodes = [], decidedAt, startedAt, endsAt = Number.POSITIVE_INFINITY }) => nodes.map((index) => ({ index, from: startedAt ?? decidedAt ?? 0, to: endsAt })));
      taken.sort((a, b) => a.index - b.index || a.from - b.from);
      for (const [place, each] of taken.entries()) assert.ok(taken[place + 1]?.index !== each.index || each.to <= (taken[place + 1]?.from ?? 0));
      for (const { job, startedAt = Number.POSITIVE_INFINITY } of runs) assert.ok(startedAt >= job.submittedAt);
      const { coverage, ready, idle } = await simulateWorkload(request);
      assert.ok(coverage.pilot <= 1 + 1e-9 && coverage.ready <= coverage.bound + 1e-9 && coverage.ready <= coverage.pilot + 1e-9, JSON.stringify(coverage));
      assert.ok(ready.mean <= idle.mean + 1e-9);
    }), { numRuns: 12 });
  });

  it('delays jobs that the main loop decides on by the way of preemption only', async () => {
    await fc.assert(fc.asyncProperty(requests(fc.integer({ min: 1, max: NODES })), async (request) => {
      const { runs } = await runWorkload(request, true);
      for (const { decidedBy, decidedAt = 0, startedAt, preempted } of runs) {
        if (decidedBy !== 'main' || startedAt === undefined) continue;
        assert.ok(startedAt - decidedAt <= longestExit(request.model) + HANDOVER);
        if (preempted === 0 && request.model.exitMs === 0) assert.ok(startedAt - decidedAt <= HANDOVER);
      }
    }), { numRuns: 12 });
  });

  it('starts a job that nothing stands before within a pass, the way of preemption and the hand-over', async () => {
    await fc.assert(fc.asyncProperty(requests(fc.integer({ min: 1, max: NODES })), async (request) => {
      const [first] = request.workload.jobs;
      if (first === undefined) return;
      const { runs } = await runWorkload({ ...request, workload: { ...request.workload, jobs: [first] } }, true);
      const pass = request.model.scheduler.batch_sched_delay * SECOND;
      assert.ok((runs[0]?.startedAt ?? Number.POSITIVE_INFINITY) - first.submittedAt <= pass + longestExit(request.model) + HANDOVER);
    }), { numRuns: 12 });
  });

  it('delays jobs of the whole cluster, which cannot change places, by that much for each of them at most', async () => {
    await fc.assert(fc.asyncProperty(requests(fc.constant(NODES)), async (request) => {
      const [withPilots, without] = [await runWorkload(request, true), await runWorkload(request, false)];
      const each = request.model.scheduler.batch_sched_delay * SECOND + longestExit(request.model) + HANDOVER;
      for (const [index, { startedAt }] of withPilots.runs.entries()) {
        const other = without.runs[index]?.startedAt;
        const latest = (other ?? Number.POSITIVE_INFINITY) + (index + 1) * each;
        if (latest < request.workload.to) assert.ok((startedAt ?? Number.POSITIVE_INFINITY) <= latest, `${index}: ${startedAt ?? ''} ${other ?? ''}`);
      }
    }), { numRuns: 12 });
  });

  it('is the same for the same seed, byte for byte', async () => {
    await fc.assert(fc.asyncProperty(requests(fc.integer({ min: 1, max: NODES })), async (request) => {
      assert.equal(JSON.stringify(await simulateWorkload(request)), JSON.stringify(await simulateWorkload(request)));
    }), { numRuns: 4 });
  });
});

describe('a generated workload', () => {
  it('has as many jobs as published, which end as much before their limits', () => {
    const { jobs } = syntheticWorkload({ seed: 3, minutes: 7 * 1440, nodeCount: 2239 });
    const submitted = jobs.filter(({ submittedAt }) => submittedAt >= 0);
    assert.ok(Math.abs(submitted.length / 73_977 - 1) < 0.02, String(submitted.length));
    const slack = submitted.map(({ limitMs, runMs }) => (limitMs - runMs) / MINUTE);
    for (const [share, minutes] of [[0.25, 38.6], [0.5, 59.7], [0.75, 668.7]] as const) {
      const below = slack.filter((own) => own < minutes).length / slack.length;
      assert.ok(Math.abs(below - share) < 0.01, `${below} below ${minutes} min`);
    }
    assert.ok(Math.abs(slack.reduce((sum, value) => sum + value, 0) / slack.length / 820 - 1) < 0.05);
  });

  it('keeps a cluster full, pilots or not', async () => {
    const { queue, coverage } = await simulateWorkload(requestOf(syntheticWorkload({ seed: 1, minutes: 300, nodeCount: 64, from: FROM })));
    assert.ok(queue.withPilots.utilisation > 0.98 && queue.withoutPilots.utilisation > 0.98, JSON.stringify(queue));
    assert.ok(coverage.pilot > 0.5 && coverage.ready <= coverage.bound, JSON.stringify(coverage));
  });
});
