import type { Analysis } from '../../analysis/analysis.ts';
import { figuresOf } from '../../analysis/render/figures.ts';
import { cardsOf, factList, figurePanel, htmlPage, type Card } from '../../render/html-page.ts';
import { escape } from '../../render/svg.ts';
import { count, percent, seconds, significant } from '../../render/units.ts';
import type { PlanReport, PolicyOutcome, RankedChange, Recommendation, SettingOutcome } from '../plan-report.ts';
import { outcomeOfBest } from '../recommend.ts';
import { delayFigure, lossFigure, settingLetter } from './figures.ts';
import { gain, siteLine } from './table.ts';
import { assumptions, delays, hours, pasteBlocks, points, VERDICTS } from './words.ts';

/** Of the analysis: idle nodes over time, and how long nodes stay idle. */
const ANALYSIS_FIGURES = ['Idle nodes over time', 'Idle periods, distribution'];

/** The plan as one HTML page that needs nothing beside itself. */
export function planPage(report: PlanReport, analysis: Analysis): string {
  const { source, site } = report;
  const local = new Intl.DateTimeFormat('en-GB', { timeZone: source.timeZone, dateStyle: 'medium', timeStyle: 'short' });
  const window = `${local.format(new Date(source.from))} to ${local.format(new Date(source.to))} (${source.timeZone})`;
  const delay = delayFigure(report);
  const place = `${site.cluster}${site.partition === undefined ? '' : `, partition ${site.partition}`}`;
  return htmlPage(`HPC-Whisk plan: ${place}`, `<header><p class="kicker">HPC-Whisk plan</p><h1>What would functions on idle nodes bring ${escape(site.cluster)}?</h1>
<p class="sub">${escape(source.files.join(', '))}, ${escape(window)}. ${escape(place)}, Slurm ${escape(site.version)}: ${escape(siteLine(report))}.</p></header>
${cardsOf(cards(report))}
${errors(report)}${recommended('Recommended', report, report.recommendation)}
${report.milder === undefined ? '' : recommended('Milder, where sdiag’s mean backfill cycle is not well below 10 s', report, report.milder)}
${ranking(report.ranking)}
${figurePanel(lossFigure(report))}
${settingsTable(report)}
${delay === undefined ? '' : figurePanel(delay)}
${primeTable(report.settings)}
${figuresOf(analysis).filter(({ title }) => ANALYSIS_FIGURES.includes(title)).map(figurePanel).join('\n')}
<section class="panel"><h2>What this rests on</h2><ul>${assumptions(report).map((text) => `<li>${escape(text)}</li>`).join('')}</ul></section>
${findings(report)}`);
}

function cards(report: PlanReport): Card[] {
  const [now] = report.settings;
  const after = report.settings.find(({ title }) => title === report.recommendation.setting) ?? now;
  if (now === undefined || after === undefined) return [];
  const [before, best] = [outcomeOfBest(now), outcomeOfBest(after)];
  return [
    { value: hours(report.nodeHoursPerDay), label: 'of idle nodes a day', note: `${significant(report.idle.atATime.mean)} of ${count(report.idle.total)} nodes at a time; none for ${percent(report.idle.atATime.noneShare)} of the time` },
    usable('of it usable as the site is', before), usable('of it usable as recommended', best),
    { value: seconds(best.delay.p50), label: 'later start of prime jobs that meet a pilot, median', note: `now ${seconds(before.delay.p50)}; where only backfill starts them ${seconds(after.delayByBackfill.p50)}, now ${seconds(now.delayByBackfill.p50)}` },
  ];
}

function usable(label: string, { ready, readyNodeHoursPerDay, policy, noWorkerShare }: PolicyOutcome): Card {
  return { value: percent(ready), label, note: `${hours(readyNodeHoursPerDay)} a day, policy ${policy}; no worker for ${percent(noWorkerShare)} of the time` };
}

function errors({ site }: PlanReport): string {
  const found = site.findings.filter(({ level }) => level === 'error');
  if (found.length === 0) return '';
  return `<section class="panel"><h2>First of all</h2><p class="caption">Pilots must not run before this is mended; all figures take for granted that it is.</p><ul>${found.map(({ text, advice }) => `<li>${escape(text)}. <small>${escape(advice)}</small></li>`).join('')}</ul></section>\n`;
}

