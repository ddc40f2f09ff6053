import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import type { JsonObject, JsonValue } from '../domain/json.ts';
import { MAX_PARAMETER_BYTES, MAX_PAYLOAD_BYTES } from '../domain/limits.ts';
import type { EntityChange } from '../store/store.ts';
import type { ApiUnderTest } from './api-harness.test.ts';
import { GUEST, OTHER, startApi } from './api-harness.test.ts';
import { waitUntil } from './wait-until.test.ts';

const OTHER_COLLECTION = 'Resource by this name exists but is not in this collection.';
const NOT_THERE = 'The requested resource does not exist.';

let api: ApiUnderTest;
before(async () => {
  api = await startApi();
  await api.action('echo', 'function main(args) { return args; }');
});
after(async () => { await api.close(); });
beforeEach(() => { assert.deepEqual(api.errors, []); });

async function put(path: string, body: object = {}): Promise<JsonObject> {
  const { status, body: answer } = await api.request('PUT', `/${path}`, body);
  assert.equal(status, 200, JSON.stringify(answer));
  return answer as JsonObject;
}

async function get(path: string): Promise<JsonObject> {
  const { status, body } = await api.request('GET', `/${path}`);
  assert.equal(status, 200, JSON.stringify(body));
  return body as JsonObject;
}

async function refused(method: string, path: string, body: unknown, status: number, text: string, identity = GUEST): Promise<void> {
  const answer = await api.requestAs(identity, method, path, body);
  assert.equal(answer.status, status, JSON.stringify(answer.body));
  assert.equal((answer.body as { error: string }).error, text);
}

interface Record { namespace: string; name: string; version: string; end?: number; start: number; logs: string[]; response: { result: JsonValue; status: string } }

async function recordOf(activationId: string): Promise<Record> {
  return waitUntil(async () => {
    const { status, body } = await api.request('GET', `/activations/${activationId}`);
    return status === 200 ? body as unknown as Record : undefined;
  });
}

test('PUT /namespaces/{ns}/triggers/{name}: a new trigger gets standards', async () => {
  const { updated, ...created } = await put('triggers/new', { parameters: [{ key: 'a', value: 1 }], annotations: [{ key: 'n', value: 'x' }], name: 'ignored' });
  assert.deepEqual(created, {
    namespace: 'guest', name: 'new', version: '0.0.1', publish: false, limits: {},
    parameters: [{ key: 'a', value: 1 }], annotations: [{ key: 'n', value: 'x' }],
  });
  assert.equal(typeof updated, 'number');
});

test('PUT /namespaces/{ns}/triggers/{name}: overwrite replaces parameters and annotations as a whole and keeps what is not said', async () => {
  await put('triggers/kept', { publish: true, parameters: [{ key: 'a', value: 1 }], annotations: [{ key: 'one', value: 1 }, { key: 'two', value: 2 }] });
  const second = await put('triggers/kept?overwrite=true', { annotations: [{ key: 'three', value: 3 }] });
  assert.deepEqual([second['version'], second['publish'], second['parameters'], second['annotations']], ['0.0.2', true, [{ key: 'a', value: 1 }], [{ key: 'three', value: 3 }]]);
  await refused('PUT', '_/triggers/kept', {}, 409, 'resource already exists');
});

test('PUT /namespaces/{ns}/triggers/{name}: a feed must have the name of one, whether it exists or not', async () => {
  for (const feed of ['/whisk.system/alarms/alarm', 'pkg/feed', 'feed']) {
    await put(`triggers/fed-${feed.length}`, { annotations: [{ key: 'feed', value: feed }] });
  }
  for (const feed of ['', '/a/b/c/d', 'a$b', 7]) {
    await refused('PUT', '_/triggers/misfed', { annotations: [{ key: 'feed', value: feed }] }, 400, 'Feed name is not valid');
  }
});

test('PUT /namespaces/{ns}/triggers/{name}: 409 where an action, a package or a rule has the name', async () => {
  await put('packages/a-package');
  await put('triggers/a-trigger');
  await put('rules/a-rule', { trigger: '/_/a-trigger', action: '/_/echo' });
  for (const name of ['echo', 'a-package', 'a-rule']) {
    for (const query of ['', '?overwrite=true']) await refused('PUT', `_/triggers/${name}${query}`, {}, 409, OTHER_COLLECTION);
    for (const method of ['GET', 'DELETE']) await refused(method, `_/triggers/${name}`, undefined, 409, OTHER_COLLECTION);
    await refused('POST', `_/triggers/${name}`, {}, 409, OTHER_COLLECTION);
  }
});

test('PUT /namespaces/{ns}/triggers/{name}: 413 and 400 for what is too large or misshapen', async () => {
  const large = [{ key: 'k', value: 'v'.repeat(MAX_PARAMETER_BYTES) }];
  for (const field of ['parameters', 'annotations']) {
    await refused('PUT', '_/triggers/large', { [field]: large }, 413, `${field} larger than allowed: ${MAX_PARAMETER_BYTES + 3} > ${MAX_PARAMETER_BYTES} bytes.`);
  }
  await refused('PUT', '_/triggers/shape', { publish: 'yes' }, 400, 'The request content was malformed:\npublish must be boolean');
});

