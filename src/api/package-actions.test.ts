/** Actions in packages and through bindings: who may do what, and which parameters they get. */
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import type { JsonObject, JsonValue } from '../domain/json.ts';
import type { ApiUnderTest } from './api-harness.test.ts';
import { GUEST, OTHER, startApi } from './api-harness.test.ts';

const CODE = 'function main(args) { return args; }';
const EXEC = { kind: 'nodejs:default', code: CODE };
const NOT_ALLOWED = (path: string): string => `The supplied authentication is not authorized to access '${path}'.`;
const NOT_THERE = 'The requested resource does not exist.';
const ON_BINDING = 'Operation not permitted on package binding.';
const OTHER_COLLECTION = 'Resource by this name exists but is not in this collection.';

let api: ApiUnderTest;
before(async () => {
  api = await startApi();
  await put('packages/pkg', { parameters: [{ key: 'level', value: 'package' }, { key: 'pkg', value: 1 }] });
  await put('packages/bind', { binding: { namespace: '_', name: 'pkg' }, parameters: [{ key: 'level', value: 'binding' }, { key: 'bind', value: 2 }] });
  await put('actions/pkg/act', { exec: EXEC, parameters: [{ key: 'act', value: 3 }] });
  await put('actions/pkg/firm', { exec: EXEC, parameters: [{ key: 'level', value: 'action' }] });
  await put('packages/open', { publish: true, parameters: [{ key: 'from', value: 'open' }] }, OTHER);
  await put('actions/open/act', { exec: EXEC }, OTHER);
  await put('packages/closed', {}, OTHER);
  await put('actions/closed/act', { exec: EXEC }, OTHER);
  await put('actions/plain', { exec: EXEC }, OTHER);
  await put('packages/to-open', { binding: { namespace: 'other', name: 'open' }, parameters: [{ key: 'mine', value: true }] });
});
after(async () => { await api.close(); });
beforeEach(() => { assert.deepEqual(api.errors, []); });

async function put(path: string, body: object = {}, identity = GUEST): Promise<JsonObject> {
  const { status, body: answer } = await api.requestAs(identity, 'PUT', `_/${path}`, body);
  assert.equal(status, 200, JSON.stringify(answer));
  return answer as JsonObject;
}

async function get(path: string, identity = GUEST): Promise<JsonObject> {
  const { status, body } = await api.requestAs(identity, 'GET', path);
  assert.equal(status, 200, JSON.stringify(body));
  return body as JsonObject;
}

async function invoke(path: string, payload: object = {}, identity = GUEST): Promise<JsonValue> {
  const { status, body } = await api.requestAs(identity, 'POST', `${path}?blocking=true&result=true`, payload);
  assert.equal(status, 200, JSON.stringify(body));
  return body;
}

async function refused(method: string, path: string, body: object | undefined, status: number, text: string, identity = GUEST): Promise<void> {
  const answer = await api.requestAs(identity, method, path, body);
  assert.equal(answer.status, status, JSON.stringify(answer.body));
  assert.equal((answer.body as { error: string }).error, text);
}

const keyed = (parameters: JsonValue | undefined): object => Object.fromEntries((parameters as { key: string; value: unknown }[]).map(({ key, value }) => [key, value]));
const paths = async (path: string, identity = GUEST): Promise<string[]> =>
  (await get(path, identity) as unknown as { namespace: string; name: string }[]).map(({ namespace, name }) => `${namespace}/${name}`).sort();

test('PUT /namespaces/{ns}/actions/{pkg}/{name}: the action is in the package\'s namespace', async () => {
  const created = await put('actions/pkg/made', { exec: EXEC });
  assert.deepEqual([created['namespace'], created['name'], created['version']], ['guest/pkg', 'made', '0.0.1']);
  assert.equal((await put('actions/pkg/made?overwrite=true', {}))['version'], '0.0.2');
  await refused('PUT', '_/actions/pkg/made', { exec: EXEC }, 409, 'resource already exists');
});

