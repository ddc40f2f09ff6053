import { percent, seconds, significant } from '../../render/units.ts';
import type { PlanReport, PolicyOutcome, Recommendation, SettingOutcome } from '../plan-report.ts';
import { outcomeOfBest } from '../recommend.ts';
import { assumptions, delays, hours, pasteBlocks, points, VERDICTS } from './words.ts';

type Cells = readonly string[];

/** For a terminal. */
export function planText(report: PlanReport): string {
  const { settings, recommendation, milder, site, source } = report;
  return [
    `${source.files.join(', ')}: ${source.from} to ${source.to}`,
    `${site.cluster}, Slurm ${site.version}${site.partition === undefined ? '' : `, partition ${site.partition}`}: ${siteLine(report)}`,
    ...findings(report),
    heading('To be had'),
    `${hours(report.nodeHoursPerDay)} of idle nodes a day; ${significant(report.idle.atATime.mean)} nodes idle at a time; none for ${percent(report.idle.atATime.noneShare)} of the time`,
    heading('Idle node time with a ready invoker (time without any), by setting and policy'),
    columns([['Setting', ...settings[0]?.policies.map(({ policy }) => policy) ?? []], ...settings.map((setting) => [titleOf(setting), ...setting.policies.map(coverage)])]),
    ...settings.some(({ obstacles }) => obstacles.length > 0) ? [obstaclesLine(settings)] : [],
    heading('Prime jobs that come to a node with a pilot start later by, p50 / p95 / max'),
    columns([
      ['Setting', 'policy', 'of all prime jobs', 'the main loop starts them', 'only backfill does'],
      ...settings.map((setting) => delayRow(setting, outcomeOfBest(setting))),
    ]),
    heading('What to change, each by itself'),
    ...report.ranking.length === 0 ? ['nothing: the site has all that helps'] : [columns(report.ranking.map(({ title, readyGain, nodeHoursPerDayGain, delayP95: [before, after], verdict, policy, obstacle }, index) => [
      `${index + 1}.`, title, points(readyGain), `${nodeHoursPerDayGain < 0 ? '−' : '+'}${hours(Math.abs(nodeHoursPerDayGain))} a day with ${policy}`,
      `delay p95 ${seconds(before)} → ${seconds(after)}`, obstacle ?? VERDICTS[verdict],
    ]))],
    heading('Recommended'),
    ...recommended(report, recommendation),
    ...milder === undefined ? [] : [heading('Milder, where sdiag\'s mean backfill cycle is not well below 10 s'), ...recommended(report, milder)],
    heading('What this rests on'),
    ...assumptions(report),
  ].join('\n');
}

/** What the site has, in Slurm's words. */
export function siteLine({ site: { scheduler, graceTime, killWait, noReserve, overTimeLimit } }: Pick<PlanReport, 'site'>): string {
  return [
    `bf_interval=${scheduler.bf_interval}`, `bf_resolution=${scheduler.bf_resolution}`, `GraceTime=${graceTime}`, `KillWait=${killWait}`,
    ...noReserve ? ['QOS with NoReserve'] : [], ...overTimeLimit ? ['OverTimeLimit=UNLIMITED'] : [],
  ].join(', ');
}

/** From the site as it is to what is recommended. */
export function gain({ settings }: PlanReport, { setting }: Recommendation): string {
  const [now] = settings;
  const after = settings.find(({ title }) => title === setting);
  if (now === undefined || after === undefined) return '';
  const [from, to] = [outcomeOfBest(now), outcomeOfBest(after)];
  if (now === after) return `${percent(to.ready)} of the idle node time, ${hours(to.readyNodeHoursPerDay)} a day`;
  return `${percent(from.ready)} → ${percent(to.ready)} of the idle node time, ${hours(from.readyNodeHoursPerDay)} → ${hours(to.readyNodeHoursPerDay)} a day`;
}

function recommended(report: PlanReport, recommendation: Recommendation): string[] {
  const { setting, policy, reason, paste } = recommendation;
  return [
    `${setting}, policy ${policy}: ${gain(report, recommendation)}; ${reason}`,
    ...pasteBlocks(paste).flatMap(({ title, lines }) => ['', `${title}:`, ...lines.map((line) => `  ${line}`)]),
  ];
}

function findings({ site }: PlanReport): string[] {
  const errors = site.findings.filter(({ level }) => level === 'error');
  if (errors.length === 0) return [];
  return ['', 'FIRST OF ALL: the model takes for granted that this is mended', ...errors.map(({ code, text, advice }) => `${code}: ${text} → ${advice}`)];
}

function coverage({ ready, noWorkerShare }: PolicyOutcome): string {
  return `${percent(ready)} (${percent(noWorkerShare)})`;
}

function delayRow(setting: SettingOutcome, best: PolicyOutcome): Cells {
  return [setting.title, best.policy, percent(best.preemptingShare), delays(best.delay), delays(setting.delayByBackfill)];
}

function titleOf({ title, obstacles }: SettingOutcome): string {
  return obstacles.length === 0 ? title : `${title} *`;
}

function obstaclesLine(settings: readonly SettingOutcome[]): string {
  return `* ${[...new Set(settings.flatMap(({ obstacles }) => obstacles))].join('; ')}`;
}

function heading(text: string): string {
  return `\n${text.toUpperCase()}`;
}

function columns(rows: readonly Cells[]): string {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((cells) => cells[column]?.length ?? 0))) ?? [];
  return rows.map((cells) => cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ').trimEnd()).join('\n');
}
