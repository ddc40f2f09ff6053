import type { CallOutcome } from '../calls.ts';
import type { CoveragePoint } from '../coverage.ts';
import { PAPER_FIB } from '../paper.ts';
import { CDF_SHARES, type ReplayReport } from '../replay-report.ts';
import type { Figure } from '../../render/html-page.ts';
import { area, type Axis, bar, chart, line, linearAxis, logAxis, marker, type Point, steps } from '../../render/svg.ts';
import { timeAxis as timeOfDayAxis } from '../../render/time-axis.ts';
import { milliseconds } from '../../render/units.ts';

/** More columns than this cannot be seen: longer replays are drawn as means of as many. */
const MAX_COLUMNS = 1800;

const OUTCOMES: readonly { readonly outcome: CallOutcome; readonly className: string; readonly text: string }[] = [
  { outcome: 'succeeded', className: 'good', text: 'succeeded' },
  { outcome: 'timed-out', className: 'warn', text: 'timed out' },
  { outcome: 'failed', className: 'bad', text: 'failed' },
  { outcome: 'rejected', className: 'none', text: 'not accepted (503)' },
];

export function figuresOf(report: ReplayReport): Figure[] {
  return [harvest(report), invokers(report), outcomes(report), responseOverTime(report), responseDistribution(report), startDelays(report)];
}

function harvest(report: ReplayReport): Figure {
  const points = columns(report.coverage.points);
  const zero = points.map(({ at }) => ({ x: at, y: 0 }));
  const healthy = points.map((point) => ({ x: point.at, y: point.healthy }));
  const pilots = points.map((point) => ({ x: point.at, y: Math.max(point.pilots, point.healthy) }));
  const idle = points.map((point) => ({ x: point.at, y: point.idle }));
  const end = windowSeconds(report);
  const [s0, s1, s2, s3] = [steps(zero, end), steps(healthy, end), steps(pilots, end), steps(idle, end)];
  return {
    title: 'The harvest: idle nodes and what runs on them',
    caption: 'Nodes that no prime job uses, once a second: those with a healthy invoker, those with a running pilot whose invoker is not there (any more), and those without a pilot.',
    legend: [
      { className: 'ready', text: 'healthy invoker' }, { className: 'pilot', text: 'pilot, no healthy invoker' }, { className: 'idle', text: 'idle, no pilot' },
    ],
    svg: chart({
      description: 'Idle nodes over time, stacked by what runs on them',
      x: timeAxis(report), y: linearAxis(Math.max(...idle.map(({ y }) => y), 1), 'nodes', true),
      draw: (x, y) => area(s3, s2, x, y, 'idle') + area(s2, s1, x, y, 'pilot') + area(s1, s0, x, y, 'ready') + line(s3, x, y, 'outline'),
    }),
  };
}

function invokers(report: ReplayReport): Figure {
  const points = columns(report.coverage.points);
  const end = windowSeconds(report);
  const healthy = points.map((point) => ({ x: point.at, y: point.healthyAll }));
  const queued = points.map((point) => ({ x: point.at, y: point.queued }));
  const top = Math.max(1, ...healthy.map(({ y }) => y), ...queued.map(({ y }) => y));
  return {
    title: 'Healthy invokers',
    caption: 'Invokers that the controller holds for healthy, and calls that wait in its queue, once a second.',
    legend: [{ className: 'ready', text: 'healthy invokers' }, { className: 'bad', text: 'calls waiting' }],
    svg: chart({
      description: 'Healthy invokers over time', x: timeAxis(report), y: linearAxis(top, 'invokers, calls', true),
      draw: (x, y) => area(steps(healthy, end), steps(healthy.map((point) => ({ ...point, y: 0 })), end), x, y, 'ready faint')
        + line(steps(healthy, end), x, y, 'ready') + line(steps(queued, end), x, y, 'bad'),
    }),
  };
}

function outcomes(report: ReplayReport): Figure {
  const bins = report.calls.perMinute;
  const total = (index: number): number => OUTCOMES.reduce((sum, { outcome }) => sum + (bins[index]?.[outcome] ?? 0), 0);
  const top = Math.max(1, ...bins.map((_, index) => total(index)));
  return {
    title: 'Calls by outcome',
    caption: 'Calls of each minute by what became of them; a call belongs to the minute in which it was due.',
    legend: OUTCOMES.map(({ className, text }) => ({ className, text })),
    svg: chart({
      description: 'Calls per minute by outcome', x: timeAxis(report), y: linearAxis(top, 'calls per minute', true),
      draw: (x, y) => bins.map((bin, index) => {
        let below = 0;
        const width = Math.min(60, windowSeconds(report) - bin.at);
        return OUTCOMES.map(({ outcome, className, text }) => {
          const from = { x: bin.at + width * 0.06, y: below };
          below += bin[outcome];
          return bar(from, { x: bin.at + width * 0.94, y: below }, x, y, className, `minute ${index + 1}: ${bin[outcome]} ${text}`);
        }).join('');
      }).join(''),
    }),
  };
}

