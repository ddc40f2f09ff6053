import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SlurmError } from '../slurm.ts';
import { checkSbatchArguments, sbatchArguments } from './sbatch-arguments.ts';

const pilot = { kind: 'm8', count: 10, limitMinutes: 8, nice: 500 };
const settings = { partition: 'whisk', jobName: 'pilots', sbatchArguments: [] };

describe('sbatch arguments', () => {
  it('ask for an array of whole nodes that is not requeued', () => {
    assert.deepEqual(sbatchArguments(settings, pilot), [
      '--parsable', '--job-name=pilots', '--comment=m8', '--time=8', '--no-requeue', '--export=ALL', '--chdir=/', '--output=/dev/null',
      '--partition=whisk', '--nice=500', '--array=0-9', '--nodes=1', '--exclusive',
    ]);
  });

  it('ask for a least time where the kind has one', () => {
    assert.ok(sbatchArguments(settings, { ...pilot, timeMinMinutes: 2 }).includes('--time-min=2'));
    assert.ok(!sbatchArguments(settings, pilot).some((arg) => arg.startsWith('--time-min')));
  });

  it('leave out what is not wanted, and put the site\'s own last', () => {
    const args = sbatchArguments({ jobName: 'pilots', sbatchArguments: ['-A', 'abc', '--qos=pilot'], logDirectory: '/logs' }, { ...pilot, count: 1, nice: 0 });
    assert.equal(args.some((arg) => /^--(array|nice|partition)/.test(arg)), false);
    assert.ok(args.includes('--output=/logs/%x-%j.log'));
    assert.deepEqual(args.slice(-5), ['--nodes=1', '--exclusive', '-A', 'abc', '--qos=pilot']);
  });

  for (const own of [['-c', '4'], ['-c4'], ['--cpus-per-task=4'], ['--mem=8G'], ['--exclusive=user'], ['-s']]) {
    it(`${own.join(' ')} asks for something else than a whole node`, () => {
      assert.equal(sbatchArguments({ ...settings, sbatchArguments: own }, pilot).includes('--exclusive'), false);
    });
  }

  for (const wrong of [['--time=5'], ['-t5'], ['-J', 'x'], ['--array=0-3'], ['--comment=x'], ['-pprime'], ['job.sh']]) {
    it(`${wrong.join(' ')} is refused`, () => { assert.throws(() => { checkSbatchArguments(wrong); }, (error) => error instanceof SlurmError && error.kind === 'user' && error.message.includes(wrong[0]!)); });
  }
});
