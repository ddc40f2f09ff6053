import type { Figure } from '../../render/html-page.ts';
import { type Axis, chart, line, linearAxis, logAxis, type Point, type Scale, steps } from '../../render/svg.ts';
import { milliseconds } from '../../render/units.ts';
import { CDF_SHARES, type ReplayReport } from '../replay-report.ts';
import { columns, timeAxis } from './figures.ts';
import { namesOf } from './side-by-side.ts';

/** Colours that can be told apart on both backgrounds; more runs than colours begin again. */
const SERIES = ['blue', 'warn', 'ready', 'bad', 'pilot', 'good'] as const;

/** What is drawn best with all runs in one picture. */
export function comparedFigures(reports: readonly ReplayReport[]): Figure[] {
  const [first] = reports;
  if (first === undefined) return [];
  return [lost(first, reports), responses(reports), startDelays(reports)];
}

function legendOf(reports: readonly ReplayReport[]): { className: string; text: string }[] {
  return namesOf(reports).map((text, index) => ({ className: series(index), text }));
}

function series(index: number): string {
  return SERIES[index % SERIES.length] ?? 'none';
}

function lost(first: ReplayReport, reports: readonly ReplayReport[]): Figure {
  const sums = reports.map((report): Point[] => {
    const points = columns(report.coverage.points);
    let sum = 0;
    return points.map(({ at }, index) => {
      const before = points[index - 1];
      if (before !== undefined) sum += (Math.max(0, before.idle - before.healthy) * (at - before.at)) / 60;
      return { x: at, y: sum };
    });
  });
  const top = Math.max(...sums.flatMap((points) => points.map(({ y }) => y)), 0.1);
  return {
    title: 'Idle node time that brought nothing',
    caption: 'Minutes of idle nodes without a healthy invoker, added up since the begin of the window: the lower, the better; where a line rises, idle nodes wait.',
    legend: legendOf(reports),
    svg: chart({
      description: 'Idle node time without a healthy invoker, added up', x: timeAxis(first), y: linearAxis(top, 'node minutes'),
      draw: (x, y) => drawAll(sums, x, y),
    }),
  };
}

function responses(reports: readonly ReplayReport[]): Figure {
  const curves = reports.map(({ calls }) => calls.distribution.map((ms, index) => ({ x: Math.max(1, ms), y: (CDF_SHARES[index] ?? 1) * 100 })));
  const slowest = Math.max(1000, ...reports.map(({ calls }) => calls.accepted.max));
  return {
    title: 'Response time, distribution',
    caption: 'Share of the accepted calls that were answered within a time, from the moment a call was due to the last byte of its answer.',
    legend: legendOf(reports),
    svg: chart({
      description: 'Cumulative distribution of response times', y: shareAxis('share of accepted calls'),
      x: logAxis(Math.max(1, Math.min(10, ...curves.flatMap((points) => points.map(({ x }) => x)))), slowest, 'response time', milliseconds),
      draw: (x, y) => drawAll(curves, x, y),
    }),
  };
}

function startDelays(reports: readonly ReplayReport[]): Figure {
  const controls = reports.flatMap(({ primeJobs }) => primeJobs.without?.values ?? []).toSorted((a, b) => a - b);
  const runs = reports.map(({ primeJobs }) => primeJobs.preempting.values);
  const top = Math.max(1, ...controls, ...runs.flat());
  const curve = (values: readonly number[]): Point[] => steps(values.map((value, index) => ({ x: value, y: ((index + 1) / values.length) * 100 })), top);
  return {
    title: 'What prime jobs notice',
    caption: 'Share of the prime jobs that found a pilot on their node and had begun within a time, from sbatch to the first line of the script. The control, on all testbeds together: the first arrivals of the window, played once before any pilot was there.',
    legend: [...legendOf(reports), { className: 'none', text: 'without pilots' }],
    svg: chart({
      description: 'Cumulative distribution of prime jobs\' start delays', x: linearAxis(top, 'sbatch to first line, s'), y: shareAxis('share of prime jobs'),
      draw: (x, y) => line(curve(controls), x, y, 'none thick') + drawAll(runs.map(curve), x, y),
    }),
  };
}

function drawAll(curves: readonly (readonly Point[])[], x: Scale, y: Scale): string {
  return curves.map((points, index) => line(points, x, y, `${series(index)} thick`)).join('');
}

function shareAxis(label: string): Axis {
  return { min: 0, max: 100, ticks: [0, 25, 50, 75, 100].map((at) => ({ at, label: `${at} %` })), label };
}