test('ANY /namespaces/{ns}/triggers: others\' triggers are out of reach', async () => {
  await refused('GET', 'other/triggers', undefined, 403, "The supplied authentication is not authorized to access 'other'.");
  for (const method of ['GET', 'PUT', 'POST', 'DELETE']) {
    await refused(method, 'guest/triggers/new', method === 'GET' || method === 'DELETE' ? undefined : {}, 403, "The supplied authentication is not authorized to access 'guest/new'.", OTHER);
  }
});

test('GET /namespaces/{ns}/triggers: summaries, newest first, in pages, and counted', async () => {
  await put('triggers/list-a', { parameters: [{ key: 'hidden', value: 1 }] });
  await put('triggers/list-b');
  const [first, second] = await get('triggers?limit=2') as unknown as JsonObject[];
  assert.deepEqual([first?.['name'], second?.['name']], ['list-b', 'list-a']);
  assert.deepEqual(Object.keys(second!).sort(), ['annotations', 'name', 'namespace', 'publish', 'updated', 'version']);
  const all = await get('triggers?limit=0') as unknown as JsonObject[];
  assert.deepEqual(await get('triggers?count=true&skip=1'), { triggers: all.length - 1 });
  assert.deepEqual(await get('triggers?skip=1&limit=1'), [second]);
});

test('GET /namespaces/{ns}/triggers/{name}: shows its rules, active or not', async () => {
  await put('triggers/watched');
  await put('packages/pkg');
  await put('actions/pkg/inner', { exec: { kind: 'nodejs:default', code: 'function main() {}' } });
  assert.equal((await get('triggers/watched'))['rules'], undefined);
  await put('rules/watched-1', { trigger: '/guest/watched', action: '/guest/echo' });
  await put('rules/watched-2', { trigger: '/_/watched', action: '/_/pkg/inner' });
  await api.request('POST', '/rules/watched-2', { status: 'inactive' });
  const rules = {
    'guest/watched-1': { action: { path: 'guest', name: 'echo' }, status: 'active' },
    'guest/watched-2': { action: { path: 'guest/pkg', name: 'inner' }, status: 'inactive' },
  };
  assert.deepEqual((await get('triggers/watched'))['rules'], rules);
  assert.deepEqual((await put('triggers/watched?overwrite=true', { publish: true }))['rules'], rules);
  await api.request('DELETE', '/rules/watched-1');
  assert.deepEqual(Object.keys((await get('triggers/watched'))['rules'] as object), ['guest/watched-2']);
});

test('GET /namespaces/{ns}/triggers/{name}: 404', async () => {
  for (const method of ['GET', 'DELETE']) await refused(method, '_/triggers/missing', undefined, 404, NOT_THERE);
  await refused('POST', '_/triggers/missing', {}, 404, NOT_THERE);
});

test('POST /namespaces/{ns}/triggers/{name}: 204 and no record where no rule is active', async () => {
  await put('triggers/idle');
  const before = await get('activations?count=true');
  assert.deepEqual(await api.request('POST', '/triggers/idle', {}).then(({ status, body }) => [status, body]), [204, null]);
  await put('rules/idle-rule', { trigger: '/_/idle', action: '/_/echo' });
  await api.request('POST', '/rules/idle-rule', { status: 'inactive' });
  assert.equal((await api.request('POST', '/triggers/idle', {})).status, 204);
  assert.deepEqual(await get('activations?count=true'), before);
});

test('POST /namespaces/{ns}/triggers/{name}: 202; each active rule\'s action gets the trigger\'s parameters with the payload over them', async () => {
  await put('triggers/fired', { parameters: [{ key: 'a', value: 'trigger' }, { key: 'b', value: 'trigger' }] });
  await put('rules/fires', { trigger: '/_/fired', action: '/_/echo' });
  await put('rules/rests', { trigger: '/_/fired', action: '/_/echo' });
  await api.request('POST', '/rules/rests', { status: 'inactive' });
  const { status, body, headers } = await api.request('POST', '/triggers/fired', { b: 'payload', c: 1 });
  assert.equal(status, 202);
  const { activationId } = body as { activationId: string };
  assert.deepEqual(body, { activationId });
  assert.equal(headers.get('x-openwhisk-activation-id'), activationId);

  const record = await recordOf(activationId);
  assert.deepEqual([record.namespace, record.name, record.version, record.response.result, record.response.status], ['guest', 'fired', '0.0.1', { b: 'payload', c: 1 }, 'success']);
  assert.equal(record.end, undefined);
  const lines = record.logs.map((line) => JSON.parse(line) as JsonObject);
  const fired = lines.find(({ rule }) => rule === 'guest/fires')!;
  assert.deepEqual([fired['statusCode'], fired['success'], fired['action']], [0, true, 'guest/echo']);
  const rested = lines.find(({ rule }) => rule === 'guest/rests')!;
  assert.deepEqual([rested['success'], rested['activationId']], [false, undefined]);
  const run = await recordOf(fired['activationId'] as string);
  assert.deepEqual([run.name, run.response.result], ['echo', { a: 'trigger', b: 'payload', c: 1 }]);
});

