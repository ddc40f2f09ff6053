/** Enough of a chart library: axes and marks as SVG text that stands alone and takes its colours from the page's style. */

export interface Axis {
  readonly min: number;
  readonly max: number;
  readonly log?: boolean;
  readonly ticks: readonly { readonly at: number; readonly label: string }[];
  readonly label: string;
}

export type Scale = (value: number) => number;
export interface Point { readonly x: number; readonly y: number }

export interface Frame {
  readonly description: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly draw: (x: Scale, y: Scale) => string;
}

const WIDTH = 940;
const HEIGHT = 280;
const LEFT = 68;
const RIGHT = 30;
const TOP = 10;
const BOTTOM = 46;

export function chart({ description, x, y, draw }: Frame): string {
  const toX = scale(x, LEFT, WIDTH - RIGHT);
  const toY = scale(y, HEIGHT - BOTTOM, TOP);
  const grid = y.ticks.map(({ at, label }) => {
    const height = number(toY(at));
    return `<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${height}" y2="${height}"/>`
      + `<text class="tick" x="${LEFT - 8}" y="${height}" dy="0.32em" text-anchor="end">${escape(label)}</text>`;
  });
  const marks = x.ticks.map(({ at, label }) => {
    const place = number(toX(at));
    return `<line class="axis" x1="${place}" x2="${place}" y1="${HEIGHT - BOTTOM}" y2="${HEIGHT - BOTTOM + 5}"/>`
      + `<text class="tick" x="${place}" y="${HEIGHT - BOTTOM + 18}" text-anchor="middle">${escape(label)}</text>`;
  });
  const middle = (TOP + HEIGHT - BOTTOM) / 2;
  return `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escape(description)}">`
    + grid.join('') + draw(toX, toY) + marks.join('')
    + `<line class="axis" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${HEIGHT - BOTTOM}" y2="${HEIGHT - BOTTOM}"/>`
    + `<text class="label" x="${(LEFT + WIDTH - RIGHT) / 2}" y="${HEIGHT - 8}" text-anchor="middle">${escape(x.label)}</text>`
    + `<text class="label" transform="translate(12 ${middle}) rotate(-90)" text-anchor="middle">${escape(y.label)}</text></svg>`;
}

/** Between the lines `upper` and `lower`. */
export function area(upper: readonly Point[], lower: readonly Point[], x: Scale, y: Scale, className: string): string {
  if (upper.length === 0) return '';
  const there = upper.map((point) => `${number(x(point.x))},${number(y(point.y))}`);
  const back = lower.toReversed().map((point) => `${number(x(point.x))},${number(y(point.y))}`);
  return `<polygon class="area ${className}" points="${[...there, ...back].join(' ')}"/>`;
}

export function line(points: readonly Point[], x: Scale, y: Scale, className: string): string {
  if (points.length === 0) return '';
  return `<polyline class="line ${className}" points="${points.map((point) => `${number(x(point.x))},${number(y(point.y))}`).join(' ')}"/>`;
}

export function bar(from: Point, to: Point, x: Scale, y: Scale, className: string, title: string): string {
  const [left, right] = [x(from.x), x(to.x)];
  const [bottom, top] = [y(from.y), y(to.y)];
  if (bottom - top <= 0) return '';
  return `<rect class="area ${className}" x="${number(left)}" y="${number(top)}" width="${number(Math.max(0.5, right - left))}" height="${number(bottom - top)}">`
    + `<title>${escape(title)}</title></rect>`;
}

/** A vertical line with a word beside it, `row` lines below the top; on its left side where there is no room on the right. */
export function marker(at: number, text: string, x: Scale, className: string, row = 0): string {
  const place = x(at);
  const left = place > WIDTH - 170;
  return `<line class="marker ${className}" x1="${number(place)}" x2="${number(place)}" y1="${TOP}" y2="${HEIGHT - BOTTOM}"/>`
    + `<text class="note ${className}" x="${number(place + (left ? -5 : 5))}" y="${TOP + 12 + row * 15}" text-anchor="${left ? 'end' : 'start'}">${escape(text)}</text>`;
}

/** Corners of a step function: each value holds until the next x; the last one until `end`. */
export function steps(points: readonly Point[], end: number): Point[] {
  const changes = points.filter((point, index) => point.y !== points[index - 1]?.y);
  return changes.flatMap((point, index) => [point, { x: changes[index + 1]?.x ?? end, y: point.y }]);
}

/** From 0 to a round number above `max`, in steps of 1, 2 or 5 times a power of ten; whole steps where `whole`. */
export function linearAxis(max: number, label: string, whole = false): Axis {
  const top = Math.max(max, whole ? 1 : 1e-9);
  const rough = top / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const factor = [1, 2, 5, 10].find((each) => each * power >= rough) ?? 10;
  const step = whole ? Math.max(1, factor * power) : factor * power;
  const count = Math.ceil(top / step - 1e-9);
  const ticks = Array.from({ length: count + 1 }, (_, index) => ({ at: index * step, label: shortNumber(index * step) }));
  return { min: 0, max: count * step, ticks, label };
}

/** Whole powers of ten around the values, all above 0. */
export function logAxis(min: number, max: number, label: string, format: (value: number) => string): Axis {
  const from = Math.floor(Math.log10(min));
  const to = Math.max(from + 1, Math.ceil(Math.log10(max)));
  const ticks = Array.from({ length: to - from + 1 }, (_, index) => ({ at: 10 ** (from + index), label: format(10 ** (from + index)) }));
  return { min: 10 ** from, max: 10 ** to, log: true, ticks, label };
}

export function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

function shortNumber(value: number): string {
  return String(Number(value.toPrecision(6)));
}

function scale({ min, max, log }: Axis, from: number, to: number): Scale {
  const transform = log === true ? Math.log : (value: number): number => value;
  const [low, high] = [transform(min), transform(max)];
  const span = high === low ? 1 : high - low;
  return (value) => from + ((transform(Math.min(max, Math.max(min, value))) - low) / span) * (to - from);
}

function number(value: number): string {
  return String(Math.round(value * 10) / 10);
}
