import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const program = fileURLToPath(new URL('main.ts', import.meta.url));
const recorded = (name: string): string => fileURLToPath(new URL(`../slurm/recorded/${name}`, import.meta.url));
const config = recorded('config-22.05.8.txt');
const partitions = recorded('partitions-22.05.8.txt');

describe('plan, as a command', () => {
  let directory = '';
  let log = '';
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'plan-test-'));
    log = join(directory, 'nodes.log');
    // Half an hour of two nodes that are idle by turns.
    const sample = (index: number): string => `${1_600_000_000 + index * 10}\np up 1:00 1 idle n${index % 50 < 30 ? 1 : 2}\n----\n`;
    await writeFile(log, Array.from({ length: 180 }, (_, index) => sample(index)).join(''));
  });
  after(async () => { await rm(directory, { recursive: true, force: true }); });

  const plan = async (...args: string[]): Promise<string> => (await run(process.execPath, ['--disable-warning=ExperimentalWarning', program, 'plan', ...args])).stdout;
  const refused = (args: string[], status: number, message: RegExp, env: Record<string, string> = {}) =>
    assert.rejects(run(process.execPath, ['--disable-warning=ExperimentalWarning', program, 'plan', ...args], { env: { ...process.env, ...env } }), (error: { code: number; stderr: string }) => {
      assert.match(error.stderr, message);
      assert.equal(error.stderr.trim().split('\n').length, 1, error.stderr);
      return error.code === status;
    });
  const site = ['--config', config, '--partitions', partitions, '--partition', 'whisk'];

  it('plans from files, as a table, as JSON that is the same each time, and as a page', async () => {
    const page = join(directory, 'plan.html');
    const table = await plan('--log', log, ...site, '--html', page);
    assert.match(table, /^as it is +\d/m);
    assert.match(table, /RECOMMENDED\n.+, policy \w+: \d/);
    assert.match(table, /hpcwhisk up --cluster slurm --partition whisk --policy /);
    assert.match(await readFile(page, 'utf8'), /<h2>Recommended: /);
    const json = await plan('--log', log, ...site, '--policies', 'single', '--json');
    assert.equal(await plan('--log', log, ...site, '--policies', 'single', '--json'), json);
    const report = JSON.parse(json) as { setup: { policies: string[] }; site: { partition: string }; settings: { title: string }[] };
    assert.deepEqual([report.setup.policies, report.site.partition, report.settings[0]?.title], [['single'], 'whisk', 'as it is']);
  });

  it('does without partitions, and believes what scontrol does not show', async () => {
    const report = JSON.parse(await plan('--log', log, '--config', config, '--policies', 'single', '--qos-no-reserve', '--json')) as { site: Record<string, unknown> };
    assert.deepEqual([report.site['partition'], report.site['noReserve'], report.site['graceTime']], [undefined, true, 0]);
  });

  it('says in one line what is wrong', async () => {
    await refused([], 64, /EUSAGE: required option '--log/);
    await refused(['--log', log, '--partitions', partitions], 64, /EUSAGE: --partitions goes with --config/);
    await refused(['--log', log], 69, /ESLURM: .*scontrol.*give what scontrol printed there with --config and --partitions/, { PATH: directory });
    await refused(['--log', log, '--config', join(directory, 'nothing')], 66, /ENOCONFIG: .*nothing cannot be read/);
    await refused(['--log', log, '--config', log], 64, /ECONFIG: .*nodes\.log: this is not what scontrol prints/);
    await refused(['--log', log, ...site, '--partition', 'fast'], 64, /ECONFIG: the site has no partition fast; it has prime, whisk/);
    await refused(['--log', log, ...site, '--policies', 'best'], 64, /EUSAGE: .*Allowed choices are fib/);
    await refused(['--log', log, ...site, '--day', '2022-03-17'], 64, /EWINDOW: the log has nothing of 2022-03-17/);
    await refused(['--log', log, ...site, '--timezone', 'Mars/Olympus'], 64, /EWINDOW: unknown time zone/);
    await refused(['--log', log, ...site, '--policies', 'single', '--html', join(directory, 'no', 'page.html')], 73, /EREPORT: .*page\.html cannot be written/);
    await refused(['--log', join(directory, 'nothing'), ...site], 66, /ENOLOG: /);
    const jobs = join(directory, 'jobs.txt');
    await writeFile(jobs, 'JobID|Start|End\n1|2024-01-01T00:00:00|2024-01-01T01:00:00\n');
    await refused(['--log', jobs, ...site], 64, /ETRACEFORMAT: jobs\.txt: jobs alone/);
    const busy = join(directory, 'busy.log');
    await writeFile(busy, '1600000000\n----\n1600000010\n----\n');
    await refused(['--log', busy, ...site], 65, /ETRACEEMPTY: busy\.log: no node is ever idle/);
  });
});
