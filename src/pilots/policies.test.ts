import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { denseLengths } from './dense.ts';
import { fib, fibLengths } from './fib.ts';
import type { PilotPlan, PilotPolicy } from './pilot-policy.ts';
import { policyNames, policyOf } from './policies.ts';

const nodes = { idle: 3, total: 16 };
const anyPolicy = fc.record({ name: fc.constantFrom(...policyNames), maxPending: fc.integer({ min: 1, max: 300 }), depth: fc.integer({ min: 1, max: 40 }) })
  .map(({ name, ...options }) => ({ policy: policyOf(name, options), maxPending: options.maxPending }));

/** Pending pilots by kind: of the policy's own kinds and of others. */
function anyPending(policy: PilotPolicy): fc.Arbitrary<Record<string, number>> {
  return fc.dictionary(fc.constantFrom(...policy.kinds.map(({ kind }) => kind), 'm77', 'unknown'), fc.nat(60));
}

function carriedOut(pending: Readonly<Record<string, number>>, { submit, cancel }: PilotPlan): Record<string, number> {
  const after = { ...pending };
  for (const { kind, count } of submit) after[kind] = (after[kind] ?? 0) + count;
  for (const { kind, count } of cancel) after[kind] = (after[kind] ?? 0) - count;
  return after;
}

function total(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

describe('policies', () => {
  it('fib is the paper\'s', () => {
    const { kinds, note } = fib();
    assert.deepEqual(kinds.map(({ limitMinutes, depth, nice }) => [limitMinutes, depth, nice]), [
      [90, 10, 0], [56, 10, 100], [34, 10, 200], [22, 10, 300], [14, 10, 400], [8, 10, 500], [6, 10, 600], [4, 10, 700], [2, 10, 800],
    ]);
    assert.equal(note, undefined);
  });

  it('dense has 19 lengths from 1 minute, the longest first, within the bound', () => {
    const { kinds, note } = policyOf('dense');
    assert.deepEqual(kinds.map(({ limitMinutes }) => limitMinutes), denseLengths);
    assert.deepEqual([kinds.length, kinds[0]?.limitMinutes, kinds.at(-1)?.limitMinutes], [19, 90, 1]);
    assert.ok(kinds.every(({ nice }, index) => index === 0 || nice > kinds[index - 1]!.nice));
    assert.equal(kinds.reduce((sum, { depth }) => sum + depth, 0), 90);
    assert.match(note ?? '', /dense wants 190 pilots pending and may keep 90/);
  });

  it('single is one array of the whole backlog', () => {
    assert.deepEqual(policyOf('single', { limitMinutes: 1, maxPending: 40 }).plan({ pending: { m1: 3 }, running: {}, nodes }),
      { submit: [{ kind: 'm1', count: 37, limitMinutes: 1, nice: 0 }], cancel: [] });
  });

  it('serves the emptiest kind first', () => {
    const pending = Object.fromEntries(fibLengths.map((length) => [`m${length}`, length === 4 ? 0 : length === 56 ? 5 : 9]));
    assert.deepEqual(fib().plan({ pending, running: {}, nodes }).submit.slice(0, 2).map(({ kind, count }) => [kind, count]), [['m4', 10], ['m56', 5]]);
  });

  it('cancels what is too much and what it does not know', () => {
    assert.deepEqual(policyOf('single', { depth: 5 }).plan({ pending: { m90: 9, m8: 2 }, running: { m8: 4 }, nodes }).cancel, [{ kind: 'm90', count: 4 }, { kind: 'm8', count: 2 }]);
  });

  it('keeps within the bound with fewer places than kinds, the extremes included', () => {
    assert.deepEqual(fib({ maxPending: 3 }).kinds.map(({ limitMinutes, depth }) => [limitMinutes, depth]), [[90, 1], [14, 1], [2, 1]]);
    assert.deepEqual(fib({ maxPending: 1 }).kinds.map(({ limitMinutes }) => limitMinutes), [90]);
  });

  for (const options of [{ maxPending: 0 }, { maxPending: 1.5 }, { depth: 0 }, { limitMinutes: 0 }]) {
    it(`refuses ${JSON.stringify(options)}`, () => { assert.throws(() => policyOf('single', options), RangeError); });
  }

  it('is never above its bounds, and uses them when it wants more', () => {
    fc.assert(fc.property(anyPolicy, ({ policy: { kinds, note }, maxPending }) => {
      const depth = kinds.reduce((sum, kind) => sum + kind.depth, 0);
      assert.ok(depth <= maxPending);
      assert.ok(kinds.every((kind) => kind.depth >= 1));
      if (note !== undefined) assert.equal(depth, maxPending);
      assert.equal(new Set(kinds.map(({ kind }) => kind)).size, kinds.length);
    }));
  });

  it('converges in one round whatever stands in the queue, and then asks for nothing', () => {
    fc.assert(fc.property(anyPolicy.chain((made) => fc.record({ made: fc.constant(made), pending: anyPending(made.policy) })), ({ made: { policy, maxPending }, pending }) => {
      const plan = policy.plan({ pending, running: {}, nodes });
      const after = carriedOut(pending, plan);
      assert.ok(total(after) <= maxPending);
      assert.ok(Object.values(after).every((count) => count >= 0));
      const { submit, cancel } = policy.plan({ pending: after, running: {}, nodes });
      assert.deepEqual({ submit, cancel }, { submit: [], cancel: [] });
    }));
  });

  it('looks at the pending pilots only, unless it learns', () => {
    fc.assert(fc.property(anyPolicy.filter(({ policy }) => policy.name !== 'adaptive'), fc.dictionary(fc.constantFrom('m90', 'm2'), fc.nat(20)), fc.nat(100), ({ policy }, running, idle) => {
      assert.deepEqual(policy.plan({ pending: {}, running, nodes: { idle, total: 100 } }), policy.plan({ pending: {}, running: {}, nodes }));
    }));
  });
});