function recommended(heading: string, report: PlanReport, recommendation: Recommendation): string {
  const { setting, policy, paste, reason } = recommendation;
  const blocks = pasteBlocks(paste).map(({ title, lines }) => `<p class="caption">${escape(title)}</p><pre>${escape(lines.join('\n'))}</pre>`).join('');
  return `<section class="panel"><h2>${escape(heading)}: ${escape(setting)}, policy ${escape(policy)}</h2><p>${escape(gain(report, recommendation))}; ${escape(reason)}.</p>${blocks}</section>`;
}

function ranking(ranked: readonly RankedChange[]): string {
  if (ranked.length === 0) return '<section class="panel"><h2>What to change</h2><p class="caption">Nothing: the site has all that helps.</p></section>';
  const rows = ranked.map(({ title, effect, readyGain, nodeHoursPerDayGain, delayP95: [before, after], verdict, obstacle, policy }, index) =>
    `<tr><th scope="row">${index + 1}. ${escape(title)}<small>${escape(effect)}</small></th><td>${points(readyGain)}<br><small>${escape(policy)}</small></td><td>${nodeHoursPerDayGain < 0 ? '−' : '+'}${hours(Math.abs(nodeHoursPerDayGain))}</td><td class="whole">${seconds(before)} → ${seconds(after)}</td><td>${escape(obstacle ?? VERDICTS[verdict])}</td></tr>`);
  return `<section class="panel"><h2>What to change, each by itself</h2><div class="scroll"><table><thead><tr><th></th><th>ready idle node time</th><th>node-hours a day</th><th>prime delay, p95</th><th>verdict</th></tr></thead><tbody>${rows.join('')}</tbody></table></div></section>`;
}

function settingsTable({ settings, setup, recommendation }: PlanReport): string {
  const cell = ({ ready, noWorkerShare }: PolicyOutcome): string => `<td>${percent(ready)}<br><small>${percent(noWorkerShare)}</small></td>`;
  const rows = settings.map((setting, index) => {
    const best = outcomeOfBest(setting);
    const notes = [...setting.title === recommendation.setting ? ['recommended'] : [], ...setting.obstacles];
    return `<tr><th scope="row">${settingLetter(index)}. ${escape(setting.title)}${notes.length === 0 ? '' : `<small>${escape(notes.join('; '))}</small>`}</th>${setting.policies.map(cell).join('')}<td>${hours(best.readyNodeHoursPerDay)}<br><small>${best.policy}</small></td></tr>`;
  });
  return `<section class="panel"><h2>Coverage by setting and policy</h2><p class="caption">Idle node time with a ready invoker; below it the share of the time without any ready invoker.</p>
<div class="scroll"><table><thead><tr><th></th>${setup.policies.map((policy) => `<th>${policy}</th>`).join('')}<th>best, a day</th></tr></thead><tbody>${rows.join('')}</tbody></table></div></section>`;
}

function primeTable(settings: readonly SettingOutcome[]): string {
  const rows = settings.map((setting, index) => {
    const best = outcomeOfBest(setting);
    return `<tr><th scope="row">${settingLetter(index)}. ${escape(setting.title)}<small>policy ${best.policy}</small></th><td>${percent(best.preemptingShare)}</td><td class="whole">${delays(best.delay)}</td><td class="whole">${delays(setting.delayByBackfill)}</td></tr>`;
  });
  return `<section class="panel"><h2>The cost to prime jobs</h2><p class="caption">Jobs that come to a node with a pilot, and how much later they start: median / 95th percentile / most.</p>
<div class="scroll"><table><thead><tr><th></th><th>of all prime jobs</th><th>the main loop starts them</th><th>only backfill does</th></tr></thead><tbody>${rows.join('')}</tbody></table></div></section>`;
}

function findings({ site }: PlanReport): string {
  if (site.findings.length === 0) return '';
  return factList('What hpcwhisk doctor says of the site', site.findings.map(({ code, text, advice }) => [code, advice === '' ? text : `${text} → ${advice}`]));
}
