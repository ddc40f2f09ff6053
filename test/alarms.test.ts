/** Feeds of `/whisk.system/alarms` end to end: the npm client makes the trigger, the platform fires it, its rule runs on an invoker. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Client } from 'openwhisk';
import { Platform } from './support/platform.ts';
import { waitUntil } from './support/wait-until.ts';

interface StoredRecord { start: number; response: { result: unknown } }

describe('alarms', () => {
  let platform: Platform;
  let whisk: Client;

  before(async () => {
    platform = await Platform.start();
    await platform.invokers(1);
    whisk = await platform.client();
    await whisk.actions.create({ name: 'echo', action: 'function main(args) { return args }' });
  });
  after(async () => { await platform.dispose(); });

  /** A trigger with this feed, and a rule that has echo invoked. */
  const alarm = async (name: string, feed: string, params: object): Promise<void> => {
    await whisk.triggers.create({ name });
    await whisk.rules.create({ name: `${name}-rule`, trigger: name, action: 'echo' });
    await whisk.feeds.create({ name: `/whisk.system/alarms/${feed}`, trigger: name, params });
  };
  const recordsOf = async (name: string): Promise<StoredRecord[]> => (await platform.request('GET', `/api/v1/namespaces/_/activations?docs=true&limit=200&name=${name}`)).json() as Promise<StoredRecord[]>;
  const results = async (name: string): Promise<unknown[]> => {
    return (await recordsOf('echo')).map(({ response }) => response.result as { from?: string }).filter(({ from }) => from === name);
  };

  it('fires once, in an interval, and by cron, in the name of the namespace', async () => {
    const soon = (): number => Date.now() + 2_000;
    await alarm('once', 'once', { date: soon(), trigger_payload: { from: 'once' } });
    await alarm('interval', 'interval', { minutes: 1, startDate: soon(), trigger_payload: { from: 'interval' } });
    await alarm('cron', 'alarm', { cron: '* * * * * *', maxTriggers: 3, trigger_payload: { from: 'cron' } });
    for (const [name, times] of [['once', 1], ['interval', 1], ['cron', 3]] as const) {
      await waitUntil(`${name} has fired`, async () => (await results(name)).length >= times, { timeoutMs: 60_000, describe: async () => JSON.stringify(await whisk.activations.list()) });
    }
    assert.deepEqual(await results('once'), [{ from: 'once' }]);
    const read = await platform.request('POST', '/api/v1/namespaces/whisk.system/actions/alarms/alarm?blocking=true&result=true', { lifecycleEvent: 'READ', triggerName: '/_/cron' });
    const { status } = await read.json() as { status: { reason: { message: string } } };
    assert.deepEqual([status.reason.message, (await results('cron')).length], ['Automatically disabled after reaching max triggers', 3]);
  });

  it('goes on after the controller was killed', async () => {
    await alarm('steady', 'alarm', { cron: '* * * * * *', trigger_payload: { from: 'steady' } });
    await waitUntil('it fires', async () => (await results('steady')).length > 0, { timeoutMs: 60_000 });
    platform.kill9();
    await platform.start();
    await platform.invokers(1);
    const before = (await results('steady')).length;
    await waitUntil('it fires again', async () => (await results('steady')).length > before + 1, { timeoutMs: 60_000 });
    await whisk.feeds.delete({ name: '/whisk.system/alarms/alarm', trigger: 'steady' });
    const seconds = (await recordsOf('steady')).map(({ start }) => Math.floor(start / 1000));
    assert.equal(new Set(seconds).size, seconds.length, `a slot fired twice: ${seconds.join(' ')}`);
  });

  it('refuses in OpenWhisk\'s words, so that the client takes its trigger back', async () => {
    await whisk.triggers.create({ name: 'bad' });
    await assert.rejects(whisk.feeds.create({ name: '/whisk.system/alarms/alarm', trigger: 'bad', params: { cron: 'never' } }), (error: { error?: { response?: { result?: object } } }) => {
      assert.deepEqual(error.error?.response?.result, { error: "cron pattern 'never' is not valid" });
      return true;
    });
  });
});
