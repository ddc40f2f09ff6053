import type { ReplayReport } from '../replay-report.ts';
import { factList, figurePanel, htmlPage } from '../../render/html-page.ts';
import { escape } from '../../render/svg.ts';
import { count } from '../../render/units.ts';
import { comparedFigures } from './compare-figures.ts';
import { figuresOf } from './figures.ts';
import { circumstances, windowOf } from './page.ts';
import { type ComparedSection, comparedSections, type Measure, measuresOf, namesOf } from './side-by-side.ts';

/** Share of the looks at Slurm; above it the page says so. */
const MOST_SKIPPED = 0.05;

/** Several replays of one window as one HTML page that needs nothing beside itself. @param reports at least one */
export function comparePage(reports: readonly ReplayReport[]): string {
  const [first] = reports;
  if (first === undefined) throw new RangeError('a comparison needs a report');
  const { setup } = first;
  const names = namesOf(reports);
  const heads = names.map((name) => `<th>${escape(name)}</th>`).join('');
  return htmlPage(`HPC-Whisk replay: ${setup.source}: ${names.join(', ')}`, `<header><p class="kicker">HPC-Whisk replay, side by side</p><h1>${escape(setup.source)}</h1>
<p class="sub">${escape(windowOf(setup))}, once for each of the policies <b>${escape(names.join(', '))}</b>, at the same time on the same machine, each on a real Slurm of its own with ${setup.nodes} nodes and the same prime jobs; ${setup.rate} calls a second to ${setup.functions} functions each.</p></header>
<section class="panel"><h2>At a glance</h2>
<p class="caption">The best figure of each line stands out. In a short window one or two points of coverage are noise, and so is the delay of a handful of prime jobs.</p>${strained(reports)}
<div class="scroll"><table class="compared glance"><thead><tr><th></th>${heads}</tr></thead><tbody>${measuresOf(reports).map(measureRow).join('')}</tbody></table></div></section>
${comparedFigures(reports).map(figurePanel).join('\n')}
${reports.map((report, index) => pictures(report, names[index] ?? '')).join('\n')}
<section class="panel"><h2>Table II, side by side</h2>
<p class="caption">The paper’s two days on Prometheus (SC22) and these runs. The grey lines say how the runs’ figures were measured.</p>
<div class="scroll"><table class="compared"><thead><tr><th></th><th>Paper, fib<br><small>17 Mar 2022, 24 h</small></th><th>Paper, var<br><small>21 Mar 2022, 24 h</small></th>${heads}</tr></thead>
${comparedSections(reports).map((section) => tableSection(section)).join('\n')}
</table></div></section>
${reports.map((report, index) => circumstances(report, `Circumstances: ${names[index] ?? ''}`)).join('\n')}
${factList('How to read this', [
    ['Same for all', 'window, nodes, prime jobs, load, begin; the runs share the machine, so that what else happens on it hits all alike'],
    ['Not the same', 'when each Slurm’s own rounds fall: two runs of the same policy differ by that; name a policy twice to see by how much'],
  ])}`);
}

/** A machine that cannot keep up measures itself. */
function strained(reports: readonly ReplayReport[]): string {
  const sum = (of: (burden: ReplayReport['burden']) => number): number => reports.reduce((total, { burden }) => total + of(burden), 0);
  const [looks, skipped] = [sum((burden) => burden.looks), sum((burden) => burden.skipped)];
  if (skipped <= MOST_SKIPPED * (looks + skipped)) return '';
  return `<p class="caption"><b>The machine could not keep up: ${count(skipped)} of ${count(looks + skipped)} looks were left out, and delays are longer than they would be elsewhere.</b></p>`;
}

function measureRow({ label, definition, cells }: Measure): string {
  const cell = ({ text, best }: Measure['cells'][number]): string => `<td${best ? ' class="best"' : text === '–' ? ' class="empty"' : ''}>${escape(text)}</td>`;
  return `<tr><th scope="row">${escape(label)}<small>${escape(definition)}</small></th>${cells.map(cell).join('')}</tr>`;
}

/** The harvest of each run stays open for comparison; the rest of its pictures can be unfolded. */
function pictures(report: ReplayReport, name: string): string {
  const [harvest, ...others] = figuresOf(report).map((figure) => ({ ...figure, title: `${name}: ${figure.title}` }));
  return `${harvest === undefined ? '' : figurePanel(harvest)}
<details><summary>More pictures of ${escape(name)}</summary>${others.map(figurePanel).join('\n')}</details>`;
}

function tableSection({ title, rows }: ComparedSection): string {
  const cell = (text: string): string => (text === '' ? '<td class="empty">–</td>' : `<td>${escape(text)}</td>`);
  const line = ({ label, definition, fib, var: variable, runs }: ComparedSection['rows'][number]): string =>
    `<tr><th scope="row">${escape(label)}<small>${escape(definition)}</small></th>${[fib, variable, ...runs].map(cell).join('')}</tr>`;
  return `<tbody><tr class="group"><th colspan="${3 + (rows[0]?.runs.length ?? 0)}">${escape(title)}</th></tr>${rows.map(line).join('')}</tbody>`;
}
