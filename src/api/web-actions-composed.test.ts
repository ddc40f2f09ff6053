/** Web actions in packages and behind bindings, compositions as web actions, and whose account all of it goes to. */
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import type { JsonObject } from '../domain/json.ts';
import type { ApiUnderTest } from './api-harness.test.ts';
import { AUTH, OTHER, startApi } from './api-harness.test.ts';

const ALL_METHODS = ['GET', 'PUT', 'POST', 'DELETE', 'PATCH'];
const ECHO = 'function main(args) { return { body: args }; }';

let api: ApiUnderTest;
before(async () => {
  api = await startApi();
  await put('/packages/proxy', { parameters: [{ key: 'x', value: 'X' }, { key: 'z', value: 'z' }] });
  await put('/actions/proxy/echo', web(ECHO, { final: true }, [{ key: 'y', value: 'Y' }, { key: 'z', value: 'Z' }, { key: 'empty', value: null }]));
  await put('/actions/proxy/raw', web(ECHO, { 'raw-http': true, final: true }, [{ key: 'y', value: 'Y' }]));
  await put('/actions/proxy/private', { exec: { kind: 'nodejs:default', code: ECHO } });
});
after(async () => { await api.close(); });
beforeEach(() => { assert.deepEqual(api.errors, []); });

async function put(path: string, body: object): Promise<void> {
  const answer = await api.request('PUT', `${path}?overwrite=true`, body);
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
}

async function putAsOther(path: string, body: object): Promise<void> {
  const answer = await api.requestAs(OTHER, 'PUT', `_${path}?overwrite=true`, body);
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
}

function web(code: string, annotations: JsonObject = {}, parameters: object[] = []): object {
  return {
    exec: { kind: 'nodejs:default', code }, parameters,
    annotations: Object.entries({ 'web-export': true, ...annotations }).map(([key, value]) => ({ key, value })),
  };
}

const call = (path: string, init: RequestInit = {}): Promise<Response> => fetch(`${api.url}/api/v1/web/guest/${path}`, { redirect: 'manual', ...init });
const json = async (path: string, init: RequestInit = {}): Promise<JsonObject> => {
  const response = await call(path, init);
  assert.equal(response.status, 200, path);
  return response.json() as Promise<JsonObject>;
};
const body = (value: object): RequestInit => ({ method: 'POST', body: JSON.stringify(value), headers: { 'content-type': 'application/json' } });

for (const method of ALL_METHODS) {
  test(`${method} /web/{ns}/{package}/{action}: parameters of the package lie under the action's, and query and body over both`, async () => {
    const args = await json('proxy/echo?q=1', { method });
    assert.deepEqual([args['x'], args['y'], args['z'], args['q'], args['__ow_method']], ['X', 'Y', 'Z', '1', method.toLowerCase()]);
  });
}

test('ANY /web/{ns}/{package}/{action}: without a package, action or export: 404', async () => {
  for (const path of ['none/echo', 'proxy/none', 'proxy/private', 'default/echo', 'proxy/echo.xyz', 'proxy/echo.xyz/content', 'proxy/echo.httpx']) {
    for (const method of ALL_METHODS) assert.equal((await call(path, { method })).status, 404, path);
  }
});

test('ANY /web/{ns}/{package}/{action}: what package and action have fixed cannot be set, but what is null can', async () => {
  for (const name of ['x', 'y', 'z']) {
    assert.equal((await call(`proxy/echo?${name}=1`)).status, 400, name);
    assert.equal((await call('proxy/echo', body({ [name]: 1 }))).status, 400, name);
  }
  assert.equal((await json('proxy/echo?empty=1'))['empty'], '1');
});

test('POST /web/{ns}/{package}/{action}: a raw action may be sent what it likes', async () => {
  const args = await json('proxy/raw?y=overridden&k=2', body({ y: 'overridden' }));
  assert.equal(args['y'], 'Y');
  assert.equal(args['__ow_query'], 'y=overridden&k=2');
  assert.equal(Buffer.from(args['__ow_body'] as string, 'base64').toString(), '{"y":"overridden"}');
});

test('ANY /web/{ns}/{package}/{action}: through a binding of an own package', async () => {
  await put('/packages/bound', { binding: { namespace: '_', name: 'proxy' }, parameters: [{ key: 'x', value: 'bound' }, { key: 'w', value: 'W' }] });
  const args = await json('bound/echo');
  assert.deepEqual([args['w'], args['x'], args['y'], args['z']], ['W', 'bound', 'Y', 'Z']);
  assert.equal((await call('bound/none')).status, 404);
});

test('ANY /web/{ns}/{package}/{action}: through a binding of a published package the binding\'s owner pays', async () => {
  await putAsOther('/packages/shared', { publish: true, parameters: [{ key: 'a', value: 'provider' }, { key: 'b', value: 'provider' }] });
  await putAsOther('/actions/shared/who', web('function main(args, message) { return { body: { ...args, owner: message.namespace } }; }'));
  await put('/packages/theirs', { binding: { namespace: 'other', name: 'shared' }, parameters: [{ key: 'b', value: 'binding' }], annotations: [{ key: 'web-export', value: false }] });
  const args = await json('theirs/who');
  assert.deepEqual([args['a'], args['b'], args['owner']], ['provider', 'binding', 'guest']);
  await putAsOther('/packages/shared', { publish: false });
  assert.equal((await call('theirs/who')).status, 404);
});

