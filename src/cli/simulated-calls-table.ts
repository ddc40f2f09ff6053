import { PAPER_FIB } from '../experiments/replay/paper.ts';
import { count, duration, milliseconds, percent } from '../experiments/render/units.ts';
import type { HarvestReport } from '../simulator/harvest-report.ts';
import type { CallsReport } from '../simulator/simulated-calls.ts';

/** What became of the calls, a column per report, with the paper's day behind them. Empty where no calls were simulated. */
export function callRows(reports: readonly HarvestReport[]): string[][] {
  const columns = reports.flatMap(({ calls }) => calls === undefined ? [] : [calls]);
  if (columns.length === 0) return [];
  const row = (label: string, value: (calls: CallsReport) => string, paper = ''): string[] => [label, ...columns.map(value), paper];
  const share = (part: number, whole: number): string => whole === 0 ? '–' : percent(part / whole);
  const times = (...seconds: readonly number[]): string => seconds.map((value) => milliseconds(value * 1000)).join(' / ');
  const { response } = PAPER_FIB;
  return [
    ['Calls', ...reports.map(({ setup }) => String(setup['policy'])), PAPER_FIB.name],
    row('Offered', ({ offered }) => count(offered), '864,000'),
    row('Accepted', ({ accepted, offered }) => share(accepted, offered), percent(PAPER_FIB.accepted)),
    row('  of those: succeeded', ({ succeeded, accepted }) => share(succeeded, accepted), percent(PAPER_FIB.succeeded)),
    row('  timed out; failed', ({ timedOut, failed, accepted }) => `${share(timedOut, accepted)}; ${share(failed, accepted)}`, `${percent(PAPER_FIB.timedOut)}; ${percent(PAPER_FIB.failed)}`),
    row('Succeeded, of all', ({ succeeded, offered }) => share(succeeded, offered), percent(PAPER_FIB.succeededOfAll)),
    row('Response time p50 / p75 / p90', ({ response: { p50, p75, p90 } }) => times(p50, p75, p90), times(response.p50, response.p75, response.p90)),
    row('  p95 / p99', ({ response: { p95, p99 } }) => times(p95, p99)),
    row('  mean', ({ response: { mean } }) => times(mean), times(response.mean)),
    row('Longest time with nothing but 503', ({ longestRefusal }) => duration(longestRefusal)),
    row('Run again: interrupted; not yet begun', ({ interrupted, handedBack }) => `${count(interrupted)}; ${count(handedBack)}`),
    row('Cold starts', ({ coldStarts }) => count(coldStarts)),
    row('Lost; unfinished at the end', ({ lost, unfinished }) => `${count(lost)}; ${count(unfinished)}`),
  ];
}
