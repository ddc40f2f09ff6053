/** Packages, triggers, rules and feeds with the npm package `openwhisk`, as a user has it. */
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import openwhisk from 'openwhisk';
import { authKey } from '../domain/identity.ts';
import type { JsonObject } from '../domain/json.ts';
import type { ApiUnderTest } from './api-harness.test.ts';
import { GUEST, OTHER, startApi } from './api-harness.test.ts';
import { waitUntil } from './wait-until.test.ts';

let api: ApiUnderTest;
before(async () => { api = await startApi(); });
after(async () => { await api.close(); });
beforeEach(() => { assert.deepEqual(api.errors, []); });

interface ClientError { statusCode: number; message: string }
const fails = (statusCode: number, text: RegExp) => (error: ClientError): boolean => {
  assert.equal(error.statusCode, statusCode, error.message);
  assert.match(error.message, text);
  return true;
};

/** The client's types leave out much of what it does. */
type Loose = Record<'packages' | 'triggers' | 'rules' | 'feeds' | 'actions', Record<string, (options?: unknown) => Promise<JsonObject & JsonObject[]>>>;
const loose = (client: openwhisk.Client): Loose => client as unknown as Loose;

const ECHO = 'function main(args) { return args; }';

test('openwhisk packages: create, read, list, update, bind, delete', async () => {
  const { packages, actions } = loose(api.client);
  const made = await packages['create']!({ name: 'tools', package: { parameters: [{ key: 'p', value: 1 }], publish: true } });
  assert.deepEqual([made['name'], made['publish'], made['binding']], ['tools', true, {}]);
  await actions['create']!({ name: 'tools/echo', action: ECHO });
  await packages['create']!({ name: 'mine', package: { binding: { namespace: '_', name: 'tools' }, parameters: [{ key: 'q', value: 2 }] } });
  assert.deepEqual((await packages['list']!()).map(({ name }) => name), ['mine', 'tools']);
  const read = await packages['get']!('mine');
  assert.deepEqual((read['actions'] as JsonObject[]).map(({ name }) => name), ['echo']);
  assert.deepEqual(await actions['invoke']!({ name: 'mine/echo', blocking: true, result: true, params: { r: 3 } }), { p: 1, q: 2, r: 3 });
  const updated = await packages['update']!({ name: 'tools', package: { parameters: [] } });
  assert.equal(updated['version'], '0.0.2');
  await assert.rejects(packages['delete']!('tools'), fails(409, /Package not empty \(contains 1 entity\)/));
  await actions['delete']!('tools/echo');
  await packages['delete']!('mine');
  await packages['delete']!('tools');
  await assert.rejects(packages['get']!('tools'), fails(404, /does not exist/));
});

test('openwhisk packages: what is published is there for others under its full name', async () => {
  const other = loose(openwhisk({ apihost: api.url, api_key: authKey(OTHER) }));
  await loose(api.client).packages['update']!({ name: 'shared', package: { publish: true } });
  await loose(api.client).actions['update']!({ name: 'shared/echo', action: ECHO });
  await loose(api.client).packages['update']!({ name: 'hidden' });
  assert.deepEqual((await other.packages['list']!({ namespace: 'guest' })).map(({ name }) => name), ['shared']);
  assert.deepEqual(await other.actions['invoke']!({ name: '/guest/shared/echo', blocking: true, result: true, params: { a: 1 } }), { a: 1 });
  await assert.rejects(other.actions['get']!('/guest/hidden/echo'), fails(403, /not authorized to access 'guest\/hidden'/));
});

test('openwhisk triggers and rules: a trigger fires an action through a rule, unless that is disabled', async () => {
  const { triggers, rules, actions } = loose(api.client);
  await actions['update']!({ name: 'seen', action: ECHO });
  const trigger = await triggers['create']!({ name: 'tick', trigger: { parameters: [{ key: 'from', value: 'tick' }] } });
  assert.equal(trigger['version'], '0.0.1');
  const rule = await rules['create']!({ name: 'on-tick', action: 'seen', trigger: 'tick' });
  assert.deepEqual([rule['status'], rule['trigger']], ['active', { path: 'guest', name: 'tick' }]);

  const fired = await triggers['invoke']!({ name: 'tick', params: { n: 1 } });
  assert.match(fired['activationId'] as string, /^[0-9a-f]{32}$/);
  const activation = await waitUntil(async () => (await api.client.activations.list({ name: 'seen' }))[0]);
  const record = await api.client.activations.get(activation.activationId) as unknown as { response: { result: unknown } };
  assert.deepEqual(record.response.result, { from: 'tick', n: 1 });

  await rules['disable']!({ name: 'on-tick' });
  assert.equal((await rules['get']!('on-tick'))['status'], 'inactive');
  await triggers['invoke']!({ name: 'tick' });
  await rules['enable']!({ name: 'on-tick' });
  assert.equal((await rules['get']!('on-tick'))['status'], 'active');
  assert.equal((await api.client.activations.list({ name: 'seen' })).length, 1);

  assert.deepEqual((await rules['list']!()).map(({ name }) => name), ['on-tick']);
  assert.deepEqual((await triggers['list']!()).map(({ name }) => name), ['tick']);
  await rules['update']!({ name: 'on-tick', action: 'seen', trigger: 'tick' });
  await rules['delete']!('on-tick');
  await triggers['update']!({ name: 'tick', trigger: { annotations: [] } });
  await triggers['delete']!('tick');
  await assert.rejects(triggers['get']!('tick'), fails(404, /does not exist/));
});

test('openwhisk feeds: create, get, update and delete invoke the feed\'s action with the life cycle\'s event', async () => {
  const { feeds, triggers, actions, packages } = loose(api.client);
  await packages['update']!({ name: 'source' });
  await actions['update']!({ name: 'source/changes', action: ECHO });
  await triggers['create']!({ name: 'changed', trigger: { annotations: [{ key: 'feed', value: '/guest/source/changes' }] } });
  for (const [method, event] of [['create', 'CREATE'], ['get', 'READ'], ['update', 'UPDATE'], ['delete', 'DELETE']] as const) {
    await feeds[method]!({ name: '/guest/source/changes', trigger: 'changed', params: { every: 5 } });
    const { lifecycleEvent, triggerName, authKey: key, every } = api.dispatch.messages.at(-1)!.args as JsonObject;
    assert.deepEqual({ lifecycleEvent, triggerName, key, every }, { lifecycleEvent: event, triggerName: '/_/changed', key: authKey(GUEST), every: 5 });
  }
});

test('openwhisk actions: sequences by their components', async () => {
  const { actions } = loose(api.client);
  await actions['update']!({ name: 'first', action: 'function main({ n }) { return { n: n + 1 }; }' });
  await actions['update']!({ name: 'second', action: 'function main({ n }) { return { n: n * 10 }; }' });
  const made = await actions['create']!({ name: 'both', sequence: ['/_/first', '/_/second'] });
  assert.deepEqual(made['exec'], { kind: 'sequence', components: ['/guest/first', '/guest/second'] });
  assert.deepEqual(await actions['invoke']!({ name: 'both', blocking: true, result: true, params: { n: 1 } }), { n: 20 });
});

test('openwhisk namespaces: a namespace is read as its four lists', async () => {
  const { actions, packages, triggers, rules } = await api.client.namespaces.get('guest' as never) as unknown as Record<string, JsonObject[]>;
  for (const list of [actions, packages, triggers, rules]) assert.ok(Array.isArray(list));
  assert.ok(actions!.some(({ name }) => name === 'both'));
});
