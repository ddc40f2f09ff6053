/**
 * Fires the triggers of alarms. It holds the next slot of every active alarm and sleeps until the first of them. A slot
 * is claimed by a write to the alarm's document, under the revision that was read, before its trigger is fired: of
 * several controllers one succeeds, and what was claimed is not fired again after a restart. So a slot fires at most
 * once; one that is due while no controller runs is left out, as OpenWhisk's alarms do.
 */
import type { Identities } from '../../accounts/identities.ts';
import type { Throttles } from '../../accounts/throttles.ts';
import type { CancelTimer, Clock } from '../../clock/clock.ts';
import type { Invocations } from '../../compose/invocations.ts';
import { ApiError, authenticationInvalid, resourceDoesNotExist } from '../../domain/errors.ts';
import { newTransactionId } from '../../domain/ids.ts';
import type { Logger } from '../../domain/logger.ts';
import type { EntityStore } from '../../store/store.ts';
import { RevisionConflict } from '../../store/store.ts';
import type { Alarm } from './alarm.ts';
import { epochMs, nextSlot } from './alarm.ts';
import type { AlarmBook, StoredAlarm } from './alarm-book.ts';

/** How often alarms are read anew, for those that another controller has taken in. */
const SYNC_MS = 60_000;
/** A trigger that could not be fired is tried again, as OpenWhisk's alarms do. */
const RETRY_MS = 1_000;
const RETRIES = 10;

interface AlarmClockOptions {
  book: AlarmBook;
  entities: EntityStore;
  ownerOf: Identities['ownerOf'];
  throttles: Throttles;
  clock: Clock;
  logger: Logger;
}

interface Scheduled extends StoredAlarm {
  /** Epoch ms. */
  slot: number;
}

export class AlarmClock {
  readonly #options: AlarmClockOptions;
  readonly #scheduled = new Map<string, Scheduled>();
  readonly #working = new Set<Promise<unknown>>();
  #cancelTimer: CancelTimer | undefined;
  #cancelSync: CancelTimer | undefined;
  /** Undefined while it is stopped. */
  #fireTrigger: Invocations['fire'] | undefined;

  constructor(options: AlarmClockOptions) {
    this.#options = options;
  }

  /** Takes in what is stored. What has come to its end meanwhile is marked so. */
  async start(fire: Invocations['fire']): Promise<void> {
    this.#fireTrigger = fire;
    await this.#sync();
    this.#cancelSync = this.#options.clock.every(SYNC_MS, () => { this.#track(this.#sync()); });
  }

  /** Resolves when nothing is being fired any more. */
  async stop(): Promise<void> {
    this.#fireTrigger = undefined;
    this.#cancelTimer?.();
    this.#cancelSync?.();
    this.#scheduled.clear();
    await Promise.all(this.#working);
  }

  /** Takes in a new state of an alarm; undefined for one that is gone. */
  async accept(key: string, stored: StoredAlarm | undefined): Promise<void> {
    if (this.#fireTrigger === undefined) return;
    if (stored?.alarm.status.active !== true) {
      this.#scheduled.delete(key);
      return;
    }
    const { alarm } = stored;
    const now = this.#options.clock.now();
    const slot = remaining(alarm) > 0 ? nextSlot(alarm, Math.max(now, alarm.lastSlot)) : undefined;
    if (slot === undefined) {
      this.#scheduled.delete(key);
      await this.#end(key, alarm.lastSlot === 0 ? `Automatically disabled after receiving error on trigger initialization: ${whyNever(alarm, now)}` : whyOver(alarm));
      return;
    }
    this.#scheduled.set(key, { ...stored, slot });
    this.#arm();
  }

  async #sync(): Promise<void> {
    const stored = await this.#options.book.all();
    const keys = new Set(stored.map(({ key }) => key));
    for (const key of this.#scheduled.keys()) if (!keys.has(key)) this.#scheduled.delete(key);
    for (const each of stored) if (this.#scheduled.get(each.key)?.revision !== each.revision) await this.accept(each.key, each);
  }

  /** Sleeps until the first slot. */
  #arm(): void {
    this.#cancelTimer?.();
    let first = Infinity;
    for (const { slot } of this.#scheduled.values()) first = Math.min(first, slot);
    if (first === Infinity) return;
    const { clock } = this.#options;
    // Timers of days are not to be had; whoever wakes early sleeps again.
    this.#cancelTimer = clock.after(Math.min(SYNC_MS, Math.max(0, first - clock.now())), () => { this.#wake(); });
  }

  #wake(): void {
    const now = this.#options.clock.now();
    for (const scheduled of this.#scheduled.values()) {
      if (scheduled.slot > now) continue;
      this.#scheduled.delete(scheduled.key);
      this.#track(this.#due(scheduled));
    }
    this.#arm();
  }

  async #due(scheduled: Scheduled): Promise<void> {
    const { book } = this.#options;
    const { key, alarm, slot } = scheduled;
    let claimed: StoredAlarm;
    try {
      claimed = await book.replace(scheduled, { ...alarm, lastSlot: slot, fired: alarm.fired + 1 });
    } catch (error) {
      if (!(error instanceof RevisionConflict)) throw error;
      // Somebody else has claimed the slot, or changed the alarm.
      await this.accept(key, await book.get(key));
      return;
    }
    // The next slot may be due before this one is fired, and tried again, to its end.
    if (alarm.feed !== 'once') await this.accept(key, claimed);
    await this.#fire(claimed);
    if (alarm.feed === 'once') await this.#afterOnce(claimed);
  }

  /** Fires, and tries again what may pass; what will not ends the alarm. */
  async #fire({ key, alarm }: StoredAlarm): Promise<void> {
    const { logger, clock } = this.#options;
    for (let attempt = 0; this.#fireTrigger !== undefined; attempt++) {
      try {
        await this.#fireOnce(alarm, this.#fireTrigger);
        return;
      } catch (error) {
        if (error instanceof ApiError && error.status < 500 && error.status !== 429) {
          await this.#end(key, `Automatically disabled after receiving a ${error.status} status code when firing the trigger`, error.status);
          return;
        }
        if (attempt === RETRIES) {
          logger.warn({ err: error, alarm: key }, 'an alarm could not fire its trigger');
          return;
        }
        await clock.sleep(RETRY_MS);
      }
    }
  }

