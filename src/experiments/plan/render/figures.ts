import type { Figure } from '../../render/html-page.ts';
import { bar, chart, line, linearAxis, logAxis, type Axis, type Point } from '../../render/svg.ts';
import { seconds, percent } from '../../render/units.ts';
import type { PlanReport, SettingOutcome } from '../plan-report.ts';
import { outcomeOfBest } from '../recommend.ts';

const COLOURS = ['ready', 'blue', 'idle', 'pilot', 'none'];
/** Room that the bars of one setting take, of the distance from one to the next. */
const GROUP = 0.8;

/** What is lost, so that bars begin at nothing. */
export function lossFigure({ settings, setup }: PlanReport): Figure {
  const top = Math.max(...settings.flatMap(({ policies }) => policies.map(({ ready }) => 1 - ready))) * 100;
  const x: Axis = { min: 0, max: settings.length, ticks: settings.map((_, index) => ({ at: index + 0.5, label: settingLetter(index) })), label: 'setting, by the letters of the table below' };
  const width = GROUP / setup.policies.length;
  return {
    title: 'Idle node time without a ready invoker',
    caption: 'By setting and policy; less is better. Pilots that are placed by somebody who sees the future would lose their start-up only.',
    legend: setup.policies.map((policy, index) => ({ className: colour(index), text: policy })),
    svg: chart({
      description: 'Share of the idle node time without a ready invoker, by setting and policy', x, y: linearAxis(top, '% of idle node time'),
      draw: (toX, toY) => settings.flatMap(({ policies, title }, index) => policies.map(({ policy, ready }, place) => {
        const left = index + (1 - GROUP) / 2 + place * width;
        return bar({ x: left, y: 0 }, { x: left + width * 0.92, y: (1 - ready) * 100 }, toX, toY, colour(place), `${title}, ${policy}: ${percent(ready)} ready`);
      })).join(''),
    }),
  };
}

/** Of the site as it is, and as recommended. */
export function delayFigure({ settings, recommendation }: PlanReport): Figure | undefined {
  const [now] = settings;
  const after = settings.find(({ title }) => title === recommendation.setting);
  if (now === undefined || after === undefined || outcomeOfBest(now).delay.count === 0) return undefined;
  const curves = [...curvesOf(now, 'as it is', ['none', 'bad']), ...after === now ? [] : curvesOf(after, 'as recommended', ['ready thick', 'blue'])];
  const all = curves.flatMap(({ quantiles }) => quantiles);
  return {
    title: 'How much later prime jobs start that come to a node with a pilot, distribution',
    caption: 'Share of these jobs that start at most so much later than without pilots: where Slurm\'s main loop starts them, and where only backfill does, which costs the rest of a cycle after the pilot has left. Jobs that find a node without a pilot are not delayed.',
    legend: curves.map(({ text, className }) => ({ className: className.split(' ')[0] ?? '', text })),
    svg: chart({
      description: 'Cumulative distribution of the start delays of prime jobs', y: { min: 0, max: 100, ticks: [0, 25, 50, 75, 100].map((at) => ({ at, label: `${at} %` })), label: 'share' },
      x: logAxis(Math.max(0.01, Math.min(...all)), Math.max(1, ...all), 'starts later by', seconds),
      draw: (x, y) => curves.map(({ quantiles, className }) => line(points(quantiles), x, y, className)).join(''),
    }),
  };
}

/** A, B, … */
export function settingLetter(index: number): string {
  return String.fromCodePoint(65 + index);
}

function curvesOf(setting: SettingOutcome, when: string, [main, backfill]: readonly [string, string]): { text: string; className: string; quantiles: readonly number[] }[] {
  return [
    { text: `${when}, main loop`, className: main, quantiles: outcomeOfBest(setting).delay.quantiles },
    { text: `${when}, only backfill`, className: backfill, quantiles: setting.delayByBackfill.quantiles },
  ];
}

/** From 0 % at the least to 100 % at the most. */
function points(quantiles: readonly number[]): Point[] {
  const last = quantiles.length - 1;
  return [{ x: quantiles[0] ?? 0, y: 0 }, ...quantiles.map((x, index) => ({ x, y: last === 0 ? 100 : index / last * 100 }))];
}

function colour(index: number): string {
  return COLOURS[index % COLOURS.length] ?? 'none';
}
