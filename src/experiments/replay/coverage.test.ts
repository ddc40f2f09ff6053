import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { coverageOf } from './coverage.ts';
import { invokerLives } from './invoker-lives.ts';
import { planReplay } from './plan.ts';
import type { Sample } from './samples.ts';

const sample = (at: number, pilots: string[], healthy: string[], queued = 0): Sample => ({
  at, pilots: new Map(pilots.map((node) => [node, `job-${node}`])),
  controller: { healthy: healthy.map((node) => ({ id: `job-${node}`, node, startupMs: 100 })), draining: 0, queued },
});

describe('coverageOf', () => {
  // a is idle for 10 s, b from 5 to 10 s.
  const plan = planReplay({
    from: 0, to: 10_000, nodeCount: 2, periods: [{ node: 'a', start: 0, end: 10_000 }, { node: 'b', start: 5000, end: 10_000 }],
  }, ['a', 'b']);

  it('is the share of idle node time, as Slurm and as the controller saw it', () => {
    const coverage = coverageOf(plan, [
      sample(-1000, ['a'], ['a']),
      sample(0, [], []), sample(1000, ['a'], []), sample(2000, ['a'], ['a']), sample(3000, ['a'], ['a']), sample(4000, ['a'], []),
      sample(5000, ['a', 'b'], ['a']), sample(6000, ['a', 'b'], ['a']), sample(7000, ['a', 'b'], ['a']), sample(8000, ['a'], ['a']), sample(9000, [], [], 3),
      sample(10_000, ['a'], ['a']),
    ]);
    assert.equal(coverage.points.length, 10);
    assert.equal(coverage.slurm, 11 / 15);
    assert.equal(coverage.ready, 6 / 15);
    assert.deepEqual(coverage.missed, { neverCovered: 5 / 15, leadIn: 2 / 15, holes: 2 / 15 });
    assert.equal(coverage.noPilot, 2 / 10);
    assert.equal(coverage.noHealthy, 4 / 10);
    assert.equal(coverage.noHealthyWhileIdle, 4 / 10);
    assert.equal(coverage.longestNoHealthy, 2);
    assert.equal(coverage.healthy.mean, 0.6);
    assert.deepEqual(coverage.points[9], { at: 9, idle: 2, pilots: 0, healthy: 0, healthyAll: 0, queued: 3 });
  });

  it('does not count a pilot that is still on a node which a prime job wants', () => {
    const coverage = coverageOf(plan, [sample(0, ['a', 'b'], ['a', 'b'])]);
    assert.equal(coverage.ready, 1);
    assert.deepEqual(coverage.points[0], { at: 0, idle: 1, pilots: 1, healthy: 1, healthyAll: 2, queued: 0 });
  });

  it('weighs samples with the time they stand for, and leaves out those that failed', () => {
    const failed: Sample = { at: 2000 };
    const coverage = coverageOf(plan, [sample(0, ['a'], ['a']), failed, sample(4000, ['a'], [])]);
    assert.equal(coverage.ready, 4 / 5);
    assert.equal(coverage.minutesWithoutHealthy, 0);
  });

  it('counts minutes without any healthy invoker', () => {
    const long = planReplay({ from: 0, to: 180_000, nodeCount: 1, periods: [{ node: 'a', start: 0, end: 180_000 }] }, ['a']);
    const samples = Array.from({ length: 180 }, (_, second) => sample(second * 1000, ['a'], second < 70 ? ['a'] : []));
    const coverage = coverageOf(long, samples);
    assert.equal(coverage.minutesWithoutHealthy, 1);
    assert.equal(coverage.longestNoHealthy, 110);
  });

  it('stands a replay without a single sample', () => {
    const coverage = coverageOf(plan, []);
    assert.deepEqual([coverage.slurm, coverage.ready, coverage.noHealthy, coverage.healthy.mean], [0, 0, 0, 0]);
  });
});

it('invokerLives tells how long invokers served and how fast they came', () => {
  const lives = invokerLives([sample(0, [], ['a']), sample(1000, [], ['a', 'b']), { at: 2000 }, sample(3000, [], ['b'])]);
  assert.deepEqual(lives, { count: 2, startupSeconds: [0.1, 0.1], servedSeconds: [1, 2] });
});
