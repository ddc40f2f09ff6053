import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { policyNames, type PolicyName } from '../../pilots/policies.ts';
import { surfaceOfLog } from '../../traces/availability.ts';
import { withPollGapsFilled } from '../../traces/poll-gaps.ts';
import { readTrace } from '../../traces/read-trace.ts';
import { realDay, withoutRealDay } from '../../traces/real-day.test-data.ts';
import { analyze } from '../analysis/analyze.ts';
import type { Analysis } from '../analysis/analysis.ts';
import { makePlan, type PlanRequest } from './make-plan.ts';
import type { PlanReport, SettingOutcome } from './plan-report.ts';
import { parsePlanSite, planSiteOf } from './plan-site.ts';
import { policyOfSite } from './policy-of-site.ts';
import { outcomeOfBest } from './recommend.ts';
import { planPage } from './render/page.ts';
import { planText } from './render/table.ts';

const recorded = (name: string): string => readFileSync(new URL(`../../slurm/recorded/${name}`, import.meta.url), 'utf8');

interface Setup { readonly parameters?: string; readonly graceTime?: number; readonly slurmdbd?: boolean; readonly policies?: readonly PolicyName[]; readonly seeds?: number; readonly preemptType?: string }

/** As the command has it by default. */
const PLANNED = policyNames.filter((name) => name !== 'var');

function siteWith({ parameters = '(null)', graceTime = 0, slurmdbd = true, preemptType = 'preempt/partition_prio' }: Setup) {
  const config = recorded('config-22.05.8.txt').replace(/^SchedulerParameters.*$/m, `SchedulerParameters = ${parameters}`).replace(/^PreemptType.*$/m, `PreemptType = ${preemptType}`)
    .replace(/^AccountingStorageType.*$/m, `AccountingStorageType = accounting_storage/${slurmdbd ? 'slurmdbd' : 'none'}`);
  const partitions = recorded('partitions-22.05.8.txt').replace(/(PartitionName=whisk .*GraceTime=)0/, `$1${graceTime}`);
  return planSiteOf(parsePlanSite(config, partitions), { partition: 'whisk', noReserve: false });
}

function requestOf(content: Uint8Array, setup: Setup): { request: PlanRequest; analysis: Analysis } {
  const trace = readTrace([{ name: 'log', content }], 'Europe/Warsaw');
  assert.ok(trace.format === 'node-log');
  const analysis = analyze(trace, { files: ['log'], timeZone: 'Europe/Warsaw' });
  const { source, idle } = analysis.summary;
  assert.ok(idle !== undefined);
  const request = {
    source, idle, surface: surfaceOfLog({ ...trace.log, samples: withPollGapsFilled(trace.log.samples) }), samples: trace.log.samples, site: siteWith(setup), policies: setup.policies ?? PLANNED, plans: 'drawn' as const,
    primePending: 'drawn' as const, startupSeconds: 1, exitSeconds: 0.1, pollSeconds: 15, seed: 1, seeds: setup.seeds ?? 1,
  };
  return { request, analysis };
}

/** Ninety minutes of six nodes, each idle for 1 to 12 minutes at a time, samples 10 s apart. */
const LOG = Buffer.from(Array.from({ length: 540 }, (_, index) => {
  const idle = Array.from({ length: 6 }, (_, node) => node + 1).filter((node) => (index + 31 * node) % (40 + 17 * node) < 6 + 11 * node);
  return [1_600_000_000 + index * 10, ...idle.map((node) => `p up 1:00 1 idle n${node}`), '----', ''].join('\n');
}).join(''));
const PAPER = 'bf_interval=120,bf_resolution=120,bf_window=180,bf_max_job_part=100,batch_sched_delay=10';

const planned = async (setup: Setup): Promise<{ report: PlanReport; analysis: Analysis }> => {
  const { request, analysis } = requestOf(LOG, setup);
  return { report: await makePlan(request), analysis };
};
/** The paper's parameters and a trap; several tests look at it. */
const paper = planned({ parameters: PAPER, graceTime: 30 });
const best = (report: PlanReport, title: string) => {
  const setting = report.settings.find((each) => each.title === title);
  assert.ok(setting !== undefined, title);
  return outcomeOfBest(setting);
};

