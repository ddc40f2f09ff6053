import { TraceError } from './trace-error.ts';

const DAY_MS = 86_400_000;
/** Offsets of time zones are kept for steps of this length: no zone changes its clocks more often. */
const STEP_MS = 900_000;

const formats = new Map<string, Intl.DateTimeFormat>();
const offsets = new Map<string, Map<number, number>>();

/** The wall clock in `timeZone` minus UTC at the moment `at` (epoch ms), in ms. @throws {TraceError} EWINDOW for an unknown zone */
export function offsetMs(at: number, timeZone: string): number {
  const own = offsets.get(timeZone) ?? new Map<number, number>();
  const step = Math.floor(at / STEP_MS);
  const known = own.get(step);
  if (known !== undefined) return known;
  const offset = computeOffset(step * STEP_MS, timeZone);
  offsets.set(timeZone, own.set(step, offset));
  return offset;
}

/** Local midnight before `at`, as if it were UTC. */
export function localDay(at: number, timeZone: string): number {
  const local = at + offsetMs(at, timeZone);
  return local - (((local % DAY_MS) + DAY_MS) % DAY_MS);
}

/** Epoch ms of a local time given as if it were UTC. Two rounds settle it around a change of the clocks. */
export function epochOfLocal(local: number, timeZone: string): number {
  const guess = local - offsetMs(local, timeZone);
  return local - offsetMs(guess, timeZone);
}

/**
 * The days that a text names: `2022-03-17`, or `2022-02-21..2022-02-27` with both ends included; from local midnight to
 * local midnight, so that a day on which the clocks change has 23 or 25 hours.
 * @returns epoch ms, [from, to)
 * @throws {TraceError} EWINDOW
 */
export function daysWindow(text: string, timeZone: string): { from: number; to: number } {
  const [first = '', last = first, more] = text.split('..');
  const [begin, end] = [dayOf(first), dayOf(last)];
  if (begin === undefined || end === undefined || more !== undefined) throw new TraceError('EWINDOW', `"${text}" is no day (YYYY-MM-DD) or range of days (YYYY-MM-DD..YYYY-MM-DD)`);
  if (end < begin) throw new TraceError('EWINDOW', `the days ${text} run backwards`);
  return { from: epochOfLocal(begin, timeZone), to: epochOfLocal(end + DAY_MS, timeZone) };
}

/** `2022-03-17 08:30` of a moment. */
export function localText(at: number, timeZone: string): string {
  return new Date(at + offsetMs(at, timeZone)).toISOString().slice(0, 16).replace('T', ' ');
}

/** Midnight of a day as if it were UTC; undefined where there is no such day. */
function dayOf(text: string): number | undefined {
  if (!/^[0-9]{4}-[0-9]{2}-[0-9]{2}$/.test(text)) return undefined;
  const at = Date.parse(`${text}T00:00:00Z`);
  // 30 February is read as 2 March.
  return Number.isNaN(at) || new Date(at).toISOString().slice(0, 10) !== text ? undefined : at;
}

function computeOffset(at: number, timeZone: string): number {
  const parts = formatOf(timeZone).formatToParts(at);
  const part = (type: Intl.DateTimeFormatPartTypes): number => Number(parts.find((each) => each.type === type)?.value);
  const asUtc = Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second'));
  return asUtc - at;
}

function formatOf(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone);
  if (known !== undefined) return known;
  try {
    const format = new Intl.DateTimeFormat('en-US', {
      timeZone, hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric',
    });
    formats.set(timeZone, format);
    return format;
  } catch (error) {
    if (error instanceof RangeError) throw new TraceError('EWINDOW', `unknown time zone "${timeZone}"`);
    throw error;
  }
}