test('PUT /namespaces/{ns}/actions/{pkg}/{name}: the package must be there, one\'s own, and no binding', async () => {
  await refused('PUT', '_/actions/missing/a', { exec: EXEC }, 404, NOT_THERE);
  await refused('PUT', '_/actions/bind/a', { exec: EXEC }, 400, ON_BINDING);
  await refused('PUT', 'other/actions/open/a', { exec: EXEC }, 403, NOT_ALLOWED('other/open/a'));
  await put('triggers/no-package');
  await refused('PUT', '_/actions/no-package/a', { exec: EXEC }, 409, OTHER_COLLECTION);
});

test('GET /namespaces/{ns}/actions/{pkg}/{name}: parameters of the package lie under those of the action', async () => {
  assert.deepEqual(keyed((await get('_/actions/pkg/act'))['parameters']), { level: 'package', pkg: 1, act: 3 });
  assert.deepEqual(keyed((await get('guest/actions/pkg/firm'))['parameters']), { level: 'action', pkg: 1 });
});

test('GET /namespaces/{ns}/actions/{pkg}/{name}: through a binding, its parameters come between, and the namespace is the provider\'s', async () => {
  const read = await get('_/actions/bind/act');
  assert.deepEqual([read['namespace'], read['name'], read['binding']], ['guest/pkg', 'act', undefined]);
  assert.deepEqual(keyed(read['parameters']), { level: 'binding', pkg: 1, bind: 2, act: 3 });
  assert.deepEqual(keyed((await get('_/actions/bind/firm'))['parameters']), { level: 'action', pkg: 1, bind: 2 });
  const bare = await get('_/actions/bind/act?code=false');
  assert.deepEqual([bare['binding'], bare['exec']], ['guest/bind', { kind: 'nodejs:24', binary: false }]);
});

test('GET /namespaces/{ns}/actions/{pkg}/{name}: of others in published packages only', async () => {
  assert.equal((await get('other/actions/open/act'))['namespace'], 'other/open');
  assert.deepEqual(keyed((await get('_/actions/to-open/act'))['parameters']), { from: 'open', mine: true });
  await refused('GET', 'other/actions/closed/act', undefined, 403, NOT_ALLOWED('other/closed'));
  await refused('GET', 'other/actions/missing/act', undefined, 403, NOT_ALLOWED('other/missing'));
  await refused('GET', 'other/actions/plain', undefined, 403, NOT_ALLOWED('other/plain'));
});

test('GET /namespaces/{ns}/actions/{pkg}/{name}: 404 without the package, without the action', async () => {
  await refused('GET', '_/actions/missing/act', undefined, 404, NOT_THERE);
  for (const path of ['_/actions/pkg/missing', '_/actions/bind/missing', '_/actions/to-open/missing', 'other/actions/open/missing']) {
    await refused('GET', path, undefined, 404, NOT_THERE);
  }
});

test('GET /namespaces/{ns}/actions/{name}: 409 for a package, whose list ends in a slash', async () => {
  for (const method of ['GET', 'DELETE', 'POST']) await refused(method, '_/actions/pkg', undefined, 409, OTHER_COLLECTION);
  await refused('PUT', '_/actions/pkg?overwrite=true', { exec: EXEC }, 409, OTHER_COLLECTION);
});

test('GET /namespaces/{ns}/actions/{pkg}/: what is in the package, also through a binding, in pages, and counted', async () => {
  const inside = ['guest/pkg/act', 'guest/pkg/firm', 'guest/pkg/made'];
  assert.deepEqual(await paths('_/actions/pkg/'), inside);
  assert.deepEqual(await paths('_/actions/bind/'), inside);
  assert.equal((await paths('_/actions/pkg/?limit=1&skip=1')).length, 1);
  assert.deepEqual(await get('_/actions/bind/?count=true'), { actions: 3 });
  assert.deepEqual(await paths('other/actions/open/'), ['other/open/act']);
  assert.deepEqual(await paths('_/actions/to-open/'), ['other/open/act']);
  await refused('GET', 'other/actions/closed/', undefined, 403, NOT_ALLOWED('other/closed'));
  await refused('GET', '_/actions/missing/', undefined, 404, NOT_THERE);
  await refused('GET', '_/actions/no-package/', undefined, 409, OTHER_COLLECTION);
});

