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
const kindNames = [...denseLengths.map((minutes) => `m${minutes}`), 'm15', 'm180', 'stranger'];
const states: JobState[] = ['RUNNING', 'COMPLETING', 'PREEMPTED', 'TIMEOUT', 'CANCELLED', 'FAILED'];

const minutesOf = (kind: string): number => Number(kind.slice(1)) || 4;

/** What Slurm might show, round after round, whatever was planned. */
const anySnapshots = fc.array(fc.record({
  step: fc.integer({ min: 0, max: 600_000 }),
  pending: fc.dictionary(fc.constantFrom(...kindNames), fc.nat(40), { noNullPrototype: true }),
  running: fc.dictionary(fc.constantFrom(...kindNames), fc.nat(10), { noNullPrototype: true }),
  started: fc.array(fc.record({ id: fc.nat(200), kind: fc.constantFrom(...kindNames), state: fc.constantFrom(...states), ago: fc.nat(12_000_000) }), { maxLength: 12 }),
  demand: fc.option(fc.record({ running: fc.nat(200), queued: fc.nat(500), callsPerSecond: fc.nat(2000), slotsPerInvoker: fc.integer({ min: 1, max: 32 }) }), { nil: undefined }),
}), { minLength: 1, maxLength: 12 }).map((rounds) => {
  let at = FROM;
  return rounds.map(({ step, pending, running, started, demand }): PilotSnapshot => {
    at += step;
    const jobs = started.map(({ id, kind, state, ago }): PilotJob => ({ id: String(id), kind, state, limitMinutes: minutesOf(kind), startedAt: at - ago }));
    // In some order, as if nice counted or did not.
    for (const [place, [kind, count]] of Object.entries(pending).entries()) {
      for (let task = 0; task < count; task++) jobs.push({ id: `${1000 - place}_${task}`, kind, state: 'PENDING', limitMinutes: minutesOf(kind) });
    }
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
        assert.ok(plan.submit.every(({ count, limitMinutes }) => count >= 1 && limitMinutes <= (options.site?.maxLimitMinutes ?? 90) && limitMinutes <= 1440));
        if (plan.release !== undefined) assert.ok(options.floor !== undefined && (snapshot.jobs ?? []).filter(({ state }) => state === 'RUNNING').length - plan.release.length >= options.floor);
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

  it('keeps a longer one where most of the longest live to see their limit, and no longer than the site allows', () => {
    const outliving = (limitMinutes: number, state: JobState): PilotJob[] => Array.from({ length: 6 }, (_, place) => ({
      // Its invoker left by itself, half a minute before the limit.
      id: `9${limitMinutes}_${place}`, kind: `m${limitMinutes}`, state, limitMinutes, startedAt: FROM + 1_000_000_000 - (limitMinutes - 0.5) * 60_000,
    }));
    const after = (jobs: readonly PilotJob[]): AdaptiveMemory => learn({ ...nothingLearned, at: FROM }, jobs, FROM + 1_000_000_000, {});
    const longest = (site: AdaptiveOptions['site'], memory: AdaptiveMemory): number => Math.max(...adaptive({ site: site ?? {} }).plan({ pending: {}, running: {}, nodes }, memory).submit.map(({ limitMinutes }) => limitMinutes));
    assert.equal(longest({ maxLimitMinutes: 1440 }, nothingLearned), 90);
    assert.equal(longest({ maxLimitMinutes: 1440 }, after(outliving(90, 'COMPLETED'))), 180);
    assert.equal(longest({ maxLimitMinutes: 1440 }, after(outliving(180, 'TIMEOUT'))), 360);
    assert.equal(longest({ maxLimitMinutes: 100 }, after(outliving(90, 'TIMEOUT'))), 100);
    assert.equal(longest({ maxLimitMinutes: 60 }, after(outliving(90, 'TIMEOUT'))), 60);
    assert.equal(longest({}, after(outliving(90, 'TIMEOUT'))), 90, 'nothing is known of the site');
    assert.equal(longest({ maxLimitMinutes: 1440, noReserve: true }, after(outliving(90, 'TIMEOUT'))), 180);
    const cut = outliving(90, 'PREEMPTED').map((job) => ({ ...job, id: `7${job.id}`, startedAt: FROM + 1_000_000_000 - 600_000 }));
    assert.equal(longest({ maxLimitMinutes: 1440 }, after([...outliving(90, 'TIMEOUT').slice(0, 5), ...cut])), 90, 'more were preempted before');
    assert.equal(longest({ maxLimitMinutes: 1440 }, learn(nothingLearned, outliving(90, 'TIMEOUT'), FROM + 1_000_000_000, {})), 90, 'they ended before the first look');
  });

  it('where Slurm goes by age, submits what is shorter anew behind what it refills', () => {
    const policy = adaptive({ maxPending: 19 });
    const queue = (kinds: readonly (readonly [string, number, number])[]): PilotJob[] => kinds.map(([id, limitMinutes]) => ({ id, kind: `m${limitMinutes}`, state: 'PENDING', limitMinutes }));
    const learned = (jobs: readonly PilotJob[]): boolean => learn({ ...nothingLearned, at: FROM }, jobs, FROM + 5000, {}).byAge;
    assert.equal(learned(queue([['1_0', 90, 0], ['2_0', 4, 0]])), false, 'nothing can be told');
    assert.equal(learned(queue([['3_0', 90, 0], ['2_0', 4, 0]])), false, 'the younger goes first: nice counts');
    assert.equal(learned(queue([['2_0', 4, 0], ['3_0', 90, 0]])), true);
    const byAge = learn({ ...nothingLearned, at: FROM }, queue([['2_0', 4, 0], ['3_0', 90, 0]]), FROM + 5000, {});
    assert.equal(learn(byAge, [], FROM + 10_000, {}).byAge, true, 'it remembers');
    const full = after({}, policy.plan({ pending: {}, running: {}, nodes }));
    const plan = policy.plan({ pending: { ...full, m5: 0 }, running: {}, nodes }, byAge);
    assert.deepEqual(plan.submit.map(({ kind }) => kind), ['m5', 'm4', 'm3', 'm2', 'm1']);
    assert.deepEqual(plan.cancel.map(({ kind }) => kind), ['m4', 'm3', 'm2', 'm1']);
    assert.deepEqual(after({ ...full, m5: 0 }, plan), full);
    assert.deepEqual(policy.plan({ pending: full, running: {}, nodes }, byAge).cancel, [], 'and only then');
  });

  it('gives a length the same nice in every stock, the longer the less', () => {
    const nice = (options: AdaptiveOptions, memory: AdaptiveMemory): Map<number, number> =>
      new Map(adaptive(options).plan({ pending: {}, running: {}, nodes }, memory).submit.map((pilot) => [pilot.limitMinutes, pilot.nice]));
    const [dense, fine] = [nice({}, nothingLearned), nice({}, seen(10, 120_000, 'm4', 1))];
    for (const [minutes, own] of dense) assert.equal(fine.get(minutes) ?? own, own);
    const inOrder = [...fine].sort(([a], [b]) => b - a).map(([, own]) => own);
    assert.ok(inOrder.every((own, place) => own >= 0 && (place === 0 || own > (inOrder[place - 1] ?? 0))), inOrder.join());
  });

  it('with a floor ends running pilots that nobody needs, the youngest first; never while calls run, nor without a floor', () => {
    const jobs = [started('m90', 1, FROM)[0], started('m90', 1, FROM + 2000)[0], started('m90', 1, FROM + 1000)[0]].filter((job) => job !== undefined);
    const snapshot = (running: number, at: number): PilotSnapshot => ({ pending: {}, running: { m90: 3 }, nodes, jobs, at, demand: { running, queued: 0, callsPerSecond: 0, slotsPerInvoker: 4 } });
    const policy = adaptive({ floor: 1 });
    const first = policy.plan(snapshot(0, FROM + 5000));
    assert.equal(first.release, undefined, 'a manager that restarts takes what runs for what is needed');
    assert.deepEqual(policy.plan(snapshot(0, FROM + 3_600_000), first.memory).release, [`${FROM + 1000}_0`, `${FROM + 2000}_0`]);
    assert.equal(policy.plan(snapshot(1, FROM + 3_600_000), first.memory).release, undefined);
    assert.equal(adaptive().plan(snapshot(0, FROM + 3_600_000), first.memory).release, undefined);
    assert.equal(adaptive({ floor: 0 }).plan(snapshot(0, FROM + 36_000_000), first.memory).release?.length, 3, 'a floor of 0 leaves nothing');
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
