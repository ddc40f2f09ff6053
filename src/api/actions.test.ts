import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import type { JsonObject } from '../domain/json.ts';
import { MAX_PARAMETER_BYTES } from '../domain/limits.ts';
import type { ApiUnderTest } from './api-harness.test.ts';
import { AUTH, GUEST, startApi } from './api-harness.test.ts';

let api: ApiUnderTest;
before(async () => { api = await startApi(); });
after(async () => { await api.close(); });
beforeEach(() => { assert.deepEqual(api.errors, []); });

const CODE = 'function main(args) { return args; }';
const EXEC = { kind: 'nodejs:default', code: CODE };

async function put(name: string, body: object): Promise<JsonObject> {
  const answer = await api.request('PUT', `/actions/${name}?overwrite=True`, body);
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  return answer.body as JsonObject;
}

test('PUT /namespaces/{ns}/actions/{name}: a new action gets standards and the platform\'s annotations', async () => {
  const before = Date.now();
  const { updated, ...created } = await put('new', { exec: EXEC, name: 'ignored', updated: 5, unknown: true });
  assert.deepEqual(created, {
    namespace: 'guest', name: 'new', version: '0.0.1', publish: false,
    exec: { kind: 'nodejs:24', code: CODE, binary: false },
    parameters: [],
    limits: { timeout: 60_000, memory: 256, logs: 10, concurrency: 1 },
    annotations: [{ key: 'provide-api-key', value: false }, { key: 'exec', value: 'nodejs:24' }],
  });
  assert.ok(Number(updated) >= before);
});

test('PUT /namespaces/{ns}/actions/{name}: the platform\'s annotations stand behind those given', async () => {
  const { annotations } = await put('ordered', { exec: EXEC, annotations: [{ key: 'description', value: 'd' }, { key: 'final', value: true }] });
  assert.deepEqual((annotations as { key: string }[]).map(({ key }) => key), ['description', 'final', 'provide-api-key', 'exec']);
});

test('PUT /namespaces/{ns}/actions/{name}: base64 is taken for binary code, archive or not', async () => {
  const { exec } = await put('dubious', { exec: { kind: 'nodejs:default', code: 'RHViZWU=', main: 'jsMain' } });
  assert.deepEqual(exec, { kind: 'nodejs:24', code: 'RHViZWU=', binary: true, main: 'jsMain' });
});

test('PUT /namespaces/{ns}/actions/{name}: an update keeps what it leaves out', async () => {
  await put('kept', {
    exec: { ...EXEC, main: 'main' }, limits: { memory: 128, timeout: 1000 }, publish: true,
    parameters: [{ key: 'a', value: 1 }, { key: 'secret', value: 's', init: true }],
    annotations: [{ key: 'one', value: 1 }, { key: 'two', value: 2 }, { key: 'provide-api-key', value: true }],
  });
  const updated = await put('kept', { limits: { memory: 512 }, annotations: [{ key: 'two', value: 22 }, { key: 'three', value: 3 }], delAnnotations: ['one'] });
  assert.equal(updated['version'], '0.0.2');
  assert.equal(updated['publish'], true);
  assert.deepEqual(updated['exec'], { kind: 'nodejs:24', code: CODE, binary: false, main: 'main' });
  assert.deepEqual(updated['limits'], { timeout: 1000, memory: 512, logs: 10, concurrency: 1 });
  assert.deepEqual(updated['parameters'], [{ key: 'a', value: 1 }, { key: 'secret', value: 's', init: true }]);
  const annotations = Object.fromEntries((updated['annotations'] as { key: string; value: unknown }[]).map(({ key, value }) => [key, value]));
  assert.deepEqual(annotations, { two: 22, three: 3, exec: 'nodejs:24', 'provide-api-key': true });
});

test('PUT /namespaces/{ns}/actions/{name}: parameters and code are replaced as a whole, and the kind with them', async () => {
  await put('replaced', { exec: EXEC, parameters: [{ key: 'a', value: 1 }, { key: 'b', value: 2 }] });
  const updated = await put('replaced', { exec: { kind: 'python:default', code: 'def main(args): return args' }, parameters: [{ key: 'b', value: 3 }], version: '1.2' });
  assert.equal(updated['version'], '1.2.0');
  assert.deepEqual(updated['parameters'], [{ key: 'b', value: 3 }]);
  assert.deepEqual((updated['exec'] as JsonObject)['kind'], 'python:3');
  assert.ok((updated['annotations'] as { key: string; value: unknown }[]).some(({ key, value }) => key === 'exec' && value === 'python:3'));
});

