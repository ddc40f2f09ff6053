import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { NodeSample } from '../traces/node-log.ts';
import { seededRandom } from '../traces/random.ts';
import { syntheticSurface } from '../traces/synthetic.ts';
import { periodShares } from './observed-harvest.ts';
import { planOf, randomOfPlans, withShorterCycles } from './planned-starts.ts';

const SAMPLE = 10;
const CYCLE = 150;

/** A log of periods of one length: each is open, blocked or held with the given shares, and gets its pilot accordingly. */
function logOf(count: number, length: number, open: number, blocked: number): NodeSample[] {
  const random = seededRandom(5);
  const perPeriod = length / SAMPLE;
  const nodes = Array.from({ length: count }, (_, index) => {
    const kind = random();
    const untilCycle = Math.floor(random() * CYCLE / SAMPLE);
    return { node: `n${index}`, wait: kind < open ? 0 : kind < open + blocked ? untilCycle : Number.POSITIVE_INFINITY };
  });
  return Array.from({ length: perPeriod + 2 }, (_, round) => {
    const own = round >= 1 && round <= perPeriod ? nodes : [];
    return { at: round * SAMPLE * 1000, idle: own.filter(({ wait }) => round - 1 < wait).map(({ node }) => node), pilots: own.filter(({ wait }) => round - 1 >= wait).map(({ node }) => node) };
  });
}

describe('periodShares', () => {
  for (const [length, open, blocked] of [[60, 0.1, 0.5], [200, 0.3, 0.4], [1000, 0.7, 0.3], [100, 0, 0], [400, 1, 0]] as const) {
    it(`finds ${open} open and ${blocked} blocked among periods of ${length} s`, () => {
      const [shares] = periodShares(logOf(4000, length, open, blocked), [Number.POSITIVE_INFINITY], CYCLE);
      assert.ok(shares !== undefined);
      for (const [found, meant] of [[shares.open, open], [shares.blocked, blocked], [shares.held, 1 - open - blocked]] as const) {
        assert.ok(Math.abs(found - meant) < 0.05, `${found} against ${meant}`);
      }
    });
  }

  it('always gives shares, whatever the log', () => {
    const nodes = fc.subarray(['n1', 'n2', 'n3']);
    fc.assert(fc.property(fc.array(fc.tuple(nodes, nodes), { minLength: 1, maxLength: 40 }), (rounds) => {
      const samples = rounds.map(([idle, pilots], index) => ({ at: index * 10_000, idle: idle.filter((node) => !pilots.includes(node)), pilots }));
      for (const { open, blocked, held } of periodShares(samples, [50, 100, Number.POSITIVE_INFINITY], CYCLE)) {
        assert.ok(Math.min(open, blocked, held) >= 0 && Math.abs(open + blocked + held - 1) < 1e-9, `${open} ${blocked} ${held}`);
      }
    }), { numRuns: 200 });
  });
});

describe('withShorterCycles', () => {
  it('shortens the periods that the simulation then takes for held, and no others', () => {
    fc.assert(fc.property(fc.nat(1000), fc.double({ min: 0.05, max: 1, noNaN: true }), (seed, factor) => {
      const surface = syntheticSurface({ seed, minutes: 200, nodes: Array.from({ length: 12 }, (_, index) => `n${index}`) });
      const shorter = withShorterCycles(surface, seed, factor);
      const [before, after] = [randomOfPlans(seed), randomOfPlans(seed)];
      for (const [index, period] of surface.periods.entries()) {
        const own = shorter.periods[index] ?? period;
        const held = planOf('drawn', 'drawn', period, before).plannedAt === period.start;
        const stillHeld = planOf('drawn', 'drawn', own, after).plannedAt === own.start;
        assert.deepEqual([own.node, own.start, stillHeld], [period.node, period.start, held]);
        assert.ok(held ? Math.abs(own.end - own.start - (period.end - period.start) * factor) <= 1 : own.end === period.end);
      }
    }), { numRuns: 50 });
  });
});
