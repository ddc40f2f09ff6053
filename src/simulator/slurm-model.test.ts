import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { EventClock } from './event-clock.ts';
import { HarvestRecorder } from './harvest-recorder.ts';
import { SLURM_DEFAULTS } from './scheduler-parameters.ts';
import { SlurmModel } from './slurm-model.ts';
import type { SlurmModelOptions } from './slurm-model-options.ts';

/** A multiple of two minutes. */
const START = 1_600_000_080_000;
const MINUTE = 60_000;

const defaults: SlurmModelOptions = {
  scheduler: { ...SLURM_DEFAULTS, bf_interval: 30, bf_resolution: 60 }, primePending: true, priorities: true, noReserve: false, overTimeLimit: false,
  graceTime: 0, graceHeard: false, killWait: 30, exitMs: 100, primeStartedBy: 'main', phases: { backfill: 0.5, main: 0.5, limitCheck: 0 },
};

function world(options: Partial<SlurmModelOptions> = {}, nodes = ['n1', 'n2']) {
  const clock = new EventClock(START);
  const recorder = new HarvestRecorder(() => clock.now());
  const slurm = new SlurmModel(clock, nodes, 10, { ...defaults, ...options }, recorder);
  const running = (): string[] => slurm.running().map(({ node, kind, startedAt }) => `${kind} on ${node ?? ''} after ${((startedAt ?? 0) - START) / 1000} s`);
  const pilot = (limitMinutes: number, count = 1, nice = 0) => slurm.submit({ kind: `m${limitMinutes}`, count, limitMinutes, nice });
  return { clock, recorder, slurm, running, pilot, after: (seconds: number) => clock.run(START + seconds * 1000) };
}

