import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SlurmError } from '../slurm.ts';
import { parseNodeStates, parseQueue } from './cluster-look.ts';

describe('parseNodeStates', () => {
  it('counts what is listed, whatever the printed number', () => {
    assert.deepEqual(parseNodeStates('idle|2|n[1-2]\nallocated|2K|p[0001-2048]\nidle~|1|n3\n'), [
      { state: 'idle', count: 2, hosts: 'n[1-2]' }, { state: 'allocated', count: 2048, hosts: 'p[0001-2048]' }, { state: 'idle~', count: 1, hosts: 'n3' },
    ]);
  });

  it('knows that nothing is nothing', () => { assert.deepEqual(parseNodeStates('n/a|0|\n'), []); });

  for (const text of ['idle\n', 'idle|1|n[1-\n', '|1|n1\n']) {
    it(`refuses ${JSON.stringify(text)}`, () => { assert.throws(() => parseNodeStates(text), SlurmError); });
  }
});

describe('parseQueue', () => {
  it('keeps what has happened, not what is planned', () => {
    const jobs = parseQueue([
      '17|RUNNING|1000|1010|4610|1:00:00|2|48|plgrid|n[1-2]|a name|with bars',
      '18_[3-9%2]|PENDING|1000|2000|3000|1-02:00:00|1|24|plgrid||x',
      '19|COMPLETED|1000|1010|1020|UNLIMITED|1|24|plgrid|n3|x',
      '20|CANCELLED|1000|1050|1050|10:30|1|24|plgrid||x',
      '21|PENDING|1000|N/A|N/A|INVALID|1|24|a,b||x', '',
    ].join('\n'));
    const rest = { processors: 24, nodes: 1, partition: 'plgrid', submitted: 1000, hosts: '', name: 'x' };
    assert.deepEqual(jobs, [
      { id: '17', state: 'RUNNING', submitted: 1000, started: 1010, limitMinutes: 60, nodes: 2, processors: 48, partition: 'plgrid', hosts: 'n[1-2]', name: 'a name|with bars' },
      { ...rest, id: '18_*', state: 'PENDING', limitMinutes: 1560 },
      { ...rest, id: '19', state: 'COMPLETED', started: 1010, ended: 1020, limitMinutes: null },
      { ...rest, id: '20', state: 'CANCELLED', ended: 1050, limitMinutes: 11 },
      { ...rest, id: '21', state: 'PENDING', partition: 'a,b' },
    ]);
  });

  it('refuses a line that squeue does not print', () => { assert.throws(() => parseQueue('hello\n'), /does not understand: "hello"/); });
});
