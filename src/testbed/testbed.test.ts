import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { assertTestbedPackages, installTestbedPackages } from './packages.ts';
import { testbedProcesses } from './processes.ts';
import { TestbedError } from './testbed-error.ts';
import { findTestbed, startTestbed, stopTestbed, testbedStatus, type Testbed } from './testbed.ts';
import { waitUntil } from './wait-until.ts';

const run = promisify(execFile);
const patient = { timeoutMs: 60_000 };

describe('testbed', { timeout: 300_000 }, () => {
  let root = '';
  before(async () => {
    await installTestbedPackages();
    root = await mkdtemp(join(tmpdir(), 'testbed-test-'));
  });
  after(async () => {
    for (const name of await readdir(root)) await stopTestbed(join(root, name));
    await rm(root, { recursive: true, force: true });
  });

  it('runs several side by side, each with its own nodes and jobs', async () => {
    const [one, two] = await Promise.all([
      startTestbed({ nodes: 2, directory: join(root, 'one') }),
      startTestbed({ nodes: 3, directory: join(root, 'two'), cpusPerNode: 8, schedulerParameters: 'bf_interval=5' }),
    ]);
    try {
      assert.deepEqual(one.nodes, ['n1', 'n2']);
      assert.deepEqual((await testbedStatus(two.directory)).nodes, { idle: 3 });
      await submit(one, ['--partition=prime', '--nodelist=n2'], 'exec sleep 300');
      await waitUntil('the job to run', () => testbedStatus(one.directory), ({ jobs }) => jobs['RUNNING'] === 1, patient);
      assert.deepEqual((await testbedStatus(two.directory)).jobs, {});
      const { stdout } = await run('scontrol', ['show', 'config'], { env: two.env });
      assert.match(stdout, /SchedulerParameters\s*= bf_interval=5/);
    } finally {
      await Promise.all([one.stop(), two.stop()]);
    }
    assertNothingLeft(one.directory);
    assertNothingLeft(two.directory);
  });

  it('ends with its jobs, those that ignore SIGTERM and those that left their parent included', async () => {
    const testbed = await startTestbed({ nodes: 1, directory: join(root, 'deaf') });
    const mark = join(root, 'pids');
    await submit(testbed, ['--partition=whisk'], `trap "" TERM\nsetsid sleep 300 &\necho $! > ${mark}\nsleep 300 & sleep 300`);
    await waitUntil('the job', () => existsSync(mark), (seen) => seen, patient);
    const pid = Number(await readFile(mark, 'utf8'));
    await testbed.stop();
    await waitUntil('the end of the job\'s process', () => existsSync(`/proc/${pid}/exe`), (seen) => !seen, patient);
    assertNothingLeft(testbed.directory);
    await rm(mark);
  });

  it('can be ended by another process, wherever its starter was killed', async () => {
    for (const milestone of ['munge', 'log/slurmctld.log', 'log/n4.log', 'ready']) {
      const directory = join(root, 'crashed');
      const starter = spawn(process.execPath, ['--input-type=module', '--eval', `
        import { startTestbed } from ${JSON.stringify(new URL('testbed.ts', import.meta.url).href)};
        await startTestbed({ nodes: 4, directory: ${JSON.stringify(directory)} });
        console.log('ready');
        setInterval(() => {}, 1000);
      `], { stdio: ['ignore', 'pipe', 'inherit'] });
      let said = '';
      starter.stdout.on('data', (text: Buffer) => { said += text.toString(); });
      await waitUntil(milestone, () => milestone === 'ready' ? said.includes('ready') : existsSync(join(directory, milestone)), (seen) => seen, { ...patient, everyMs: 2 });
      starter.kill('SIGKILL');
      await new Promise((resolve) => { starter.once('close', resolve); });
      if (milestone === 'ready') assert.equal((await findTestbed(directory))?.nodes.length, 4);
      await stopTestbed(directory);
      assertNothingLeft(directory);
    }
  });

  it('stops and starts nodes and the controller', async () => {
    const testbed = await startTestbed({ nodes: 2, directory: join(root, 'parts') });
    try {
      await submit(testbed, ['--partition=prime', '--nodelist=n1'], 'exec sleep 301');
      await waitUntil('the job to run', () => testbedStatus(testbed.directory), ({ jobs }) => jobs['RUNNING'] === 1, patient);
      await testbed.stopNode('n1', { power: true });
      assert.deepEqual(testbedProcesses({ directory: testbed.directory, clusterName: undefined }, 'n1'), []);
      await testbed.stopController();
      await assert.rejects(run('squeue', [], { env: testbed.env, timeout: 60_000 }), /Unable to contact|timed out/);
      assert.equal(await findTestbed(testbed.directory), undefined);
      await testbed.startController();
      await testbed.startNode('n1');
      // Slurm itself would miss the job only some half a minute later.
      await run('scancel', ['--partition=prime'], { env: testbed.env });
      await waitUntil('both nodes to be idle', () => testbedStatus(testbed.directory), ({ nodes }) => nodes['idle'] === 2, patient);
      await assert.rejects(testbed.stopNode('n9'), (error) => error instanceof TestbedError && error.code === 'TESTBED_UNKNOWN_NODE');
    } finally {
      await testbed.stop();
    }
    assertNothingLeft(testbed.directory);
  });

  it('keeps accounts where it is asked to, with a QOS that lets pilots into every gap', async () => {
    await installTestbedPackages({ accounting: true });
    const testbed = await startTestbed({ nodes: 2, directory: join(root, 'accounts'), accounting: true });
    try {
      const { stdout } = await run('sacctmgr', ['--noheader', '--parsable2', 'show', 'qos', 'format=name,flags'], { env: testbed.env });
      assert.match(stdout, /^pilot\|NoReserve$/m);
      await submit(testbed, ['--partition=whisk', '--qos=pilot'], 'exec sleep 300');
      const qos = async () => (await run('squeue', ['-h', '-t', 'RUNNING', '-o', '%q'], { env: testbed.env })).stdout.trim();
      await waitUntil('the pilot to run', qos, (seen) => seen === 'pilot', patient);
      await assert.rejects(run('sbatch', ['--partition=whisk', '--qos=none-such', '--output=/dev/null', '--wrap=true'], { env: testbed.env }), /Invalid qos/);
      // Only slurmdbd can answer this.
      const ofUser = async () => (await run('sacct', ['--noheader', '--parsable2', '--allocations', '--format=qos,partition'], { env: testbed.env })).stdout.trim();
      await waitUntil('the job in the accounts', ofUser, (seen) => seen === 'pilot|whisk', patient);
    } finally {
      await testbed.stop();
    }
    assertNothingLeft(testbed.directory);
  });

  it('works in a directory whose path is too long for a socket', async () => {
    const testbed = await startTestbed({ nodes: 1, directory: join(root, 'long'.repeat(40)), accounting: true });
    const state = JSON.parse(await readFile(join(testbed.directory, 'testbed.json'), 'utf8')) as { socketDirectory: string };
    assert.equal(existsSync(state.socketDirectory), true);
    await testbed.stop();
    assert.equal(existsSync(state.socketDirectory), false);
    assertNothingLeft(testbed.directory);
  });

  it('refuses a directory that is in use, and leaves it as it was', async () => {
    const directory = join(root, 'occupied');
    await mkdir(directory);
    await writeFile(join(directory, 'mine'), 'x');
    await assert.rejects(startTestbed({ nodes: 1, directory }), (error) => error instanceof TestbedError && error.code === 'TESTBED_DIRECTORY' && /not empty/.test(error.message));
    await stopTestbed(directory);
    assert.deepEqual(await readdir(directory), ['mine']);
    await rm(directory, { recursive: true });
  });

  it('leaves nothing when a daemon refuses to start, and says why', async () => {
    const directory = join(root, 'refused');
    await assert.rejects(startTestbed({ nodes: 1, directory, settings: { SchedulerType: 'sched/nonsense' } }),
      (error) => error instanceof TestbedError && error.code === 'TESTBED_START' && /slurmctld ended at once: .*nonsense/.test(error.message));
    assertNothingLeft(directory);
  });

  it('names the packages that are missing and how to install them', async () => {
    await assert.rejects(assertTestbedPackages(root), (error) => error instanceof TestbedError && error.kind === 'user'
      && error.message.includes('apt-get install -y --no-install-recommends munge slurmctld slurmd slurm-client'));
  });

  it('says down where there is none', async () => {
    assert.equal((await testbedStatus(join(root, 'nowhere'))).state, 'down');
    assert.equal(await findTestbed(join(root, 'nowhere')), undefined);
    await stopTestbed(join(root, 'nowhere'));
  });
});

function assertNothingLeft(directory: string): void {
  assert.deepEqual(testbedProcesses({ directory, clusterName: undefined }), []);
  assert.equal(existsSync(directory), false, `${directory} is still there`);
}

async function submit(testbed: Testbed, args: string[], script: string): Promise<void> {
  const sbatch = spawn('sbatch', ['--output=/dev/null', '--exclusive', ...args], { env: testbed.env, stdio: ['pipe', 'ignore', 'inherit'] });
  sbatch.stdin.end(`#!/bin/sh\n${script}\n`);
  const code = await new Promise((resolve) => { sbatch.once('close', resolve); });
  assert.equal(code, 0);
}
