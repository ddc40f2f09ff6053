import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import type { JsonObject } from '../domain/json.ts';
import { MAX_PARAMETER_BYTES } from '../domain/limits.ts';
import type { ApiUnderTest } from './api-harness.test.ts';
import { GUEST, OTHER, startApi } from './api-harness.test.ts';

let api: ApiUnderTest;
before(async () => { api = await startApi(); });
after(async () => { await api.close(); });
beforeEach(() => { assert.deepEqual(api.errors, []); });

const CODE = 'function main(args) { return args; }';
const NOT_ALLOWED = (path: string): string => `The supplied authentication is not authorized to access '${path}'.`;
const OTHER_COLLECTION = 'Resource by this name exists but is not in this collection.';

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

async function refused(method: string, path: string, body: object | undefined, status: number, text: string | RegExp, identity = GUEST): Promise<void> {
  const answer = await api.requestAs(identity, method, path, body);
  const { error, code } = answer.body as { error: string; code: string };
  assert.equal(answer.status, status, error);
  if (typeof text === 'string') assert.equal(error, text);
  else assert.match(error, text);
  assert.ok(code);
}

const names = (list: JsonObject[]): unknown[] => list.map(({ name }) => name);
const listed = async (path: string, identity = GUEST): Promise<JsonObject[]> => await get(path, identity) as unknown as JsonObject[];

test('PUT /namespaces/{ns}/packages/{name}: a new package gets standards, and no annotation `binding` of its own', async () => {
  const { updated, ...created } = await put('packages/new', {
    parameters: [{ key: 'a', value: 1 }, { key: 's', value: 'x', init: true }], annotations: [{ key: 'binding', value: 'bogus' }, { key: 'note', value: 'n' }],
  });
  assert.deepEqual(created, {
    namespace: 'guest', name: 'new', version: '0.0.1', publish: false, binding: {},
    parameters: [{ key: 'a', value: 1 }, { key: 's', value: 'x', init: true }], annotations: [{ key: 'note', value: 'n' }],
  });
  assert.ok(Math.abs(Number(updated) - Date.now()) < 60_000);
});

test('PUT /namespaces/{ns}/packages/{name}: without overwrite an existing one is refused', async () => {
  await put('packages/once');
  await refused('PUT', '_/packages/once', {}, 409, 'resource already exists');
});

test('PUT /namespaces/{ns}/packages/{name}: overwrite replaces parameters and annotations as a whole and keeps what is not said', async () => {
  await put('packages/kept', { publish: true, parameters: [{ key: 'a', value: 1 }], annotations: [{ key: 'one', value: 1 }, { key: 'two', value: 2 }] });
  const second = await put('packages/kept?overwrite=true', { annotations: [{ key: 'two', value: 22 }] });
  assert.deepEqual([second['version'], second['publish']], ['0.0.2', true]);
  assert.deepEqual(second['annotations'], [{ key: 'two', value: 22 }]);
  assert.deepEqual(second['parameters'], [{ key: 'a', value: 1 }]);
  const third = await put('packages/kept?overwrite=true', { version: '1.0.0', publish: false, parameters: [] });
  assert.deepEqual([third['version'], third['publish'], third['parameters']], ['1.0.0', false, []]);
});

test('PUT /namespaces/{ns}/packages/{name}: the name `default` is reserved', async () => {
  for (const query of ['', '?overwrite=true']) await refused('PUT', `_/packages/default${query}`, {}, 400, "Package name 'default' is reserved.");
});

test('PUT /namespaces/{ns}/packages/{name}: 403 in another namespace', async () => {
  await refused('PUT', 'other/packages/p', {}, 403, NOT_ALLOWED('other/p'));
});

test('PUT /namespaces/{ns}/packages/{name}: 409 where an action, a trigger or a rule has the name', async () => {
  await put('actions/taken-action', { exec: { kind: 'nodejs:default', code: CODE } });
  await put('triggers/taken-trigger');
  await put('rules/taken-rule', { trigger: '/_/taken-trigger', action: '/_/taken-action' });
  for (const kind of ['action', 'trigger', 'rule']) {
    for (const query of ['', '?overwrite=true']) await refused('PUT', `_/packages/taken-${kind}${query}`, {}, 409, OTHER_COLLECTION);
  }
});

