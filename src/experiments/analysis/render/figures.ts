import { quantile } from '../../../traces/surface-statistics.ts';
import type { Figure } from '../../render/html-page.ts';
import { area, type Axis, chart, line, linearAxis, marker, type Point, steps } from '../../render/svg.ts';
import { timeAxis } from '../../render/time-axis.ts';
import { duration } from '../../render/units.ts';
import type { Analysis } from '../analysis.ts';

/** A distribution function needs no more corners than can be seen. */
const MAX_CORNERS = 500;
const SHARE: Axis = { min: 0, max: 100, ticks: [0, 25, 50, 75, 100].map((at) => ({ at, label: `${at} %` })), label: 'share' };

export function figuresOf(analysis: Analysis): Figure[] {
  const { plots, summary } = analysis;
  const figures: Figure[] = [];
  if (summary.idle !== undefined && plots.overTime.length > 0) {
    figures.push(overTime(analysis, summary.idle.unit), atATime(analysis, summary.idle.unit));
  }
  if (plots.periods.length > 0) figures.push(periods(plots.periods));
  if (plots.withoutAny.length > 0) figures.push(withoutAny(plots.withoutAny));
  if (plots.runTimes.length > 0) figures.push(jobs(analysis));
  return figures;
}

function overTime({ plots, summary }: Analysis, unit: string): Figure {
  const begin = plots.overTime[0]?.at ?? 0;
  const { seconds, timeZone } = summary.source;
  const corners = (value: (point: Analysis['plots']['overTime'][number]) => number): Point[] =>
    steps(plots.overTime.map((point) => ({ x: (point.at - begin) / 1000, y: value(point) })), seconds);
  const hasPilots = summary.idle?.pilots !== undefined;
  const [none, held, idle] = [corners(() => 0), corners(({ pilots, idle: all }) => Math.min(pilots, all)), corners((point) => point.idle)];
  const top = plots.overTime.reduce((most, point) => Math.max(most, point.idle), 1);
  return {
    title: `Idle ${unit} over time`,
    caption: `${unit === 'nodes' ? 'Nodes that no prime job uses' : 'Processors that no job uses'}; each step is the mean of ${duration(plots.stepSeconds)}.${hasPilots ? ' Below, those that a pilot held.' : ''}`,
    legend: [...hasPilots ? [{ className: 'pilot', text: 'held by a pilot' }] : [], { className: 'idle', text: hasPilots ? 'idle, no pilot' : 'idle' }],
    svg: chart({
      description: `Idle ${unit} over time`, x: timeAxis(begin, seconds, timeZone, `local time (${timeZone})`), y: linearAxis(top, unit, true),
      draw: (x, y) => area(idle, held, x, y, 'idle') + (hasPilots ? area(held, none, x, y, 'pilot') : '') + line(idle, x, y, 'outline'),
    }),
  };
}

function atATime({ plots, summary }: Analysis, unit: string): Figure {
  const { idleDistribution } = plots;
  const most = idleDistribution.at(-1)?.idle ?? 0;
  const corners = steps(idleDistribution.map(({ idle, share }) => ({ x: idle, y: share * 100 })), most);
  const quartiles = summary.idle?.atATime.quartiles ?? [0, 0, 0];
  return {
    title: `Idle ${unit} at a time, distribution`,
    caption: `Share of the time in which at most so many ${unit} are idle.`,
    legend: [{ className: 'ready', text: `share of the time` }],
    svg: chart({
      description: `Cumulative distribution of idle ${unit}`, x: linearAxis(most, `idle ${unit}`, true), y: { ...SHARE, label: 'share of the time' },
      draw: (x, y) => line([{ x: 0, y: 0 }, ...corners], x, y, 'ready thick') + marker(quartiles[1], `median ${Math.round(quartiles[1])}`, x, 'ready', 10),
    }),
  };
}

