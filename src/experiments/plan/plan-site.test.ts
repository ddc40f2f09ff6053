import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { SlurmError } from '../../slurm/slurm.ts';
import { pasteLines } from './paste-lines.ts';
import { parsePlanSite, planSiteOf, type PlanSite } from './plan-site.ts';
import { settingsFor, type ChangeId } from './site-changes.ts';

const recorded = (name: string): string => readFileSync(new URL(`../../slurm/recorded/${name}`, import.meta.url), 'utf8');
const config = recorded('config-22.05.8.txt');
const partitions = recorded('partitions-22.05.8.txt');

/** The recorded site with some settings changed. */
function siteWith(changes: Record<string, string> = {}, whisk: Record<string, string> = {}, noReserve = false): PlanSite {
  const settings = Object.entries(changes).reduce((text, [name, value]) => text.replace(new RegExp(`^(${name}\\s*=).*$`, 'm'), `$1 ${value}`), config);
  const changed = Object.entries(whisk).reduce((text, [name, value]) => text.replace(new RegExp(`(PartitionName=whisk .*\\b${name}=)\\S+`), `$1${value}`), partitions);
  return planSiteOf(parsePlanSite(settings, changed), { partition: 'whisk', noReserve });
}

const PROMETHEUS = { SchedulerParameters: 'bf_interval=120,bf_resolution=120,bf_window=180,bf_max_job_part=100,bf_continue,batch_sched_delay=10' };
const idsOf = (site: PlanSite): ChangeId[][] => settingsFor(site).map(({ changes }) => changes.map(({ id }) => id));
const pasted = (site: PlanSite, ...ids: ChangeId[]) => {
  const setting = settingsFor(site).find(({ changes }) => changes.map(({ id }) => id).join() === ids.join());
  assert.ok(setting !== undefined, `no setting of ${ids.join()}`);
  return pasteLines(site, setting, 'single');
};

describe('what the plan reads of a site', () => {
  it('is what scontrol printed, in the model\'s terms', () => {
    const site = siteWith({ ...PROMETHEUS, KillWait: '60 sec', SlurmctldParameters: 'preempt_send_user_signal', PriorityType: 'priority/basic' }, { GraceTime: '30', OverTimeLimit: 'UNLIMITED' });
    assert.deepEqual([site.scheduler.bf_interval, site.scheduler.bf_max_job_part, site.killWait, site.graceTime], [120, 100, 60, 30]);
    assert.deepEqual([site.graceHeard, site.overTimeLimit, site.priorities, site.slurmdbd, site.noReserve], [true, true, false, false, false]);
    assert.ok(site.findings.some(({ code }) => code === 'BF_INTERVAL'));
  });

  it('keeps to every bound on how many pilots backfill looks at, and on how long they may be', () => {
    const { scheduler } = siteWith({ SchedulerParameters: 'bf_max_job_part=100,bf_max_job_user=40' }, { MaxTime: '01:00:00' });
    assert.deepEqual([scheduler.bf_max_job_part, scheduler.bf_window], [40, 60]);
    assert.deepEqual([siteWith().scheduler.bf_max_job_part, siteWith().scheduler.bf_window], [0, 1440]);
  });

  it('reads partitions on one line each or on several, and does without', () => {
    const several = partitions.replace(/ (?=AllowAccounts|GraceTime|PreemptMode)/g, '\n   ');
    assert.deepEqual(parsePlanSite(config, several).partitions, parsePlanSite(config, partitions).partitions);
    const unknown = planSiteOf(parsePlanSite(config, undefined), { noReserve: true });
    assert.deepEqual([unknown.partition, unknown.graceTime, unknown.noReserve, unknown.findings], [undefined, 0, true, []]);
  });

  it('names what is wrong', () => {
    assert.throws(() => parsePlanSite('hello', undefined), SlurmError);
    assert.throws(() => parsePlanSite(config, 'hello'), /printed no partition/);
    assert.throws(() => planSiteOf(parsePlanSite(config, partitions), { partition: 'fast', noReserve: false }), { name: 'RangeError', message: 'the site has no partition fast; it has prime, whisk' });
    assert.throws(() => planSiteOf(parsePlanSite(config, partitions.replace('Default=YES', 'Default=NO')), { noReserve: false }), /no default partition; name one with --partition: prime, whisk/);
    assert.throws(() => siteWith({ SchedulerParameters: 'bf_interval=0' }), /bf_interval must be above 0/);
  });
});

