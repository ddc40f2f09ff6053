/** Packages, bindings, triggers and rules end to end: real invokers, OpenWhisk's npm client, and a controller that is killed. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Client } from 'openwhisk';
import { Platform } from './support/platform.ts';
import { waitUntil } from './support/wait-until.ts';

const SHOW = 'function main(args) { return { ...args, level: process.env.LEVEL }; }';

describe('packages, triggers and rules on the local cluster', () => {
  let platform: Platform;
  let whisk: Client;

  before(async () => {
    platform = await Platform.start();
    whisk = await platform.client();
  });
  after(async () => { await platform.dispose(); });

  const put = async (path: string, body: object): Promise<void> => {
    const response = await platform.request('PUT', `/api/v1/namespaces/_/${path}?overwrite=true`, body);
    assert.equal(response.status, 200, await response.text());
  };
  const invoke = (name: string): Promise<unknown> => whisk.actions.invoke({ name, blocking: true, result: true });
  const level = (value: string): object => ({ parameters: [{ key: 'LEVEL', value, init: true }, { key: 'from', value }] });

  it('gives an action the parameters and the environment of the package or binding through which it is called', async () => {
    await put('packages/lender', level('lender'));
    await put('packages/borrower', { binding: { namespace: '_', name: 'lender' }, ...level('borrower') });
    await whisk.actions.update({ name: 'lender/show', action: SHOW });
    assert.deepEqual(await invoke('lender/show'), { from: 'lender', level: 'lender' });
    assert.deepEqual(await invoke('borrower/show'), { from: 'borrower', level: 'borrower' });
    await put('packages/lender', level('changed'));
    assert.deepEqual(await invoke('lender/show'), { from: 'changed', level: 'changed' });
    assert.deepEqual(await invoke('borrower/show'), { from: 'borrower', level: 'borrower' });
  });

  it('lets an action that has its caller\'s key use the API with the client that runtimes ship', async () => {
    await put('actions/client', {
      exec: { kind: 'nodejs:default', code: 'const openwhisk = require("openwhisk"); function main() { return openwhisk().namespaces.list().then((namespaces) => ({ namespaces })); }' },
      annotations: [{ key: 'provide-api-key', value: true }],
    });
    const { response, logs } = await whisk.actions.invoke({ name: 'client', blocking: true }) as { response: { result: unknown }; logs: string[] };
    assert.deepEqual([response.result, logs], [{ namespaces: ['guest'] }, []]);
  });

  it('fires actions through rules, and finds all of it again after a kill -9', async () => {
    await put('triggers/tick', { parameters: [{ key: 'by', value: 'tick' }] });
    await put('rules/on-tick', { trigger: '/_/tick', action: '/_/borrower/show' });
    await put('rules/never', { trigger: '/_/tick', action: '/_/lender/show' });
    await whisk.rules.disable({ name: 'never' });
    platform.kill9();
    await waitUntil('the controller is gone', async () => fetch(`${platform.url}/ping`).then(() => false, () => true));
    await platform.start();

    const { activationId } = await whisk.triggers.invoke({ name: 'tick', params: { n: 1 } });
    const line = await waitUntil('the trigger has its record', async () => {
      const response = await platform.request('GET', `/api/v1/namespaces/_/activations/${activationId}`);
      if (response.status !== 200) return undefined;
      const lines = (await response.json() as { logs: string[] }).logs.map((text) => JSON.parse(text) as { rule: string; success: boolean; activationId?: string });
      return lines.length === 2 ? lines.find(({ rule }) => rule === 'guest/on-tick') : undefined;
    });
    assert.ok(line.success && line.activationId !== undefined);
    const { activationId: run } = line;
    const result = await waitUntil('its action has run', async () => {
      const response = await platform.request('GET', `/api/v1/namespaces/_/activations/${run}/result`);
      return response.status === 200 ? (await response.json() as { result: unknown }).result : undefined;
    });
    assert.deepEqual(result, { from: 'borrower', by: 'tick', n: 1, level: 'borrower' });
  });
});
