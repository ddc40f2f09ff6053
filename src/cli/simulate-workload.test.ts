import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { refused, simulate } from './simulate-slurm.test-data.ts';

/** Twelve jobs of one to four nodes with 24 processors each; every other ends long before its limit. */
const jobs = Array.from({ length: 12 }, (_, index) => ({ id: index + 1, submit: index * 90, nodes: 1 + index % 4, run: index % 2 === 0 ? 300 : 900, limit: 900 }));

describe('simulate slurm --workload, as a command', () => {
  let directory = '';
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'hpcwhisk-workload-'));
    const epoch = 1_647_475_200;
    const sacct = jobs.map(({ id, submit, nodes, run: ran, limit }) => `${id}|${epoch + submit}|${epoch + submit + 60}|${epoch + submit + 60 + ran}|${nodes}|${limit / 60}|COMPLETED`);
    await writeFile(join(directory, 'sacct.txt'), ['JobID|Submit|Start|End|NNodes|TimelimitRaw|State', ...sacct, ''].join('\n'));
    const swf = jobs.map(({ id, submit, nodes, run: ran, limit }) => [id, submit, 60, ran, nodes * 24, -1, -1, nodes * 24, limit, -1, 1, 1, 1, -1, 1, 1, -1, -1].join(' '));
    await writeFile(join(directory, 'jobs.swf'), [`; UnixStartTime: ${epoch}`, ...swf, ''].join('\n'));
  });
  after(() => rm(directory, { recursive: true, force: true }));

  it('gives the same JSON for the same jobs, whatever file they are in', async () => {
    const common = ['--nodes', '4', '--policy', 'fib', '--json'];
    const sacct = await simulate('--workload', join(directory, 'sacct.txt'), ...common);
    assert.equal(await simulate('--workload', join(directory, 'jobs.swf'), '--processors-per-node', '24', ...common), sacct);
    const { queue, coverage, setup } = JSON.parse(sacct) as { queue: { jobs: number; withoutPilots: { started: number } }; coverage: { ready: number; bound: number }; setup: { nodes: number } };
    assert.deepEqual([queue.jobs, setup.nodes], [12, 4]);
    assert.ok(queue.withoutPilots.started > 2 && coverage.ready <= coverage.bound);
  });

  it('sets policies side by side, and tells what prime jobs notice', async () => {
    const table = await simulate('--synthetic-workload', '3', '--nodes', '32', '--minutes', '60', '--policy', 'fib', 'dense');
    assert.match(table, /^Policy +fib +dense$/m);
    assert.match(table, /^Start against that without pilots, p50 \/ p95 \/ max +\S+ s \/ /m);
  });

  it('says in one line what is wrong', async () => {
    await refused(['--workload', join(directory, 'jobs.swf')], /EUSAGE: jobs\.swf does not tell how many nodes/);
    await refused(['--workload', join(directory, 'jobs.swf'), '--nodes', '4'], /EUSAGE: jobs\.swf: jobs tell only processors; name --processors-per-node/);
    await refused(['--workload', join(directory, 'sacct.txt'), '--synthetic', '1'], /EUSAGE: .*cannot be used with/);
    await refused(['--synthetic-workload', '1', '--plans', 'exact'], /EUSAGE: .*cannot be used with/);
  });
});