describe('the settings that are looked at', () => {
  it('are those that differ from what the site has', () => {
    assert.deepEqual(idsOf(siteWith({ SchedulerParameters: 'bf_interval=5' }, { OverTimeLimit: 'UNLIMITED' }, true)), [[]]);
    assert.deepEqual(idsOf(siteWith({}, {}, true)), [[], ['bf-interval-10'], ['over-time-limit']]);
    assert.deepEqual(idsOf(siteWith({ SlurmctldParameters: 'preempt_send_user_signal' }, { GraceTime: '30' }, true)).flat().includes('grace-time-0'), false, 'pilots hear of it');
  });

  it('take NoReserve into the packages where there is slurmdbd, else OverTimeLimit', () => {
    const last = (site: PlanSite): ChangeId[] | undefined => idsOf(site).at(-1);
    assert.deepEqual(last(siteWith({ AccountingStorageType: 'accounting_storage/slurmdbd' }, { GraceTime: '5' })), ['grace-time-0', 'bf-interval-10', 'no-reserve']);
    assert.deepEqual(last(siteWith(PROMETHEUS)), ['bf-interval-10', 'bf-resolution-60', 'over-time-limit']);
    const noReserve = settingsFor(siteWith()).find(({ title }) => title === 'QOS with NoReserve')?.changes[0];
    assert.match(noReserve?.obstacle?.(siteWith()) ?? '', /needs slurmdbd/);
  });
});

describe('what is pasted', () => {
  it('keeps the site\'s other parameters in their order', () => {
    const { slurmConf, apply, start } = pasted(siteWith(PROMETHEUS), 'bf-interval-30', 'bf-resolution-60');
    assert.deepEqual(slurmConf, ['SchedulerParameters=bf_interval=30,bf_resolution=60,bf_window=180,bf_max_job_part=100,bf_continue,batch_sched_delay=10']);
    assert.deepEqual(apply, ['scontrol reconfigure']);
    assert.equal(start, 'hpcwhisk up --cluster slurm --partition whisk --policy single');
    assert.deepEqual(pasted(siteWith(), 'bf-interval-10').slurmConf, ['SchedulerParameters=bf_interval=10']);
  });

  it('has sacctmgr\'s lines, and the QOS when the pilots are started', () => {
    const slurmdbd = { AccountingStorageType: 'accounting_storage/slurmdbd' };
    const { sacctmgr, slurmConf, start } = pasted(siteWith(slurmdbd), 'no-reserve');
    assert.deepEqual([sacctmgr[0], slurmConf], ['sacctmgr -i add qos pilot flags=NoReserve', []]);
    assert.match(start, / --policy single -- --qos=pilot$/);
    assert.ok(pasted(siteWith({ ...slurmdbd, PreemptType: 'preempt/qos' }), 'no-reserve').sacctmgr.some((line) => line.endsWith('set Preempt+=pilot')));
  });

  it('has the partition\'s values, and pilots without a limit where they may stay', () => {
    const { slurmConf, apply } = pasted(siteWith({}, { GraceTime: '30' }), 'grace-time-0');
    assert.deepEqual([slurmConf.at(-1), apply], ['GraceTime=0', ['scontrol update PartitionName=whisk GraceTime=0']]);
    assert.match(pasted(siteWith(), 'over-time-limit').start, / --policy single --overtime$/);
  });
});
