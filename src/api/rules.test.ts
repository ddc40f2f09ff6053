import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import type { JsonObject } from '../domain/json.ts';
import { MAX_PARAMETER_BYTES } from '../domain/limits.ts';
import type { ApiUnderTest } from './api-harness.test.ts';
import { GUEST, OTHER, startApi } from './api-harness.test.ts';

const CODE = 'function main(args) { return args; }';
const OTHER_COLLECTION = 'Resource by this name exists but is not in this collection.';
const NOT_THERE = 'The requested resource does not exist.';
const SHORT_NAME = 'The request content was malformed:\nrequirement failed: The fully qualified name of the entity must contain at least the namespace and the name of the entity.';
const NOT_ALLOWED = (path: string): string => `The supplied authentication is not authorized to access '${path}'.`;

let api: ApiUnderTest;
before(async () => {
  api = await startApi();
  for (const name of ['act', 'act2']) await api.action(name, CODE);
  for (const name of ['trig', 'trig2']) await put(`triggers/${name}`);
  await put('packages/pkg');
  await put('actions/pkg/inner', { exec: { kind: 'nodejs:default', code: CODE } });
  await put('packages/bind', { binding: { namespace: '_', name: 'pkg' } });
});
after(async () => { await api.close(); });
beforeEach(() => { assert.deepEqual(api.errors, []); });

async function put(path: string, body: object = {}, identity = GUEST): Promise<JsonObject> {
  const { status, body: answer } = await api.requestAs(identity, 'PUT', `_/${path}`, body);
  assert.equal(status, 200, JSON.stringify(answer));
  return answer as JsonObject;
}

async function get(path: string): Promise<JsonObject> {
  const { status, body } = await api.request('GET', `/${path}`);
  assert.equal(status, 200, JSON.stringify(body));
  return body as JsonObject;
}

async function refused(method: string, path: string, body: unknown, status: number, text: string | RegExp, identity = GUEST): Promise<void> {
  const answer = await api.requestAs(identity, method, path, body);
  const { error } = answer.body as { error: string };
  assert.equal(answer.status, status, error);
  if (typeof text === 'string') assert.equal(error, text);
  else assert.match(error, text);
}

const rule = (trigger = '/_/trig', action = '/_/act'): object => ({ trigger, action });

test('PUT /namespaces/{ns}/rules/{name}: a new rule is active and names trigger and action in full', async () => {
  const { updated, ...created } = await put('rules/new', { ...rule(), annotations: [{ key: 'a', value: 1 }], status: 'inactive' });
  assert.deepEqual(created, {
    namespace: 'guest', name: 'new', version: '0.0.1', publish: false, annotations: [{ key: 'a', value: 1 }],
    status: 'active', trigger: { path: 'guest', name: 'trig' }, action: { path: 'guest', name: 'act' },
  });
  assert.equal(typeof updated, 'number');
  await refused('PUT', '_/rules/new', rule(), 409, 'resource already exists');
});

test('PUT /namespaces/{ns}/rules/{name}: names may lack the first slash, or come in two parts', async () => {
  assert.deepEqual((await put('rules/forms-1', rule('guest/trig', 'guest/act')))['trigger'], { path: 'guest', name: 'trig' });
  const parts = await put('rules/forms-2', { trigger: { path: '_', name: 'trig' }, action: { path: '_/pkg', name: 'inner' } });
  assert.deepEqual([parts['trigger'], parts['action']], [{ path: 'guest', name: 'trig' }, { path: 'guest/pkg', name: 'inner' }]);
  // As a rule is read, so it can be put again.
  assert.equal((await put('rules/forms-2?overwrite=true', await get('rules/forms-2')))['status'], 'active');
});

test('PUT /namespaces/{ns}/rules/{name}: actions in packages and through bindings, others\' where they are published', async () => {
  await put('packages/open', { publish: true }, OTHER);
  await put('actions/open/act', { exec: { kind: 'nodejs:default', code: CODE } }, OTHER);
  await put('packages/closed', {}, OTHER);
  await put('rules/packaged', rule('/_/trig', '/_/pkg/inner'));
  assert.deepEqual((await put('rules/bound', rule('/_/trig', '/_/bind/inner')))['action'], { path: 'guest/bind', name: 'inner' });
  await put('rules/foreign', rule('/_/trig', '/other/open/act'));
  await refused('PUT', '_/rules/refused', rule('/_/trig', '/other/closed/act'), 403, NOT_ALLOWED('other/closed'));
  await refused('PUT', '_/rules/refused', rule('/_/trig', '/other/act'), 403, NOT_ALLOWED('other/act'));
  await refused('PUT', '_/rules/refused', rule('/other/trig', '/_/act'), 403, NOT_ALLOWED('other/trig'));
});

