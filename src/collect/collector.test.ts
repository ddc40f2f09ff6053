import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Clock } from '../clock/clock.ts';
import type { ClusterLook, QueuedJob } from '../slurm/command-line/cluster-look.ts';
import { SlurmError } from '../slurm/slurm.ts';
import { readNodeLog } from '../traces/node-log.ts';
import { collect } from './collector.ts';
import { SampleWriter } from './sample-writer.ts';

const START = 1_600_000_000_000;
const nodes: ClusterLook['nodes'] = [{ state: 'idle', count: 2, hosts: 'n[1-2]' }, { state: 'planned', count: 1, hosts: 'n3' }, { state: 'idle~', count: 1, hosts: 'n5' }, { state: 'allocated', count: 3, hosts: 'n[4,6-7]' }];
const job = (id: string, more: Partial<QueuedJob> = {}): QueuedJob => ({ id, state: 'RUNNING', submitted: 1, started: 2, nodes: 1, processors: 4, limitMinutes: 60, partition: 'p', hosts: 'n4', name: 'secret', ...more });
const waiting: QueuedJob = { id: '2_*', state: 'PENDING', submitted: 1, nodes: 1, processors: 4, limitMinutes: 60, partition: 'p', hosts: '', name: 'secret' };

/** Time passes when somebody waits for it. */
function jumpingClock(): Clock & { readonly waits: number[] } {
  let now = START;
  const waits: number[] = [];
  return {
    waits, now: () => now,
    after: (ms, action) => {
      waits.push(ms);
      now += ms;
      queueMicrotask(action);
      return () => undefined;
    },
    every: () => { throw new Error('not used'); },
    sleep: () => { throw new Error('not used'); },
  };
}

/** Runs a round per look; an error instead of a look is thrown, 'full' makes the disk full for that round. */
async function collected(...rounds: readonly (ClusterLook | Error | 'full')[]) {
  const clock = jumpingClock();
  const texts: string[] = [];
  const said: string[] = [];
  let round = -1;
  let begun = false;
  const result = await collect({
    clock, intervalMs: 10_000, rounds: rounds.length, signal: new AbortController().signal, tell: (text) => { said.push(text); },
    writer: new SampleWriter({ timeZone: 'UTC', intervalSeconds: 10, partition: 'whisk', isPilot: (name) => name === 'pilot' }),
    look: () => {
      const now = rounds[round += 1];
      return now instanceof Error ? Promise.reject(now) : Promise.resolve(now === 'full' || now === undefined ? { nodes, jobs: [] } : now);
    },
    sink: {
      prepare: () => {
        const first = !begun;
        begun = true;
        return Promise.resolve(first);
      },
      append: (text) => {
        if (rounds[round] === 'full') {
          begun = false;
          return Promise.reject(new Error('ENOSPC'));
        }
        texts.push(text);
        return Promise.resolve();
      },
    },
  });
  return { ...result, texts, said, waits: clock.waits, log: readNodeLog(texts.join('')) };
}

describe('collect', () => {
  it('writes what readNodeLog reads', async () => {
    const { log, texts } = await collected(
      { nodes, jobs: [job('1'), waiting, job('9', { name: 'pilot', hosts: 'n[6-7]' })] },
      { nodes, jobs: [job('1', { state: 'COMPLETED', ended: 50 }), waiting] },
      { nodes, jobs: [] },
    );
    assert.deepEqual(log.samples.map(({ at, idle, pilots }) => [at - START, idle, pilots]), [
      [0, ['n1', 'n2', 'n3'], ['n6', 'n7']], [10_000, ['n1', 'n2', 'n3'], []], [20_000, ['n1', 'n2', 'n3'], []],
    ]);
    assert.deepEqual(log.samples[0]?.states, { idle: 2, planned: 1, 'idle~': 1, allocated: 3 });
    assert.equal(log.nodeCount, 7);
    assert.deepEqual(log.jobs?.map(({ id, state, runSeconds }) => [id, state, runSeconds]), [['1', 'COMPLETED', 48], ['2_*', 'PENDING', undefined]]);
    assert.deepEqual(texts.map((text) => text.match(/^(job|gone): .*$/gm)), [
      ['job: 1|RUNNING|1|2||60|1|4|p', 'job: 2_*|PENDING|1|||60|1|4|p'], ['job: 1|COMPLETED|1|2|50|60|1|4|p'], ['gone: 2_*'],
    ]);
    assert.doesNotMatch(texts.join(''), /secret/);
  });

  it('goes on while Slurm is away, ever more rarely, and says so once', async () => {
    const away = new SlurmError('transient', 'squeue: connect failure');
    const { samples, failed, said, waits } = await collected({ nodes, jobs: [] }, away, away, away, away, { nodes, jobs: [] }, { nodes, jobs: [] });
    assert.deepEqual([samples, failed], [3, 4]);
    assert.deepEqual(waits, [10_000, 20_000, 40_000, 60_000, 60_000, 10_000]);
    assert.deepEqual(said, ['no sample: squeue: connect failure; I go on trying', 'Slurm and the disk answer again, after 4 rounds without a sample']);
  });

  it('tells everything again after a sample that could not be written', async () => {
    const { log, texts, failed } = await collected({ nodes, jobs: [job('1')] }, 'full', { nodes, jobs: [job('1')] });
    assert.equal(failed, 1);
    assert.match(texts[1] ?? '', /^# hpcwhisk node log.*\n\d+\n/);
    assert.deepEqual(log.jobs?.map(({ id }) => id), ['1']);
  });

  it('gives up at once where it can never work, later never', async () => {
    const never = new SlurmError('user', 'sinfo: command not found');
    await assert.rejects(collected(never, { nodes, jobs: [] }), /command not found/);
    assert.equal((await collected({ nodes, jobs: [] }, never, { nodes, jobs: [] })).samples, 2);
  });
});