function periods(sorted: readonly number[]): Figure {
  const total = sorted.reduce((sum, length) => sum + length, 0);
  const weighted: Point[] = [];
  let passed = 0;
  for (const [index, length] of sorted.entries()) {
    passed += length;
    if (length > 0 && (length !== sorted[index + 1])) weighted.push({ x: length, y: total === 0 ? 0 : (passed / total) * 100 });
  }
  return {
    title: 'Idle periods, distribution',
    caption: 'Share of the idle periods of single nodes that are no longer than so long, and the share of the idle node time that lies in them.',
    legend: [{ className: 'ready', text: 'of the periods' }, { className: 'blue', text: 'of the idle time' }],
    svg: chart({
      description: 'Cumulative distribution of idle periods', x: lengthAxis(sorted, 'length of an idle period'), y: SHARE,
      draw: (x, y) => line(thinned(weighted), x, y, 'blue') + line(curve(sorted), x, y, 'ready thick') + marker(quantile(sorted, 0.5), `median ${duration(quantile(sorted, 0.5))}`, x, 'ready', 10),
    }),
  };
}

function withoutAny(sorted: readonly number[]): Figure {
  return {
    title: 'Stretches without any idle node, distribution',
    caption: 'Share of the stretches that are no longer than so long. In these no harvest is possible, whatever the pilots.',
    legend: [{ className: 'bad', text: 'of the stretches' }],
    svg: chart({
      description: 'Cumulative distribution of stretches without an idle node', x: lengthAxis(sorted, 'length of a stretch'), y: SHARE,
      draw: (x, y) => line(curve(sorted), x, y, 'bad'),
    }),
  };
}

function jobs({ plots }: Analysis): Figure {
  const all = [...plots.runTimes, ...plots.limits, ...plots.slacks];
  return {
    title: 'Jobs: run time, limit and slack, distribution',
    caption: 'Share of the jobs whose run time, wall time limit, and limit less run time are no longer than so long.',
    legend: [
      { className: 'ready', text: 'run time' },
      ...plots.limits.length === 0 ? [] : [{ className: 'blue', text: 'limit' }], ...plots.slacks.length === 0 ? [] : [{ className: 'none', text: 'slack' }],
    ],
    svg: chart({
      description: 'Cumulative distributions of jobs\' run times, limits and slack', x: lengthAxis(all, 'time'), y: { ...SHARE, label: 'share of the jobs' },
      draw: (x, y) => line(curve(plots.slacks), x, y, 'none thick') + line(curve(plots.limits), x, y, 'blue') + line(curve(plots.runTimes), x, y, 'ready thick'),
    }),
  };
}

/** Round lengths of time, s. A logarithm knows no 0: what took less than a second stands at one. */
const MARKS = [1, 10, 60, 600, 3600, 6 * 3600, 86_400, 7 * 86_400, 60 * 86_400, 365 * 86_400];
const MARK_LABELS = ['1 s', '10 s', '1 min', '10 min', '1 h', '6 h', '1 day', '1 week', '60 days', '1 year'];

function lengthAxis(values: readonly number[], label: string): Axis {
  const shortest = values.reduce((least, value) => Math.min(least, Math.max(1, value)), Number.POSITIVE_INFINITY);
  const longest = values.reduce((most, value) => Math.max(most, value), 1);
  const first = Math.max(0, MARKS.findLastIndex((mark) => mark <= shortest));
  const above = MARKS.findIndex((mark) => mark >= longest);
  const last = above < 0 ? MARKS.length - 1 : Math.max(above, first + 1);
  const ticks = MARKS.slice(first, last + 1).map((at, index) => ({ at, label: MARK_LABELS[first + index] ?? '' }));
  return { min: MARKS[first] ?? 1, max: Math.max(MARKS[last] ?? 1, longest), log: true, ticks, label };
}

function curve(sorted: readonly number[]): Point[] {
  const count = Math.min(sorted.length, MAX_CORNERS);
  return Array.from({ length: count }, (_, index) => {
    const share = (index + 1) / count;
    const x = Math.max(1, sorted[Math.ceil(share * sorted.length) - 1] ?? 1);
    return [{ x, y: (index / count) * 100 }, { x, y: share * 100 }];
  }).flat();
}

function thinned(points: readonly Point[]): readonly Point[] {
  const every = Math.max(1, Math.ceil(points.length / MAX_CORNERS));
  return points.filter((_, index) => index % every === 0 || index === points.length - 1);
}
