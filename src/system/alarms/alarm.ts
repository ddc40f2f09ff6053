/**
 * An alarm fires a trigger at certain instants, its slots. Which these are follows from the alarm alone, not from when
 * it is asked: so several controllers find the same ones, and claim each before they fire it (see alarm-clock.ts).
 */
import { Cron } from 'croner';
import type { JsonObject } from '../../domain/json.ts';

export type Alarm = {
  namespace: string;
  /** Name of the trigger, in the same namespace. */
  trigger: string;
  /** What the trigger is fired with. */
  payload: JsonObject;
  status: AlarmStatus;
  /** Epoch ms of the latest slot that was claimed; 0 for none. */
  lastSlot: number;
  /** Slots claimed. */
  fired: number;
} & Schedule;

export type Schedule = CronSchedule | IntervalSchedule | OnceSchedule;

/** Dates are kept as they were given: epoch ms, or text that Date reads. */
export type GivenDate = number | string;

interface Bounds {
  startDate?: GivenDate;
  stopDate?: GivenDate;
  /** Fires at most this often. */
  maxTriggers?: number;
}

/** `cron` has 5 fields, or 6 with seconds; its times are those of `timezone`, else UTC. Not strict: within the minute, at a second that hangs on the trigger's name. */
export type CronSchedule = { feed: 'alarm'; cron: string; timezone?: string; strict?: boolean } & Bounds;
/** Every so many minutes, counted from the start. */
export type IntervalSchedule = { feed: 'interval'; minutes: number; startDate: GivenDate } & Bounds;
export interface OnceSchedule { feed: 'once'; date: GivenDate; deleteAfterFire?: DeleteAfterFire }

/** `true`: the trigger goes after it has fired; `rules`: its rules go, too. */
export type DeleteAfterFire = 'false' | 'true' | 'rules';

export interface AlarmStatus {
  active: boolean;
  /** Epoch ms. */
  dateChanged: number;
  /** Why it is not active. AUTO: by the platform; USER: paused. */
  reason?: { kind: 'AUTO' | 'USER'; statusCode?: number; message: string };
}

const MINUTE_MS = 60_000;
const SECONDS = 60;

/**
 * The first slot after `after` (epoch ms); undefined where there is none any more.
 * @throws {Error} where a cron pattern or a time zone is none
 */
export function nextSlot(alarm: Schedule & Pick<Alarm, 'trigger'>, after: number): number | undefined {
  const slot = nextOccurrence(alarm, after);
  if (slot === undefined || alarm.feed === 'once' || alarm.stopDate === undefined) return slot;
  return slot > epochMs(alarm.stopDate) ? undefined : slot;
}

/** The same whatever the stop date. */
export function nextOccurrence(alarm: Schedule & Pick<Alarm, 'trigger'>, after: number): number | undefined {
  switch (alarm.feed) {
    case 'once': {
      const date = epochMs(alarm.date);
      return date > after ? date : undefined;
    }
    case 'interval': return nextInterval(alarm, after);
    case 'alarm': return nextCron(alarm, after);
  }
}

export function epochMs(date: GivenDate): number {
  return new Date(date).getTime();
}

/** Without a field for seconds, cron's finest is the minute. */
function hasSeconds(cron: string): boolean {
  return cron.trim().split(/\s+/).length > 5;
}

function nextInterval({ startDate, minutes }: IntervalSchedule, after: number): number {
  const start = epochMs(startDate);
  const period = minutes * MINUTE_MS;
  return after < start ? start : start + (Math.floor((after - start) / period) + 1) * period;
}

function nextCron({ cron, timezone, strict, startDate, trigger }: CronSchedule & Pick<Alarm, 'trigger'>, after: number): number | undefined {
  const pattern = strict === false && !hasSeconds(cron) ? `${secondOf(trigger)} ${cron}` : cron;
  const expression = new Cron(pattern, { timezone: timezone ?? 'UTC', mode: '5-or-6-parts', sloppyRanges: true });
  // A slot at the very start counts, and slots are whole seconds.
  const from = startDate === undefined ? after : Math.max(after, epochMs(startDate) - 1);
  return expression.nextRun(new Date(from))?.getTime();
}

/** The same second for a name at all times, and different ones for different names. */
function secondOf(name: string): number {
  let sum = 0;
  for (const character of name) sum = (sum * 31 + (character.codePointAt(0) ?? 0)) % 1_000_003;
  return sum % SECONDS;
}
