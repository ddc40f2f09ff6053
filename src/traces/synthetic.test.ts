import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { demonstrationSurface } from './demonstration.ts';
import { periodsByNode } from './surface.ts';
import type { SurfaceStatistics } from './surface-statistics.ts';
import { surfaceStatistics } from './surface-statistics.ts';
import { syntheticSurface, WEEK } from './synthetic.ts';

const names = (count: number): string[] => Array.from({ length: count }, (_, index) => `n${index + 1}`);
const WEEK_MINUTES = 7 * 24 * 60;

function near(actual: number, expected: number, share: number, what: string): void {
  assert.ok(Math.abs(actual - expected) <= share * expected, `${what}: ${actual} instead of about ${expected}`);
}

function checkAgainst(statistics: SurfaceStatistics, periods: [number, number, number], idleMean: number): void {
  periods.forEach((expected, index) => { near(statistics.periods.quartiles[index]!, expected, 0.2, `quartile ${index + 1} of the periods`); });
  near(statistics.idleNodes.mean, idleMean, 0.2, 'mean of idle nodes');
}

describe('syntheticSurface', () => {
  it('follows the statistics of the production day', () => {
    const statistics = surfaceStatistics(syntheticSurface({ seed: 5, minutes: WEEK_MINUTES, nodes: names(64) }));
    checkAgainst(statistics, [53.6, 128.7, 504], 11.85);
    near(statistics.idleNodes.quartiles[0], 5, 0.4, 'first quartile of idle nodes');
    near(statistics.idleNodes.quartiles[2], 16, 0.25, 'third quartile of idle nodes');
  });

  it('follows the statistics of the week', () => {
    const statistics = surfaceStatistics(syntheticSurface({ seed: 6, minutes: WEEK_MINUTES, nodes: names(64), profile: WEEK }));
    checkAgainst(statistics, [62, 124, 237], 9.23);
    near(statistics.noneIdle.share, 0.101, 0.7, 'share without an idle node');
  });

  it('scales with the number of nodes', () => {
    const statistics = surfaceStatistics(syntheticSurface({ seed: 7, minutes: WEEK_MINUTES, nodes: names(12) }));
    near(statistics.idleNodes.mean, 11.85 / 4, 0.25, 'mean of idle nodes');
  });

  it('gives the same surface for the same seed, another for another', () => {
    const request = { minutes: 120, nodes: names(8) };
    assert.deepEqual(syntheticSurface({ seed: 1, ...request }), syntheticSurface({ seed: 1, ...request }));
    assert.notDeepEqual(syntheticSurface({ seed: 1, ...request }).periods, syntheticSurface({ seed: 2, ...request }).periods);
  });

  it('lies inside its window', () => {
    fc.assert(fc.property(fc.integer(), fc.integer({ min: 1, max: 20 }), (seed, count) => {
      const surface = syntheticSurface({ seed, minutes: 30, nodes: names(count), from: 1_000_000 });
      assert.equal(surface.to, 1_000_000 + 30 * 60_000);
      for (const { start, end } of surface.periods) assert.ok(surface.from <= start && start < end && end <= surface.to);
    }), { numRuns: 50 });
  });
});

describe('demonstrationSurface', () => {
  it('has an idle node at once, and is never without one for more than a minute', () => {
    fc.assert(fc.property(fc.integer(), fc.integer({ min: 1, max: 12 }), (seed, count) => {
      const surface = demonstrationSurface(seed, names(count));
      assert.ok(surface.periods.some((period) => period.start === 0 && period.end >= 600_000));
      assert.ok(surfaceStatistics(surface).noneIdle.longestSeconds <= 60);
      for (const periods of periodsByNode(surface).values()) {
        periods.slice(1).forEach((period, index) => { assert.ok(period.start > periods[index]!.end, 'periods of a node touch'); });
      }
    }), { numRuns: 100 });
  });
});