test('GET /namespaces/{ns}/actions: lists what is in packages, too', async () => {
  await put('actions/loose', { exec: EXEC });
  const all = await paths('_/actions?limit=0');
  assert.ok(all.includes('guest/loose') && all.includes('guest/pkg/act'));
  assert.deepEqual(await get('_/actions?count=true'), { actions: all.length });
});

test('POST /namespaces/{ns}/actions/{pkg}/{name}: package < binding < action < payload', async () => {
  assert.deepEqual(await invoke('_/actions/pkg/act', { x: 0 }), { level: 'package', pkg: 1, act: 3, x: 0 });
  assert.deepEqual(await invoke('_/actions/bind/act', { pkg: 'payload' }), { level: 'binding', pkg: 'payload', bind: 2, act: 3 });
  assert.deepEqual(await invoke('_/actions/bind/firm'), { level: 'action', pkg: 1, bind: 2 });
  assert.deepEqual(await invoke('_/actions/bind/firm', { level: 'payload' }), { level: 'payload', pkg: 1, bind: 2 });
});

test('POST /namespaces/{ns}/actions/{pkg}/{name}: the record is the caller\'s; path and binding say what ran', async () => {
  const { body } = await api.request('POST', '/actions/to-open/act?blocking=true', {});
  const record = body as { namespace: string; name: string; annotations: JsonValue; response: { result: JsonValue } };
  assert.deepEqual([record.namespace, record.name], ['guest', 'act']);
  const annotations = keyed(record.annotations) as Record<string, unknown>;
  assert.deepEqual([annotations['path'], annotations['binding']], ['other/open/act', 'guest/to-open']);
  assert.deepEqual(record.response.result, { from: 'open', mine: true });
  const direct = (await api.request('POST', '/actions/pkg/act?blocking=true', {})).body as { annotations: JsonValue };
  assert.equal((keyed(direct.annotations) as Record<string, unknown>)['binding'], undefined);
});

test('POST /namespaces/{ns}/actions/{pkg}/{name}: others may invoke what is published', async () => {
  assert.deepEqual(await invoke('other/actions/open/act', { a: 1 }), { from: 'open', a: 1 });
  await refused('POST', 'other/actions/closed/act', {}, 403, NOT_ALLOWED('other/closed'));
  await refused('POST', 'other/actions/plain', {}, 403, NOT_ALLOWED('other/plain'));
  await refused('POST', '_/actions/missing/act', {}, 404, NOT_THERE);
  await refused('POST', '_/actions/pkg/missing', {}, 404, NOT_THERE);
});

test('POST /namespaces/{ns}/actions/{pkg}/{name}: what a package becomes is seen by the next call', async () => {
  await put('packages/living', { publish: true, parameters: [{ key: 'v', value: 1 }] }, OTHER);
  await put('actions/living/act', { exec: EXEC }, OTHER);
  await put('packages/to-living', { binding: { namespace: 'other', name: 'living' } });
  assert.deepEqual(await invoke('_/actions/to-living/act'), { v: 1 });
  await put('packages/living?overwrite=true', { parameters: [{ key: 'v', value: 2 }] }, OTHER);
  assert.deepEqual(await invoke('_/actions/to-living/act'), { v: 2 });
  await put('packages/to-living?overwrite=true', { parameters: [{ key: 'v', value: 3 }] });
  assert.deepEqual(await invoke('_/actions/to-living/act'), { v: 3 });
  await put('actions/living/act?overwrite=true', { parameters: [{ key: 'v', value: 4 }] }, OTHER);
  assert.deepEqual(await invoke('_/actions/to-living/act'), { v: 4 });
  await put('packages/living?overwrite=true', { publish: false }, OTHER);
  await refused('POST', '_/actions/to-living/act', {}, 403, NOT_ALLOWED('guest/to-living'));
});

