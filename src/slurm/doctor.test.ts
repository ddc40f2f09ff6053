import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { installTestbedPackages } from '../testbed/packages.ts';
import { startTestbed, stopTestbed } from '../testbed/testbed.ts';
import { doctor, type DoctorOptions } from './doctor.ts';
import { parseSite, readSite } from './site.ts';
import { SlurmError } from './slurm.ts';

const config = readFileSync(new URL('recorded/config-22.05.8.txt', import.meta.url), 'utf8');
const partitions = readFileSync(new URL('recorded/partitions-22.05.8.txt', import.meta.url), 'utf8');

/** The recorded site with some settings changed; a name that it does not have is an error of the test. */
function site(changes: Record<string, string> = {}, partitionChanges: Record<string, string> = {}) {
  let changed = config;
  for (const [name, value] of Object.entries(changes)) {
    assert.match(changed, new RegExp(`^${name}\\s*=`, 'm'));
    changed = changed.replace(new RegExp(`^(${name}\\s*=).*$`, 'm'), `$1 ${value}`);
  }
  let whisk = partitions;
  for (const [name, value] of Object.entries(partitionChanges)) whisk = whisk.replace(new RegExp(`(PartitionName=whisk .*\\b${name}=)\\S+`), `$1${value}`);
  return parseSite(changed, whisk);
}

function complaints(changes: Record<string, string>, partitionChanges: Record<string, string> = {}, options: DoctorOptions = {}): string[] {
  return doctor(site(changes, partitionChanges), { partition: 'whisk', ...options }).filter(({ level }) => level !== 'ok').map(({ level, code }) => `${level} ${code}`);
}

const prometheus = 'bf_interval=120,bf_resolution=120,bf_window=180,bf_max_job_test=6000,bf_max_job_part=100,bf_max_job_start=200,bf_continue,default_queue_depth=6000,batch_sched_delay=10,sched_min_interval=500000';