test('PUT /namespaces/{ns}/packages/{name}: 413 where parameters or annotations are too large', async () => {
  const large = [{ key: 'k', value: 'v'.repeat(MAX_PARAMETER_BYTES) }];
  for (const field of ['parameters', 'annotations']) {
    await refused('PUT', '_/packages/large', { [field]: large }, 413, `${field} larger than allowed: ${MAX_PARAMETER_BYTES + 3} > ${MAX_PARAMETER_BYTES} bytes.`);
  }
});

test('PUT /namespaces/{ns}/packages/{name}: 400 for a body of the wrong shape', async () => {
  await refused('PUT', '_/packages/shape', { parameters: { a: 1 } }, 400, 'The request content was malformed:\nparameters must be array');
  await refused('PUT', '_/packages/shape', { binding: 'guest/p' }, 400, /^The request content was malformed:\nbinding must be object/);
  await refused('PUT', '_/packages/shape', { binding: { namespace: 'guest' } }, 400, /^The request content was malformed:\n/);
  await refused('PUT', '_/packages/shape', { binding: { namespace: 'guest', name: 'a/b' } }, 400, 'The name of the entity contains illegal characters.');
  await refused('PUT', '_/packages/shape', undefined, 400, 'The request content was malformed:\nObject expected');
});

test('PUT /namespaces/{ns}/packages/{name}: an empty `binding` is none', async () => {
  assert.deepEqual((await put('packages/unbound', { binding: {} }))['binding'], {});
  assert.deepEqual((await put('packages/unbound?overwrite=true', { binding: null }))['binding'], {});
});

test('PUT /namespaces/{ns}/packages/{name}: a binding shows what it is bound to; `_` is the caller\'s namespace', async () => {
  await put('packages/provider');
  const bound = await put('packages/bound', { binding: { namespace: '_', name: 'provider' }, annotations: [{ key: 'binding', value: '???' }, { key: 'a', value: 'b' }] });
  assert.deepEqual(bound['binding'], { namespace: 'guest', name: 'provider' });
  assert.deepEqual(bound['annotations'], [{ key: 'a', value: 'b' }, { key: 'binding', value: { namespace: 'guest', name: 'provider' } }]);
  const updated = await put('packages/bound?overwrite=true', { publish: true, annotations: [] });
  assert.deepEqual(updated['binding'], { namespace: 'guest', name: 'provider' });
  assert.deepEqual(updated['annotations'], [{ key: 'binding', value: { namespace: 'guest', name: 'provider' } }]);
});

test('PUT /namespaces/{ns}/packages/{name}: what a binding may be bound to', async () => {
  const bind = (namespace: string, name: string): object => ({ binding: { namespace, name } });
  await put('packages/base');
  await put('packages/to-base', bind('guest', 'base'));
  await put('triggers/no-package');
  await put('packages/private', {}, OTHER);
  await put('packages/public', { publish: true }, OTHER);
  await put('packages/public-binding', { publish: true, binding: { namespace: '_', name: 'public' } }, OTHER);
  for (const path of ['_/packages/b', '_/packages/to-base?overwrite=true']) {
    await refused('PUT', path, bind('guest', 'missing'), 400, 'Binding references a package that does not exist.');
    await refused('PUT', path, bind('guest', 'no-package'), 409, 'Cannot bind to a resource that is not a package.');
    await refused('PUT', path, bind('guest', 'to-base'), 400, 'Cannot bind to another package binding.');
    await refused('PUT', path, bind('other', 'private'), 403, NOT_ALLOWED('other/private'));
    await refused('PUT', path, bind('other', 'missing'), 403, NOT_ALLOWED('other/missing'));
    await refused('PUT', path, bind('other', 'public-binding'), 403, NOT_ALLOWED('other/public-binding'));
  }
  await refused('PUT', '_/packages/base?overwrite=true', bind('other', 'public'), 409, 'Resource is a package and cannot be converted into a binding.');
  assert.deepEqual((await put('packages/to-base?overwrite=true', bind('other', 'public')))['binding'], { namespace: 'other', name: 'public' });
});

test('GET /namespaces/{ns}/packages/{name}: with its actions and feeds', async () => {
  await put('packages/full', { annotations: [{ key: 'description', value: 'd' }] });
  await put('actions/full/plain', { exec: { kind: 'nodejs:default', code: CODE } });
  await put('actions/full/feed', { exec: { kind: 'nodejs:default', code: CODE }, annotations: [{ key: 'feed', value: true }] });
  const { actions, feeds, binding, annotations } = await get('_/packages/full') as unknown as Record<string, JsonObject[]>;
  assert.deepEqual(binding, {});
  assert.deepEqual(annotations, [{ key: 'description', value: 'd' }]);
  assert.deepEqual(names(actions!), ['plain']);
  assert.deepEqual(names(feeds!), ['feed']);
  assert.deepEqual(Object.keys(actions![0]!).sort(), ['annotations', 'name', 'version']);
});

