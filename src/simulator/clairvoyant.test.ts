import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { availabilityOf, type AvailableRun } from '../traces/availability.ts';
import { daysWindow } from '../traces/local-time.ts';
import { readNodeLog } from '../traces/node-log.ts';
import { realDay, withoutRealDay } from '../traces/real-day.test-data.ts';
import { clairvoyant } from './clairvoyant.ts';
import { LENGTH_SETS, parsePilotLengths } from './pilot-lengths.ts';

/** Runs of available samples, each on a node of its own. */
function availabilityOfRuns(samples: number, runs: readonly (readonly [from: number, to: number])[]): { runs: AvailableRun[]; counts: number[] } {
  return {
    runs: runs.map(([from, to], index) => ({ node: `n${index}`, from, to })),
    counts: Array.from({ length: samples }, (_, at) => runs.filter(([from, to]) => from <= at && at < to).length),
  };
}

describe('clairvoyant', () => {
  it('puts the longest pilot that fits, then the longest that fits the rest', () => {
    // 61 samples: 4 minutes (24), again, then 2 minutes would take 12 of the 13 that are left.
    const result = clairvoyant(availabilityOfRuns(100, [[10, 71]]), { lengths: [2, 4], warmup: 2 });
    assert.deepEqual(result, {
      pilots: 3, warmupShare: 6 / 61, readyShare: 54 / 61, unusedShare: 1 / 61,
      readyQuartiles: [0, 1, 1], readyMean: 0.54, noReadyShare: 0.46,
    });
  });

  it('leaves what is too short', () => {
    const result = clairvoyant(availabilityOfRuns(20, [[0, 11], [3, 15]]), { lengths: [2], warmup: 0 });
    assert.deepEqual([result.pilots, result.readyShare, result.unusedShare], [1, 12 / 23, 11 / 23]);
  });

  it('is never ready where the warm-up is longer than the pilots', () => {
    const result = clairvoyant(availabilityOfRuns(30, [[0, 30]]), { lengths: [2], warmup: 50 });
    assert.deepEqual([result.pilots, result.readyShare, result.noReadyShare], [2, 0, 1]);
  });

  it('stands a log without an idle node', () => {
    const result = clairvoyant(availabilityOfRuns(5, []), { lengths: [2], warmup: 2 });
    assert.deepEqual([result.pilots, result.readyShare, result.unusedShare, result.noReadyShare], [0, 0, 0, 1]);
  });

  it('accounts for all idle time, and brings no less with more lengths to choose from', () => {
    const run = fc.tuple(fc.nat(300), fc.nat(300)).map(([a, b]) => [Math.min(a, b), Math.max(a, b) + 1] as const);
    fc.assert(fc.property(fc.array(run, { minLength: 1, maxLength: 20 }), fc.integer({ min: 1, max: 4 }), (runs, shortest) => {
      const availability = availabilityOfRuns(301, runs);
      const few = clairvoyant(availability, { lengths: [shortest], warmup: 0 });
      const many = clairvoyant(availability, { lengths: [shortest, 2 * shortest, 5 * shortest], warmup: 0 });
      assert.ok(Math.abs(few.readyShare + few.unusedShare - 1) < 1e-9);
      assert.equal(many.readyShare, few.readyShare);
      assert.ok(many.pilots <= few.pilots);
      assert.ok(many.readyShare <= 1);
    }));
  });

  const published: readonly [set: string, pilots: number, warmup: string, ready: string, unused: string, quartiles: readonly number[] | undefined, mean: string, none: string][] = [
    ['A1', 1248, '2.61', '89.34', '8.05', [4, 10, 14], '10.59', '1.71'],
    ['A2', 1327, '2.78', '89.17', '8.05', undefined, '10.57', '1.74'],
    ['A3', 1272, '2.66', '89.29', '8.05', undefined, '10.58', '1.69'],
    ['B', 1475, '3.09', '88.86', '8.05', undefined, '10.53', '1.79'],
    ['C1', 1294, '2.71', '89.24', '8.05', undefined, '10.58', '1.64'],
    ['C2', 840, '1.76', '90.19', '8.05', undefined, '10.69', '1.64'],
  ];
  for (const [set, pilots, warmup, ready, unused, quartiles, mean, none] of published) {
    it(`gives the published figures of 17 March 2022 for the set ${set}`, { skip: withoutRealDay }, () => {
      const { from, to } = daysWindow('2022-03-17', 'Europe/Warsaw');
      const samples = readNodeLog(readFileSync(realDay().nodeLog)).samples.filter(({ at }) => at >= from && at < to);
      const result = clairvoyant(availabilityOf(samples), { lengths: LENGTH_SETS[set]!, warmup: 2 });
      const percent = (share: number): string => (share * 100).toFixed(2);
      assert.deepEqual(
        [result.pilots, percent(result.warmupShare), percent(result.readyShare), percent(result.unusedShare), result.readyMean.toFixed(2), percent(result.noReadyShare)],
        [pilots, warmup, ready, unused, mean, none]);
      if (quartiles !== undefined) assert.deepEqual(result.readyQuartiles, quartiles);
    });
  }
});

describe('parsePilotLengths', () => {
  it('knows the sets of the paper and lists of minutes', () => {
    assert.deepEqual(parsePilotLengths('b'), [2, 4, 8, 16, 32, 64]);
    assert.equal(parsePilotLengths('C2')?.length, 60);
    assert.deepEqual(parsePilotLengths('10, 2,2'), [2, 10]);
  });

  for (const text of ['', 'A4', '0', '2,,4', '1.5', '-2', '2,x', '9999999']) {
    it(`refuses "${text}"`, () => { assert.equal(parsePilotLengths(text), undefined); });
  }
});