describe('the model of Slurm', () => {
  it('starts pilots in backfill cycles only, while a prime job waits', async () => {
    const { slurm, pilot, running, after } = world();
    await pilot(8);
    slurm.primeLeaves('n1');
    await after(14);
    assert.deepEqual(running(), []);
    await after(15);
    assert.deepEqual(running(), ['m8 on n1 after 15 s']);
    assert.deepEqual(await slurm.nodes(), { idle: 0, total: 10 });
  });

  it('starts them in the main loop as soon as a node is left, whatever is planned, while none does', async () => {
    const { slurm, pilot, running, after } = world({ primePending: false, scheduler: { ...defaults.scheduler, batch_sched_delay: 4 } });
    await pilot(90);
    await after(10);
    slurm.primeLeaves('n1', START + MINUTE);
    await after(11);
    assert.deepEqual(running(), ['m90 on n1 after 10 s']);
  });

  it('starts what is submitted at the next whole second, batch_sched_delay after what was submitted before', async () => {
    const { slurm, pilot, running, after } = world({ primePending: false, scheduler: { ...defaults.scheduler, batch_sched_delay: 4 }, phases: { backfill: 0.9, main: 0.505, limitCheck: 0 } });
    for (const node of ['n1', 'n2']) slurm.primeLeaves(node);
    await after(2);
    await pilot(8);
    await after(3.5);
    await pilot(2);
    await after(9);
    assert.deepEqual(running(), ['m8 on n1 after 2.3 s', 'm2 on n2 after 6.3 s']);
  });

  it('starts prime jobs in the main loop, sched_min_interval after the pass that preempted for them', async () => {
    const phases = { backfill: 0.5, main: 0.505, limitCheck: 0 };
    const { slurm, pilot, after, clock, recorder } = world({ scheduler: { ...defaults.scheduler, sched_min_interval: 500_000 }, phases });
    await pilot(8);
    slurm.primeLeaves('n1');
    slurm.primeLeaves('n2');
    await after(20);
    slurm.primeWants('n1', 'submitted');
    slurm.primeWants('n2', 'freed');
    await after(25);
    // The pass for the freed one takes the other along. Without a pilot the start is the pass itself.
    assert.deepEqual([recorder.delays, recorder.otherDelays], [[600], [0]]);
    clock.at(START + 25_000, () => { slurm.primeLeaves('n2'); });
    await after(26);
    slurm.primeWants('n2', 'submitted');
    await after(30);
    assert.deepEqual(recorder.otherDelays, [0, 300]);
  });

  it('lets in what ends before the planned start, rounded down to bf_resolution', async () => {
    // The cycle is at 15 s: an end at 2:15 fits a plan for 3:00, not one for 2:59.
    for (const [plan, started] of [[180, ['m2 on n1 after 15 s']], [179, []]] as const) {
      const { slurm, pilot, running, after } = world();
      await pilot(2);
      slurm.primeLeaves('n1', START + plan * 1000);
      await after(20);
      assert.deepEqual(running(), started);
    }
  });

  it('takes a pilot with NoReserve for one of a minute, and lets it have its whole limit', async () => {
    const { slurm, pilot, running, after, recorder } = world({ noReserve: true });
    await pilot(90);
    slurm.primeLeaves('n1', START + 2 * MINUTE);
    await after(89 * 60);
    assert.deepEqual(running(), ['m90 on n1 after 15 s']);
    await after(90 * 60 + 15);
    assert.deepEqual([running(), recorder.ends], [[], { TIMEOUT: 1 }]);
  });

  it('gives a pilot with --time-min what fits before the planned start, or just the minimum, and the whole limit in the main loop', async () => {
    for (const [timeMin, primePending, limit] of [['cut', true, 6], ['minimum', true, 2], ['cut', false, 120], ['minimum', false, 120]] as const) {
      const { slurm, after } = world({ timeMin, primePending, phases: { backfill: 0.5, main: 0.1, limitCheck: 0 } });
      await slurm.submit({ kind: 'v120', count: 1, limitMinutes: 120, timeMinMinutes: 2, nice: 0 });
      slurm.primeLeaves('n1', START + 7 * MINUTE);
      await after(20);
      assert.deepEqual(slurm.running().map(({ limitMinutes }) => limitMinutes), [limit]);
    }
    for (const timeMin of ['cut', 'minimum'] as const) {
      const { slurm, after, running } = world({ timeMin });
      await slurm.submit({ kind: 'v120', count: 1, limitMinutes: 120, timeMinMinutes: 2, nice: 0 });
      slurm.primeLeaves('n1', START + 2 * MINUTE);
      await after(60);
      assert.deepEqual(running(), []);
    }
  });

  it('lets a pilot with OverTimeLimit run until a prime job comes', async () => {
    const { slurm, pilot, running, after } = world({ overTimeLimit: true });
    await pilot(1);
    slurm.primeLeaves('n1');
    await after(5 * 3600);
    assert.deepEqual(running(), ['m1 on n1 after 15 s']);
  });

  it('goes by nice where priorities count, else by age', async () => {
    for (const [priorities, first] of [[true, 'm90'], [false, 'm2']] as const) {
      const { slurm, pilot, running, after } = world({ priorities });
      await pilot(2, 1, 100);
      await pilot(90, 1, 0);
      slurm.primeLeaves('n1');
      await after(20);
      assert.deepEqual(running(), [`${first} on n1 after 15 s`]);
    }
  });

  it('keeps within bf_window, bf_max_job_part and bf_max_job_start', async () => {
    const one = world({ scheduler: { ...defaults.scheduler, bf_window: 60 } });
    await one.pilot(61);
    await one.pilot(60);
    for (const node of ['n1', 'n2']) one.slurm.primeLeaves(node);
    await one.after(20);
    assert.deepEqual(one.running(), ['m60 on n1 after 15 s']);
    const two = world({ scheduler: { ...defaults.scheduler, bf_max_job_part: 3 } });
    await two.pilot(90, 3);
    await two.pilot(2);
    two.slurm.primeLeaves('n1', START + 10 * MINUTE);
    await two.after(50);
    assert.deepEqual(two.running(), []);
    const three = world({ scheduler: { ...defaults.scheduler, bf_max_job_start: 1 } });
    await three.pilot(8, 2);
    for (const node of ['n1', 'n2']) three.slurm.primeLeaves(node);
    await three.after(20);
    assert.equal(three.running().length, 1);
    await three.after(50);
    assert.equal(three.running().length, 2);
  });

  it('gives a node back as soon as the pilot has left', async () => {
    const { slurm, pilot, after, clock, recorder } = world({ exitMs: 700 });
    await pilot(8);
    slurm.primeLeaves('n1');
    clock.at(START + MINUTE, () => { slurm.primeArrives('n1'); });
    await after(60);
    assert.equal((await slurm.pilots())[0]?.state, 'COMPLETING');
    await after(61);
    assert.deepEqual((await slurm.pilots()).map(({ state }) => state), ['PREEMPTED']);
    assert.deepEqual([recorder.delays, recorder.harvested], [[800], [{ node: 'n1', start: START + 15_000, end: START + MINUTE }]]);
  });

  it('waits no longer than KillWait, and with an unheard GraceTime until a check finds it over', async () => {
    const delayOf = async (options: Partial<SlurmModelOptions>): Promise<number | undefined> => {
      const { slurm, pilot, after, clock, recorder } = world(options);
      await pilot(8);
      slurm.primeLeaves('n1');
      clock.at(START + 61_000, () => { slurm.primeArrives('n1'); });
      await after(200);
      return recorder.delays[0];
    };
    assert.equal(await delayOf({ exitMs: 600_000 }), 30_100);
    // Checks are at 60, 90, 120 s: the grace that began at 61 s is found over at 90 s.
    assert.equal(await delayOf({ graceTime: 5 }), 29_000 + 100 + 100);
    assert.equal(await delayOf({ graceTime: 30 }), 59_000 + 100 + 100);
    assert.equal(await delayOf({ graceTime: 30, graceHeard: true }), 200);
  });

  it('lets a prime job that only backfill starts wait for the cycle after the pilot has left', async () => {
    const { slurm, pilot, after, clock, recorder } = world({ primeStartedBy: 'backfill' });
    await pilot(8);
    slurm.primeLeaves('n1');
    clock.at(START + 50_000, () => { slurm.primeArrives('n1'); });
    await after(80);
    // Cycles are at 15, 45, 75 s.
    assert.deepEqual(recorder.delays, [25_100]);
  });

  it('cancels pending and running pilots, singly and by array', async () => {
    const { slurm, pilot, running, after, recorder } = world();
    const array = await pilot(8, 3);
    slurm.primeLeaves('n1');
    await after(20);
    await slurm.cancel([`${array}_1`]);
    assert.deepEqual((await slurm.pilots()).map(({ id, state }) => `${id} ${state}`), ['1_2 PENDING', '1_0 RUNNING', '1_1 CANCELLED']);
    await slurm.cancel([array]);
    await after(21);
    assert.deepEqual([running(), recorder.ends], [[], { CANCELLED: 1 }]);
    await after(400);
    assert.deepEqual(await slurm.pilots(), []);
  });
});

describe('the clock of the simulation', () => {
  it('goes from event to event, and waits for promises in between', async () => {
    const clock = new EventClock(0);
    const seen: string[] = [];
    const note = (text: string): void => { seen.push(`${text} ${clock.now()}`); };
    clock.after(10, () => { void Promise.resolve().then(() => Promise.resolve()).then(() => { note('settled'); }); });
    clock.at(10, () => { note('second'); });
    clock.at(5, () => { note('first'); });
    const cancel = clock.after(7, () => { note('never'); });
    cancel();
    clock.every(20, () => { note('tick'); });
    await clock.run(45);
    assert.deepEqual(seen, ['first 5', 'settled 10', 'second 10', 'tick 20', 'tick 40']);
    assert.equal(clock.now(), 45);
  });

  it('keeps the order of many events', async () => {
    const clock = new EventClock(0);
    const seen: number[] = [];
    for (let index = 0; index < 1000; index++) {
      const at = (index * 7919) % 1000;
      clock.at(at, () => { seen.push(at); });
    }
    await clock.run(1000);
    assert.deepEqual(seen, seen.toSorted((a, b) => a - b));
    assert.equal(seen.length, 1000);
  });
});
