import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { FreeCounts } from './free-counts.ts';

const SPAN = 60;

/** The same, moment by moment. */
class ByMoment {
  readonly begins: Set<number>;
  readonly counts: number[];

  constructor(begins: readonly number[], counts: readonly number[]) {
    this.begins = new Set(begins);
    this.counts = Array.from({ length: SPAN }, (_, at) => counts[begins.findLastIndex((begin) => begin <= at)] ?? 0);
  }

  stretches(from: number, to: number): number[] {
    return [...this.begins].filter((begin) => begin >= from && begin < to).sort((a, b) => a - b);
  }

  take(from: number, to: number, nodes: (begin: number) => number): void {
    const all = [...this.stretches(0, SPAN), SPAN];
    for (const [place, begin] of all.entries()) {
      if (begin >= from && begin < to) for (let at = begin; at < (all[place + 1] ?? SPAN); at++) this.counts[at] = (this.counts[at] ?? 0) - nodes(begin);
    }
  }
}

const moment = fc.integer({ min: 0, max: SPAN - 1 });
const step = fc.record({ kind: fc.constantFrom('split', 'take', 'takeByBegin', 'firstWith', 'endOfLastBelow'), from: moment, to: fc.integer({ min: 0, max: SPAN }), nodes: fc.integer({ min: 0, max: 9 }), onlyLater: fc.boolean() });

describe('free counts', () => {
  it('find and change what a look at every moment does, whatever the size of the blocks', () => {
    const starts = fc.uniqueArray(fc.integer({ min: 1, max: SPAN - 1 }), { maxLength: 20 }).map((later) => [0, ...later].sort((a, b) => a - b));
    fc.assert(fc.property(starts, fc.array(fc.nat(20), { minLength: 21, maxLength: 21 }), fc.integer({ min: 1, max: 8 }), fc.array(step, { maxLength: 40 }), (begins, counts, size, steps) => {
      const own = new FreeCounts(begins, counts.slice(0, begins.length), size);
      const expected = new ByMoment(begins, counts);
      for (const { kind, from, to, nodes, onlyLater } of steps) {
        if (kind === 'split') {
          own.split(from);
          expected.begins.add(from);
        } else if (kind === 'take') {
          own.take(from, to, nodes);
          expected.take(from, to, () => nodes);
        } else if (kind === 'takeByBegin') {
          own.takeByBegin(from, to, (begin) => begin % 3);
          expected.take(from, to, (begin) => begin % 3);
        } else if (kind === 'firstWith') {
          assert.equal(own.firstWith(nodes, from, onlyLater), expected.stretches(onlyLater ? from + 1 : from, SPAN).find((begin) => (expected.counts[begin] ?? 0) >= nodes));
        } else {
          const last = expected.stretches(from + 1, to).findLast((begin) => (expected.counts[begin] ?? 0) < nodes);
          const end = last === undefined ? undefined : expected.stretches(last + 1, SPAN)[0] ?? Number.POSITIVE_INFINITY;
          assert.equal(own.endOfLastBelow(nodes, from, to), end);
        }
      }
    }), { numRuns: 1000 });
  });
});