test('POST /namespaces/{ns}/triggers/{name}: no body is an empty payload', async () => {
  await put('triggers/bare');
  await put('rules/bare-rule', { trigger: '/_/bare', action: '/_/echo' });
  const { status, body } = await api.request('POST', '/triggers/bare');
  assert.equal(status, 202);
  assert.deepEqual((await recordOf((body as { activationId: string }).activationId)).response.result, {});
});

test('POST /namespaces/{ns}/triggers/{name}: 400 and 413 for a payload that is none', async () => {
  await refused('POST', '_/triggers/fired', '[1]', 400, 'The request content was malformed:\nObject expected');
  await refused('POST', '_/triggers/fired', ' '.repeat(MAX_PAYLOAD_BYTES + 1), 413, `Request larger than allowed: ${MAX_PAYLOAD_BYTES + 1} > ${MAX_PAYLOAD_BYTES} bytes.`);
});

test('PUT /namespaces/{ns}/triggers/{name}: rules made meanwhile are no concurrent modification, updates are', async () => {
  await put('triggers/busy');
  const rules = Array.from({ length: 5 }, (_, n) => api.request('PUT', `/rules/busy-${n}`, { trigger: '/_/busy', action: '/_/echo' }));
  const [update, ...made] = await Promise.all([api.request('PUT', '/triggers/busy?overwrite=true', { publish: true }), ...rules]);
  assert.deepEqual([update.status, ...made.map(({ status }) => status)], Array<number>(6).fill(200));
  const trigger = await get('triggers/busy');
  assert.deepEqual([trigger['publish'], Object.keys(trigger['rules'] as object).length], [true, 5]);
  const updates = await Promise.all(Array.from({ length: 6 }, (_, n) => api.request('PUT', '/triggers/busy?overwrite=true', { parameters: [{ key: 'n', value: n }] })));
  assert.ok(updates.every(({ status }) => status === 200 || status === 409));
  const versions = updates.filter(({ status }) => status === 200).map(({ body }) => (body as JsonObject)['version']);
  assert.equal(new Set(versions).size, versions.length);
});

test('DELETE /namespaces/{ns}/triggers/{name}: its rules stay, and are inactive, also when it is made anew', async () => {
  await put('triggers/mortal', { annotations: [{ key: 'n', value: 1 }] });
  await put('rules/orphan', { trigger: '/_/mortal', action: '/_/echo' });
  const { status, body } = await api.request('DELETE', '/triggers/mortal');
  assert.deepEqual([status, (body as JsonObject)['annotations'], Object.keys((body as JsonObject)['rules'] as object)], [200, [{ key: 'n', value: 1 }], ['guest/orphan']]);
  const orphan = await get('rules/orphan');
  assert.deepEqual([orphan['status'], orphan['trigger']], ['inactive', { path: 'guest', name: 'mortal' }]);
  await put('triggers/mortal');
  assert.equal((await api.request('POST', '/triggers/mortal', {})).status, 204);
  assert.equal((await api.request('POST', '/rules/orphan', { status: 'active' })).status, 200);
  assert.equal((await api.request('POST', '/triggers/mortal', {})).status, 202);
});

test('DELETE /namespaces/{ns}/triggers/{name}: a rule made or activated meanwhile is not left active', async () => {
  for (let round = 0; round < 5; round++) {
    await put('triggers/contested?overwrite=true');
    await Promise.all([
      ...['x', 'y', 'z'].map((name) => api.request('PUT', `/rules/contested-${name}?overwrite=true`, { trigger: '/_/contested', action: '/_/echo' })),
      ...['x', 'y', 'z'].map((name) => api.request('POST', `/rules/contested-${name}`, { status: 'active' })),
      api.request('DELETE', '/triggers/contested'),
    ]);
    if (await api.store.entities.get('guest/contested') !== undefined) continue;
    const rules = await api.store.entities.list('rule', { namespace: 'guest', trigger: 'guest/contested' }, { limit: 0, skip: 0 });
    assert.deepEqual(rules.filter(({ entity }) => entity.status === 'active'), []);
  }
});

test('DELETE /namespaces/{ns}/triggers/{name}: one with more rules than a page has makes them all inactive', async () => {
  await put('triggers/popular');
  const rule = (n: number): EntityChange => ({
    change: 'put', type: 'rule', expectedRevision: undefined,
    entity: { namespace: 'guest', name: `popular-${n}`, version: '0.0.1', publish: false, annotations: [], status: 'active', trigger: 'guest/popular', action: 'guest/echo', updated: n },
  });
  await api.store.entities.write(Array.from({ length: 450 }, (_, n) => rule(n)));
  assert.equal((await api.request('DELETE', '/triggers/popular')).status, 200);
  for (const n of [0, 199, 200, 449]) assert.equal((await get(`rules/popular-${n}`))['status'], 'inactive');
});