test('PUT /namespaces/{ns}/actions/{name}: null is as good as absent', async () => {
  const created = await put('nulls', { exec: { ...EXEC, main: null }, parameters: null, limits: { memory: null }, version: null });
  assert.equal(created['version'], '0.0.1');
});

test('PUT /namespaces/{ns}/actions/{name}: delAnnotations removes before what is given is added', async () => {
  await put('annotated', { exec: EXEC, annotations: [{ key: 'one', value: 1 }, { key: 'two', value: 2 }] });
  const { annotations } = await put('annotated', { annotations: [{ key: 'one', value: 'new' }], delAnnotations: ['one', 'two', 'exec', 'unknown'] });
  const kept = Object.fromEntries((annotations as { key: string; value: unknown }[]).map(({ key, value }) => [key, value]));
  assert.deepEqual(kept, { 'provide-api-key': false, one: 'new', exec: 'nodejs:24' });
});

test('PUT /namespaces/{ns}/actions/{name}: old and new annotations together have a limit', async () => {
  const value = 'v'.repeat(MAX_PARAMETER_BYTES / 2);
  await put('talkative', { exec: EXEC, annotations: [{ key: 'one', value }] });
  const { status } = await api.request('PUT', '/actions/talkative?overwrite=true', { annotations: [{ key: 'two', value }] });
  assert.equal(status, 413);
  await put('talkative', { annotations: [{ key: 'two', value }], delAnnotations: ['one'] });
});

test('PUT /namespaces/{ns}/actions/{name}: a limit of containers is kept', async () => {
  assert.deepEqual((await put('counted', { exec: EXEC, limits: { instances: 2 } }))['limits'], { timeout: 60_000, memory: 256, logs: 10, concurrency: 1, instances: 2 });
  const { status, body } = await api.request('PUT', '/actions/counted?overwrite=true', { limits: { instances: 0 } });
  assert.deepEqual([status, (body as JsonObject)['error']], [400, 'instances 0 below allowed threshold of 1']);
});

test('PUT /namespaces/{ns}/actions/{name}: an image is an action, with code or without', async () => {
  const image = await put('image', { exec: { kind: 'blackbox', image: 'openwhisk/example:1.0' } });
  assert.deepEqual(image['exec'], { kind: 'blackbox', image: 'openwhisk/example:1.0', binary: false });
  assert.ok((image['annotations'] as { key: string; value: unknown }[]).some(({ key, value }) => key === 'exec' && value === 'blackbox'));
  const native = await put('native', { exec: { kind: 'blackbox', image: 'openwhisk/dockerskeleton', code: Buffer.from('#!/bin/sh\n').toString('base64'), main: 'run' } });
  assert.deepEqual(native['exec'], { kind: 'blackbox', image: 'openwhisk/dockerskeleton', code: 'IyEvYmluL3NoCg==', binary: true, main: 'run' });
  assert.deepEqual(((await api.request('GET', '/actions/native?code=false')).body as JsonObject)['exec'], { kind: 'blackbox', image: 'openwhisk/dockerskeleton', binary: true, main: 'run' });
  for (const name of [undefined, 7, '', 'not an image', '../x']) {
    assert.equal((await api.request('PUT', '/actions/bad-image', { exec: { kind: 'blackbox', image: name } })).status, 400);
  }
});

test('PUT /namespaces/{ns}/actions/{name}: of several at once that update, those that come too late are told so', async () => {
  await put('contested', { exec: EXEC });
  const answers = await Promise.all(Array.from({ length: 6 }, (_, n) => api.request('PUT', '/actions/contested?overwrite=true', { parameters: [{ key: 'n', value: n }] })));
  const statuses = answers.map(({ status }) => status);
  assert.ok(statuses.includes(200) && statuses.every((status) => status === 200 || status === 409), String(statuses));
  for (const { status, body } of answers) {
    if (status === 409) assert.equal((body as JsonObject)['error'], 'Concurrent modification to resource detected.');
  }
});