test('PUT /namespaces/{ns}/rules/{name}: trigger and action must exist and be what they are said to be', async () => {
  await refused('PUT', '_/rules/x', rule('/_/missing', '/_/act'), 400, 'trigger /guest/missing does not exist');
  await refused('PUT', '_/rules/x', rule('/_/trig', '/_/missing'), 400, 'action /guest/missing does not exist');
  await refused('PUT', '_/rules/x', rule('/_/missing', '/_/missing'), 400, /does not exist$/);
  await refused('PUT', '_/rules/x', rule('/_/act', '/_/act'), 400, 'trigger /guest/act does not exist');
  await refused('PUT', '_/rules/x', rule('/_/trig', '/_/trig2'), 400, 'action /guest/trig2 does not exist');
  await refused('PUT', '_/rules/x', rule('/_/trig', '/_/bind/missing'), 400, 'action /guest/bind/missing does not exist');
  await refused('PUT', '_/rules/x', rule('/_/trig', '/_/nopkg/a'), 404, NOT_THERE);
  await refused('PUT', '_/rules/x', { trigger: '/_/trig' }, 400, 'rule requires a valid trigger and a valid action');
  await refused('PUT', '_/rules/x', {}, 400, 'rule requires a valid trigger and a valid action');
});

test('PUT /namespaces/{ns}/rules/{name}: names need a namespace and the characters of names', async () => {
  await refused('PUT', '_/rules/x', rule('trig', '/_/act'), 400, SHORT_NAME);
  await refused('PUT', '_/rules/x', rule('/_/trig', 'act'), 400, SHORT_NAME);
  await refused('PUT', '_/rules/x', rule('/_/trig', '/_/a$b'), 400, 'The name of the entity contains illegal characters.');
  await refused('PUT', '_/rules/x', rule('/_/trig', '/a/b/c/d'), 400, /^The request content was malformed:\n/);
  await refused('PUT', '_/rules/x', { trigger: 7, action: '/_/act' }, 400, /^The request content was malformed:\n/);
});

test('PUT /namespaces/{ns}/rules/{name}: 413 where annotations are too large', async () => {
  const annotations = [{ key: 'k', value: 'v'.repeat(MAX_PARAMETER_BYTES) }];
  for (const path of ['_/rules/x', '_/rules/new?overwrite=true']) {
    await refused('PUT', path, { ...rule(), annotations }, 413, `annotations larger than allowed: ${MAX_PARAMETER_BYTES + 3} > ${MAX_PARAMETER_BYTES} bytes.`);
  }
});

test('PUT /namespaces/{ns}/rules/{name}: overwrite keeps what is not said, replaces annotations, and keeps the status', async () => {
  await put('rules/kept', { ...rule(), publish: true, annotations: [{ key: 'one', value: 1 }] });
  const second = await put('rules/kept?overwrite=true', {});
  assert.deepEqual([second['version'], second['publish'], second['status'], second['annotations']], ['0.0.2', true, 'active', [{ key: 'one', value: 1 }]]);
  await api.request('POST', '/rules/kept', { status: 'inactive' });
  const third = await put('rules/kept?overwrite=true', { action: '/_/act2', annotations: [{ key: 'two', value: 2 }] });
  assert.deepEqual([third['status'], third['action'], third['trigger'], third['annotations']], ['inactive', { path: 'guest', name: 'act2' }, { path: 'guest', name: 'trig' }, [{ key: 'two', value: 2 }]]);
});

test('PUT /namespaces/{ns}/rules/{name}: with another trigger it leaves the old one', async () => {
  await put('rules/moves', rule());
  const moved = await put('rules/moves?overwrite=true', { trigger: '/_/trig2' });
  assert.deepEqual([moved['status'], moved['trigger']], ['active', { path: 'guest', name: 'trig2' }]);
  assert.ok(!Object.keys((await get('triggers/trig'))['rules'] as object).includes('guest/moves'));
  assert.ok(Object.keys((await get('triggers/trig2'))['rules'] as object).includes('guest/moves'));
});

test('PUT /namespaces/{ns}/rules/{name}: an update needs trigger and action, too', async () => {
  await put('triggers/passing');
  await api.action('passing-act', CODE);
  await put('rules/left', rule('/_/passing', '/_/passing-act'));
  await api.request('DELETE', '/actions/passing-act');
  await refused('PUT', '_/rules/left?overwrite=true', {}, 400, 'action /guest/passing-act does not exist');
  await api.request('DELETE', '/triggers/passing');
  await refused('PUT', '_/rules/left?overwrite=true', { action: '/_/act' }, 400, 'trigger /guest/passing does not exist');
  const rescued = await put('rules/left?overwrite=true', rule());
  assert.equal(rescued['status'], 'inactive');
});