test('GET /namespaces/{ns}/packages/{name}: a binding has the parameters of its package under its own, and that package\'s actions', async () => {
  await put('packages/lender', { parameters: [{ key: 'a', value: 'A' }, { key: 'b', value: 'B' }] });
  await put('packages/borrower', { binding: { namespace: 'guest', name: 'lender' }, parameters: [{ key: 'b', value: 'b' }, { key: 'c', value: 'C' }] });
  await put('actions/lender/lent', { exec: { kind: 'nodejs:default', code: CODE } });
  const borrowed = await get('_/packages/borrower');
  assert.deepEqual([borrowed['namespace'], borrowed['name'], borrowed['binding']], ['guest', 'borrower', { namespace: 'guest', name: 'lender' }]);
  assert.deepEqual(borrowed['parameters'], [{ key: 'a', value: 'A' }, { key: 'b', value: 'b' }, { key: 'c', value: 'C' }]);
  assert.deepEqual(names(borrowed['actions'] as JsonObject[]), ['lent']);
});

test('GET /namespaces/{ns}/packages/{name}: 404, and 409 where the name is another kind\'s', async () => {
  await refused('GET', '_/packages/missing', undefined, 404, "The requested resource 'guest/missing' does not exist.");
  await put('triggers/not-a-package');
  await refused('GET', '_/packages/not-a-package', undefined, 409, OTHER_COLLECTION);
});

test('GET /namespaces/{ns}/packages/{name}: of others only what they have published; what is not there looks the same', async () => {
  await put('packages/open', { publish: true, parameters: [{ key: 'shown', value: true }] }, OTHER);
  await put('packages/closed', {}, OTHER);
  await put('packages/open-binding', { publish: true, binding: { namespace: '_', name: 'open' } }, OTHER);
  assert.deepEqual((await get('other/packages/open'))['parameters'], [{ key: 'shown', value: true }]);
  for (const name of ['closed', 'open-binding', 'missing']) await refused('GET', `other/packages/${name}`, undefined, 403, NOT_ALLOWED(`other/${name}`));
});

test('GET /namespaces/{ns}/packages/{name}: a binding to a package that is private by now is refused, and not found when that is gone', async () => {
  await put('packages/fickle', { publish: true }, OTHER);
  await put('packages/to-fickle', { binding: { namespace: 'other', name: 'fickle' } });
  await get('_/packages/to-fickle');
  await put('packages/fickle?overwrite=true', { publish: false }, OTHER);
  await refused('GET', '_/packages/to-fickle', undefined, 403, NOT_ALLOWED('guest/to-fickle'));
  await api.requestAs(OTHER, 'DELETE', '_/packages/fickle');
  await refused('GET', '_/packages/to-fickle', undefined, 403, NOT_ALLOWED('guest/to-fickle'));
  await put('packages/own');
  await put('packages/to-own', { binding: { namespace: '_', name: 'own' } });
  await api.request('DELETE', '/packages/own');
  await refused('GET', '_/packages/to-own', undefined, 404, "The requested resource 'guest/to-own' does not exist.");
});

test('GET /namespaces/{ns}/packages: summaries, newest first, in pages, and counted', async () => {
  for (const name of ['list-a', 'list-b']) await put(`packages/${name}`, { parameters: [{ key: 'hidden', value: 1 }] });
  await put('packages/list-c', { binding: { namespace: '_', name: 'list-a' } });
  const [first, second] = await listed('_/packages?limit=2');
  assert.deepEqual([first?.['name'], first?.['binding']], ['list-c', { namespace: 'guest', name: 'list-a' }]);
  assert.deepEqual([second?.['name'], second?.['binding']], ['list-b', false]);
  assert.deepEqual(Object.keys(second!).sort(), ['annotations', 'binding', 'name', 'namespace', 'publish', 'updated', 'version']);
  assert.deepEqual(names(await listed('guest/packages?limit=1&skip=1')), ['list-b']);
  const all = await listed('_/packages?limit=0');
  assert.deepEqual(await get('_/packages?count=true'), { packages: all.length });
  assert.deepEqual(await get('_/packages/?count=true&skip=2'), { packages: all.length - 2 });
});