function responseOverTime(report: ReplayReport): Figure {
  const bins = report.calls.perTenSeconds.filter((bin) => bin.max > 0);
  const series = (value: (bin: (typeof bins)[number]) => number): Point[] => bins.map((bin) => ({ x: bin.at + 5, y: value(bin) }));
  const lowest = Math.min(10, ...bins.map(({ p50 }) => Math.max(1, p50)));
  return {
    title: 'Response time',
    caption: 'Median, 95th percentile and maximum of the accepted calls of each ten seconds, from the moment a call was due to the last byte of its answer.',
    legend: [{ className: 'ready', text: 'p50' }, { className: 'blue', text: 'p95' }, { className: 'none', text: 'maximum' }],
    svg: chart({
      description: 'Response time over time', x: timeAxis(report),
      y: logAxis(lowest, Math.max(100, ...bins.map(({ max }) => max)), 'response time', milliseconds),
      draw: (x, y) => line(series(({ max }) => max), x, y, 'none') + line(series(({ p95 }) => p95), x, y, 'blue') + line(series(({ p50 }) => p50), x, y, 'ready'),
    }),
  };
}

function responseDistribution(report: ReplayReport): Figure {
  const { distribution, accepted } = report.calls;
  const points = distribution.map((ms, index) => ({ x: Math.max(1, ms), y: (CDF_SHARES[index] ?? 1) * 100 }));
  const paper = [
    { x: PAPER_FIB.response.p50 * 1000, y: 50 }, { x: PAPER_FIB.response.p75 * 1000, y: 75 }, { x: PAPER_FIB.response.p90 * 1000, y: 90 },
  ];
  const percent: Axis = { min: 0, max: 100, ticks: [0, 25, 50, 75, 100].map((at) => ({ at, label: `${at} %` })), label: 'share of accepted calls' };
  return {
    title: 'Response time, distribution',
    caption: 'Share of the accepted calls that were answered within a time. The paper gives three points for its fib day.',
    legend: [{ className: 'ready', text: 'this run' }, { className: 'bad', text: 'paper, fib: p50, p75, p90' }],
    svg: chart({
      description: 'Cumulative distribution of response times',
      x: logAxis(Math.max(1, Math.min(10, ...points.map(({ x }) => x))), Math.max(60_000, accepted.max), 'response time', milliseconds), y: percent,
      draw: (x, y) => line(points, x, y, 'ready thick') + line(paper, x, y, 'bad')
        + paper.map((point) => `<circle class="dot bad" cx="${x(point.x).toFixed(1)}" cy="${y(point.y).toFixed(1)}" r="4"/>`).join('')
        + (accepted.count === 0 ? '' : marker(Math.max(1, accepted.p50), `p50 ${milliseconds(accepted.p50)}`, x, 'ready', 10) + marker(Math.max(1, accepted.p99), `p99 ${milliseconds(accepted.p99)}`, x, 'ready', 11)),
    }),
  };
}

function startDelays(report: ReplayReport): Figure {
  const { preempting, without } = report.primeJobs;
  const curve = (values: readonly number[]): Point[] => steps(values.map((value, index) => ({ x: value, y: ((index + 1) / values.length) * 100 })), top);
  const top = Math.max(1, ...preempting.values, ...(without?.values ?? []));
  const axis: Axis = { min: 0, max: 100, ticks: [0, 25, 50, 75, 100].map((at) => ({ at, label: `${at} %` })), label: 'share of prime jobs' };
  return {
    title: 'What prime jobs notice',
    caption: 'Share of prime jobs that had begun within a time, from sbatch to the first line of the script: those that found a pilot on their node, and a control on the same testbed, the first arrivals of the window played once before any pilot was there.',
    legend: [{ className: 'ready', text: 'with a pilot on the node' }, { className: 'none', text: 'without pilots' }],
    svg: chart({
      description: 'Cumulative distribution of prime jobs\' start delays', x: linearAxis(top, 'sbatch to first line, s'), y: axis,
      draw: (x, y) => line(curve(without?.values ?? []), x, y, 'none thick') + line(curve(preempting.values), x, y, 'ready thick')
        + (preempting.count === 0 ? '' : marker(preempting.p50, `p50 ${preempting.p50.toFixed(2)} s with`, x, 'ready', 10))
        + (without === undefined ? '' : marker(without.p50, `p50 ${without.p50.toFixed(2)} s without`, x, 'none', 11)),
    }),
  };
}

function windowSeconds(report: ReplayReport): number {
  return report.setup.minutes * 60;
}

/** Time of day in the trace, or minutes of the window where the trace has no date. */
export function timeAxis({ setup }: ReplayReport): Axis {
  const end = setup.minutes * 60;
  if (setup.traceFrom > Date.UTC(2000, 0)) return timeOfDayAxis(setup.traceFrom, end, setup.timeZone, `time of day in the trace (${setup.timeZone})`);
  const inMinutes = timeOfDayAxis(0, end, 'UTC', 'minutes of the window');
  return { ...inMinutes, ticks: inMinutes.ticks.map(({ at }) => ({ at, label: String(Math.round((at / 60) * 10) / 10) })) };
}

export function columns(points: readonly CoveragePoint[]): CoveragePoint[] {
  const width = Math.ceil(points.length / MAX_COLUMNS);
  if (width <= 1) return [...points];
  return Array.from({ length: Math.ceil(points.length / width) }, (_, index) => {
    const own = points.slice(index * width, (index + 1) * width);
    const mean = (value: (point: CoveragePoint) => number): number => own.reduce((sum, point) => sum + value(point), 0) / own.length;
    return {
      at: own[0]?.at ?? 0, idle: mean(({ idle }) => idle), pilots: mean(({ pilots }) => pilots), healthy: mean(({ healthy }) => healthy),
      healthyAll: mean(({ healthyAll }) => healthyAll), queued: mean(({ queued }) => queued),
    };
  });
}
