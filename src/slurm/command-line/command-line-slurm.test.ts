import assert from 'node:assert/strict';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { SlurmError } from '../slurm.ts';
import { CommandLineSlurm, type CommandLineSlurmOptions } from './command-line-slurm.ts';

/** Slurm's commands replaced by scripts: what they are told is written down, what they say is set by the test. */
describe('Slurm by command line, with pretended commands', () => {
  let directory = '';
  const path = process.env['PATH'];
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'fake-slurm-'));
  });
  beforeEach(async () => {
    for (const command of ['sbatch', 'squeue', 'sinfo', 'scancel']) await pretend(command, 'exit 0');
  });
  after(async () => {
    process.env['PATH'] = path;
    delete process.env['HPCWHISK_SECRET'];
    await rm(directory, { recursive: true, force: true });
  });

  const slurm = (options: Partial<CommandLineSlurmOptions> = {}) => new CommandLineSlurm({
    partition: 'whisk', jobName: 'pilots', script: ({ limitMinutes }) => `#!/bin/sh\nexec sleep ${limitMinutes}\n`, env: { PATH: `${directory}:${path ?? ''}` }, ...options,
  });
  const told = (command: string) => readFile(join(directory, `${command}.args`), 'utf8').then((text) => text.trim().split('\n'));
  const isError = (kind: SlurmError['kind'], pattern: RegExp) => (error: unknown) => error instanceof SlurmError && error.kind === kind && pattern.test(error.message);

  async function pretend(command: string, script: string): Promise<void> {
    const file = join(directory, command);
    await writeFile(file, `#!/bin/sh\nprintf '%s\\n' "$@" > ${file}.args\nenv > ${file}.env\n${script}\n`);
    await chmod(file, 0o755);
  }

  it('submits an array with the script on standard input and nothing of this environment', async () => {
    process.env['HPCWHISK_SECRET'] = 'token';
    process.env['SBATCH_EXPORT'] = 'NONE';
    process.env['SBATCH_ACCOUNT'] = 'abc';
    await pretend('sbatch', `cat > ${join(directory, 'script')}\necho 'welcome to this site'\necho '4711;cluster'`);
    assert.equal(await slurm().submit({ kind: 'm8', count: 3, limitMinutes: 8, nice: 100 }), '4711');
    assert.ok((await told('sbatch')).includes('--array=0-2'));
    assert.equal(await readFile(join(directory, 'script'), 'utf8'), '#!/bin/sh\nexec sleep 8\n');
    const env = await readFile(join(directory, 'sbatch.env'), 'utf8');
    assert.doesNotMatch(env, /HPCWHISK_SECRET|token|SBATCH_EXPORT/);
    assert.match(env, /^SBATCH_ACCOUNT=abc$/m);
    delete process.env['SBATCH_EXPORT'];
    delete process.env['SBATCH_ACCOUNT'];
  });

  it('asks squeue once for its own pilots, task by task, with times that carry their zone', async () => {
    process.env['SQUEUE_FORMAT'] = '%i';
    await pretend('squeue', `echo '5_1|RUNNING|8:00|n4|1795356105|m8|None'`);
    assert.deepEqual(await slurm().pilots(), [{ id: '5_1', kind: 'm8', state: 'RUNNING', limitMinutes: 8, node: 'n4', startedAt: 1_795_356_105_000 }]);
    const args = await told('squeue');
    for (const arg of ['--noheader', '--array', '--sort=-p,i', '--name=pilots', `--user=${process.getuid?.() ?? ''}`]) assert.ok(args.includes(arg), arg);
    assert.match(await readFile(join(directory, 'squeue.env'), 'utf8'), /^SLURM_TIME_FORMAT=%s$/m);
    assert.doesNotMatch(await readFile(join(directory, 'squeue.env'), 'utf8'), /SQUEUE_FORMAT/);
    delete process.env['SQUEUE_FORMAT'];
  });

  it('counts nodes that a pilot could get', async () => {
    await pretend('sinfo', `printf '%s\\n' 'whisk|idle|3|up' 'whisk|planned|2|up' 'whisk|idle*|7|up' 'whisk|allocated|11|up' 'whisk|drained|1|up'`);
    assert.deepEqual(await slurm().nodes(), { idle: 5, planned: 2, down: 8, total: 24 });
    await pretend('sinfo', `printf '%s\\n' 'prime*|idle|3|inact' 'whisk|idle|2|up'`);
    const ofDefaultPartition = new CommandLineSlurm({ jobName: 'pilots', script: () => '', env: { PATH: `${directory}:${path ?? ''}` } });
    assert.deepEqual(await ofDefaultPartition.nodes(), { idle: 3, planned: 0, down: 0, total: 3, partition: 'inact' });
  });

  it('takes a partition that sinfo does not show for unknown', async () => {
    await assert.rejects(slurm().nodes(), isError('user', /no partition "whisk"/));
  });

  it('cancels with one scancel, and minds none that has ended', async () => {
    await pretend('scancel', `echo 'scancel: error: Kill job error on job id 9: Invalid job id specified' >&2; exit 1`);
    await slurm().cancel(['9', '12_0', '12_1', '12_3']);
    assert.deepEqual(await told('scancel'), ['9', '12_[0-1,3]']);
    await pretend('scancel', `echo 'scancel: error: Kill job error on job id 9: Access/permission denied' >&2; exit 1`);
    await assert.rejects(slurm().cancel(['9']), isError('user', /denied/));
    await rm(join(directory, 'scancel'));
    await slurm().cancel([]);
  });

  it('tells a slow slurmctld from a missing command', async () => {
    await pretend('squeue', 'exec sleep 60');
    await assert.rejects(slurm({ timeoutMs: 300 }).pilots(), isError('transient', /no answer within 0\.3 s/));
    await assert.rejects(slurm({ env: { PATH: join(directory, 'nothing-here') } }).submit({ kind: 'm8', count: 1, limitMinutes: 8, nice: 0 }), isError('user', /sbatch: command not found/));
    await pretend('squeue', `echo 'slurm_load_jobs error: Unable to contact slurm controller (connect failure)' >&2; exit 1`);
    await assert.rejects(slurm().pilots(), isError('transient', /Unable to contact/));
    await pretend('sbatch', `echo 'sbatch: error: Batch job submission failed: Invalid partition name specified' >&2; exit 1`);
    await assert.rejects(slurm().submit({ kind: 'm8', count: 1, limitMinutes: 8, nice: 0 }), isError('user', /Invalid partition/));
    await pretend('sbatch', 'echo hello');
    await assert.rejects(slurm().submit({ kind: 'm8', count: 1, limitMinutes: 8, nice: 0 }), isError('user', /no job id: "hello"/));
  });

  it('refuses a job name or an argument by which pilots could not be found again', () => {
    assert.throws(() => slurm({ jobName: 'a,b' }), isError('user', /job name "a,b"/));
    assert.throws(() => slurm({ sbatchArguments: ['--job-name=x'] }), isError('user', /--job-name=x/));
  });
});
