/**
 * The feed actions of `/whisk.system/alarms`: what clients invoke when a trigger with such a feed is made, read,
 * changed or deleted. An alarm belongs to the namespace that invokes, and is fired in that namespace's name; the key
 * that clients send along is not needed, and not kept.
 */
import type { Clock } from '../../clock/clock.ts';
import type { Builtin, BuiltinCall } from '../../compose/builtins.ts';
import type { JsonObject, JsonValue } from '../../domain/json.ts';
import type { EntityStore } from '../../store/store.ts';
import type { Alarm, AlarmStatus, Schedule } from './alarm.ts';
import type { AlarmBook } from './alarm-book.ts';
import type { AlarmClock } from './alarm-clock.ts';
import { badAlarm, readPayload, readSchedule, readUpdate } from './alarm-request.ts';

interface AlarmFeedsOptions {
  book: AlarmBook;
  alarmClock: AlarmClock;
  entities: EntityStore;
  clock: Clock;
}

const SUCCESS = { status: 'success' };
/** Fields of an alarm that its reader is not shown, or not under this name. */
const HIDDEN = ['trigger', 'status', 'feed', 'lastSlot', 'fired'];

/** By name of the built-in. */
export function alarmFeeds(options: AlarmFeedsOptions): [name: string, builtin: Builtin][] {
  return (['alarm', 'interval', 'once'] as const).map((feed) => [`alarms/${feed}`, (call) => runFeed(feed, call, options)]);
}

async function runFeed(feed: Schedule['feed'], { identity, args }: BuiltinCall, options: AlarmFeedsOptions): Promise<JsonValue> {
  const { book, alarmClock, clock } = options;
  const { namespace } = identity;
  const trigger = triggerNameOf(args['triggerName']);
  const key = `${namespace}/${trigger}`;
  const event = args['lifecycleEvent'] ?? 'CREATE';
  if (event !== 'DELETE') await checkTrigger(options.entities, key);
  const parameters = { args, trigger, now: clock.now() };
  const change = async (make: (alarm: Alarm) => Alarm | undefined): Promise<JsonValue> => {
    await alarmClock.accept(key, await book.change(key, (alarm) => make(existing(alarm, key))));
    return SUCCESS;
  };

  switch (event) {
    case 'CREATE': {
      const alarm: Alarm = {
        namespace, trigger, payload: readPayload(args['trigger_payload']), status: active(clock), lastSlot: 0, fired: 0,
        ...readSchedule(feed, parameters),
      };
      await alarmClock.accept(key, await book.change(key, () => alarm));
      return SUCCESS;
    }
    case 'READ': {
      const stored = await book.get(key);
      return view(existing(stored?.alarm, key));
    }
    case 'UPDATE':
      return change((alarm) => ({ ...readUpdate(alarm, parameters), status: active(clock) }));
    case 'PAUSE':
      return change((alarm) => ({ ...alarm, status: { active: false, dateChanged: clock.now(), reason: { kind: 'USER', message: 'Paused' } } }));
    case 'UNPAUSE':
      return change((alarm) => ({ ...alarm, status: active(clock) }));
    case 'DELETE':
      return change(() => undefined);
    default:
      throw badAlarm('unsupported lifecycleEvent');
  }
}

/** `/namespace/name`, `/_/name` or `name`: the namespace is the caller's whatever stands there. */
function triggerNameOf(value: JsonValue | undefined): string {
  if (typeof value !== 'string' || value === '') throw badAlarm('no trigger name parameter was provided');
  return value.startsWith('/') ? value.split('/').slice(2).join('/') : value;
}

async function checkTrigger(entities: EntityStore, key: string): Promise<void> {
  const stored = await entities.get(key);
  if (stored?.type !== 'trigger') throw badAlarm('Trigger authentication request failed.', 404);
}

function existing(alarm: Alarm | undefined, key: string): Alarm {
  if (alarm === undefined) throw badAlarm(`could not find trigger /${key} in the database`, 404);
  return alarm;
}

function active(clock: Clock): AlarmStatus {
  return { active: true, dateChanged: clock.now() };
}

function view(alarm: Alarm): JsonObject {
  const { active: isActive, dateChanged, reason } = alarm.status;
  const shown = Object.entries(alarm as unknown as JsonObject).filter(([name]) => !HIDDEN.includes(name));
  return {
    config: { name: alarm.trigger, ...Object.fromEntries(shown) },
    status: { active: isActive, dateChanged, dateChangedISO: new Date(dateChanged).toISOString(), ...(reason === undefined ? {} : { reason }) },
  };
}
