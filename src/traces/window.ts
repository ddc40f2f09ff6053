import { epochOfLocal, localDay } from './local-time.ts';
import type { IdleSurface } from './surface.ts';
import { cutSurface } from './surface.ts';
import { TraceError } from './trace-error.ts';

export interface WindowRequest {
  /** `HH:MM` on the day on which the trace begins, or on the next one where the trace reaches it; absent: the trace's begin. */
  readonly from?: string;
  readonly minutes: number;
  /** IANA name. @default Europe/Warsaw, where the paper's cluster stands */
  readonly timeZone?: string;
}

const DAY_MS = 86_400_000;
/** A log that starts with its first sample after midnight still has a window from 00:00, and may end a sample early. */
const SLACK_MS = 60_000;
export const PAPER_TIME_ZONE = 'Europe/Warsaw';

/** The part of the surface that a window asks for. @throws {TraceError} EWINDOW */
export function cutWindow(surface: IdleSurface, { from, minutes, timeZone = PAPER_TIME_ZONE }: WindowRequest): IdleSurface {
  if (!Number.isFinite(minutes) || minutes <= 0) throw new TraceError('EWINDOW', `a window of ${minutes} minutes is none`);
  const start = from === undefined ? surface.from : startOf(surface, from, timeZone);
  const end = start + minutes * 60_000;
  if (start < surface.from - SLACK_MS || end > surface.to + SLACK_MS) {
    throw new TraceError('EWINDOW', `the window ${describe(start, end, timeZone)} is not inside the trace, ${describe(surface.from, surface.to, timeZone)}`);
  }
  return cutSurface(surface, start, end);
}

function startOf(surface: IdleSurface, from: string, timeZone: string): number {
  const match = /^([01]?[0-9]|2[0-3]):([0-5][0-9])$/.exec(from);
  if (match === null) throw new TraceError('EWINDOW', `"${from}" is no time of day (HH:MM)`);
  const minuteOfDay = Number(match[1]) * 60 + Number(match[2]);
  const day = localDay(surface.from, timeZone);
  const sameDay = epochOfLocal(day + minuteOfDay * 60_000, timeZone);
  if (sameDay >= surface.from - SLACK_MS) return sameDay;
  return epochOfLocal(day + DAY_MS + minuteOfDay * 60_000, timeZone);
}

function describe(from: number, to: number, timeZone: string): string {
  const format = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'short' });
  return `${format.format(from)} to ${format.format(to)} (${timeZone})`;
}
