import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { realDay, withoutRealDay } from '../traces/real-day.test-data.ts';

const run = promisify(execFile);
const program = fileURLToPath(new URL('main.ts', import.meta.url));

describe('analyze and simulate clairvoyant, as commands', () => {
  let directory = '';
  before(async () => { directory = await mkdtemp(join(tmpdir(), 'analysis-test-')); });
  after(async () => { await rm(directory, { recursive: true, force: true }); });

  const hpcwhisk = async (...args: string[]): Promise<string> => (await run(process.execPath, ['--disable-warning=ExperimentalWarning', program, ...args])).stdout;
  const refused = (args: string[], status: number, message: RegExp) => assert.rejects(hpcwhisk(...args), (error: { code: number; stderr: string }) => {
    assert.match(error.stderr, message);
    assert.equal(error.stderr.trim().split('\n').length, 1);
    return error.code === status;
  });
  const small = async (): Promise<string> => {
    const file = join(directory, 'small.log');
    await writeFile(file, '1600000000\np up 1:00 1 idle n1\n----\n1600000010\n----\n');
    return file;
  };

  it('gives the published bound of the real day by options', { skip: withoutRealDay }, async () => {
    const result = JSON.parse(await hpcwhisk('simulate', 'clairvoyant', '--log', realDay().nodeLog, '--day', '2022-03-17', '--timezone', 'Europe/Warsaw', '--lengths', 'A1', '--warmup', '2', '--json')) as Record<string, unknown>;
    assert.deepEqual(Object.keys(result), ['pilots', 'warmupShare', 'readyShare', 'unusedShare', 'readyQuartiles', 'readyMean', 'noReadyShare']);
    assert.deepEqual([result['pilots'], result['readyQuartiles']], [1248, [4, 10, 14]]);
    const own = JSON.parse(await hpcwhisk('simulate', 'clairvoyant', '--log', realDay().nodeLog, '--day', '2022-03-17', '--lengths', '2,4,6,8,14,22,34,56,90', '--json')) as unknown;
    assert.deepEqual(own, result);
  });

  it('refuses a bound for jobs alone', { skip: withoutRealDay }, async () => {
    await refused(['simulate', 'clairvoyant', '--log', realDay().pilotJobs], 64, /ETRACEFORMAT: pilot_jobs\.txt: jobs alone do not say/);
  });

  it('analyzes the real day as a table, as JSON and as a page', { skip: withoutRealDay }, async () => {
    const page = join(directory, 'page.html');
    const table = await hpcwhisk('analyze', realDay().nodeLog, '--day', '2022-03-17', '--html', page);
    assert.match(table, /Idle nodes at a time, quartiles; mean; most +5 \/ 11 \/ 16; 11\.85; 51/);
    assert.match(await readFile(page, 'utf8'), /^<!doctype html>/);
    const summary = JSON.parse(await hpcwhisk('analyze', realDay().nodeLog, '--day', '2022-03-17', '--json')) as { idle: { periods: { count: number } } };
    assert.equal(summary.idle.periods.count, 1599);
  });

  it('says in one line what is wrong', async () => {
    const log = await small();
    const clairvoyant = ['simulate', 'clairvoyant'];
    await refused(clairvoyant, 64, /EUSAGE: required option '--log/);
    await refused([...clairvoyant, '--log', log, '--lengths', 'A9'], 64, /EUSAGE.*one of A1, A2, A3, B, C1, C2, or whole minutes/);
    await refused([...clairvoyant, '--log', log, '--warmup', '-1'], 64, /EUSAGE.*whole number/);
    await refused([...clairvoyant, '--log', log, '--day', '17.3.2022'], 64, /EWINDOW: "17\.3\.2022" is no day/);
    await refused([...clairvoyant, '--log', log, '--day', '2022-03-17'], 64, /EWINDOW: the log has nothing of 2022-03-17: it reaches from 2020-09-13 14:26 to 2020-09-13 14:26 \(Europe\/Warsaw\)/);
    await refused([...clairvoyant, '--log', log, '--day', '2020-09-13', '--timezone', 'Mars/Olympus'], 64, /EWINDOW: unknown time zone "Mars\/Olympus"/);
    await refused([...clairvoyant, '--log', join(directory, 'nothing')], 66, /ENOLOG: the log .*nothing cannot be read: ENOENT/);
    await refused(['analyze'], 64, /EUSAGE: missing required argument 'file'/);
    await refused(['analyze', log, '--timezone', 'Mars/Olympus'], 64, /unknown time zone/);
    await refused(['analyze', program], 64, /ETRACEFORMAT: .*main\.ts: line 1: .* begins no node log/);
    await refused(['analyze', log, '--html', join(directory, 'no', 'page.html')], 73, /EREPORT: .*page\.html cannot be written/);
  });
});
