import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SlurmError } from '../slurm.ts';
import { parseSqueue } from './squeue.ts';

describe('squeue', () => {
  it('reads pending, running and ended pilots as Slurm 22.05 prints them', () => {
    assert.deepEqual(parseSqueue([
      '1_4|PENDING|10:00||N/A|m10|Nodes required for job are DOWN, DRAINED or reserved for jobs in higher priority partitions',
      '1_5|PENDING|1:30:00||1795356800|m90|Priority',
      '1_0|RUNNING|10:00|n1|1795356105|m10|None',
      '7|PREEMPTED|UNLIMITED|n3|1795356105|(null)|None',
      '',
    ].join('\n')), [
      { id: '1_4', kind: 'm10', state: 'PENDING', limitMinutes: 10, reason: 'Nodes required for job are DOWN, DRAINED or reserved for jobs in higher priority partitions' },
      { id: '1_5', kind: 'm90', state: 'PENDING', limitMinutes: 90, reason: 'Priority' },
      { id: '1_0', kind: 'm10', state: 'RUNNING', limitMinutes: 10, node: 'n1', startedAt: 1_795_356_105_000 },
      { id: '7', kind: 'unknown', state: 'PREEMPTED', limitMinutes: null, node: 'n3', startedAt: 1_795_356_105_000 },
    ]);
    assert.deepEqual(parseSqueue(''), []);
  });

  it('takes an unknown state for an error and names it', () => {
    assert.throws(() => parseSqueue('1|LEVITATING|10:00|n1|1|m10|None'), (error) => error instanceof SlurmError && error.message.includes('"LEVITATING"'));
  });

  for (const line of ['nonsense', '1|RUNNING|10:00|n1', '1_[0-4]|PENDING|10:00||N/A|m10|None', 'slurm_load_jobs error|a|b|c|d|e|f']) {
    it(`does not guess at "${line}"`, () => { assert.throws(() => parseSqueue(line), (error) => error instanceof SlurmError && error.message.includes(line)); });
  }
});
