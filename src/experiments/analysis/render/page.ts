import { cardsOf, figurePanel, htmlPage, type Card } from '../../render/html-page.ts';
import { escape } from '../../render/svg.ts';
import { count, duration, percent, significant } from '../../render/units.ts';
import type { Analysis, AnalysisSummary } from '../analysis.ts';
import { figuresOf } from './figures.ts';
import { tableOf, type TableSection } from './table.ts';

/** The analysis as one HTML page that needs nothing beside itself. */
export function analysisPage(analysis: Analysis): string {
  const { source } = analysis.summary;
  const local = new Intl.DateTimeFormat('en-GB', { timeZone: source.timeZone, dateStyle: 'medium', timeStyle: 'short' });
  const window = `${local.format(new Date(source.from))} to ${local.format(new Date(source.to))} (${source.timeZone})`;
  return htmlPage(`HPC-Whisk analysis: ${source.files.join(', ')}`, `<header><p class="kicker">HPC-Whisk analysis</p><h1>How idle is the cluster?</h1>
<p class="sub">${escape(source.files.join(', '))}, ${escape(window)}</p></header>
${cardsOf(cards(analysis.summary))}
${figuresOf(analysis).map(figurePanel).join('\n')}
<section class="panel"><h2>All figures</h2><div class="scroll"><table>${tableOf(analysis.summary).map(section).join('\n')}</table></div></section>`);
}

function cards({ idle, jobs }: AnalysisSummary): Card[] {
  return [
    ...idle === undefined ? [] : [
      { value: `${(idle.share * 100).toFixed(3)} %`, label: `of all ${idle.unit === 'nodes' ? 'node' : 'processor'} time is idle`, note: `of ${count(idle.total)} ${idle.unit}` },
      { value: significant(idle.atATime.mean, 4), label: `idle ${idle.unit} at a time, mean`, note: `quartiles ${idle.atATime.quartiles.map((value) => significant(value, 4)).join(' / ')}` },
      { value: percent(idle.atATime.noneShare), label: 'of the time without any', note: `longest ${duration(idle.withoutAny.max)}` },
    ],
    ...idle?.periods === undefined ? [] : [{ value: duration(idle.periods.quartiles[1]), label: 'an idle period, median', note: `${count(idle.periods.count)} periods, mean ${duration(idle.periods.mean)}` }],
    ...idle?.pilots === undefined ? [] : [{ value: percent(idle.pilots.coverage), label: 'of idle node time held by a pilot', note: 'as the log shows it' }],
    ...jobs?.runTime === undefined ? [] : [{ value: duration(jobs.runTime.quartiles[1]), label: 'a job runs, median', note: `${count(jobs.ran)} jobs` }],
    ...jobs?.slack === undefined ? [] : [{ value: duration(jobs.slack.quartiles[1]), label: 'slack of a job, median', note: 'limit less run time' }],
  ];
}

function section({ title, rows }: TableSection): string {
  return `<tbody><tr class="group"><th colspan="2">${escape(title)}</th></tr>${rows.map(({ label, definition, value }) =>
    `<tr><th scope="row">${escape(label)}<small>${escape(definition)}</small></th><td>${escape(value)}</td></tr>`).join('')}</tbody>`;
}
