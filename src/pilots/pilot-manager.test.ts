import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { VirtualClock } from '../clock/virtual-clock.ts';
import { SlurmError, type JobState, type NodeCount, type PilotJob, type PilotSubmission, type Slurm } from '../slurm/slurm.ts';
import { fib } from './fib.ts';
import { PilotManager, type PilotManagerParts } from './pilot-manager.ts';
import { single } from './single.ts';

/** A queue in memory. It remembers every call; `failure` makes all of them fail, `slowMs` makes squeue slow. */
class FakeSlurm implements Slurm {
  readonly clock: VirtualClock;
  jobs: PilotJob[] = [];
  calls: string[] = [];
  cancelled: string[][] = [];
  submissions: PilotSubmission[] = [];
  failure: SlurmError | undefined;
  refusedKind: string | undefined;
  slowMs = 0;
  #next = 1;

  constructor(clock: VirtualClock) {
    this.clock = clock;
  }

  submit(pilot: PilotSubmission): Promise<string> {
    return this.#answer('sbatch', () => {
      if (pilot.kind === this.refusedKind) throw new SlurmError('user', `sbatch: no ${pilot.kind} here`);
      const id = this.#next++;
      this.submissions.push(pilot);
      for (let task = 0; task < pilot.count; task++) this.jobs.push({ id: `${id}_${task}`, kind: pilot.kind, state: 'PENDING', limitMinutes: pilot.limitMinutes, reason: 'Resources' });
      return String(id);
    });
  }

  async pilots(): Promise<PilotJob[]> {
    if (this.slowMs > 0) await this.clock.sleep(this.slowMs);
    return this.#answer('squeue', () => this.jobs.map((job) => ({ ...job })));
  }

  nodes(): Promise<NodeCount> {
    return this.#answer('sinfo', () => ({ idle: 1, total: 8 }));
  }

  cancel(ids: readonly string[]): Promise<void> {
    return this.#answer('scancel', () => {
      this.cancelled.push([...ids]);
      const gone = (id: string) => ids.includes(id) || ids.includes(id.split('_')[0] ?? '');
      this.jobs = this.jobs.filter(({ id }) => !gone(id));
    });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  /** Moves the first jobs of one state to another. */
  move(from: JobState, to: JobState, count = 1): void {
    const jobs = this.jobs.filter(({ state }) => state === from).slice(0, count);
    assert.equal(jobs.length, count, `not so many jobs are ${from}`);
    for (const job of jobs) job.state = to;
  }

  pending(): number {
    return this.jobs.filter(({ state }) => state === 'PENDING').length;
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- what it throws must come as a rejection
  async #answer<T>(call: string, act: () => T): Promise<T> {
    this.calls.push(call);
    if (this.failure !== undefined) throw this.failure;
    return act();
  }
}

function setUp(parts: Partial<PilotManagerParts> = {}) {
  const clock = new VirtualClock(1_000_000);
  const slurm = new FakeSlurm(clock);
  const manager = new PilotManager({ slurm, policy: single({ depth: 10 }), clock, ...parts });
  return { clock, slurm, manager };
}

