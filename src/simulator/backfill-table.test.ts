import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { BackfillTable } from './backfill-table.ts';

const RESOLUTION = 10;
const WINDOW = 300;
const NOW = 1005;

interface Held { readonly index: number; readonly start: number; readonly end: number }

/** What the table is to find, looked for moment by moment and node by node. */
function firstStart(freeAt: readonly number[], held: readonly Held[], wanted: number, limit: number): { at: number; nodes: number[] } | undefined {
  for (let at = NOW; at <= NOW + WINDOW; at++) {
    const nodes = [...freeAt.keys()].filter((index) => (freeAt[index] ?? 0) <= at && !held.some((each) => each.index === index && each.start < at + limit && each.end > at));
    if (nodes.length >= wanted) return { at, nodes: at === NOW ? nodes : nodes.slice(0, wanted) };
  }
  return undefined;
}

describe('the table of a backfill cycle', () => {
  it('finds the first moment at which enough nodes are free for long enough, whatever is planned', () => {
    const job = fc.record({ wanted: fc.integer({ min: 1, max: 5 }), limit: fc.integer({ min: 1, max: 200 }) });
    fc.assert(fc.property(fc.array(fc.integer({ min: 900, max: 1400 }), { minLength: 5, maxLength: 40 }), fc.array(job, { maxLength: 25 }), (freeAt, jobs) => {
      const table = new BackfillTable(Float64Array.from(freeAt), NOW, WINDOW, RESOLUTION);
      const held: Held[] = [];
      for (const { wanted, limit } of jobs) {
        const expected = firstStart(freeAt, held, wanted, limit);
        const found = table.firstStart(wanted, limit);
        assert.deepEqual(found, expected);
        if (found === undefined) continue;
        const nodes = found.nodes.slice(0, wanted);
        const down = (at: number): number => Math.floor(at / RESOLUTION) * RESOLUTION;
        if (found.at === NOW) table.occupy(nodes, limit);
        else table.plan(nodes, found.at, limit);
        const [start, end] = found.at === NOW ? [NOW, NOW + limit] : [down(found.at), down(found.at + limit)];
        if (end > Math.max(start, NOW)) for (const index of nodes) held.push({ index, start, end });
      }
    }), { numRuns: 300 });
  });

  it('rounds plans down to bf_resolution, so that what ends before must end before that', () => {
    const table = new BackfillTable(Float64Array.from([0, 1058]), NOW, WINDOW, RESOLUTION);
    table.plan([0, 1], 1058, 100);
    assert.deepEqual([table.plannedAt(0), table.plannedAt(1)], [1050, 1050]);
    assert.deepEqual(table.firstStart(1, 45), { at: NOW, nodes: [0] });
    // 1058 + 100, rounded down.
    assert.deepEqual(table.firstStart(1, 46), { at: 1150, nodes: [0] });
    assert.equal(table.firstStart(3, 1), undefined);
  });
});
