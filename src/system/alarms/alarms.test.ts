/** Alarms on the real store and a virtual clock; what is fired is noted instead of run. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import type { Identities } from '../../accounts/identities.ts';
import { fixedIdentities } from '../../accounts/identities.ts';
import { Throttles } from '../../accounts/throttles.ts';
import { VirtualClock } from '../../clock/virtual-clock.ts';
import type { Identity } from '../../domain/identity.ts';
import type { JsonObject, JsonValue } from '../../domain/json.ts';
import { DEFAULT_LIMITS } from '../../domain/limits.ts';
import { silentLogger } from '../../domain/logger.ts';
import type { Trigger } from '../../domain/trigger.ts';
import { openSqliteStore } from '../../store/sqlite/sqlite-store.ts';
import type { Store } from '../../store/store.ts';
import { System } from '../system.ts';

const NOON = Date.UTC(2026, 0, 1, 12);
const SECOND = 1_000;
const MINUTE = 60_000;
const GUEST: Identity = { subject: 'guest', namespace: 'guest', uuid: '23bc46b1-71f6-4ed5-8c54-816aa4f8c502', key: 'k'.repeat(64) };

interface Fired { trigger: string; at: number; payload: JsonObject }

describe('alarms', () => {
  let directory: string;
  let store: Store;
  let clock: VirtualClock;
  let fired: Fired[];
  let systems: System[];
  /** Thrown instead of firing. */
  let refusal: Error | undefined;
  let identities: Identities;

  const start = async (limits = DEFAULT_LIMITS): Promise<System> => {
    identities = fixedIdentities([GUEST], limits);
    const throttles = new Throttles({ limitsOf: identities.limitsOf, inFlight: () => 0, clock });
    const system = new System({ store, identities: { ...identities, ownerOf: (name) => identities.ownerOf(name) }, throttles, kind: 'nodejs:24', clock, logger: silentLogger });
    systems.push(system);
    await system.start((trigger: Trigger, { identity, payload, acceptedAt }) => {
      if (refusal !== undefined) return Promise.reject(refusal);
      assert.equal(identity.namespace, trigger.namespace);
      fired.push({ trigger: trigger.name, at: acceptedAt - NOON, payload });
      return Promise.resolve('a'.repeat(32));
    });
    return system;
  };
  const feed = async (system: System, name: string, args: JsonObject): Promise<JsonValue> => {
    const builtin = new Map(system.builtins).get(`alarms/${name}`);
    assert.ok(builtin);
    return builtin({ identity: GUEST, args: { triggerName: '/_/t', authKey: 'not needed', ...args }, activationId: 'b'.repeat(32), transactionId: 't' });
  };
  const trigger = async (name: string): Promise<void> => {
    const entity: Trigger = { namespace: 'guest', name, version: '0.0.1', publish: false, parameters: [], annotations: [], updated: NOON };
    await store.entities.write([{ change: 'put', type: 'trigger', entity, expectedRevision: undefined }]);
  };
  /** Time passes second by second, and what falls due is done before it goes on. */
  const pass = async (ms: number): Promise<void> => {
    for (const until = clock.now() + ms; clock.now() < until;) {
      clock.advance(Math.min(SECOND, until - clock.now()));
      await settled();
    }
  };
  /** Whatever hangs on the store alone is done when it has answered these. */
  const settled = async (): Promise<void> => {
    for (let turn = 0; turn < 4; turn++) {
      await store.documents.list('alarms');
      await setImmediate();
    }
  };
  const statusOf = async (system: System, name = 'alarm'): Promise<JsonObject> => ((await feed(system, name, { lifecycleEvent: 'READ' })) as { status: JsonObject }).status;
  const reasonOf = async (system: System): Promise<string> => ((await statusOf(system))['reason'] as { message: string }).message;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'hpcwhisk-alarms-'));
    store = await openSqliteStore({ directory, logger: silentLogger });
    clock = new VirtualClock(NOON);
    fired = [];
    systems = [];
    refusal = undefined;
    await trigger('t');
  });
  afterEach(async () => {
    for (const system of systems) await system.stop();
    await store.close();
    await rm(directory, { recursive: true, force: true });
  });

  it('fires by cron with seconds, and with five fields at second 0', async () => {
    const system = await start();
    await trigger('minutes');
    assert.deepEqual(await feed(system, 'alarm', { cron: '*/20 * * * * *', trigger_payload: { n: 1 } }), { status: 'success' });
    await feed(system, 'alarm', { triggerName: '/guest/minutes', cron: '*/2 * * * *', trigger_payload: 'text' });
    await pass(4 * MINUTE);
    assert.deepEqual(fired.filter(({ trigger: name }) => name === 't').map(({ at }) => at), Array.from({ length: 12 }, (_, n) => (n + 1) * 20 * SECOND));
    assert.deepEqual(fired[0]?.payload, { n: 1 });
    assert.deepEqual(fired.filter(({ trigger: name }) => name === 'minutes'), [
      { trigger: 'minutes', at: 2 * MINUTE, payload: { payload: 'text' } }, { trigger: 'minutes', at: 4 * MINUTE, payload: { payload: 'text' } },
    ]);
  });

  it('reads cron in a time zone, and spreads what need not be strict over the minute', async () => {
    const system = await start();
    await trigger('spread');
    await feed(system, 'alarm', { cron: '3 14 * * *', timezone: 'Europe/Prague' });
    await feed(system, 'alarm', { triggerName: '/_/spread', cron: '3 * * * *', strict: 'false' });
    await pass(5 * MINUTE);
    assert.deepEqual(fired.map(({ trigger: name }) => name), ['spread']);
    const at = fired[0]?.at ?? 0;
    assert.ok(at > 3 * MINUTE && at < 4 * MINUTE && at % SECOND === 0, `at second ${at / SECOND}`);
    clock.advance(56 * MINUTE);
    await pass(5 * MINUTE);
    assert.deepEqual(fired.at(-2), { trigger: 't', at: 63 * MINUTE, payload: {} });
    assert.equal(fired.at(-1)?.at, at + 60 * MINUTE, 'the same second in every hour');
  });

  it('fires in intervals from its start, until its stop', async () => {
    const system = await start();
    await feed(system, 'interval', { minutes: 2, startDate: NOON + 10 * SECOND, stopDate: new Date(NOON + 5 * MINUTE).toISOString() });
    await pass(10 * MINUTE);
    assert.deepEqual(fired.map(({ at }) => at), [10 * SECOND, 130 * SECOND, 250 * SECOND]);
    assert.equal(await reasonOf(system), 'Automatically disabled after firing last scheduled interval trigger');
  });

  it('begins half a minute later where an interval does not say', async () => {
    const system = await start();
    await feed(system, 'interval', { minutes: 1 });
    await pass(2 * MINUTE);
    assert.deepEqual(fired.map(({ at }) => at), [30 * SECOND, 90 * SECOND]);
  });

  it('keeps to a start date and to a greatest number of fires', async () => {
    const system = await start();
    await feed(system, 'alarm', { cron: '* * * * * *', startDate: NOON + 10 * SECOND, maxTriggers: 3 });
    await pass(MINUTE);
    assert.deepEqual(fired.map(({ at }) => at), [10 * SECOND, 11 * SECOND, 12 * SECOND]);
    assert.equal(await reasonOf(system), 'Automatically disabled after reaching max triggers');
  });

  it('fires once, and takes trigger and rules away where it is asked to', async () => {
    const system = await start();
    await trigger('gone');
    await trigger('kept');
    const rule = (name: string, of: string): Parameters<Store['entities']['write']>[0] => [{
      change: 'put', type: 'rule', expectedRevision: undefined,
      entity: { namespace: 'guest', name, version: '0.0.1', publish: false, annotations: [], status: 'active', trigger: `guest/${of}`, action: 'guest/a', updated: NOON },
    }];
    await store.entities.write(rule('r1', 'gone'));
    await store.entities.write(rule('r2', 'kept'));
    await feed(system, 'once', { date: NOON + SECOND });
    await feed(system, 'once', { triggerName: '/_/gone', date: new Date(NOON + 2 * SECOND).toISOString(), deleteAfterFire: 'rules' });
    await feed(system, 'once', { triggerName: '/_/kept', date: NOON + 3 * SECOND, deleteAfterFire: true });
    await pass(5 * MINUTE);
    assert.deepEqual(fired.map(({ trigger: name, at }) => [name, at]), [['t', SECOND], ['gone', 2 * SECOND], ['kept', 3 * SECOND]]);
    assert.equal(await reasonOf(system), 'Automatically disabled after firing once');
    const left = await Promise.all(['t', 'gone', 'kept', 'r1', 'r2'].map((name) => store.entities.get(`guest/${name}`)));
    assert.deepEqual(left.map((entity) => entity?.type), ['trigger', undefined, undefined, undefined, 'rule']);
    assert.deepEqual((await store.documents.list('alarms')).map(({ key }) => key), ['guest/t']);
  });

  it('goes on after a restart, leaving out what was due meanwhile', async () => {
    const first = await start();
    await trigger('late');
    await feed(first, 'alarm', { cron: '*/10 * * * * *' });
    await feed(first, 'once', { triggerName: '/_/late', date: NOON + 30 * SECOND });
    await pass(20 * SECOND);
    await first.stop();
    clock.advance(MINUTE - SECOND);
    const second = await start();
    await pass(20 * SECOND);
    assert.deepEqual(fired.map(({ at }) => at), [10, 20, 80, 90].map((seconds) => seconds * SECOND));
    const late = await feed(second, 'once', { triggerName: '/_/late', lifecycleEvent: 'READ' }) as { status: { active: boolean; reason: { message: string } } };
    assert.equal(late.status.active, false);
    assert.equal(late.status.reason.message, 'Automatically disabled after receiving error on trigger initialization: the fire once date has expired');
  });

  it('fires each slot once, also with two controllers', async () => {
    const first = await start();
    await feed(first, 'alarm', { cron: '*/5 * * * * *' });
    await start();
    await pass(MINUTE);
    assert.deepEqual(fired.map(({ at }) => at), Array.from({ length: 12 }, (_, n) => (n + 1) * 5 * SECOND));
  });

  it('can be paused, changed, read and deleted', async () => {
    const system = await start();
    await feed(system, 'alarm', { cron: '*/10 * * * * *', trigger_payload: { a: 1 } });
    await feed(system, 'alarm', { lifecycleEvent: 'PAUSE' });
    await pass(30 * SECOND);
    assert.deepEqual(fired, []);
    await feed(system, 'alarm', { lifecycleEvent: 'UNPAUSE' });
    await pass(10 * SECOND);
    await feed(system, 'alarm', { lifecycleEvent: 'UPDATE', cron: '*/15 * * * * *', trigger_payload: { a: 2 } });
    await pass(20 * SECOND);
    assert.deepEqual(fired.map(({ at, payload }) => [at / SECOND, payload]), [[40, { a: 1 }], [45, { a: 2 }], [60, { a: 2 }]]);
    assert.deepEqual(await feed(system, 'alarm', { lifecycleEvent: 'READ' }), {
      config: { name: 't', namespace: 'guest', cron: '*/15 * * * * *', payload: { a: 2 } },
      status: { active: true, dateChanged: NOON + 40 * SECOND, dateChangedISO: '2026-01-01T12:00:40.000Z' },
    });
    await feed(system, 'alarm', { lifecycleEvent: 'DELETE' });
    await pass(MINUTE);
    assert.equal(fired.length, 3);
    await assert.rejects(feed(system, 'alarm', { lifecycleEvent: 'READ' }), { message: 'could not find trigger /guest/t in the database' });
  });

  it('tries again what may pass, and gives up what will not', async () => {
    const system = await start({ ...DEFAULT_LIMITS, firesPerMinute: 3 });
    await feed(system, 'alarm', { cron: '50-53 0 * * * *' });
    await pass(50 * SECOND);
    refusal = new Error('the store is full');
    await pass(3 * SECOND);
    refusal = undefined;
    await pass(MINUTE);
    // What failed was counted, too, and so waited for the next minute.
    assert.deepEqual(fired.map(({ at }) => at / SECOND), [50, 60, 60, 60]);
    const stored = await store.entities.get('guest/t');
    assert.ok(stored);
    await store.entities.write([{ change: 'delete', path: 'guest/t', expectedRevision: stored.revision }]);
    await pass(60 * MINUTE);
    await trigger('t');
    assert.deepEqual((await statusOf(system))['reason'], { kind: 'AUTO', statusCode: 404, message: 'Automatically disabled after receiving a 404 status code when firing the trigger' });
  });

  it('ends with the namespace in whose name it fires', async () => {
    const system = await start();
    await feed(system, 'alarm', { cron: '*/10 * * * * *' });
    identities = fixedIdentities([]);
    await pass(10 * SECOND);
    assert.deepEqual(fired, []);
    assert.equal(await reasonOf(system), 'Automatically disabled after receiving a 401 status code when firing the trigger');
  });

  it('refuses what makes no sense, in the words of OpenWhisk\'s alarms', async () => {
    const system = await start();
    const past = NOON - SECOND;
    const later = NOON + MINUTE;
    const refusals: [feed: string, args: JsonObject, text: string][] = [
      ['alarm', { triggerName: '' }, 'no trigger name parameter was provided'],
      ['alarm', { triggerName: '/_/nowhere', cron: '* * * * *' }, 'Trigger authentication request failed.'],
      ['alarm', { lifecycleEvent: 'EXPLODE' }, 'unsupported lifecycleEvent'],
      ['alarm', {}, 'alarms trigger feed is missing the cron parameter'],
      ['alarm', { cron: 'sometimes' }, "cron pattern 'sometimes' is not valid"],
      ['alarm', { cron: '* * * * *', timezone: 'Mars/Base' }, "cron pattern '* * * * *' is not valid"],
      ['alarm', { cron: '0 0 31 2 *' }, "cron pattern '0 0 31 2 *' never occurs"],
      ['alarm', { cron: '* * * * *', maxTriggers: 3, stopDate: later }, 'maxTriggers is not allowed when the stopDate parameter is specified'],
      ['alarm', { cron: '* * * * *', startDate: 'soon' }, "startDate parameter 'soon' is not a valid Date"],
      ['alarm', { cron: '* * * * *', startDate: past }, `startDate parameter '${past}' must be in the future`],
      ['alarm', { cron: '* * * * *', startDate: later, stopDate: later }, `stopDate parameter '${later}' must be greater than the startDate parameter '${later}'`],
      ['alarm', { cron: '0 0 * * *', stopDate: later }, 'the first scheduled trigger fire is not until after the stop date'],
      ['interval', {}, 'interval trigger feed is missing the minutes parameter'],
      ['interval', { minutes: 1.5 }, 'the minutes parameter must be an integer'],
      ['interval', { minutes: 'two' }, 'the minutes parameter must be an integer'],
      ['interval', { minutes: -1 }, 'the minutes parameter must be an integer greater than zero'],
      ['interval', { minutes: 1, maxTriggers: 3, stopDate: later }, 'maxTriggers is not supported for the interval trigger feed'],
      ['once', {}, 'alarms once trigger feed is missing the date parameter'],
      ['once', { date: past }, `date parameter '${past}' must be in the future`],
      ['once', { date: later, deleteAfterFire: 'perhaps' }, 'deleteAfterFire parameter must be one of [false, true, rules].'],
    ];
    for (const [name, args, message] of refusals) await assert.rejects(feed(system, name, args), { name: 'ApiError', message }, message);
    assert.deepEqual(await store.documents.list('alarms'), []);
    await feed(system, 'alarm', { cron: '* * * * *', stopDate: NOON + 10 * MINUTE });
    await assert.rejects(feed(system, 'alarm', { lifecycleEvent: 'UPDATE' }), { message: 'no updatable parameters were specified' });
    await assert.rejects(feed(system, 'alarm', { lifecycleEvent: 'UPDATE', startDate: NOON + 11 * MINUTE }), { message: /^startDate parameter '\d+' must be less than the stopDate parameter '\d+'$/ });
  });
});
