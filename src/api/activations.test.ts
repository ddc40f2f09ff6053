import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { ActivationRecord } from '../domain/activation.ts';
import { newActivationId } from '../domain/ids.ts';
import type { JsonObject, JsonValue } from '../domain/json.ts';
import type { ApiUnderTest } from './api-harness.test.ts';
import { startApi } from './api-harness.test.ts';

let api: ApiUnderTest;
before(async () => {
  api = await startApi();
  for (let at = 1000; at <= 5000; at += 1000) await api.store.activations.append(record(at, at === 3000 ? 'other' : 'hello'));
  await api.store.activations.append({ ...record(6000, 'packed'), annotations: [{ key: 'path', value: 'guest/tools/packed' }] });
  await api.store.activations.append({ ...record(7000, 'foreign'), namespace: 'other' });
});
after(async () => { await api.close(); });

function record(at: number, name: string): ActivationRecord {
  return {
    namespace: 'guest', name, subject: 'guest', activationId: newActivationId(at), start: at, end: at + 10, duration: 10,
    response: { statusCode: 0, result: { at }, size: 11 }, logs: [`line of ${at}`], version: '0.0.1', publish: false,
    annotations: [{ key: 'path', value: `guest/${name}` }],
  };
}

const list = async (query: string): Promise<JsonObject[]> => (await api.request('GET', `/activations${query}`)).body as JsonObject[];
const starts = async (query: string): Promise<(JsonValue | undefined)[]> => (await list(query)).map((activation) => activation['start']);

test('lists are newest first, of this namespace, in pages', async () => {
  assert.deepEqual(await starts(''), [6000, 5000, 4000, 3000, 2000, 1000]);
  assert.deepEqual(await starts('?limit=2&skip=1'), [5000, 4000]);
  assert.deepEqual(await starts('/?limit=0'), [6000, 5000, 4000, 3000, 2000, 1000]);
});

test('lists can be filtered by time and name', async () => {
  assert.deepEqual(await starts('?since=2000&upto=4000'), [4000, 3000, 2000]);
  assert.deepEqual(await starts('?name=other'), [3000]);
  assert.deepEqual(await starts('?name=tools/packed'), [6000]);
  assert.deepEqual(await starts('?name=nothing'), []);
  assert.deepEqual(await starts('?name=&since='), [6000, 5000, 4000, 3000, 2000, 1000]);
});

test('what is counted is what would be listed', async () => {
  assert.deepEqual((await api.request('GET', '/activations?count=true')).body, { activations: 6 });
  assert.deepEqual((await api.request('GET', '/activations?count=true&name=hello&skip=1')).body, { activations: 3 });
});

test('a summary has the status code, a record in full has the response', async () => {
  const [summary] = await list('?limit=1');
  assert.deepEqual(Object.keys(summary ?? {}).sort(), ['activationId', 'annotations', 'duration', 'end', 'name', 'namespace', 'publish', 'start', 'statusCode', 'version']);
  const [full] = await list('?limit=1&docs=true');
  assert.deepEqual(full!['response'], { status: 'success', success: true, result: { at: 6000 }, size: 11 });
  const path = `/activations/${full!['activationId'] as string}`;
  assert.deepEqual((await api.request('GET', path)).body, full);
  assert.deepEqual((await api.request('GET', `${path}/`)).body, full);
});

test('what another namespace ran is not to be found', async () => {
  const foreign = await api.store.activations.list({ namespace: 'other' }, { limit: 1, skip: 0 });
  assert.equal((await api.request('GET', `/activations/${foreign[0]!.activationId}`)).status, 404);
});