test('ANY /web/{ns}/{package}/{action}: the activation is its owner\'s, named in the header', async () => {
  const response = await call('proxy/echo', { headers: { authorization: AUTH } });
  const id = response.headers.get('x-openwhisk-activation-id')!;
  const { body: record } = await api.request('GET', `/activations/${id}`);
  const { namespace, subject, annotations } = record as { namespace: string; subject: string; annotations: { key: string; value: unknown }[] };
  assert.deepEqual([namespace, subject], ['guest', 'guest']);
  assert.equal(annotations.find(({ key }) => key === 'path')?.value, 'guest/proxy/echo');
  assert.equal((await api.requestAs(OTHER, 'GET', `_/activations/${id}`)).status, 404);
});

test('ANY /web/{ns}/{package}/{action}: a sequence answers as an action does', async () => {
  await put('/actions/first', { exec: { kind: 'nodejs:default', code: 'function main(args) { return { path: args.__ow_path, n: Number(args.n) + 1 }; }' } });
  await put('/actions/second', { exec: { kind: 'nodejs:default', code: 'function main({ path, n }) { return { statusCode: 201, headers: { "x-n": n }, body: path }; }' } });
  await put('/actions/seq', { exec: { kind: 'sequence', components: ['/_/first', '/_/second'] }, annotations: [{ key: 'web-export', value: true }] });
  const response = await call('default/seq/a/b?n=1');
  assert.equal(response.status, 201);
  assert.equal(response.headers.get('x-n'), '2');
  assert.equal(await response.text(), '/a/b');
});

test('ANY /web/{ns}/{package}/{action}: the error of a component is its response', async () => {
  await put('/actions/failing', { exec: { kind: 'nodejs:default', code: 'function main() { return { error: { statusCode: 409, body: "no" } }; }' } });
  await put('/actions/failseq', { exec: { kind: 'sequence', components: ['/_/failing', '/_/second'] }, annotations: [{ key: 'web-export', value: true }] });
  assert.equal((await call('default/failseq')).status, 409);
});

test('ANY /web/{ns}/{package}/{action}: a conductor answers what it has conducted', async () => {
  await put('/actions/increment', { exec: { kind: 'nodejs:default', code: 'function main({ n }) { return { n: Number(n) + 1 }; }' } });
  await put('/actions/conductor', {
    exec: { kind: 'nodejs:default', code: 'function main({ n, step = 0 }) { return step === 0 ? { action: "increment", params: { n }, state: { step: 1 } } : { params: { body: "n is " + n } }; }' },
    annotations: [{ key: 'web-export', value: true }, { key: 'conductor', value: true }],
  });
  assert.equal(await (await call('default/conductor?n=4')).text(), 'n is 5');
});

test('GET /web/{ns}/{package}/{action}: a type that the client does not take: 406', async () => {
  await put('/actions/proxy/text', web('function main() { return { body: "text", html: "<p>" }; }'));
  const refused = await call('proxy/text', { headers: { accept: 'application/json' } });
  assert.equal(refused.status, 406);
  assert.equal((await refused.json() as JsonObject)['error'], 'Resource representation is only available with these types:\ntext/html; charset=UTF-8');
  assert.ok(refused.headers.get('x-openwhisk-activation-id'));
  for (const accept of ['text/html', 'text/*', '*/*', 'application/json, */*;q=0.1', 'nonsense', '']) assert.equal((await call('proxy/text', { headers: { accept } })).status, 200, accept);
  assert.equal((await call('proxy/text', { headers: { accept: 'text/html;q=0, */*' } })).status, 406);
  assert.equal((await call('proxy/text.json', { headers: { accept: 'text/html' } })).status, 406);
  await put('/actions/proxy/nothing', web('function main() { return {}; }'));
  assert.equal((await call('proxy/nothing', { headers: { accept: 'application/json' } })).status, 204);
});

for (const [name, statusCode] of [['a developer error', 'throw new Error("x")'], ['a platform error', 'return fail("x")']] as const) {
  test(`ANY /web/{ns}/{package}/{action}: ${name} is told without its text, whatever the extension`, async () => {
    await put('/actions/proxy/bad', web(`function main() { ${statusCode}; }`));
    for (const path of ['proxy/bad', 'proxy/bad.json', 'proxy/bad.text', 'proxy/bad.json/ignored']) {
      const response = await call(path);
      assert.equal(response.status, 400);
      assert.equal((await response.json() as JsonObject)['error'], 'There was an error processing your request.');
    }
  });
}

test('ANY /web/{ns}/{package}/{action}: .text: every JSON value can be text', async () => {
  await put('/actions/proxy/value', web('function main({ v }) { return { body: JSON.parse(v) }; }'));
  for (const [value, text] of [['{"a":"A"}', '{\n  "a": "A"\n}'], ['["a"]', '[\n  "a"\n]'], ['"a"', 'a'], ['true', 'true'], ['1', '1'], ['0', '0']] as const) {
    assert.equal(await (await call(`proxy/value.text?v=${encodeURIComponent(value)}`)).text(), text);
  }
  // As OpenWhisk does it: a body that is null is a body.
  assert.equal(await (await call('proxy/value.text?v=null')).text(), 'null');
});

test('ANY /web/{ns}/{package}/{action}: what follows the name is the action\'s to read, not a way into its result', async () => {
  const args = await json('proxy/echo.json/body/x');
  assert.equal((args['body'] as JsonObject)['__ow_path'], '/body/x');
});