test('GET /namespaces/{ns}/actions: lists show summaries, newest first, in pages, and can be counted', async () => {
  for (const name of ['list-a', 'list-b', 'list-c']) await put(name, { exec: EXEC });
  await put('list-a', {});
  const { body } = await api.request('GET', '/actions?limit=2');
  const [first, second] = body as JsonObject[];
  assert.equal(first?.['name'], 'list-a');
  assert.equal(second?.['name'], 'list-c');
  assert.deepEqual(Object.keys(first).sort(), ['annotations', 'exec', 'limits', 'name', 'namespace', 'publish', 'updated', 'version']);
  assert.deepEqual(first['exec'], { binary: false });
  const all = (await api.request('GET', '/actions?limit=0')).body as JsonObject[];
  assert.deepEqual((await api.request('GET', '/actions?limit=1&skip=1')).body, [all[1]]);
  assert.deepEqual((await api.request('GET', '/actions?count=true')).body, { actions: all.length });
  assert.deepEqual((await api.request('GET', '/actions/?count=yes&skip=2')).body, { actions: all.length - 2 });
  assert.deepEqual((await api.request('GET', '/actions?count=1&skip=1000')).body, { actions: 0 });
});

test('GET /namespaces/{ns}/actions/{name}: code can be left out of an answer', async () => {
  await put('coded', { exec: EXEC });
  assert.deepEqual(((await api.request('GET', '/actions/coded?code=false')).body as JsonObject)['exec'], { kind: 'nodejs:24', binary: false });
});

test('DELETE /namespaces/{ns}/actions/{name}: a deleted action is answered once more, then gone', async () => {
  await put('gone', { exec: EXEC });
  const { status, body } = await api.request('DELETE', '/actions/gone');
  assert.equal(status, 200);
  assert.equal((body as JsonObject)['name'], 'gone');
  assert.equal((await api.request('GET', '/actions/gone')).status, 404);
  assert.equal((await put('gone', { exec: EXEC }))['version'], '0.0.1');
});

test('POST /namespaces/{ns}/actions/{name}: payload wins over the action\'s parameters, and init parameters go to the environment', async () => {
  await put('merged', {
    exec: EXEC,
    parameters: [
      { key: 'a', value: 1 }, { key: 'b', value: { deep: true } },
      { key: 'TOKEN', value: 'secret', init: true }, { key: 'COUNT', value: 3, init: true }, { key: 'LIST', value: [1, 2], init: true }, { key: 'NONE', value: null, init: true },
    ],
  });
  const { body } = await api.request('POST', '/actions/merged?blocking=true&result=true', { b: 2, c: 3 });
  assert.deepEqual(body, { a: 1, b: 2, c: 3 });
  const message = api.dispatch.messages.at(-1)!;
  assert.deepEqual(message.env, { TOKEN: 'secret', COUNT: '3', LIST: '[1,2]', NONE: '' });
  assert.equal(message.namespace, 'guest');
  assert.equal(message.subject, 'guest');
  assert.equal(message.blocking, true);
  assert.equal(message.action.path, 'guest/merged');
});

test('POST /namespaces/{ns}/actions/{name}: an update is seen by the next call', async () => {
  await put('changing', { exec: EXEC, parameters: [{ key: 'is', value: 'old' }] });
  assert.deepEqual((await api.request('POST', '/actions/changing?blocking=true&result=true', {})).body, { is: 'old' });
  await put('changing', { parameters: [{ key: 'is', value: 'new' }] });
  assert.deepEqual((await api.request('POST', '/actions/changing?blocking=true&result=true', {})).body, { is: 'new' });
  const [before, after] = api.dispatch.messages.slice(-2);
  assert.notEqual(before?.action.revision, after?.action.revision);
});

test('POST /namespaces/{ns}/actions/{name}: a parameter may have any name', async () => {
  await put('odd', { exec: EXEC, parameters: [{ key: '__proto__', value: { polluted: 1 } }, { key: 'constructor', value: 2 }] });
  await api.request('POST', '/actions/odd', '{"toString": 1, "__proto__": {"polluted": 2}}');
  const { args } = api.dispatch.messages.at(-1)!;
  assert.equal(JSON.stringify(args), '{"__proto__":{"polluted":2},"constructor":2,"toString":1}');
  assert.equal(({} as { polluted?: number }).polluted, undefined);
});

test('POST /namespaces/{ns}/actions/{name}: the key goes to actions that ask for it, and to those from before one could ask', async () => {
  const keys: (string | undefined)[] = [];
  for (const [name, annotations] of [['no', []], ['yes', [{ key: 'provide-api-key', value: true }]]] as const) {
    await put(`key-${name}`, { exec: EXEC, annotations });
    await api.request('POST', `/actions/key-${name}`, {});
    keys.push(api.dispatch.messages.at(-1)!.apiKey);
  }
  await put('key-old', { delAnnotations: [], exec: EXEC });
  await put('key-old', { delAnnotations: ['provide-api-key'] });
  await api.request('POST', '/actions/key-old', {});
  keys.push(api.dispatch.messages.at(-1)!.apiKey);
  assert.deepEqual(keys, [undefined, `${GUEST.uuid}:${GUEST.key}`, `${GUEST.uuid}:${GUEST.key}`]);
});

