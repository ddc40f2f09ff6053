/** The npm package `openwhisk`, as a user has it, against the API. */
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { zipSync } from 'fflate';
import type { ApiUnderTest } from './api-harness.test.ts';
import { startApi } from './api-harness.test.ts';

let api: ApiUnderTest;
before(async () => { api = await startApi(); });
after(async () => { await api.close(); });
beforeEach(() => { assert.deepEqual(api.errors, []); });

const HELLO = 'function main({ name = "stranger" }) { return { greeting: `Hello ${name}` }; }';

interface ClientError { statusCode: number; message: string; error: unknown }

test('creates, reads, lists, updates, invokes and deletes an action', async () => {
  const { actions } = api.client;
  const created = await actions.create({ name: 'hello', action: HELLO, kind: 'nodejs:default', limits: { memory: 128 } });
  assert.equal(created.name, 'hello');
  assert.equal(created.namespace, 'guest');
  assert.equal(created.version, '0.0.1');

  const read = await actions.get('hello');
  assert.equal((read.exec as { code: string }).code, HELLO);
  assert.equal((read.exec as { kind: string }).kind, 'nodejs:24');

  assert.deepEqual((await actions.list()).map(({ name }) => name), ['hello']);

  assert.deepEqual(await actions.invoke({ name: 'hello', params: { name: 'Ada' }, blocking: true, result: true }), { greeting: 'Hello Ada' });
  const activation = await actions.invoke({ name: 'hello', blocking: true }) as unknown as { activationId: string; response: object };
  assert.deepEqual(activation.response, { status: 'success', success: true, result: { greeting: 'Hello stranger' }, size: 29 });

  const updated = await actions.update({ name: 'hello', action: HELLO.replace('Hello', 'Hi') });
  assert.equal(updated.version, '0.0.2');
  assert.deepEqual(await actions.invoke({ name: 'hello', blocking: true, result: true }), { greeting: 'Hi stranger' });

  await actions.delete('hello');
  await assert.rejects(actions.get('hello'), (error: ClientError) => error.statusCode === 404 && error.message.includes('The requested resource does not exist.'));
});

test('a non-blocking call leaves an activation to be read', async () => {
  await api.client.actions.update({ name: 'later', action: HELLO });
  const { activationId } = await api.client.actions.invoke({ name: 'later', params: { name: 'Grace' } });
  assert.match(activationId, /^[0-9a-f]{32}$/);
  const record = await api.client.activations.get(activationId);
  assert.equal(record.name, 'later');
  assert.deepEqual(await api.client.activations.result({ name: activationId }), { result: { greeting: 'Hello Grace' }, success: true, status: 'success', size: 26 });
  assert.deepEqual(await api.client.activations.logs({ name: activationId }), { logs: ['2026-01-02T03:04:05.678Z         stdout: hello'] });
  const listed = await api.client.activations.list({ limit: 1 });
  assert.equal(listed[0]?.activationId, activationId);
});

test('an action that fails rejects with 502 and its activation', async () => {
  await api.client.actions.update({ name: 'failing', action: 'function main() { return { error: "no luck" }; }' });
  await assert.rejects(api.client.actions.invoke({ name: 'failing', blocking: true }), (error: ClientError) => {
    assert.equal(error.statusCode, 502);
    assert.match(error.message, /no luck/);
    return true;
  });
});

test('a zip archive is an action', async () => {
  const zip = Buffer.from(zipSync({ 'index.js': Buffer.from('exports.main = () => ({})') }));
  const created = await api.client.actions.create({ name: 'zipped', action: zip, kind: 'nodejs:default' });
  assert.equal((created.exec as { binary: boolean }).binary, true);
  const read = await api.client.actions.get('zipped');
  assert.equal((read.exec as { code: string }).code, zip.toString('base64'));
});

test('a namespace is what the key opens', async () => {
  assert.deepEqual(await api.client.namespaces.list(), ['guest']);
});

test('names with spaces and a given namespace work', async () => {
  await api.client.actions.update({ name: '/guest/my hello', action: HELLO });
  const result = await api.client.actions.invoke({ name: '/guest/my hello', blocking: true, result: true });
  assert.deepEqual(result, { greeting: 'Hello stranger' });
});