test('PUT /namespaces/{ns}/rules/{name}: 409 where an action, a package or a trigger has the name', async () => {
  for (const name of ['act', 'pkg', 'trig']) {
    await refused('PUT', `_/rules/${name}?overwrite=true`, rule(), 409, OTHER_COLLECTION);
    for (const method of ['GET', 'DELETE']) await refused(method, `_/rules/${name}`, undefined, 409, OTHER_COLLECTION);
    await refused('POST', `_/rules/${name}`, { status: 'active' }, 409, OTHER_COLLECTION);
  }
});

test('ANY /namespaces/{ns}/rules: others\' rules are out of reach', async () => {
  await refused('GET', 'guest/rules', undefined, 403, NOT_ALLOWED('guest'), OTHER);
  for (const [method, body] of [['GET', undefined], ['PUT', rule()], ['POST', { status: 'active' }], ['DELETE', undefined]] as const) {
    await refused(method, 'guest/rules/new', body, 403, NOT_ALLOWED('guest/new'), OTHER);
  }
});

test('GET /namespaces/{ns}/rules: whole rules without their status, newest first, in pages, and counted', async () => {
  await put('rules/list-a', rule());
  await put('rules/list-b', rule('/_/trig', '/_/pkg/inner'));
  const [first, second] = await get('rules?limit=2') as unknown as JsonObject[];
  assert.deepEqual([first?.['name'], second?.['name'], first?.['action']], ['list-b', 'list-a', { path: 'guest/pkg', name: 'inner' }]);
  assert.deepEqual(Object.keys(first!).sort(), ['action', 'annotations', 'name', 'namespace', 'publish', 'trigger', 'updated', 'version']);
  const all = await get('rules?limit=0') as unknown as JsonObject[];
  assert.deepEqual(await get('rules?count=true'), { rules: all.length });
  assert.deepEqual(await get('rules?skip=1&limit=1'), [second]);
});

test('GET /namespaces/{ns}/rules/{name}: 404', async () => {
  for (const method of ['GET', 'DELETE']) await refused(method, '_/rules/missing', undefined, 404, NOT_THERE);
  await refused('POST', '_/rules/missing', { status: 'active' }, 404, NOT_THERE);
  await refused('GET', '_/rules/new/bar', undefined, 404, 'The requested resource could not be found.');
});

test('POST /namespaces/{ns}/rules/{name}: activates and deactivates; what is so already stays so', async () => {
  await put('rules/toggled', rule());
  for (const status of ['active', 'inactive', 'inactive', 'active']) {
    assert.equal((await api.request('POST', '/rules/toggled', { status })).status, 200);
    assert.equal((await get('rules/toggled'))['status'], status);
  }
  assert.equal((await get('rules/toggled'))['version'], '0.0.1');
});

test('POST /namespaces/{ns}/rules/{name}: 400 for any other status, or none', async () => {
  await refused('POST', '_/rules/whatever', { status: 'xxx' }, 400, "The request content was malformed:\n'xxx' is not a recognized rule state");
  await refused('POST', '_/rules/whatever', {}, 400, /^The request content was malformed:\n/);
  await refused('POST', '_/rules/whatever', undefined, 400, /^The request content was malformed:\n/);
});

test('POST /namespaces/{ns}/rules/{name}: without its trigger it can be deactivated only', async () => {
  await put('triggers/short-lived');
  await put('rules/stranded', rule('/_/short-lived'));
  await api.request('DELETE', '/triggers/short-lived');
  assert.equal((await api.request('POST', '/rules/stranded', { status: 'inactive' })).status, 200);
  await refused('POST', '_/rules/stranded', { status: 'active' }, 404, 'Only rules with existing triggers can be activated');
});

test('DELETE /namespaces/{ns}/rules/{name}: active or not; the answer says inactive, the trigger forgets it', async () => {
  await put('rules/ends', rule());
  const { status, body } = await api.request('DELETE', '/rules/ends');
  assert.deepEqual([status, (body as JsonObject)['status']], [200, 'inactive']);
  assert.ok(!Object.keys((await get('triggers/trig'))['rules'] as object).includes('guest/ends'));
  await api.request('DELETE', '/triggers/short-lived');
  assert.equal((await api.request('DELETE', '/rules/stranded')).status, 200);
});