test('POST /namespaces/{ns}/actions/{name}: at-most-once is passed on', async () => {
  await put('once', { exec: EXEC, annotations: [{ key: 'at-most-once', value: true }] });
  await api.request('POST', '/actions/once', {});
  assert.equal(api.dispatch.messages.at(-1)!.action.atMostOnce, true);
});

const OUTCOMES: { name: string; code: string; status: number; responseStatus: string; result: unknown }[] = [
  { name: 'success', code: 'function main() { return { ok: 1 }; }', status: 200, responseStatus: 'success', result: { ok: 1 } },
  { name: 'application-error', code: 'function main() { return { error: "no" }; }', status: 502, responseStatus: 'application error', result: { error: 'no' } },
  { name: 'developer-error', code: 'function main() { throw new Error("boom"); }', status: 502, responseStatus: 'action developer error', result: { error: 'An error has occurred: Error: boom' } },
  { name: 'platform-error', code: 'function main() { return fail("down"); }', status: 500, responseStatus: 'whisk internal error', result: { error: 'down' } },
];

for (const { name, code, status, responseStatus, result } of OUTCOMES) {
  test(`POST /namespaces/{ns}/actions/{name}: a blocking call that ends in ${responseStatus} is answered with ${status}`, async () => {
    await put(name, { exec: { kind: 'nodejs:24', code } });
    const full = await api.request('POST', `/actions/${name}?blocking=true`, {});
    assert.equal(full.status, status);
    const record = full.body as JsonObject;
    assert.deepEqual(record['response'], { status: responseStatus, success: status === 200, result, size: JSON.stringify(result).length });
    assert.equal(full.headers.get('x-openwhisk-activation-id'), record['activationId']);
    assert.equal(record['namespace'], 'guest');
    assert.deepEqual(record['logs'], ['2026-01-02T03:04:05.678Z         stdout: hello']);
    assert.ok((record['annotations'] as { key: string }[]).some(({ key }) => key === 'waitTime'));
    const bare = await api.request('POST', `/actions/${name}?blocking=true&result=true`, {});
    assert.equal(bare.status, status);
    assert.deepEqual(bare.body, result);
  });
}

test('POST /namespaces/{ns}/actions/{name}: an array is answered bare', async () => {
  await put('array', { exec: { kind: 'nodejs:24', code: 'function main() { return [1, 2]; }' } });
  assert.deepEqual((await api.request('POST', '/actions/array?blocking=true', {})).body, [1, 2]);
});

test('POST /namespaces/{ns}/actions/{name}: a call that outlasts the wait is answered with its id', async () => {
  await put('slow', { exec: EXEC });
  api.dispatch.slow = true;
  try {
    const { status, body, headers } = await api.request('POST', '/actions/slow?blocking=true&timeout=100', {});
    assert.equal(status, 202);
    assert.deepEqual(body, { activationId: headers.get('x-openwhisk-activation-id') });
    assert.equal(api.dispatch.lastWaitMs, 100);
    await api.request('POST', '/actions/slow?blocking=true', {});
    assert.equal(api.dispatch.lastWaitMs, 60_000);
  } finally {
    api.dispatch.slow = false;
  }
});

test('POST /namespaces/{ns}/actions/{name}: a call needs no body, whatever content type it claims', async () => {
  await put('bodyless', { exec: EXEC });
  for (const headers of [{}, { 'content-type': 'application/json' }, { 'content-type': 'text/plain' }]) {
    const response = await fetch(`${api.url}/api/v1/namespaces/_/actions/bodyless?blocking=true&result=true`, { method: 'POST', headers: { authorization: AUTH, ...headers } });
    assert.deepEqual(await response.json(), {});
  }
});

test('POST /namespaces/{ns}/actions/{name}: a body sent in chunks is read', async () => {
  await put('chunked', { exec: EXEC });
  const body = new ReadableStream({
    start: (controller) => {
      for (const part of ['{"a"', ':1', '}']) controller.enqueue(Buffer.from(part));
      controller.close();
    },
  });
  const response = await fetch(`${api.url}/api/v1/namespaces/_/actions/chunked?blocking=true&result=true`, {
    method: 'POST', headers: { authorization: AUTH, 'content-type': 'application/json; charset=utf-8' }, body, duplex: 'half',
  });
  assert.deepEqual(await response.json(), { a: 1 });
});
