import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { InvokerView } from '../dispatch/dispatch.ts';
import type { ApiUnderTest } from './api-harness.test.ts';
import { ADMIN_TOKEN, AUTH, startApi } from './api-harness.test.ts';

let api: ApiUnderTest;
before(async () => { api = await startApi(); });
after(async () => { await api.close(); });

const get = async (path: string, headers: Record<string, string> = {}): Promise<{ status: number; body: unknown; headers: Headers }> => {
  const response = await fetch(api.url + path, { headers });
  return { status: response.status, body: await response.json(), headers: response.headers };
};

const invoker = (id: string, state: InvokerView['state']): InvokerView => ({
  id, node: `node${id}`, state, memoryMB: 1024, freeMemoryMB: 512, running: 1, leaseEndsAt: null, joinedAt: 1,
});

test('/ says what wskdeploy reads before it deploys', async () => {
  const { status, body } = await get('/');
  assert.equal(status, 200);
  const { limits, runtimes, api_paths: paths } = body as { limits: Record<string, number>; runtimes: Record<string, { kind: string; default: boolean }[]>; api_paths: string[] };
  assert.deepEqual(paths, ['/api/v1']);
  assert.equal(limits['max_action_duration'], 300_000);
  assert.equal(limits['max_action_memory'], 512 * 1024 * 1024);
  assert.equal(limits['default_min_action_logs'], 0);
  assert.ok(runtimes['nodejs']?.some((kind) => kind.default && kind.kind.startsWith('nodejs:')));
  assert.ok(runtimes['python']?.some((kind) => kind.default));
});

test('/api/v1 says which version it is, to any origin', async () => {
  const { body, headers } = await get('/api/v1');
  assert.equal((body as { api_version: string }).api_version, '1.0.0');
  assert.equal(headers.get('access-control-allow-origin'), '*');
});

test('/invokers speaks of states in OpenWhisk\'s words', async () => {
  api.dispatch.invokers = [invoker('a', 'healthy'), invoker('b', 'draining'), invoker('c', 'silent')];
  assert.deepEqual((await get('/invokers')).body, { 'a/nodea': 'up', 'b/nodeb': 'unhealthy', 'c/nodec': 'down' });
  assert.equal((await get('/invokers/healthy/count')).body, 1);
  assert.deepEqual(await get('/invokers/ready').then(({ status, body }) => ({ status, body })), { status: 200, body: { healthy: '1/3' } });
  api.dispatch.invokers = [invoker('b', 'draining')];
  assert.deepEqual(await get('/invokers/ready').then(({ status, body }) => ({ status, body })), { status: 500, body: { unhealthy: '1/1' } });
});

test('/status is for the administrator', async () => {
  assert.equal((await get('/status')).status, 401);
  assert.equal((await get('/status', { authorization: 'Bearer wrong' })).status, 401);
  assert.equal((await get('/status', { authorization: AUTH })).status, 401);
  const { status, body } = await get('/status', { authorization: `Bearer ${ADMIN_TOKEN}` });
  assert.equal(status, 200);
  assert.deepEqual(Object.keys(body as object).sort(), ['counts', 'invokers', 'pilots', 'queued', 'rescued', 'running']);
});

test('a request keeps its id, and gets one where it has none or claims one of the system\'s', async () => {
  assert.equal((await get('/', { 'x-request-id': 'mine' })).headers.get('x-request-id'), 'mine');
  assert.match((await get('/')).headers.get('x-request-id') ?? '', /^[A-Za-z0-9]{32}$/);
  assert.match((await get('/', { 'x-request-id': 'sid_invoker' })).headers.get('x-request-id') ?? '', /^[A-Za-z0-9]{32}$/);
});

test('OPTIONS needs no key', async () => {
  const response = await fetch(`${api.url}/api/v1/namespaces/_/actions/hello`, { method: 'OPTIONS' });
  assert.equal(response.status, 200);
  assert.equal(response.headers.get('access-control-allow-methods'), 'GET, DELETE, POST, PUT, HEAD');
});

test('the scheme of the authorization is read in any case', async () => {
  const response = await fetch(`${api.url}/api/v1/namespaces`, { headers: { authorization: AUTH.replace('Basic', 'bAsIC') } });
  assert.deepEqual(await response.json(), ['guest']);
});
