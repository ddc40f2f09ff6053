import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { syntheticSurface } from '../../traces/synthetic.ts';
import { idleNodesAt, planReplay } from './plan.ts';
import { burstsOf } from './start-delay-control.ts';

describe('planReplay', () => {
  const surface = {
    from: 1000, to: 101_000, nodeCount: 4,
    periods: [
      { node: 'a', start: 1000, end: 31_000 }, { node: 'b', start: 11_000, end: 21_000 }, { node: 'd', start: 41_000, end: 101_000 },
      { node: 'a', start: 51_000, end: 61_000 },
    ],
  };
  const plan = planReplay(surface, ['a', 'b', 'c', 'd']);

  it('has a prime job wherever a node is not idle', () => {
    assert.equal(plan.length, 100_000);
    assert.deepEqual(plan.idleAtBegin, ['a']);
    assert.deepEqual(plan.jobs, [
      { node: 'b', arrives: null, ends: 10_000 },
      { node: 'c', arrives: null, ends: null },
      { node: 'd', arrives: null, ends: 40_000 },
      { node: 'b', arrives: 20_000, ends: null },
      { node: 'a', arrives: 30_000, ends: 50_000 },
      { node: 'a', arrives: 60_000, ends: null },
    ]);
  });

  it('tells which nodes are idle when', () => {
    assert.deepEqual([0, 10_000, 29_999, 30_000, 45_000, 99_999].map((at) => idleNodesAt(plan, at)), [['a'], ['a', 'b'], ['a'], [], ['d'], ['d']]);
  });

  it('has bursts of arrivals, which the control repeats', () => {
    const arrivals = [5, 5.2, 5.9, 20, 30, 30.1].map((second, index) => ({ node: `n${index}`, arrives: second * 1000, ends: null }));
    const bursty = { ...plan, jobs: [{ node: 'x', arrives: null, ends: null }, ...arrivals] };
    assert.deepEqual(burstsOf(bursty, 6, 9), [3, 1, 2]);
    assert.deepEqual(burstsOf(bursty, 4, 9), [3, 1]);
    assert.deepEqual(burstsOf(bursty, 5, 2), [2, 1, 2]);
    assert.deepEqual(burstsOf(bursty, 8, 9), [3, 1, 2, 1, 1]);
    assert.deepEqual(burstsOf({ ...plan, jobs: [] }, 2, 9), [1, 1]);
  });

  it('never has a node both idle and held, nor neither', () => {
    const nodes = Array.from({ length: 6 }, (_, index) => `n${index}`);
    fc.assert(fc.property(fc.integer(), fc.integer({ min: 0, max: 30 * 60_000 - 1 }), (seed, at) => {
      const drawn = planReplay(syntheticSurface({ seed, minutes: 30, nodes, meanIdleNodes: 3 }), nodes);
      const held = drawn.jobs.filter(({ arrives, ends }) => (arrives ?? -1) <= at && at < (ends ?? Number.POSITIVE_INFINITY)).map(({ node }) => node);
      assert.deepEqual([...held, ...idleNodesAt(drawn, at)].toSorted(), nodes);
    }), { numRuns: 200 });
  });
});