test('GET /namespaces/{ns}/packages: of others the published packages, no bindings; of an unknown namespace none', async () => {
  const own = names(await listed('_/packages?limit=0', OTHER));
  assert.ok(own.includes('closed') && own.includes('open-binding'));
  const seen = await listed('other/packages?limit=0');
  assert.ok(seen.every(({ publish, binding }) => publish === true && binding === false));
  assert.ok(names(seen).includes('open'));
  assert.deepEqual(await get('other/packages?count=true'), { packages: seen.length });
  assert.deepEqual(await listed('nobody.at.all/packages'), []);
});

for (const [query, detail] of [
  ['limit=201', "'limit' was malformed:\nThe value '201' is not in the range of 0 to 200 for packages."],
  ['limit=string', "'limit' was malformed:\nThe value 'string' is not an integer for packages."],
  ['skip=-1', "'skip' was malformed:\nThe value '-1' is not greater than or equal to 0 for packages."],
] as const) {
  test(`GET /namespaces/{ns}/packages: 400 for ?${query}`, async () => {
    await refused('GET', `_/packages?${query}`, undefined, 400, `The query parameter ${detail}`);
  });
}

test('DELETE /namespaces/{ns}/packages/{name}: an empty package is answered once more, then gone', async () => {
  await put('packages/empty', { parameters: [{ key: 'a', value: 1 }] });
  const { status, body } = await api.request('DELETE', '/packages/empty');
  assert.equal(status, 200);
  assert.deepEqual((body as JsonObject)['parameters'], [{ key: 'a', value: 1 }]);
  await refused('DELETE', '_/packages/empty', undefined, 404, 'The requested resource does not exist.');
});

test('DELETE /namespaces/{ns}/packages/{name}: one with actions only by force, and then with them', async () => {
  await put('packages/stuffed');
  await put('actions/stuffed/one', { exec: { kind: 'nodejs:default', code: CODE } });
  await refused('DELETE', '_/packages/stuffed', undefined, 409, 'Package not empty (contains 1 entity). Set force param or delete package contents.');
  await put('actions/stuffed/two', { exec: { kind: 'nodejs:default', code: CODE } });
  await refused('DELETE', '_/packages/stuffed?force=false', undefined, 409, 'Package not empty (contains 2 entities). Set force param or delete package contents.');
  assert.equal((await api.request('DELETE', '/packages/stuffed?force=true')).status, 200);
  assert.deepEqual(await api.store.entities.list('action', { namespace: 'guest', package: 'stuffed' }, { limit: 0, skip: 0 }), []);
  await refused('POST', '_/actions/stuffed/one', {}, 404, 'The requested resource does not exist.');
});

test('DELETE /namespaces/{ns}/packages/{name}: a binding goes whatever is in its package, also when that is gone', async () => {
  await put('packages/shelf');
  await put('actions/shelf/book', { exec: { kind: 'nodejs:default', code: CODE } });
  await put('packages/shelf-1', { binding: { namespace: '_', name: 'shelf' } });
  await put('packages/shelf-2', { binding: { namespace: '_', name: 'shelf' } });
  assert.equal((await api.request('DELETE', '/packages/shelf-1')).status, 200);
  assert.equal((await api.request('GET', '/actions/shelf/book')).status, 200);
  await api.request('DELETE', '/packages/shelf?force=true');
  assert.equal((await api.request('DELETE', '/packages/shelf-2')).status, 200);
});

test('DELETE /namespaces/{ns}/packages/{name}: 403 in another namespace, 409 where the name is another kind\'s', async () => {
  await refused('DELETE', 'other/packages/open', undefined, 403, NOT_ALLOWED('other/open'));
  await put('triggers/stays');
  await refused('DELETE', '_/packages/stays', undefined, 409, OTHER_COLLECTION);
});

test('POST /namespaces/{ns}/packages/{name}: 405', async () => {
  await refused('POST', '_/packages/full', {}, 405, 'HTTP method not allowed, supported methods: GET, PUT, DELETE');
});

test('GET /namespaces/{ns}/packages/{name}: there is nothing below a package', async () => {
  await refused('GET', '_/packages/full/bar', undefined, 404, 'The requested resource could not be found.');
});
