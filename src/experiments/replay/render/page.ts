import { PAPER_FIB } from '../paper.ts';
import type { ReplayReport, ReplaySetup } from '../replay-report.ts';
import { cardsOf, factList, figurePanel, htmlPage } from '../../render/html-page.ts';
import { escape } from '../../render/svg.ts';
import { count, milliseconds, percent, seconds, signedSeconds } from '../../render/units.ts';
import { figuresOf } from './figures.ts';
import { tableTwo, type TableRow, type TableSection } from './table-two.ts';

/** The report as one HTML page that needs nothing beside itself. */
export function reportPage(report: ReplayReport): string {
  return htmlPage(`HPC-Whisk replay: ${report.setup.source}`, `${header(report)}
${cards(report)}
${figuresOf(report).map(figurePanel).join('\n')}
<section class="panel"><h2>Table II, side by side</h2>
<p class="caption">The paper’s two days on Prometheus (SC22) and this run. The grey lines say how this run’s figure was measured.</p>
<div class="scroll"><table><thead><tr><th></th><th>Paper, fib<br><small>17 Mar 2022, 24 h</small></th><th>Paper, var<br><small>21 Mar 2022, 24 h</small></th><th>This run<br><small>${escape(report.setup.policy)}, ${report.setup.minutes} min</small></th></tr></thead>
${tableTwo(report).map(section).join('\n')}
</table></div></section>
${circumstances(report)}`);
}

function header({ setup }: ReplayReport): string {
  return `<header><p class="kicker">HPC-Whisk replay</p><h1>${escape(setup.source)}</h1>
<p class="sub">${escape(windowOf(setup))} on a real Slurm of ${setup.nodes} nodes; pilots by the policy <b>${escape(setup.policy)}</b>; ${setup.rate} calls a second to ${setup.functions} functions.</p></header>`;
}

/** When in the trace, in words. */
export function windowOf(setup: ReplaySetup): string {
  if (setup.traceFrom <= Date.UTC(2000, 0)) return `${setup.minutes} minutes`;
  const format = new Intl.DateTimeFormat('en-GB', { timeZone: setup.timeZone, dateStyle: 'medium', timeStyle: 'short' });
  return `${format.format(setup.traceFrom)} to ${format.format(setup.traceTo)} (${setup.timeZone})`;
}

function cards({ coverage, calls, invokers, primeJobs }: ReplayReport): string {
  const accepted = calls.sent - calls.outcomes.rejected;
  const share = (part: number, whole: number): string => percent(whole === 0 ? 0 : part / whole);
  const delay = primeJobs.without === undefined || primeJobs.preempting.count === 0
    ? '–' : signedSeconds(primeJobs.preempting.p50 - primeJobs.without.p50);
  const entries: [value: string, label: string, paper: string][] = [
    [percent(coverage.slurm), 'of idle node time with a pilot', `paper ${percent(PAPER_FIB.coverageSlurm)}`],
    [percent(coverage.ready), 'of idle node time with a healthy invoker', `paper ${percent(PAPER_FIB.coverageReady)}`],
    [share(accepted, calls.sent), 'of calls accepted', `paper ${percent(PAPER_FIB.accepted)}`],
    [share(calls.outcomes.succeeded, accepted), 'of accepted calls succeeded', `paper ${percent(PAPER_FIB.succeeded)}`],
    [count(calls.audit.lost), 'accepted calls lost', `of ${count(calls.audit.checked)} audited`],
    [milliseconds(calls.accepted.p50), 'response time, median', `paper ${milliseconds(PAPER_FIB.response.p50 * 1000)}`],
    [seconds(invokers.startup.p50), 'job start to healthy, median', 'paper 12.5 s'],
    [delay, 'prime jobs delayed by pilots, median', 'the original held nodes 60 s'],
  ];
  return cardsOf(entries.map(([value, label, note]) => ({ value, label, note })));
}

function section({ title, rows }: TableSection): string {
  return `<tbody><tr class="group"><th colspan="4">${escape(title)}</th></tr>${rows.map(tableRow).join('')}</tbody>`;
}

function tableRow({ label, definition, fib, var: variable, run }: TableRow): string {
  const cell = (text: string): string => (text === '' ? '<td class="empty">–</td>' : `<td>${escape(text)}</td>`);
  return `<tr><th scope="row">${escape(label)}<small>${escape(definition)}</small></th>${cell(fib)}${cell(variable)}${cell(run)}</tr>`;
}

/** Of one run: machine, Slurm, how it was measured, what went wrong. */
export function circumstances({ setup, burden, warnings, primeJobs, calls }: ReplayReport, title = 'Circumstances'): string {
  const facts: [string, string][] = [
    ...Object.entries(setup.facts),
    ['Began', new Date(setup.begin).toISOString()],
    ['Functions', `${setup.functions} of kind ${setup.functionKind}, web actions`],
    ['Measuring', `one squeue and one GET /status every ${setup.sampleMs / 1000} s beside the pilot manager’s own; a squeue took ${milliseconds(burden.squeue.p50)} at the median, ${milliseconds(burden.squeue.p95)} at p95; ${burden.failed} of ${burden.looks} looks failed, ${burden.skipped} were left out`],
    ['Lateness', `prime jobs were submitted ${seconds(primeJobs.lateness.p50)} after their time at the median, ${seconds(primeJobs.lateness.max)} at most`],
  ];
  const failures = Object.entries(calls.failures);
  if (failures.length > 0) facts.push(['Failed calls', failures.map(([status, number]) => `${number} with ${status === '0' ? 'a broken connection' : `status ${status}`}`).join(', ')]);
  const [sample] = calls.failureSamples;
  if (sample !== undefined) facts.push(['For instance', `${seconds(sample.due / 1000)} into the window, activation ${sample.activationId ?? 'unknown'}: ${sample.text}`]);
  if (warnings.count > 0) facts.push(['Warnings', `${warnings.count}: ${warnings.first.join('; ')}`]);
  return factList(title, facts);
}
