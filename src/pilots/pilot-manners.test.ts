/** The pilot manager's manners, whatever Slurm does: submissions a minute, pilots pending, and no queries but one squeue and one sinfo a round. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { CancelTimer, Clock } from '../clock/clock.ts';
import { VirtualClock } from '../clock/virtual-clock.ts';
import { SlurmError, type JobState, type NodeCount, type PilotJob, type PilotSubmission, type Slurm } from '../slurm/slurm.ts';
import { PilotManager } from './pilot-manager.ts';
import { policyNames, policyOf } from './policies.ts';

/** Wall time that somebody sets; timers go on as if nothing had been. */
class SetClock implements Clock {
  readonly #inner: VirtualClock;
  offset = 0;

  constructor(inner: VirtualClock) {
    this.#inner = inner;
  }

  now(): number { return this.#inner.now() + this.offset; }
  after(ms: number, action: () => void): CancelTimer { return this.#inner.after(ms, action); }
  every(ms: number, action: () => void): CancelTimer { return this.#inner.every(ms, action); }
  sleep(ms: number): Promise<void> { return this.#inner.sleep(ms); }
}

/** A queue that does what it likes with the pilots in it. */
class WilfulSlurm implements Slurm {
  readonly #clock: VirtualClock;
  jobs: PilotJob[] = [];
  mood: 'well' | 'away' | 'refuses' | 'loses answers' = 'well';
  /** True time of each sbatch. */
  readonly submissions: number[] = [];
  looks = 0;
  most = 0;
  idle = 3;
  #next = 1;

  constructor(clock: VirtualClock) {
    this.#clock = clock;
  }

  submit({ kind, count, limitMinutes }: PilotSubmission): Promise<string> {
    this.submissions.push(this.#clock.now());
    if (this.mood === 'away') return Promise.reject(new SlurmError('transient', 'sbatch: Socket timed out'));
    if (this.mood === 'refuses') return Promise.reject(new SlurmError('user', 'sbatch: no'));
    const id = this.#next++;
    for (let task = 0; task < count; task++) this.jobs.push({ id: `${id}_${task}`, kind, state: 'PENDING', limitMinutes, reason: 'Priority' });
    this.most = Math.max(this.most, this.jobs.filter(({ state }) => state === 'PENDING').length);
    return this.mood === 'loses answers' ? Promise.reject(new SlurmError('transient', 'sbatch: Socket timed out')) : Promise.resolve(String(id));
  }

  pilots(): Promise<PilotJob[]> {
    this.looks++;
    return this.mood === 'away' ? Promise.reject(new SlurmError('transient', 'squeue: Unable to contact slurm controller')) : Promise.resolve(this.jobs.map((job) => ({ ...job })));
  }

  nodes(): Promise<NodeCount> {
    this.looks++;
    return Promise.resolve({ idle: this.idle, total: 16 });
  }

  cancel(ids: readonly string[]): Promise<void> {
    if (this.mood === 'away') return Promise.reject(new SlurmError('transient', 'scancel: Unable to contact slurm controller'));
    this.jobs = this.jobs.filter(({ id }) => !ids.includes(id));
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  move(from: JobState, to: JobState, count: number, at: number): void {
    for (const job of this.jobs.filter(({ state }) => state === from).slice(0, count)) Object.assign(job, { state: to, startedAt: job.startedAt ?? at });
  }
}

type Event = readonly ['pass' | 'start' | 'preempt' | 'expire' | 'fail' | 'vanish' | 'clock' | 'idle', number] | readonly ['mood', WilfulSlurm['mood']];

const events = fc.array(fc.oneof(
  { weight: 4, arbitrary: fc.tuple(fc.constant('pass' as const), fc.integer({ min: 1, max: 240 })) },
  { weight: 3, arbitrary: fc.tuple(fc.constantFrom('start' as const, 'preempt' as const, 'expire' as const, 'fail' as const, 'vanish' as const), fc.integer({ min: 1, max: 90 })) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('clock' as const), fc.integer({ min: -86_400, max: 86_400 })) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('idle' as const), fc.nat(16)) },
  { weight: 2, arbitrary: fc.tuple(fc.constant('mood' as const), fc.constantFrom<WilfulSlurm['mood']>('well', 'well', 'away', 'refuses', 'loses answers')) },
), { minLength: 1, maxLength: 30 });

const requests = fc.record({
  name: fc.constantFrom(...policyNames, 'adaptive' as const, 'adaptive' as const), perMinute: fc.integer({ min: 1, max: 120 }), events,
  backfillDepth: fc.option(fc.integer({ min: 1, max: 120 }), { nil: undefined }), floor: fc.option(fc.nat(5), { nil: undefined }), oldestFirst: fc.boolean(),
});

async function settle(): Promise<void> {
  for (let turn = 0; turn < 12; turn++) await new Promise((resolve) => { setImmediate(resolve); });
}

function happen([what, amount]: Event, slurm: WilfulSlurm, clock: SetClock): void {
  switch (what) {
    case 'start': slurm.move('PENDING', 'RUNNING', amount, clock.now()); break;
    case 'preempt': slurm.move('RUNNING', 'PREEMPTED', amount, clock.now()); break;
    case 'expire': slurm.move('RUNNING', 'TIMEOUT', amount, clock.now()); break;
    case 'fail': slurm.move('PENDING', 'FAILED', amount, clock.now()); break;
    case 'vanish': slurm.jobs.splice(0, amount); break;
    case 'clock': clock.offset += amount * 1000; break;
    case 'idle': slurm.idle = amount; break;
    case 'mood': slurm.mood = amount; break;
    case 'pass': break;
  }
}

describe('the manners of the pilot manager, whatever happens', () => {
  it('keep to the submissions in any minute, to the pilots pending and to one squeue and one sinfo a round', async () => {
    await fc.assert(fc.asyncProperty(requests, async ({ name, perMinute, events, backfillDepth, floor, oldestFirst }) => {
      const time = new VirtualClock(1_600_000_000_000);
      const [clock, slurm] = [new SetClock(time), new WilfulSlurm(time)];
      const policy = policyOf(name, { site: { maxLimitMinutes: 1440, ...backfillDepth === undefined ? {} : { backfillDepth } }, ...floor === undefined ? {} : { floor } });
      const manager = new PilotManager({
        slurm, policy, clock, options: { maxSubmissionsPerMinute: perMinute },
        demand: () => ({ running: slurm.idle % 3, queued: slurm.idle, callsPerSecond: slurm.idle, slotsPerInvoker: 4 }),
      });
      const begin = time.now();
      await manager.start();
      for (const event of events) {
        happen(event, slurm, clock);
        // Else as if nice counted: the longest first.
        slurm.jobs.sort((a, b) => oldestFirst ? Number.parseInt(a.id, 10) - Number.parseInt(b.id, 10) : (b.limitMinutes ?? 0) - (a.limitMinutes ?? 0));
        for (let left = event[0] === 'pass' ? event[1] : 0; left > 0; left -= 5) {
          time.advance(Math.min(left, 5) * 1000);
          await settle();
        }
      }
      await manager.stop();
      const bound = name === 'adaptive' && backfillDepth !== undefined ? Math.min(90, backfillDepth) : 90;
      assert.ok(slurm.most <= bound, `${slurm.most} pending, ${bound} allowed`);
      for (const [place, at] of slurm.submissions.entries()) {
        const next = slurm.submissions[place + perMinute];
        assert.ok(next === undefined || next - at >= 60_000, `more than ${perMinute} submissions within ${(next ?? 0) - at} ms`);
      }
      assert.ok(slurm.looks <= 2 * (1 + (time.now() - begin) / 5000), `${slurm.looks} looks in ${time.now() - begin} ms`);
    }), { numRuns: 60 });
  });
});
