import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { JobState, PilotJob } from '../slurm/slurm.ts';
import { cycleOf, learn, nothingLearned, type AdaptiveMemory } from './adaptive-memory.ts';
import { adaptive, type AdaptiveOptions } from './adaptive.ts';
import { denseLengths } from './dense.ts';
import type { PilotPlan, PilotSnapshot } from './pilot-policy.ts';

const FROM = 1_600_000_000_000;
const nodes = { idle: 1, total: 16 };
const kindNames = [...denseLengths.map((minutes) => `m${minutes}`), 'm15', 'stranger'];
const states: JobState[] = ['RUNNING', 'COMPLETING', 'PREEMPTED', 'TIMEOUT', 'CANCELLED', 'FAILED'];

/** What Slurm might show, round after round, whatever was planned. */
const anySnapshots = fc.array(fc.record({
  step: fc.integer({ min: 0, max: 600_000 }),
  pending: fc.dictionary(fc.constantFrom(...kindNames), fc.nat(40), { noNullPrototype: true }),
  running: fc.dictionary(fc.constantFrom(...kindNames), fc.nat(10), { noNullPrototype: true }),
  started: fc.array(fc.record({ id: fc.nat(200), kind: fc.constantFrom(...kindNames), state: fc.constantFrom(...states), ago: fc.nat(300_000) }), { maxLength: 12 }),
  demand: fc.option(fc.record({ running: fc.nat(200), queued: fc.nat(500), callsPerSecond: fc.nat(2000), slotsPerInvoker: fc.integer({ min: 1, max: 32 }) }), { nil: undefined }),
}), { minLength: 1, maxLength: 12 }).map((rounds) => {
  let at = FROM;
  return rounds.map(({ step, pending, running, started, demand }): PilotSnapshot => {
    at += step;
    const jobs = started.map(({ id, kind, state, ago }): PilotJob => ({ id: String(id), kind, state, limitMinutes: 4, startedAt: at - ago }));
    return { pending, running, nodes, jobs, at, ...demand === undefined ? {} : { demand } };
  });
});

const anyOptions = fc.record({
  maxPending: fc.integer({ min: 1, max: 200 }),
  floor: fc.nat(30),
  site: fc.record({ noReserve: fc.boolean(), overTimeLimit: fc.boolean(), backfillDepth: fc.integer({ min: 1, max: 200 }), maxLimitMinutes: fc.integer({ min: 1, max: 300 }) }, { requiredKeys: [] }),
}, { requiredKeys: [] });

function after(pending: Readonly<Record<string, number>>, { submit, cancel }: PilotPlan): Record<string, number> {
  const counts = { ...pending };
  for (const { kind, count } of submit) counts[kind] = (counts[kind] ?? 0) + count;
  for (const { kind, count } of cancel) counts[kind] = (counts[kind] ?? 0) - count;
  return counts;
}

const sum = (counts: Readonly<Record<string, number>>): number => Object.values(counts).reduce((total, count) => total + count, 0);

function started(kind: string, count: number, at: number): PilotJob[] {
  return Array.from({ length: count }, (_, place) => ({ id: `${at}_${place}`, kind, state: 'RUNNING', limitMinutes: 4, startedAt: at }));
}

/** Waves of starts, a period apart. */
function seen(waves: number, periodMs: number, kind: string, count: number): AdaptiveMemory {
  let memory = nothingLearned;
  for (let wave = 0; wave < waves; wave++) memory = learn(memory, started(kind, count, FROM + wave * periodMs), FROM + wave * periodMs + 1000, {});
  return memory;
}

function depths(options: AdaptiveOptions, memory: AdaptiveMemory): Record<string, number> {
  return Object.fromEntries(adaptive(options).plan({ pending: {}, running: {}, nodes }, memory).submit.map(({ kind, count }) => [kind, count]));
}

describe('adaptive, whatever Slurm shows', () => {
  it('never has more pending than its bound and than backfill looks at, nor cancels what is not there', () => {
    fc.assert(fc.property(anyOptions, anySnapshots, (options, snapshots) => {
      const policy = adaptive(options);
      const most = Math.min(options.maxPending ?? 90, options.site?.backfillDepth ?? Number.POSITIVE_INFINITY);
      let memory: AdaptiveMemory | undefined;
      for (const snapshot of snapshots) {
        const plan = policy.plan(snapshot, memory);
        const counts = after(snapshot.pending, plan);
        assert.ok(sum(counts) <= most, `${sum(counts)} pending, ${most} allowed`);
        assert.ok(Object.values(counts).every((count) => count >= 0));
        assert.ok(plan.submit.every(({ count, limitMinutes }) => count >= 1 && limitMinutes <= (options.site?.maxLimitMinutes ?? 90)));
        memory = plan.memory;
      }
    }));
  });

  it('plans the same from the same, also when its memory has been through JSON', () => {
    fc.assert(fc.property(anyOptions, anySnapshots, (options, snapshots) => {
      const [one, other] = [adaptive(options), adaptive(options)];
      let memory: AdaptiveMemory | undefined;
      for (const snapshot of snapshots) {
        const plan = one.plan(snapshot, memory);
        const copy = memory === undefined ? undefined : JSON.parse(JSON.stringify(memory)) as AdaptiveMemory;
        assert.deepEqual(JSON.parse(JSON.stringify(other.plan(snapshot, copy))), JSON.parse(JSON.stringify(plan)));
        assert.ok(one.explain(snapshot, plan.memory).every((sentence) => /^[A-Z].*\.$/.test(sentence)));
        memory = plan.memory;
      }
    }));
  });
});

