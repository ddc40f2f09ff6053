import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { slurmErrorOf } from './command-errors.ts';

describe('errors of Slurm\'s commands', () => {
  const transient = [
    'squeue: error: Unable to contact slurm controller (connect failure)', 'sbatch: error: Batch job submission failed: Socket timed out on send/recv operation',
    'slurm_load_jobs error: Slurm backup controller in standby mode', 'sbatch: error: Batch job submission failed: Resource temporarily unavailable',
    'sinfo: error: If munged is up, restart with --num-threads=10', 'squeue: error: slurm_receive_msg: Zero Bytes were transmitted or received',
    'sbatch: error: Batch job submission failed: Job violates accounting/QOS policy (job submit limit, user\'s size and/or time limits)',
    'sbatch: error: slurm_persist_conn_open_without_init: failed to open persistent connection to host: Connection refused',
  ];
  const user = [
    'sbatch: error: invalid partition specified: nope\nsbatch: error: Batch job submission failed: Invalid partition name specified',
    'sbatch: unrecognized option \'--bogus\'', 'sbatch: error: Batch job submission failed: Invalid job array specification',
    'sbatch: error: Batch job submission failed: Invalid account or account/partition combination specified',
    'sbatch: error: Batch job submission failed: Requested time limit is invalid (missing or exceeds some limit)', 'squeue: fatal: Unable to process configuration file',
  ];
  for (const stderr of transient) it(`later: ${stderr}`, () => { assert.equal(slurmErrorOf('sbatch', { message: '', code: 1, stderr }, 1000).kind, 'transient'); });
  for (const stderr of user) it(`never: ${stderr}`, () => { assert.equal(slurmErrorOf('sbatch', { message: '', code: 1, stderr }, 1000).kind, 'user'); });

  it('says it in one line, without the commands\' own prefixes', () => {
    assert.equal(slurmErrorOf('sbatch', { message: '', code: 1, stderr: user[0]! }, 1000).message,
      'sbatch: invalid partition specified: nope; Batch job submission failed: Invalid partition name specified');
    assert.match(slurmErrorOf('squeue', { message: '', code: 3, stderr: '' }, 1000).message, /exit code 3/);
  });
});
