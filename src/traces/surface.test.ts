import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { packSurface } from './packing.ts';
import type { IdlePeriod, IdleSurface } from './surface.ts';
import { cutSurface, idleSteps, periodsByNode } from './surface.ts';
import { quantile, surfaceStatistics } from './surface-statistics.ts';
import { TraceError } from './trace-error.ts';
import { cutWindow } from './window.ts';

const surfaceOf = (to: number, nodeCount: number, ...periods: [string, number, number][]): IdleSurface => ({
  from: 0, to, nodeCount, periods: periods.map(([node, start, end]) => ({ node, start, end })),
});

const generated = fc.array(fc.record({ start: fc.integer({ min: 0, max: 99_000 }), length: fc.integer({ min: 1, max: 40_000 }) }), { maxLength: 40 })
  .map((drawn): IdleSurface => {
    const periods: IdlePeriod[] = drawn.map(({ start, length }, index) => ({ node: `x${index}`, start, end: Math.min(100_000, start + length) }));
    return { from: 0, to: 100_000, nodeCount: 100, periods: periods.sort((a, b) => a.start - b.start) };
  });
const names = (count: number): string[] => Array.from({ length: count }, (_, index) => `n${index + 1}`);
const idleAt = (surface: IdleSurface, at: number): number => surface.periods.filter(({ start, end }) => start <= at && at < end).length;

describe('idleSteps', () => {
  it('counts idle nodes', () => {
    const steps = idleSteps(surfaceOf(100, 3, ['a', 10, 40], ['b', 20, 100], ['c', 40, 50]));
    assert.deepEqual(steps, [{ at: 0, idle: 0 }, { at: 10, idle: 1 }, { at: 20, idle: 2 }, { at: 50, idle: 1 }]);
  });

  it('agrees with counting at any time', () => {
    fc.assert(fc.property(generated, fc.integer({ min: 0, max: 99_999 }), (surface, at) => {
      assert.equal(idleSteps(surface).findLast((step) => step.at <= at)?.idle, idleAt(surface, at));
    }));
  });
});

describe('surfaceStatistics', () => {
  it('weighs the number of idle nodes with time', () => {
    const statistics = surfaceStatistics(surfaceOf(100_000, 4, ['a', 0, 50_000], ['b', 10_000, 30_000], ['a', 80_000, 90_000]));
    assert.deepEqual(statistics, {
      idleNodes: { quartiles: [0, 1, 1], mean: 0.8, max: 2 },
      noneIdle: { share: 0.4, longestSeconds: 30 },
      periods: { count: 3, quartiles: [15, 20, 35], mean: 80 / 3 },
      idleNodeSeconds: 80, idleShare: 0.2,
    });
  });

  it('stands an empty surface', () => {
    const statistics = surfaceStatistics(surfaceOf(60_000, 4));
    assert.equal(statistics.noneIdle.share, 1);
    assert.deepEqual(statistics.periods, { count: 0, quartiles: [0, 0, 0], mean: 0 });
  });

  it('interpolates quantiles', () => {
    assert.deepEqual([0, 0.25, 0.5, 1].map((share) => quantile([10, 20, 30, 40], share)), [10, 17.5, 25, 40]);
    assert.equal(quantile([], 0.5), 0);
  });
});

describe('cutWindow', () => {
  // 2022-03-17 00:00:04 in Warsaw, and a day of it.
  const from = 1_647_471_604_000;
  const surface: IdleSurface = { from, to: from + 86_390_000, nodeCount: 1, periods: [{ node: 'a', start: from + 3_600_000, end: from + 7_200_000 }] };

  it('finds a time of the local day', () => {
    const window = cutWindow(surface, { from: '01:30', minutes: 30 });
    assert.equal(new Date(window.from).toISOString(), '2022-03-17T00:30:00.000Z');
    assert.deepEqual(window.periods, [{ node: 'a', start: window.from, end: window.to }]);
    assert.equal(new Date(cutWindow(surface, { from: '01:30', minutes: 5, timeZone: 'UTC' }).from).toISOString(), '2022-03-17T01:30:00.000Z');
  });

  it('takes the begin of the trace by default, and midnight for a log that starts with its first sample after it', () => {
    assert.equal(cutWindow(surface, { minutes: 1 }).from, from);
    assert.equal(cutWindow(surface, { from: '00:00', minutes: 1 }).from, from - 4000);
  });

  it('stands a change of the clocks', () => {
    const night = Date.UTC(2022, 2, 26, 23); // The clocks of Warsaw went forward at 01:00 UTC on the 27th.
    const window = cutWindow({ ...surface, from: night, to: night + 86_400_000 }, { from: '05:00', minutes: 1 });
    assert.equal(new Date(window.from).toISOString(), '2022-03-27T03:00:00.000Z');
  });

  for (const request of [{ from: '23:45', minutes: 30 }, { from: '25:00', minutes: 1 }, { from: 'noon', minutes: 1 }, { minutes: 0 }, { minutes: Number.NaN }, { from: '01:00', minutes: 1, timeZone: 'Mars/Olympus' }]) {
    it(`refuses ${JSON.stringify(request)}`, () => {
      assert.throws(() => cutWindow(surface, request), (error) => error instanceof TraceError && error.code === 'EWINDOW');
    });
  }
});

it('cutSurface never keeps anything outside the window', () => {
  fc.assert(fc.property(generated, fc.integer({ min: 0, max: 50_000 }), fc.integer({ min: 50_001, max: 100_000 }), (surface, from, to) => {
    const cut = cutSurface(surface, from, to);
    for (const { start, end } of cut.periods) assert.ok(from <= start && start < end && end <= to);
    assert.equal(idleAt(cut, from), idleAt(surface, from));
  }));
});

describe('packSurface', () => {
  it('keeps the number of idle nodes where there are nodes enough', () => {
    fc.assert(fc.property(generated, fc.integer({ min: 0, max: 99_999 }), (surface, at) => {
      const packed = packSurface(surface, names(80), { minBusyMs: 0 });
      assert.equal(packed.kept, 1);
      assert.equal(idleAt(packed.surface, at), idleAt(surface, at));
    }));
  });

  it('cuts the number of idle nodes at the number of nodes', () => {
    fc.assert(fc.property(generated, fc.integer({ min: 1, max: 10 }), fc.integer({ min: 0, max: 99_999 }), (surface, count, at) => {
      const packed = packSurface(surface, names(count), { minBusyMs: 0, minIdleMs: 1 });
      assert.ok(packed.kept <= 1);
      assert.equal(idleAt(packed.surface, at), Math.min(count, idleAt(surface, at)));
    }));
  });

  it('leaves room for a prime job between two periods of a node', () => {
    fc.assert(fc.property(generated, fc.integer({ min: 1, max: 10 }), (surface, count) => {
      for (const periods of periodsByNode(packSurface(surface, names(count), { minBusyMs: 2000 }).surface).values()) {
        periods.slice(1).forEach((period, index) => { assert.ok(period.start >= periods[index]!.end + 2000); });
      }
    }));
  });

  it('tells what did not fit', () => {
    const surface = surfaceOf(100_000, 9, ['a', 0, 50_000], ['b', 10_000, 60_000], ['c', 20_000, 40_000]);
    const packed = packSurface(surface, ['n1'], { minBusyMs: 0 });
    assert.deepEqual([packed.delayed, packed.dropped], [1, 1]);
    assert.equal(packed.kept, 60 / 120);
    assert.deepEqual(packed.surface.periods, [{ node: 'n1', start: 0, end: 50_000 }, { node: 'n1', start: 50_000, end: 60_000 }]);
  });
});
