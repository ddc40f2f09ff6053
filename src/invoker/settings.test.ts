import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { CodeCache } from './code-cache.ts';
import { removeStaleScratch, scratchDirectory } from './scratch.ts';
import { InvalidSettings, readSettings } from './settings.ts';
import { causeShown, termCause } from './term-cause.ts';

const directory = mkdtempSync(join(tmpdir(), 'hpcwhisk-settings-'));
after(() => { rmSync(directory, { recursive: true, force: true }); });
const LINK = { HPCWHISK_LINK_URL: 'ws://c:3233/link', HPCWHISK_LINK_TOKEN: 't' };

describe('settings of an invoker', () => {
  it('come from the environment of a pilot job', () => {
    const env: Record<string, string | undefined> = { ...LINK, SLURM_ARRAY_JOB_ID: '12', SLURM_ARRAY_TASK_ID: '3', SLURM_JOB_ID: '15', SLURMD_NODENAME: 'n7', HPCWHISK_LIMIT_MINUTES: '2', HPCWHISK_INVOKER_MEMORY_MB: '4000' };
    const settings = readSettings({}, env, 1_000);
    assert.deepEqual(
      [settings.url, settings.token, settings.jobId, settings.node, settings.leaseEndsAt, settings.memoryMB, settings.sandbox, settings.apiHost],
      ['ws://c:3233/link', 't', '12_3', 'n7', 121_000, 4000, 'auto', 'http://c:3233'],
    );
    assert.ok(existsSync(join(settings.assets, 'python/runtime.py')));
    assert.deepEqual([env['HPCWHISK_LINK_TOKEN'], env['HPCWHISK_LINK_URL']], [undefined, undefined], 'secrets do not stay in the environment');
  });

  it("fall back to Slurm's memory, this host's name and no end", () => {
    const settings = readSettings({}, { ...LINK, SLURM_MEM_PER_NODE: '2000', SLURM_JOB_ID: '15', HPCWHISK_LIMIT_MINUTES: 'none' }, 0);
    assert.deepEqual([settings.memoryMB, settings.jobId, settings.node, settings.leaseEndsAt], [1872, '15', hostname(), null]);
    assert.equal(readSettings({}, { ...LINK }, 0).memoryMB, 1024);
  });

  it('give options precedence', () => {
    const settings = readSettings({ memoryMB: 1, limitMinutes: 1, sandbox: 'process', node: 'x', holdMs: 0 }, { ...LINK, HPCWHISK_SANDBOX: 'bubblewrap' }, 0);
    assert.deepEqual([settings.memoryMB, settings.leaseEndsAt, settings.sandbox, settings.node, settings.holdMs], [1, 60_000, 'process', 'x', 0]);
  });

  it('take the credentials from a file that nobody else can read', () => {
    const file = join(directory, 'link.json');
    writeFileSync(file, JSON.stringify({ url: 'ws://f/link', token: 'ft' }), { mode: 0o600 });
    const settings = readSettings({}, { HPCWHISK_LINK_FILE: file }, 0);
    assert.deepEqual([settings.url, settings.token, settings.apiHost], ['ws://f/link', 'ft', 'http://f']);
    writeFileSync(file, JSON.stringify({ url: 'ws+unix:/run/link.sock:/link', token: 'ft' }));
    assert.equal(readSettings({}, { HPCWHISK_LINK_FILE: file }, 0).apiHost, undefined, 'a socket has no host');
    writeFileSync(file, JSON.stringify({ url: 'ws+unix:/run/link.sock:/link', token: 'ft', apiHost: 'http://127.0.0.1:3233' }));
    assert.equal(readSettings({}, { HPCWHISK_LINK_FILE: file }, 0).apiHost, 'http://127.0.0.1:3233');
    chmodSync(file, 0o640);
    assert.throws(() => readSettings({}, { HPCWHISK_LINK_FILE: file }, 0), /others can read it: chmod 600/);
    writeFileSync(file, '{"url": 5}', { mode: 0o600 });
    chmodSync(file, 0o600);
    assert.throws(() => readSettings({ linkFile: file }, {}, 0), /is not \{"url"/);
    assert.throws(() => readSettings({ linkFile: join(directory, 'none') }, {}, 0), /Cannot read the link file/);
  });

  it('say in one line what is wrong with them', () => {
    const bad: Record<string, string>[] = [{}, { ...LINK, HPCWHISK_LIMIT_MINUTES: 'soon' }, { ...LINK, HPCWHISK_SANDBOX: 'docker' }, { ...LINK, HPCWHISK_INVOKER_MEMORY_MB: '-1' }, { ...LINK, HPCWHISK_HOLD_MS: 'x' }, { ...LINK, HPCWHISK_NETWORK: 'lan' }];
    for (const env of bad) {
      assert.throws(() => readSettings({}, env, 0), (error) => error instanceof InvalidSettings && !error.message.includes('\n'), JSON.stringify(env));
    }
  });
});

describe('the cause of a SIGTERM', () => {
  const job = { env: {}, jobId: '5', leaseEndsAt: null, now: 100_000 };
  it('is told by the environment, the lease, or the lack of a job', async () => {
    assert.equal(await termCause({ ...job, env: { HPCWHISK_TERM_CAUSE: 'preempted' } }), 'preempted');
    assert.equal(await termCause({ ...job, leaseEndsAt: 101_000 }), 'time-limit');
    assert.equal(await termCause({ ...job, jobId: undefined }), 'shutdown');
  });

  it('is read from what scontrol shows', () => {
    assert.equal(causeShown('JobId=5\n   StartTime=x EndTime=y\n   PreemptEligibleTime=2026-01-01T00:00:00 PreemptTime=2026-01-01T00:00:05\n'), 'preempted');
    assert.equal(causeShown('JobId=5 JobState=COMPLETING Reason=TimeLimit PreemptTime=None'), 'time-limit');
    assert.equal(causeShown('JobId=5 JobState=CANCELLED Reason=None PreemptTime=None'), 'cancelled');
  });
});

describe('scratch directories', () => {
  it('of dead invokers of this host are removed, and no others', () => {
    const base = join(directory, 'scratch');
    const own = scratchDirectory(base);
    const dead = Number(execFileSync('/bin/sh', ['-c', 'echo $$'], { encoding: 'utf8' }));
    const names = { own, dead: join(base, `${hostname()}.${dead}.1`), reused: join(base, `${hostname()}.1.1`), elsewhere: join(base, 'otherhost.1.1') };
    for (const path of Object.values(names)) mkdirSync(path);
    assert.deepEqual(removeStaleScratch(base).sort(), [`${hostname()}.1.1`, `${hostname()}.${dead}.1`].sort());
    assert.deepEqual([existsSync(own), existsSync(names.elsewhere), existsSync(names.dead)], [true, true, false]);
  });

  it('are not put into what is no directory of ours', () => {
    const file = join(directory, 'file');
    writeFileSync(file, '');
    assert.throws(() => scratchDirectory(file));
  });
});

describe('code cache', () => {
  const exec = (code: string): { kind: string; code: string; binary: boolean } => ({ kind: 'nodejs:24', code, binary: false });

  it('asks once for what several wait for, and keeps it', async () => {
    const asked: string[] = [];
    const cache = new CodeCache((path, revision) => { asked.push(`${path}@${revision}`); }, 100);
    const both = Promise.all([cache.get('a', '1'), cache.get('a', '1')]);
    cache.askAgain();
    cache.received('a', '1', exec('x'));
    assert.deepEqual(await both, [exec('x'), exec('x')]);
    assert.deepEqual(await cache.get('a', '1'), exec('x'));
    assert.deepEqual(asked, ['a@1', 'a@1']);
    const gone = cache.get('a', '2');
    cache.received('a', '2', null);
    assert.equal(await gone, null);
  });

  it('forgets what was used longest ago when there is too much', async () => {
    const asked: string[] = [];
    const cache = new CodeCache((path) => { asked.push(path); }, 10);
    for (const path of ['a', 'b']) cache.received(path, '1', exec('12345'));
    await cache.get('a', '1');
    cache.received('c', '1', exec('12345'));
    void cache.get('b', '1');
    await cache.get('a', '1');
    assert.deepEqual(asked, ['b']);
  });
});