/** Lets promises run until none of them has anything more to do without the clock. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => { setImmediate(resolve); });
}

async function pass(clock: VirtualClock, ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 1000) {
    clock.advance(Math.min(left, 1000));
    await settle();
  }
}

const away = new SlurmError('transient', 'squeue: Unable to contact slurm controller');

describe('pilot manager', () => {
  it('stocks the queue with one array per kind and then costs one squeue and one sinfo a round', async () => {
    const { clock, slurm, manager } = setUp({ policy: fib() });
    await manager.start();
    assert.equal(slurm.submissions.length, 9);
    assert.equal(slurm.pending(), 90);
    slurm.calls = [];
    await pass(clock, 5000);
    assert.deepEqual(slurm.calls, ['squeue', 'sinfo']);
    assert.deepEqual(manager.status().byKind['m90'], { pending: 10, running: 0 });
    assert.equal(manager.status().pending, 90);
    assert.deepEqual(manager.status().reasons, { Resources: 90 });
    assert.deepEqual(manager.status().nodes, { idle: 1, total: 8 });
    await manager.stop();
  });

  it('replaces the pilots that Slurm started', async () => {
    const { clock, slurm, manager } = setUp();
    await manager.start();
    slurm.move('PENDING', 'RUNNING', 3);
    slurm.move('PENDING', 'CONFIGURING', 2);
    await pass(clock, 5000);
    assert.deepEqual(slurm.submissions.map(({ count }) => count), [10, 5]);
    assert.deepEqual([manager.status().running, manager.status().submitted], [5, 15]);
    await manager.stop();
  });

  it('lets the stock fall to half before it refills it: each submission puts off the next scheduling pass', async () => {
    const { clock, slurm, manager } = setUp();
    await manager.start();
    slurm.move('PENDING', 'RUNNING', 4);
    await pass(clock, 60_000);
    assert.equal(slurm.submissions.length, 1);
    slurm.move('PENDING', 'RUNNING');
    await pass(clock, 5000);
    assert.deepEqual(slurm.submissions.map(({ count }) => count), [10, 5]);
    await manager.stop();
  });

  it('takes over what an earlier manager left, and reduces it, the youngest first', async () => {
    const { clock, slurm, manager } = setUp();
    const job = (id: string, kind: string): PilotJob => ({ id, kind, state: 'PENDING', limitMinutes: 90 });
    slurm.jobs = [...Array.from({ length: 12 }, (_, task) => job(`3_${task}`, 'm90')), job('2_0', 'm90'), job('1', 'm8'), { ...job('9_9', 'm8'), state: 'RUNNING' }];
    await manager.start();
    assert.deepEqual(slurm.submissions, []);
    assert.deepEqual(slurm.cancelled, [['3_9', '3_10', '3_11', '1']]);
    await pass(clock, 5000);
    assert.equal(slurm.cancelled.length, 1);
    assert.equal(manager.status().running, 1);
    await manager.stop();
    assert.equal(slurm.pending(), 10, 'pilots outlive a manager that is not told to cancel them');
  });

  it('counts how pilots ended, each once, and not those of before its start', async () => {
    const { clock, slurm, manager } = setUp();
    slurm.jobs = [{ id: '90', kind: 'm90', state: 'PREEMPTED', limitMinutes: 90 }];
    await manager.start();
    for (let count = 0; count < 6; count++) slurm.move('PENDING', 'RUNNING');
    await pass(clock, 5000);
    for (const state of ['PREEMPTED', 'PREEMPTED', 'TIMEOUT', 'NODE_FAIL', 'OUT_OF_MEMORY'] as const) slurm.move('RUNNING', state);
    slurm.jobs = slurm.jobs.filter(({ state }) => state !== 'RUNNING');
    await pass(clock, 15_000);
    assert.deepEqual(manager.status().ended, { preempted: 2, timeout: 1, completed: 0, cancelled: 0, failed: 1, nodeFail: 1, unseen: 1 });
    await manager.stop();
  });

  it('waits longer and longer while slurmctld is away, then goes on as if nothing had been', async () => {
    const { clock, slurm, manager } = setUp();
    await manager.start();
    slurm.failure = away;
    slurm.calls = [];
    await pass(clock, 5000 + 5000 + 10_000 + 20_000 + 40_000);
    assert.equal(slurm.calls.length, 5);
    assert.equal(manager.status().backoffMs, 60_000);
    assert.match(manager.status().lastError ?? '', /Unable to contact/);
    await pass(clock, 300_000);
    assert.equal(slurm.calls.length, 10, 'one try a minute');
    slurm.failure = undefined;
    slurm.move('PENDING', 'RUNNING', 5);
    await pass(clock, 60_000);
    assert.deepEqual([manager.status().backoffMs, manager.status().lastError, slurm.pending()], [0, undefined, 10]);
    slurm.calls = [];
    await pass(clock, 10_000);
    assert.equal(slurm.calls.length, 4, 'back to its period');
    await manager.stop();
  });

  it('starts although slurmctld is away', async () => {
    const { clock, slurm, manager } = setUp();
    slurm.failure = away;
    await manager.start();
    assert.match(manager.status().lastError ?? '', /Unable to contact/);
    slurm.failure = undefined;
    await pass(clock, 5000);
    assert.equal(slurm.pending(), 10);
    await manager.stop();
  });

  it('rejects at its start what can never work, and leaves nothing in the queue', async () => {
    const { clock, slurm, manager } = setUp({ policy: fib() });
    slurm.refusedKind = 'm22';
    await assert.rejects(manager.start(), /no m22 here/);
    assert.deepEqual(slurm.jobs, []);
    slurm.calls = [];
    await pass(clock, 60_000);
    assert.deepEqual(slurm.calls, []);
  });

  it('survives a refusal later on', async () => {
    const { clock, slurm, manager } = setUp();
    await manager.start();
    slurm.refusedKind = 'm90';
    slurm.move('PENDING', 'RUNNING', 5);
    await pass(clock, 20_000);
    assert.match(manager.status().lastError ?? '', /no m90 here/);
    slurm.refusedKind = undefined;
    await pass(clock, 40_000);
    assert.equal(slurm.pending(), 10);
    await manager.stop();
  });

  it('keeps to its submissions per minute', async () => {
    const { clock, slurm, manager } = setUp({ policy: fib(), options: { maxSubmissionsPerMinute: 4 } });
    await manager.start();
    assert.equal(slurm.submissions.length, 4);
    await pass(clock, 59_000);
    assert.equal(slurm.submissions.length, 4);
    await pass(clock, 10_000);
    assert.equal(slurm.submissions.length, 8);
    await pass(clock, 60_000);
    assert.equal(slurm.pending(), 90);
    await manager.stop();
  });

  it('splits what is more than an array holds', async () => {
    const { slurm, manager } = setUp({ options: { maxArraySize: 4 } });
    await manager.start();
    assert.deepEqual(slurm.submissions.map(({ count }) => count), [4, 4, 2]);
    await manager.stop();
  });

  it('asks a slow slurmctld less often', async () => {
    const { clock, slurm, manager } = setUp();
    await manager.start();
    slurm.slowMs = 2000;
    slurm.calls = [];
    await pass(clock, 60_000);
    // A round every 20 s after 2 s of asking, instead of every 5 s.
    assert.equal(slurm.calls.filter((call) => call === 'squeue').length, 3);
    slurm.slowMs = 0;
    await pass(clock, 20_000);
    slurm.calls = [];
    await pass(clock, 20_000);
    assert.equal(slurm.calls.filter((call) => call === 'squeue').length, 4);
    await manager.stop();
  });

  it('restocks ever more rarely while pilots fail at once, says so, and recovers', async () => {
    const { clock, slurm, manager } = setUp();
    await manager.start();
    const fail = (): void => { for (const job of slurm.jobs) if (job.state === 'PENDING') job.state = 'FAILED'; };
    for (let second = 0; second < 600; second += 5) {
      fail();
      await pass(clock, 5000);
    }
    assert.ok(slurm.submissions.length < 20, `${slurm.submissions.length} submissions in 10 minutes`);
    assert.ok(slurm.submissions.length > 8, `${slurm.submissions.length} submissions in 10 minutes`);
    assert.match(manager.status().lastError ?? '', /fail as soon as they start/);
    await pass(clock, 65_000);
    slurm.move('PENDING', 'RUNNING', 5);
    await pass(clock, 10_000);
    assert.deepEqual([manager.status().lastError, slurm.pending()], [undefined, 10]);
    await manager.stop();
  });

  it('cancels everything with one scancel, pending pilots first', async () => {
    const { clock, slurm, manager } = setUp();
    await manager.start();
    slurm.move('PENDING', 'RUNNING');
    slurm.move('PENDING', 'COMPLETED');
    await manager.stop({ cancel: true });
    assert.equal(slurm.cancelled.length, 1);
    assert.deepEqual(slurm.cancelled[0], ['1_2', '1_3', '1_4', '1_5', '1_6', '1_7', '1_8', '1_9', '1_0']);
    slurm.calls = [];
    await pass(clock, 60_000);
    assert.deepEqual(slurm.calls, []);
  });

  it('keeps trying to cancel while slurmctld is away, for a while', async () => {
    const { clock, slurm, manager } = setUp();
    await manager.start();
    slurm.failure = away;
    const stopped = manager.stop({ cancel: true });
    await pass(clock, 5000);
    slurm.failure = undefined;
    await pass(clock, 2000);
    await stopped;
    assert.deepEqual(slurm.jobs, []);

    const other = setUp();
    await other.manager.start();
    other.slurm.failure = away;
    const failed = assert.rejects(other.manager.stop({ cancel: true }), /Unable to contact/);
    await pass(other.clock, 35_000);
    await failed;
  });

  it('waits for the round that is under way before it cancels', async () => {
    const { clock, slurm, manager } = setUp();
    await manager.start();
    slurm.move('PENDING', 'RUNNING');
    slurm.slowMs = 1000;
    clock.advance(5000);
    await settle();
    const stopped = manager.stop({ cancel: true });
    await pass(clock, 5000);
    await stopped;
    assert.deepEqual(slurm.jobs, []);
  });
});
