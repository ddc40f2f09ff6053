/** What the parameters of a feed action say of an alarm. Texts of refusals are those of OpenWhisk's alarm package. */
import { ApiError } from '../../domain/errors.ts';
import type { JsonObject, JsonValue } from '../../domain/json.ts';
import { isJsonObject } from '../../domain/json.ts';
import type { Alarm, DeleteAfterFire, GivenDate, Schedule } from './alarm.ts';
import { epochMs, nextOccurrence, nextSlot } from './alarm.ts';

/** An interval that does not say when it starts does so this much later. */
const INTERVAL_START_MS = 30_000;
const DELETE_AFTER_FIRE: readonly DeleteAfterFire[] = ['false', 'true', 'rules'];

export const badAlarm = (text: string, status = 400): ApiError => new ApiError(status, text);

export interface FeedParameters {
  args: JsonObject;
  trigger: string;
  /** Epoch ms. */
  now: number;
}

/** @throws {ApiError} */
export function readSchedule(feed: Schedule['feed'], { args, trigger, now }: FeedParameters): Schedule {
  switch (feed) {
    case 'once': {
      if (isMissing(args['date'])) throw badAlarm('alarms once trigger feed is missing the date parameter');
      return { feed, date: readDate(args['date'], 'date', now), ...optional('deleteAfterFire', readDeleteAfterFire(args['deleteAfterFire'])) };
    }
    case 'interval': {
      if (isMissing(args['minutes'])) throw badAlarm('interval trigger feed is missing the minutes parameter');
      const minutes = readMinutes(args['minutes']);
      const startDate = isMissing(args['startDate']) ? now + INTERVAL_START_MS : readDate(args['startDate'], 'startDate', now);
      if (!isMissing(args['maxTriggers']) && !isMissing(args['stopDate'])) throw badAlarm('maxTriggers is not supported for the interval trigger feed');
      return { feed, minutes, startDate, ...optional('stopDate', readStopDate(args['stopDate'], startDate, now)), ...optional('maxTriggers', readMaxTriggers(args['maxTriggers'])) };
    }
    case 'alarm': {
      if (isMissing(args['cron'])) throw badAlarm('alarms trigger feed is missing the cron parameter');
      const startDate = isMissing(args['startDate']) ? undefined : readDate(args['startDate'], 'startDate', now);
      if (!isMissing(args['maxTriggers']) && !isMissing(args['stopDate'])) throw badAlarm('maxTriggers is not allowed when the stopDate parameter is specified');
      const schedule: Schedule = {
        feed, cron: textOf(args['cron']), ...optional('timezone', readText(args['timezone'])), ...optional('strict', readFlag('strict', args['strict'])),
        ...optional('startDate', startDate), ...optional('maxTriggers', readMaxTriggers(args['maxTriggers'])),
      };
      const stopDate = readStopDate(args['stopDate'], startDate, now);
      checkCron(schedule, trigger, now);
      return withStop(schedule, stopDate, trigger, now);
    }
  }
}

/** @throws {ApiError} where nothing changes, or not to anything that makes sense */
export function readUpdate(alarm: Alarm, { args, trigger, now }: FeedParameters): Alarm {
  const changes = {
    ...optional('payload', isMissing(args['trigger_payload']) ? undefined : readPayload(args['trigger_payload'])),
    ...scheduleChanges(alarm, args, now),
  };
  if (Object.keys(changes).length === 0) throw badAlarm('no updatable parameters were specified');
  const changed = { ...alarm, ...changes };
  if (changed.feed === 'once') return changed;
  const { startDate, stopDate } = changed;
  if ('startDate' in changes && !('stopDate' in changes) && startDate !== undefined && stopDate !== undefined && epochMs(startDate) >= epochMs(stopDate)) {
    throw badAlarm(`startDate parameter '${startDate}' must be less than the stopDate parameter '${stopDate}'`);
  }
  if (changed.feed === 'alarm') checkCron(changed, trigger, now);
  return changed;
}

