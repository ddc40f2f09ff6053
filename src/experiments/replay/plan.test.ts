import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { syntheticSurface } from '../../traces/synthetic.ts';
import { idleNodesAt, planReplay, planUntil } from './plan.ts';

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

  it('can be cut off: nothing arrives or ends later, and nobody who is there leaves earlier', () => {
    const cut = planUntil(plan, 35_000);
    assert.equal(cut.length, 35_000);
    assert.deepEqual(cut.jobs.filter(({ arrives }) => arrives !== null), [
      { node: 'b', arrives: 20_000, ends: null }, { node: 'a', arrives: 30_000, ends: null },
    ]);
    const early = (job: { ends: number | null }): boolean => job.ends !== null && job.ends < 35_000;
    assert.deepEqual(cut.jobs.filter(early), plan.jobs.filter(early));
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
