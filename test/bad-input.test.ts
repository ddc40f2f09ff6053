/** What goes wrong before and around the work: one clear line, the right status, nothing left behind. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { installTestbedPackages } from '../src/testbed/packages.ts';
import { freePortRange } from '../src/testbed/ports.ts';
import { startTestbed, stopTestbed } from '../src/testbed/testbed.ts';
import { hpcwhisk, Platform, type CommandResult } from './support/platform.ts';
import { waitUntil } from './support/wait-until.ts';

const run = promisify(execFile);

describe('hpcwhisk refuses', () => {
  let directory: string;

  before(async () => { directory = await mkdtemp(join(tmpdir(), 'hpcwhisk-refused-')); });
  after(async () => { await rm(directory, { recursive: true, force: true }); });

  const up = async (...args: string[]): Promise<CommandResult> => hpcwhisk(['up', '--port', String(await freePortRange(1)), '--state', join(directory, 'state'), ...args]);
  const oneLine = (result: CommandResult, code: number, text: RegExp): void => {
    assert.equal(result.code, code, result.stderr);
    assert.match(result.stderr, text);
    assert.equal(result.stderr.trim().split('\n').length, 1, result.stderr);
  };

  it('a state directory that cannot be made', async () => {
    await writeFile(join(directory, 'file'), '');
    oneLine(await hpcwhisk(['up', '--port', String(await freePortRange(1)), '--state', join(directory, 'file', 'state')]), 73, /^hpcwhisk: ESTATE: the state directory .* cannot be written/);
    oneLine(await hpcwhisk(['up', '--port', String(await freePortRange(1)), '--state', '/proc/state']), 73, /^hpcwhisk: ESTATE: /);
  });

  it('a key that is none, and options that it does not know', async () => {
    oneLine(await up('--auth', 'secret'), 64, /^hpcwhisk: EAUTH: --auth must be UUID:KEY/);
    oneLine(await up('--policy', 'greedy'), 64, /^hpcwhisk: EUSAGE: .*Allowed choices are fib, dense, single/);
    oneLine(await up('--partitoin', 'x'), 64, /^hpcwhisk: EUSAGE: unknown option '--partitoin'/);
  });

  it('a machine without sbatch', async () => {
    const port = String(await freePortRange(1));
    const bin = join(directory, 'bin');
    await mkdir(bin);
    for (const program of ['readlink', 'dirname', 'uname']) await run('ln', ['-s', `/usr/bin/${program}`, join(bin, program)]);
    const result = await hpcwhisk(['up', '--cluster', 'slurm', '--port', port, '--state', join(directory, 'no-slurm')], { PATH: bin });
    oneLine(result, 69, /^hpcwhisk: ESLURM: .*command not found/);
    assert.deepEqual((await readdir(join(directory, 'no-slurm'))).filter((name) => /^(controller|link)\.json$/.test(name)), []);
    await assert.rejects(fetch(`http://127.0.0.1:${port}/ping`));
  });

  it('a partition that does not exist', async () => {
    await installTestbedPackages();
    const testbed = await startTestbed({ nodes: 1, directory: join(directory, 'slurm') });
    try {
      const result = await hpcwhisk(['up', '--cluster', 'slurm', '--partition', 'nowhere', '--port', String(await freePortRange(1)), '--state', join(directory, 'state')], testbed.env);
      oneLine(result, 69, /^hpcwhisk: ESLURM: .*partition/i);
    } finally {
      await stopTestbed(testbed.directory);
    }
  });

  it('to make a fuss when who reads its output has gone', async () => {
    const pipe = run('bash', ['-c', 'set -o pipefail; bin/hpcwhisk --help | true']);
    await assert.rejects(pipe, (error: { code: number; stderr: string }) => {
      assert.deepEqual([error.code, error.stderr], [141, '']);
      return true;
    });
  });

  it('a status where nothing runs', async () => {
    oneLine(await hpcwhisk(['status', '--state', join(directory, 'nothing')]), 69, /^hpcwhisk: ENOTRUNNING: no controller runs on the state directory/);
    await assert.rejects(stat(join(directory, 'nothing')), { code: 'ENOENT' });
  });
});

describe('a full disk', { skip: process.getuid?.() === 0 ? false : 'only root may mount the small disk that this needs' }, () => {
  let platform: Platform;
  let disk: string;

  before(async () => {
    disk = await mkdtemp(join(tmpdir(), 'hpcwhisk-disk-'));
    await run('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', disk]);
    platform = await Platform.start([], {}, join(disk, 'state'));
  });
  after(async () => {
    await platform.dispose();
    await run('umount', ['--lazy', disk]);
    await rm(disk, { recursive: true, force: true });
  });

  it('gets a 503 with one line for calls that cannot be kept, and passes', async () => {
    const created = await platform.request('PUT', '/api/v1/namespaces/_/actions/echo', { exec: { kind: 'nodejs:default', code: 'function main(args) { return args }' } });
    assert.equal(created.status, 200);
    await platform.invokers(1);
    const call = (): Promise<Response> => platform.request('POST', '/api/v1/namespaces/_/actions/echo', { padding: 'x'.repeat(4_000) });
    assert.equal((await call()).status, 202);
    // Every block is taken; what the log has open already may still have room for a call or two.
    await run('dd', ['if=/dev/zero', `of=${join(disk, 'filler')}`, 'bs=4k']).catch(() => undefined);
    const refused = await waitUntil('a call is refused', async () => {
      const answer = await call();
      return answer.status === 202 ? undefined : answer;
    });
    assert.equal(refused.status, 503);
    const { error, code } = await refused.json() as { error: string; code: string };
    assert.match(error, /^The store cannot take writes at the moment \(disk full/);
    assert.ok(!error.includes('\n') && code !== '');
    await rm(join(disk, 'filler'));
    await waitUntil('calls are accepted again', async () => (await call()).status === 202);
  });
});
