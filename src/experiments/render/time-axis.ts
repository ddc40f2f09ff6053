import { epochOfLocal, localText, offsetMs } from '../../traces/local-time.ts';
import type { Axis } from './svg.ts';

const DAY = 86_400;
/** Distances of marks in s; the first that gives no more than twelve is taken. */
const STEPS = [10, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, DAY, 2 * DAY, 7 * DAY, 14 * DAY, 28 * DAY, 91 * DAY, 365 * DAY];
const MAX_MARKS = 12;

/** Seconds since `from` (epoch ms), marked at round times of the local day; at days where the window is long. */
export function timeAxis(from: number, seconds: number, timeZone: string, label: string): Axis {
  const step = STEPS.find((each) => seconds / each <= MAX_MARKS) ?? 3650 * DAY;
  const local = (from + offsetMs(from, timeZone)) / 1000;
  const ticks: { at: number; label: string }[] = [];
  for (let at = Math.ceil(local / step) * step; ; at += step) {
    const epoch = epochOfLocal(at * 1000, timeZone);
    const place = (epoch - from) / 1000;
    if (place > seconds) break;
    if (place >= 0) ticks.push({ at: place, label: labelOf(epoch, step, timeZone) });
  }
  return { min: 0, max: Math.max(seconds, 1), ticks, label };
}

function labelOf(epoch: number, step: number, timeZone: string): string {
  const text = localText(epoch, timeZone);
  if (step >= DAY) return text.slice(0, 10);
  if (step < 60) return `${text.slice(11)}:${String(Math.floor(epoch / 1000) % 60).padStart(2, '0')}`;
  return text.slice(11);
}