test('POST /namespaces/{ns}/actions/{pkg}/{name}: a final action\'s parameters include those of package and binding', async () => {
  await put('actions/pkg/final', { exec: EXEC, annotations: [{ key: 'final', value: true }] });
  const text = 'Request defines parameters that are not allowed (e.g., reserved properties).';
  await refused('POST', '_/actions/pkg/final', { pkg: 0 }, 400, text);
  await refused('POST', '_/actions/bind/final', { bind: 0 }, 400, text);
  assert.equal((await invoke('_/actions/pkg/final', { bind: 0 }) as JsonObject)['bind'], 0);
});

test('POST /namespaces/{ns}/actions/{pkg}/{name}: init parameters of a package go to the environment, and make containers of their own', async () => {
  await put('packages/env', { parameters: [{ key: 'TOKEN', value: 'one', init: true }] });
  await put('actions/env/act', { exec: EXEC });
  await invoke('_/actions/env/act');
  const first = api.dispatch.messages.at(-1)!;
  assert.deepEqual([first.env, Object.keys(first.args)], [{ TOKEN: 'one' }, []]);
  await put('packages/env?overwrite=true', { parameters: [{ key: 'TOKEN', value: 'two', init: true }] });
  await invoke('_/actions/env/act');
  const second = api.dispatch.messages.at(-1)!;
  assert.deepEqual(second.env, { TOKEN: 'two' });
  assert.notEqual(second.action.revision, first.action.revision);
});

test('DELETE /namespaces/{ns}/actions/{pkg}/{name}: from one\'s own package, never through a binding', async () => {
  await put('actions/pkg/goes', { exec: EXEC });
  await refused('DELETE', '_/actions/bind/goes', undefined, 400, ON_BINDING);
  await refused('DELETE', '_/actions/to-open/act', undefined, 400, ON_BINDING);
  await refused('DELETE', 'guest/actions/pkg/goes', undefined, 403, NOT_ALLOWED('guest/pkg/goes'), OTHER);
  await refused('DELETE', 'other/actions/open/act', undefined, 403, NOT_ALLOWED('other/open/act'));
  const { status, body } = await api.request('DELETE', '/actions/pkg/goes');
  assert.deepEqual([status, (body as JsonObject)['namespace']], [200, 'guest/pkg']);
  await refused('DELETE', '_/actions/pkg/goes', undefined, 404, NOT_THERE);
  await refused('DELETE', '_/actions/missing/goes', undefined, 404, NOT_THERE);
});

test('DELETE /namespaces/{ns}/actions/{pkg}/: 404, as of PUT and POST: only GET finds the list', async () => {
  for (const method of ['DELETE', 'PUT', 'POST'] as const) await refused(method, '_/actions/pkg/', undefined, 404, 'The requested resource could not be found.');
});

test('PUT /namespaces/{ns}/actions/{pkg}/{name}: made while its package is deleted by force, it is in a package or nowhere', async () => {
  for (let round = 0; round < 5; round++) {
    await put('packages/race?overwrite=true');
    await Promise.all([
      ...['a', 'b', 'c'].map((name) => api.request('PUT', `/actions/race/${name}`, { exec: EXEC })),
      api.request('DELETE', '/packages/race?force=true'),
    ]);
    const left = await api.store.entities.count('action', { namespace: 'guest', package: 'race' });
    const holder = await api.store.entities.get('guest/race');
    assert.ok(holder !== undefined || left === 0, `${left} actions in a package that is gone`);
  }
});

test('PUT /namespaces/{ns}/actions/{pkg}/{name}: many made in one package at once are all there', async () => {
  await put('packages/crowd');
  const answers = await Promise.all(Array.from({ length: 8 }, (_, n) => api.request('PUT', `/actions/crowd/a${n}`, { exec: EXEC })));
  assert.deepEqual(answers.map(({ status }) => status), Array<number>(8).fill(200));
  assert.deepEqual(await get('_/actions/crowd/?count=true'), { actions: 8 });
});
