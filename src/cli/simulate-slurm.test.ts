import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { realDay, withoutRealDay } from '../traces/real-day.test-data.ts';
import { refused, simulate } from './simulate-slurm.test-data.ts';

describe('simulate slurm, as a command', () => {
  it('sets policies side by side', async () => {
    const table = await simulate('--synthetic', '5', '--minutes', '120', '--policy', 'fib', 'dense', 'single');
    assert.match(table, /^Policy +fib +dense +single$/m);
    assert.match(table, /^With a ready invoker +\d/m);
  });

  it('gives the same JSON for the same seed, and takes the site\'s levers', { skip: withoutRealDay }, async () => {
    const common = ['--log', realDay().nodeLog, '--day', '2022-03-17', '--policy', 'single', '--json'];
    const first = await simulate(...common);
    assert.equal(await simulate(...common), first);
    type Report = { setup: { noReserve: boolean; bf_interval: number; nodes: number }; coverage: { ready: number; bound: number } };
    const plain = JSON.parse(first) as Report;
    const helped = JSON.parse(await simulate(...common, '--qos-no-reserve', '--scheduler-parameters', 'bf_interval=10')) as Report;
    assert.deepEqual([plain.setup.noReserve, plain.setup.bf_interval, plain.setup.nodes], [false, 30, 2288]);
    assert.deepEqual([helped.setup.noReserve, helped.setup.bf_interval], [true, 10]);
    assert.ok(plain.coverage.ready < helped.coverage.ready && helped.coverage.ready <= helped.coverage.bound);
  });

  it('refuses a real log in which there is not what is asked for', { skip: withoutRealDay }, async () => {
    await refused(['--log', realDay().pilotJobs], /ETRACEFORMAT: pilot_jobs\.txt: jobs alone/);
    await refused(['--log', realDay().nodeLog, '--day', '2022-03-19'], /EWINDOW: the log has nothing of 2022-03-19/);
  });

  it('sends calls through the dispatcher, and shows what became of them beside the paper\'s', async () => {
    const args = ['--synthetic', '5', '--minutes', '20', '--policy', 'dense', '--plans', 'none', '--calls', '3', '--arrivals', 'poisson', '--functions', '4'];
    const { setup, calls } = JSON.parse(await simulate(...args, '--json')) as { setup: Record<string, unknown>; calls: Record<string, number> };
    assert.deepEqual([setup['callsPerSecond'], setup['arrivals'], calls['lost'], calls['twice']], [3, 'poisson', 0, 0]);
    assert.ok((calls['succeeded'] ?? 0) > 0 && Math.abs((calls['offered'] ?? 0) - 3600) < 300);
    assert.match(await simulate(...args), /^Accepted +\d.* 95\.29 %$/m);
    await refused([...args, '--invoker-memory', '128'], /EUSAGE: .*from 256/);
  });

  it('says in one line what is wrong', async () => {
    await refused([], /EUSAGE: name a node log with --log FILE/);
    await refused(['--synthetic', '1', '--policy', 'best'], /EUSAGE: .*'best' is invalid\. Allowed choices are fib/);
    await refused(['--synthetic', '1', '--scheduler-parameters', 'bf_interval=0'], /EUSAGE: bf_interval must be above 0/);
    await refused(['--synthetic', '1', '--plans', 'some'], /EUSAGE: .*none, exact, drawn/);
    await refused(['--synthetic', '1', '--exit', '-1'], /EUSAGE: .*number above 0/);
    await refused(['--synthetic', '1', '--log', 'nodes.log'], /EUSAGE: .*cannot be used with/);
  });
});