describe('adaptive', () => {
  it('keeps one kind where the site lets a pilot into every gap', () => {
    assert.deepEqual(depths({ site: { noReserve: true } }, nothingLearned), { m90: 90 });
    assert.deepEqual(depths({ site: { overTimeLimit: true } }, nothingLearned), { m1: 90 });
    assert.deepEqual(depths({ site: { noReserve: true, overTimeLimit: true, maxLimitMinutes: 30, backfillDepth: 45 } }, nothingLearned), { m30: 40 });
  });

  it('begins as dense does, and keeps most of what cycles take most of', () => {
    const begin = depths({}, nothingLearned);
    assert.equal(Object.keys(begin).length, denseLengths.length);
    assert.ok(Object.values(begin).every((depth) => depth >= 4 && depth <= 5));
    const learned = depths({}, seen(8, 30_000, 'm4', 9));
    assert.ok((learned['m4'] ?? 0) > 2 * (begin['m4'] ?? 0), JSON.stringify(learned));
    assert.ok(Object.values(learned).every((depth) => depth >= 1));
    assert.equal(sum(learned), 90);
  });

  it('takes a kind that was used up for one that might have been taken twice as often', () => {
    const memory = learn({ ...nothingLearned, at: FROM, left: { m4: 5 } }, started('m4', 5, FROM + 1000), FROM + 2000, {});
    assert.equal(memory.peaks['m4'], 10);
  });

  it('finds out the period of the cycles, and takes finer lengths where it is long', () => {
    assert.equal(cycleOf(seen(3, 120_000, 'm4', 1)), undefined);
    assert.equal(cycleOf(seen(10, 120_000, 'm4', 1)), 120_000);
    assert.ok('m15' in depths({}, seen(10, 120_000, 'm4', 1)));
    assert.ok(!('m15' in depths({}, seen(10, 30_000, 'm4', 1))));
  });

  it('forgets a burst by and by', () => {
    const memory = learn(seen(1, 30_000, 'm4', 16), [], FROM + 1000 + 4 * 3_600_000, {});
    assert.ok(Math.abs((memory.peaks['m4'] ?? 0) - 8) < 0.01);
  });

  it('cancels a surplus only where its place is needed', () => {
    const policy = adaptive();
    const full = after({}, policy.plan({ pending: {}, running: {}, nodes }));
    const uneven = { ...full, m4: 1, m90: (full['m90'] ?? 0) + 3 };
    const plan = policy.plan({ pending: uneven, running: {}, nodes });
    assert.equal(plan.submit.find(({ kind }) => kind === 'm4')?.count, (full['m4'] ?? 0) - 1);
    assert.equal(sum(after(uneven, plan)), 90);
    assert.deepEqual(policy.plan({ pending: { ...full, m4: (full['m4'] ?? 0) - 1 }, running: {}, nodes }).submit, []);
  });

  it('with a floor keeps that many, grows with the calls at once and shrinks when they cease', () => {
    const policy = adaptive({ floor: 2, site: { noReserve: true } });
    const round = (running: number, at: number, queued: number, memory?: AdaptiveMemory, pending = 0): PilotPlan => policy.plan({
      pending: { m90: pending }, running: { m90: running }, nodes, jobs: [], at, demand: { running: 0, queued, callsPerSecond: 0, slotsPerInvoker: 4 },
    }, memory);
    const quiet = round(0, FROM, 0);
    assert.deepEqual(quiet.submit.map(({ count }) => count), [2]);
    assert.deepEqual(round(2, FROM, 0).submit, []);
    const busy = round(2, FROM + 5000, 40, quiet.memory);
    assert.deepEqual(busy.submit.map(({ count }) => count), [13], '40 calls on invokers of 4, half as many again, less the two that run');
    const later = round(2, FROM + 5000 + 3_600_000, 0, busy.memory, 13);
    assert.deepEqual(later, { submit: [], cancel: [{ kind: 'm90', count: 13 }], memory: later.memory });
    assert.match(policy.explain({ pending: {}, running: { m90: 2 }, nodes }, later.memory).join(' '), /nothing pending, because the invokers that run are enough/);
  });

  for (const options of [{ maxPending: 0 }, { floor: -1 }, { floor: 0.5 }, { site: { backfillDepth: 0 } }, { site: { maxLimitMinutes: 0.5 } }]) {
    it(`refuses ${JSON.stringify(options)}`, () => { assert.throws(() => adaptive(options), RangeError); });
  }
});