  async #fireOnce({ namespace, trigger, payload }: Alarm, fire: Invocations['fire']): Promise<void> {
    const { entities, ownerOf, throttles, clock } = this.#options;
    const identity = ownerOf(namespace);
    if (identity === undefined) throw authenticationInvalid();
    const stored = await entities.get(`${namespace}/${trigger}`);
    if (stored?.type !== 'trigger') throw resourceDoesNotExist();
    throttles.checkFire(namespace);
    await fire(stored.entity, { identity, payload, transactionId: newTransactionId(), acceptedAt: clock.now() });
  }

  async #afterOnce({ key, alarm }: StoredAlarm): Promise<void> {
    const { deleteAfterFire } = alarm.feed === 'once' ? alarm : {};
    if (deleteAfterFire === undefined || deleteAfterFire === 'false') {
      await this.#end(key, 'Automatically disabled after firing once');
      return;
    }
    const { entities, book } = this.#options;
    await book.change(key, () => undefined);
    const trigger = await entities.get(key);
    const rules = deleteAfterFire === 'rules' ? await entities.list('rule', { namespace: alarm.namespace, trigger: key }, { limit: 0, skip: 0 }) : [];
    const gone = [
      ...(trigger?.type === 'trigger' ? [{ path: key, revision: trigger.revision }] : []),
      ...rules.map(({ entity, revision }) => ({ path: `${entity.namespace}/${entity.name}`, revision })),
    ];
    await entities.write(gone.map(({ path, revision }) => ({ change: 'delete', path, expectedRevision: revision })));
  }

  async #end(key: string, message: string, statusCode?: number): Promise<void> {
    this.#scheduled.delete(key);
    const dateChanged = this.#options.clock.now();
    await this.#options.book.change(key, (alarm) => (alarm?.status.active === true
      ? { ...alarm, status: { active: false, dateChanged, reason: { kind: 'AUTO', ...(statusCode === undefined ? {} : { statusCode }), message } } }
      : alarm));
  }

  #track(work: Promise<unknown>): void {
    const tracked: Promise<unknown> = work
      .catch((error: unknown) => { this.#options.logger.error({ err: error }, 'an alarm failed'); })
      .finally(() => { this.#working.delete(tracked); });
    this.#working.add(tracked);
  }
}

function remaining(alarm: Alarm): number {
  return alarm.feed === 'once' || alarm.maxTriggers === undefined ? Infinity : alarm.maxTriggers - alarm.fired;
}

function whyNever(alarm: Alarm, now: number): string {
  if (alarm.feed === 'once') return 'the fire once date has expired';
  return alarm.stopDate !== undefined && epochMs(alarm.stopDate) <= now ? 'the stop date has expired' : 'the next scheduled trigger fire is after the stop date';
}

function whyOver(alarm: Alarm): string {
  if (alarm.feed === 'once') return 'Automatically disabled after firing once';
  if (remaining(alarm) <= 0) return 'Automatically disabled after reaching max triggers';
  return `Automatically disabled after firing last scheduled ${alarm.feed === 'alarm' ? 'cron' : 'interval'} trigger`;
}