describe('doctor', () => {
  it('finds little wrong with a testbed', () => {
    assert.deepEqual(complaints({}), ['warn PROCTRACK']);
    assert.deepEqual(complaints({ ProctrackType: 'proctrack/cgroup' }), []);
  });

  const cgroup = { ProctrackType: 'proctrack/cgroup' };
  const table: { name: string; config?: Record<string, string>; partition?: Record<string, string>; options?: DoctorOptions; expected: string[] }[] = [
    { name: 'the trap of GraceTime', partition: { GraceTime: '30' }, expected: ['warn GRACE_TIME'] },
    { name: 'no preemption', config: { PreemptType: 'preempt/none' }, expected: ['error PREEMPT_TYPE'] },
    { name: 'PreemptMode OFF', partition: { PreemptMode: 'OFF' }, expected: ['error PREEMPT_MODE'] },
    { name: 'PreemptMode GANG,SUSPEND', partition: { PreemptMode: 'GANG,SUSPEND' }, expected: ['error PREEMPT_MODE'] },
    { name: 'PreemptMode REQUEUE', partition: { PreemptMode: 'REQUEUE' }, expected: ['warn PREEMPT_REQUEUE'] },
    { name: 'tiers upside down', partition: { PriorityTier: '10' }, expected: ['error PRIORITY_TIER'] },
    { name: 'tiers of partitions that share no node', partition: { PriorityTier: '10', Nodes: 'm[1-4]' }, expected: [] },
    { name: 'the parameters of Prometheus', config: { SchedulerParameters: prometheus }, expected: ['warn BF_INTERVAL', 'warn BF_RESOLUTION', 'warn BATCH_SCHED_DELAY'] },
    { name: 'a backlog deeper than backfill looks', config: { SchedulerParameters: 'bf_max_job_part=50' }, expected: ['warn BF_MAX_JOB'] },
    { name: 'no backfill', config: { SchedulerType: 'sched/builtin' }, expected: ['error NO_BACKFILL'] },
    { name: 'a short KillWait', config: { KillWait: '1 sec' }, expected: ['warn KILL_WAIT'] },
    { name: 'pilots exempt from preemption', config: { PreemptExemptTime: '00:05:00' }, expected: ['warn PREEMPT_EXEMPT_TIME'] },
    { name: 'small arrays', config: { MaxArraySize: '51' }, expected: ['warn MAX_ARRAY_SIZE'] },
    { name: 'small arrays, small stock', config: { MaxArraySize: '51' }, options: { maxPending: 50 }, expected: [] },
    { name: 'priority/basic', config: { PriorityType: 'priority/basic' }, expected: ['warn PRIORITY_TYPE'] },
    { name: 'debug flags', config: { DebugFlags: 'Backfill,Steps' }, expected: ['warn DEBUG_FLAGS'] },
    { name: 'a short partition', partition: { MaxTime: '01:00:00' }, expected: ['warn PARTITION_MAX_TIME'] },
    { name: 'a partition that is down', partition: { State: 'DOWN' }, expected: ['error PARTITION_STATE'] },
  ];
  for (const { name, config: changes, partition, options, expected } of table) {
    it(name, () => { assert.deepEqual(complaints({ ...cgroup, ...changes }, partition, options), expected); });
  }

  it('says what a site could do for more', () => {
    const hints = doctor(site({ AccountingStorageType: 'accounting_storage/slurmdbd', OverTimeLimit: 'UNLIMITED' }), { partition: 'whisk' });
    assert.match(hints.find(({ code }) => code === 'NO_RESERVE')?.advice ?? '', /flags=NoReserve/);
    assert.match(hints.find(({ code }) => code === 'OVER_TIME_LIMIT')?.advice ?? '', /adaptive/);
  });

  it('names the partitions there are', () => {
    assert.deepEqual(doctor(site(), { partition: 'nope' }).map(({ level, code, advice }) => [level, code, advice]), [['error', 'PARTITION_UNKNOWN', 'name one of: prime, whisk']]);
    assert.ok(doctor(site()).some(({ code, text }) => code === 'PREEMPT_MODE' && text.includes('prime')), 'the default partition is prime');
  });

  it('does not take anything for a configuration', () => {
    assert.throws(() => parseSite('hello', ''), (error) => error instanceof SlurmError);
  });
});

describe('doctor of a real Slurm', { timeout: 120_000 }, () => {
  let root = '';
  before(async () => {
    await installTestbedPackages();
    root = await mkdtemp(join(tmpdir(), 'doctor-test-'));
  });
  after(async () => {
    await stopTestbed(join(root, 'testbed'));
    await rm(root, { recursive: true, force: true });
  });

  it('reads its settings and finds its traps', async () => {
    const testbed = await startTestbed({
      nodes: 1, directory: join(root, 'testbed'), schedulerParameters: 'bf_interval=120,bf_continue', whiskPartition: { GraceTime: '30', OverTimeLimit: 'UNLIMITED' },
      settings: { PreemptExemptTime: '00:00:30' },
    });
    const found = await readSite({ env: testbed.env });
    assert.equal(found.schedulerParameters['bf_continue'], '');
    const findings = doctor(found, { partition: 'whisk' });
    assert.deepEqual(findings.filter(({ level }) => level !== 'ok').map(({ code }) => code).sort(), ['BF_INTERVAL', 'GRACE_TIME', 'PREEMPT_EXEMPT_TIME', 'PROCTRACK']);
    assert.match(findings.find(({ code }) => code === 'GRACE_TIME')?.text ?? '', /30 to 62 s/);
    assert.ok(findings.some(({ code }) => code === 'OVER_TIME_LIMIT'));
    await testbed.stop();
    await assert.rejects(readSite({ env: { PATH: root } }), (error) => error instanceof SlurmError && /scontrol: command not found/.test(error.message));
  });
});