describe('a plan', () => {
  it('is the same for the same request, byte for byte, also over several seeds', async () => {
    const setup = { parameters: PAPER, graceTime: 30, policies: ['fib', 'single'] as const, seeds: 2 };
    const [one, two] = [await planned(setup), await planned(setup)];
    assert.equal(JSON.stringify(one.report), JSON.stringify(two.report));
    assert.equal(planPage(one.report, one.analysis), planPage(two.report, two.analysis));
    const [least, most] = one.report.settings[0]?.policies[0]?.readyRange ?? [0, 0];
    assert.ok(least < most, 'seeds differ');
  });

  it('never promises more than there is, whatever the setting and the policy', async () => {
    const { report } = await paper;
    assert.deepEqual(report.settings[0]?.policies.map(({ policy }) => policy), PLANNED);
    for (const { policies, title } of report.settings) {
      for (const { ready, pilot, policy, readyNodeHoursPerDay, noWorkerShare } of policies) {
        assert.ok(ready <= report.bound + 1e-9 && ready <= pilot, `${title}, ${policy}`);
        assert.ok(readyNodeHoursPerDay <= report.nodeHoursPerDay && noWorkerShare >= report.idle.atATime.noneShare - 0.02, `${title}, ${policy}`);
      }
    }
    assert.ok((report.clairvoyant ?? 1) < report.bound);
  });

  it('puts first what spares users a delay, then what brings most, and the levers that help into the recommendation', async () => {
    const { report } = await paper;
    const [first, second] = report.ranking;
    assert.deepEqual([first?.change, first?.verdict, first?.delayP95[1]], ['grace-time-0', 'first', 0.2]);
    assert.ok((first?.delayP95[0] ?? 0) > 30);
    assert.equal(second?.change, 'bf-interval-10');
    const gains = report.ranking.slice(1).map(({ readyGain }) => readyGain);
    assert.deepEqual(gains, gains.toSorted((a, b) => b - a));
    const { recommendation, milder } = report;
    assert.match(recommendation.setting, /GraceTime=0 \+ bf_interval=10/);
    assert.match(milder?.setting ?? '', /GraceTime=0 \+ bf_interval=30/);
    assert.ok(best(report, recommendation.setting).ready > best(report, milder?.setting ?? '').ready);
    assert.ok(best(report, milder?.setting ?? '').ready > best(report, 'as it is').ready + 0.05);
  });

  it('delays prime jobs by the way of preemption, and by no more than a backfill cycle where only backfill starts them', async () => {
    const { report } = await planned({ parameters: PAPER, policies: ['dense'] });
    const cycles: [string, number][] = [['as it is', 120], ['bf_interval=30', 30], ['bf_interval=10', 10]];
    for (const [title, cycle] of cycles) {
      const setting: SettingOutcome | undefined = report.settings.find((each) => each.title === title);
      assert.equal(best(report, title).delay.max, 0.2);
      assert.ok(setting !== undefined && setting.delayByBackfill.p95 > 0.2 && setting.delayByBackfill.max <= cycle + 0.2 + 1e-9, title);
      assert.equal(setting.delayByBackfill.count, best(report, title).delay.count);
    }
  });

  it('recommends nothing that the site cannot have, but says what it would bring', async () => {
    const { report } = await planned({ slurmdbd: false, policies: ['single'] });
    const noReserve = report.ranking.find(({ change }) => change === 'no-reserve');
    assert.deepEqual([noReserve?.verdict, report.ranking.at(-1)?.change], ['not here', 'no-reserve']);
    assert.match(noReserve?.obstacle ?? '', /slurmdbd/);
    assert.deepEqual(report.recommendation.paste.sacctmgr, []);
    assert.match(planText(report), /QOS with NoReserve \*/);
  });

  it('has nothing to change where all is as it should be', async () => {
    const { request } = requestOf(LOG, { parameters: 'bf_interval=5', policies: ['dense'] });
    const report = await makePlan({ ...request, site: { ...request.site, noReserve: true, overTimeLimit: true } });
    assert.deepEqual([report.settings.length, report.ranking, report.recommendation.setting, report.milder], [1, [], 'as it is', undefined]);
    assert.match(planText(report), /nothing: the site has all that helps/);
  });
});

describe('a policy on a site', () => {
  const minutes = (site: Partial<PlanRequest['site']>) => {
    const { policy, staysOverTime } = policyOfSite('single', { ...siteWith({}), ...site });
    return [policy.kinds.map(({ limitMinutes }) => limitMinutes), staysOverTime];
  };

  it('stays beyond its limit only where the site allows it and the policy asks for it', () => {
    assert.deepEqual([minutes({}), minutes({ overTimeLimit: true })], [[[90], false], [[1], true]]);
    assert.equal(policyOfSite('dense', { ...siteWith({}), overTimeLimit: true }).staysOverTime, false);
  });
});

describe('its page', () => {
  it('needs nothing beside itself, and holds what an operator takes along', async () => {
    const { report, analysis } = await paper;
    const page = planPage(report, analysis);
    assert.match(page, /^<!doctype html>/);
    assert.doesNotMatch(page, /(?:src|href)=|https?:\/\/|@import|url\(/);
    assert.doesNotMatch(page, /NaN|undefined|Infinity/);
    for (const text of [report.recommendation.setting, ...report.recommendation.paste.slurmConf, ...report.settings.map(({ title }) => title)]) assert.ok(page.includes(text), text);
  });

  it('begins with what must be mended before any pilot runs', async () => {
    const { report, analysis } = await planned({ preemptType: 'preempt/none', policies: ['single'] });
    assert.match(planPage(report, analysis), /<h2>First of all<\/h2>[\s\S]*nothing takes a node back/);
    assert.match(planText(report), /FIRST OF ALL[^\n]*\nPREEMPT_TYPE/);
  });
});

describe('a plan for the real day', { skip: withoutRealDay }, () => {
  it('finds what was measured: short cycles bring most, NoReserve brings single up to the others', async () => {
    const { request } = requestOf(readFileSync(realDay().nodeLog), { parameters: PAPER, policies: ['fib', 'single'] });
    const report = await makePlan(request);
    const near = (value: number, expected: number, by: number): void => { assert.ok(Math.abs(value - expected) < by, `${value} against ${expected}`); };
    near(report.nodeHoursPerDay, 281, 3);
    near(report.clairvoyant ?? 0, 0.906, 0.01);
    assert.equal(report.ranking[0]?.change, 'bf-interval-10');
    near(best(report, 'as it is').ready, 0.91, 0.01);
    near(best(report, 'bf_interval=30 + bf_resolution=60 + QOS with NoReserve').ready, 0.934, 0.01);
    near(best(report, 'bf_interval=10 + bf_resolution=60 + QOS with NoReserve').ready, 0.938, 0.01);
    const noReserve = report.settings.find(({ title }) => title === 'QOS with NoReserve');
    assert.deepEqual([noReserve?.best, report.settings[0]?.best], ['single', 'fib']);
  });
});