function scheduleChanges(alarm: Alarm, args: JsonObject, now: number): JsonObject {
  if (alarm.feed === 'once') {
    return {
      ...optional('date', isMissing(args['date']) ? undefined : readDate(args['date'], 'date', now)),
      ...optional('deleteAfterFire', readDeleteAfterFire(args['deleteAfterFire'])),
    };
  }
  const startDate = isMissing(args['startDate']) ? undefined : readDate(args['startDate'], 'startDate', now);
  return {
    ...(alarm.feed === 'interval'
      ? optional('minutes', isMissing(args['minutes']) ? undefined : readMinutes(args['minutes']))
      : { ...optional('cron', readText(args['cron'])), ...optional('timezone', readText(args['timezone'])), ...optional('strict', readFlag('strict', args['strict'])) }),
    ...optional('startDate', startDate),
    ...optional('stopDate', readStopDate(args['stopDate'], startDate ?? alarm.startDate, now)),
  };
}

/** A text is the value of the one parameter `payload`. */
export function readPayload(value: JsonValue | undefined): JsonObject {
  if (isJsonObject(value)) return value;
  return isMissing(value) ? {} : { payload: value };
}

function checkCron(schedule: Schedule, trigger: string, now: number): void {
  if (schedule.feed !== 'alarm') return;
  let slot: number | undefined;
  try {
    slot = nextOccurrence({ ...schedule, trigger }, now);
  } catch {
    throw badAlarm(`cron pattern '${schedule.cron}' is not valid`);
  }
  if (slot === undefined) throw badAlarm(`cron pattern '${schedule.cron}' never occurs`);
}

function withStop(schedule: Schedule, stopDate: GivenDate | undefined, trigger: string, now: number): Schedule {
  if (stopDate === undefined) return schedule;
  const stopped = { ...schedule, stopDate };
  if (nextSlot({ ...stopped, trigger }, now) === undefined) throw badAlarm('the first scheduled trigger fire is not until after the stop date');
  return stopped;
}

function readDate(value: JsonValue | undefined, name: string, now: number, startDate?: GivenDate): GivenDate {
  const shown = typeof value === 'number' ? value : textOf(value);
  const date = epochMs(shown);
  if (Number.isNaN(date)) throw badAlarm(`${name} parameter '${shown}' is not a valid Date`);
  if (now >= date) throw badAlarm(`${name} parameter '${shown}' must be in the future`);
  if (startDate !== undefined && date <= epochMs(startDate)) throw badAlarm(`${name} parameter '${shown}' must be greater than the startDate parameter '${startDate}'`);
  return shown;
}

function readStopDate(value: JsonValue | undefined, startDate: GivenDate | undefined, now: number): GivenDate | undefined {
  return isMissing(value) ? undefined : readDate(value, 'stopDate', now, startDate);
}

function readMinutes(value: JsonValue | undefined): number {
  const minutes = typeof value === 'string' || typeof value === 'number' ? Number(value) : NaN;
  if (!Number.isSafeInteger(minutes)) throw badAlarm('the minutes parameter must be an integer');
  if (minutes <= 0) throw badAlarm('the minutes parameter must be an integer greater than zero');
  return minutes;
}

/** -1 means without end. */
function readMaxTriggers(value: JsonValue | undefined): number | undefined {
  if (isMissing(value) || value === -1 || value === '-1') return undefined;
  const count = Number(value);
  if (!Number.isInteger(count) || count <= 0) throw badAlarm('the maxTriggers parameter must be an integer greater than zero');
  return count;
}

function readDeleteAfterFire(value: JsonValue | undefined): DeleteAfterFire | undefined {
  if (isMissing(value)) return undefined;
  const text = textOf(value).trim().toLowerCase();
  const found = DELETE_AFTER_FIRE.find((allowed) => allowed === text);
  if (found === undefined) throw badAlarm('deleteAfterFire parameter must be one of [false, true, rules].');
  return found;
}

function readFlag(name: string, value: JsonValue | undefined): boolean | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  const text = textOf(value).trim().toLowerCase();
  if (text !== 'true' && text !== 'false') throw badAlarm(`${name} parameter must be one of [false, true].`);
  return text === 'true';
}

function readText(value: JsonValue | undefined): string | undefined {
  return isMissing(value) ? undefined : textOf(value);
}

function textOf(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : JSON.stringify(value ?? null);
}

/** What a feed action takes as not given. */
function isMissing(value: JsonValue | undefined): value is undefined | null | '' | 0 | false {
  return value === undefined || value === null || value === '' || value === 0 || value === false;
}

function optional<Name extends string, Value extends JsonValue>(name: Name, value: Value | undefined): { [key in Name]?: Value } {
  return value === undefined ? {} : { [name]: value } as { [key in Name]?: Value };
}
