/**
 * Requests that nobody means well: whatever comes, the API answers (it never hangs and never fails by its own fault),
 * and every refusal has `error` and `code`.
 */
import assert from 'node:assert/strict';
import { Agent, request as httpRequest } from 'node:http';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import type { ApiUnderTest } from './api-harness.test.ts';
import { AUTH, OTHER, startApi } from './api-harness.test.ts';

/** With HPCWHISK_HOSTILE_RUNS=10000, as many as the promise says; fewer each time the tests run, always others. */
const RUNS = Number(process.env['HPCWHISK_HOSTILE_RUNS'] ?? 3000);
/** The machine may be busy; a hang is far longer. */
const ANSWER_WITHIN_MS = 30_000;

let api: ApiUnderTest;
const agent = new Agent({ keepAlive: true });
before(async () => {
  api = await startApi({ webDomain: 'faas.test' });
  // Without any, /invokers/ready says 500 as it should.
  api.dispatch.invokers = [{ id: 'a', node: 'n1', state: 'healthy', memoryMB: 1024, freeMemoryMB: 512, running: 0, leaseEndsAt: null, joinedAt: 1 }];
  await putActions();
  await putSecrets();
});
after(async () => {
  agent.destroy();
  await api.close();
});

async function putActions(): Promise<void> {
  await api.action('hello', 'function main(args) { return args; }');
  await api.action('web', 'function main(args) { return args; }', { annotations: [{ key: 'web-export', value: true }] });
  for (const [path, body] of [
    ['/packages/pkg', {}], ['/actions/pkg/inner', { exec: { kind: 'nodejs:default', code: 'function main(args) { return args; }' } }],
    ['/triggers/fire', {}], ['/rules/link', { trigger: '/_/fire', action: '/_/hello' }],
    ['/actions/seq', { exec: { kind: 'sequence', components: ['/_/hello', '/_/hello'] } }],
  ] as const) await api.request('PUT', `${path}?overwrite=true`, body);
}

/** What another namespace keeps: no answer to a stranger may have it. */
const SECRET = 'kept-by-the-other-namespace';

async function putSecrets(): Promise<void> {
  const parameters = [{ key: 'secret', value: SECRET }];
  const annotations = [{ key: 'note', value: SECRET }];
  for (const [path, body] of [
    ['/actions/hidden', { exec: { kind: 'nodejs:default', code: `function main() { return { kept: '${SECRET}' }; }` }, parameters, annotations }],
    ['/packages/closed', { parameters, annotations }], ['/triggers/quiet', { parameters, annotations }],
    ['/actions/closed/hidden', { exec: { kind: 'nodejs:default', code: `function main() { return { kept: '${SECRET}' }; }` }, parameters }],
    ['/rules/theirs', { trigger: '/_/quiet', action: '/_/hidden', annotations }],
  ] as const) {
    const { status } = await api.requestAs(OTHER, 'PUT', `_${path}`, body);
    assert.equal(status, 200, path);
  }
  assert.equal((await api.requestAs(OTHER, 'POST', '_/actions/hidden?blocking=true', {})).status, 200);
}

interface HostileRequest { method: string; path: string; body: string | Uint8Array | undefined; headers: Record<string, string> }
interface Answer { status: number; body: string; requestId: string | undefined }

function send({ method, path, body, headers }: HostileRequest): Promise<Answer> {
  const { hostname, port } = new URL(api.url);
  return new Promise((resolve, reject) => {
    // Node.js frames the body of some methods only; what is not framed would be read as the next request.
    const framing = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
    const request = httpRequest({ hostname, port, agent, method, path, headers: { ...headers, ...framing }, timeout: ANSWER_WITHIN_MS }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => { chunks.push(chunk); });
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString(), requestId: response.headers['x-request-id'] as string | undefined });
      });
      response.on('error', reject);
    });
    request.on('timeout', () => { request.destroy(new Error('no answer')); });
    request.on('error', reject);
    request.end(body);
  });
}

// Requests made of pieces that mean something, so that they get past the first door.
const word = fc.oneof(
  fc.constantFrom('guest', '_', 'other', 'hello', 'web', 'pkg', 'inner', 'fire', 'link', 'seq', 'hidden', 'closed', 'quiet', 'theirs', 'whisk.system', 'apimgmt', 'none', '', '.', '..', '%', '%2F', '%00', '%zz', '__proto__', 'constructor', 'default', 'a'.repeat(300), '0'.repeat(32), 'z'.repeat(32)),
  fc.string({ maxLength: 12 }).map(encodeURIComponentSafely),
);
const collection = fc.constantFrom('actions', 'activations', 'packages', 'triggers', 'rules', 'limits', '');
const path = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(word, collection, fc.array(word, { maxLength: 3 })).map(([ns, kind, rest]) => ['/api/v1/namespaces', ns, kind, ...rest].join('/')) },
  { weight: 3, arbitrary: fc.tuple(word, word, word, fc.constantFrom('', '.http', '.json', '.text', '.html', '.svg', '.exe'), fc.array(word, { maxLength: 2 })).map(([ns, pkg, name, extension, rest]) => [`/api/v1/web/${ns}/${pkg}/${name}${extension}`, ...rest].join('/')) },
  {
    weight: 6,
    arbitrary: fc.constantFrom(
      '/api/v1/namespaces/_/actions/hello', '/api/v1/namespaces/guest/actions', '/api/v1/namespaces/_/activations',
      '/api/v1/namespaces/other/actions/hello', '/api/v1/web/guest/default/web', '/api/v1/web/guest/default/web.json',
      '/api/v1/namespaces/_/packages', '/api/v1/namespaces/_/packages/pkg', '/api/v1/namespaces/_/actions/pkg/', '/api/v1/namespaces/_/actions/pkg/inner',
      '/api/v1/namespaces/_/triggers', '/api/v1/namespaces/_/triggers/fire', '/api/v1/namespaces/_/rules', '/api/v1/namespaces/_/rules/link',
      '/api/v1/namespaces/_/actions/seq', '/api/v1/namespaces/_/limits', '/api/v1/namespaces',
    ),
  },
  {
    weight: 3,
    arbitrary: fc.tuple(fc.constantFrom('actions', 'packages', 'triggers', 'rules', 'activations'), fc.constantFrom('', '/hidden', '/closed', '/closed/', '/closed/hidden', '/quiet', '/theirs'))
      .map(([kind, rest]) => `/api/v1/namespaces/other/${kind}${rest}`),
  },
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      '/api/v1/web/whisk.system/apimgmt/createApi.http', '/api/v1/web/whisk.system/apimgmt/getApi.json', '/api/v1/web/whisk.system/apimgmt/deleteApi', '/api/v1/web/whisk.system/apimgmt/x',
      '/api/guest/hostile', '/api/guest/hostile/x', '/api/other/x', '/api/guest', '/api/', '/', '/ping', '/status', '/invokers/ready', '/api/v1', '/api/v1/api-docs', '/api/v1/docs', '/admin/accounts',
    ),
  },
  { weight: 1, arbitrary: fc.array(word, { maxLength: 5 }).map((words) => `/${words.join('/')}`) },
);
const queryValue = fc.oneof(fc.constantFrom('true', 'False', '1', '-1', '0', '200', '201', '1e9', 'NaN', '', '60000', '%00', '9'.repeat(40)), fc.string({ maxLength: 6 }).map(encodeURIComponentSafely));
const queryName = fc.constantFrom('blocking', 'result', 'timeout', 'limit', 'skip', 'count', 'docs', 'name', 'since', 'upto', 'overwrite', 'code', 'force', 'basepath', 'relpath', 'operation', 'responsetype', '__ow_body', '__proto__', 'x', '%zz');
const query = fc.array(fc.tuple(queryName, queryValue), { maxLength: 3 }).map((pairs) => (pairs.length === 0 ? '' : `?${pairs.map(([name, value]) => `${name}=${value}`).join('&')}`));
const keyValues = fc.array(fc.record({ key: fc.oneof(fc.string(), fc.constant('web-export')), value: fc.jsonValue(), init: fc.oneof(fc.boolean(), fc.jsonValue()) }, { requiredKeys: [] }), { maxLength: 3 });
const actionBody = fc.record({
  exec: fc.oneof(fc.jsonValue(), fc.record({ kind: fc.constantFrom('nodejs:24', 'python:default', 'nodejs:1', 'sequence', ':', ''), code: fc.oneof(fc.string(), fc.constantFrom('function main(a){return a}', 'AAAA', 'UEsDBA=='), fc.jsonValue()), main: fc.oneof(fc.string(), fc.jsonValue()) }, { requiredKeys: [] })),
  parameters: fc.oneof(keyValues, fc.jsonValue()),
  annotations: fc.oneof(keyValues, fc.jsonValue()),
  delAnnotations: fc.jsonValue(),
  limits: fc.oneof(fc.jsonValue(), fc.record({ memory: fc.oneof(fc.double(), fc.integer(), fc.jsonValue()), timeout: fc.oneof(fc.integer(), fc.jsonValue()) }, { requiredKeys: [] })),
  version: fc.oneof(fc.constantFrom('1.0.0', '0.0.0', '-1', '1.2.3.4', '99999999999.1'), fc.jsonValue()),
  publish: fc.jsonValue(),
}, { requiredKeys: [] });
const reference = fc.oneof(fc.constantFrom('/_/fire', '/_/hello', '/other/quiet', '/other/hidden', '_/x', '//', '', '/guest/pkg/inner'), fc.jsonValue(), fc.record({ path: fc.constantFrom('_', 'guest', 'other'), name: fc.constantFrom('fire', 'hello', 'hidden') }));
const entityBody = fc.record({
  parameters: fc.oneof(keyValues, fc.jsonValue()), annotations: fc.oneof(keyValues, fc.jsonValue()), publish: fc.jsonValue(), version: fc.jsonValue(),
  binding: fc.oneof(fc.jsonValue(), fc.record({ namespace: fc.constantFrom('_', 'guest', 'other', ''), name: fc.constantFrom('pkg', 'closed', 'none', '') }, { requiredKeys: [] })),
  trigger: reference, action: reference, status: fc.oneof(fc.constantFrom('active', 'inactive', ''), fc.jsonValue()),
  exec: fc.record({ kind: fc.constantFrom('sequence', 'blackbox', 'native'), components: fc.oneof(fc.array(fc.constantFrom('/_/hello', '/_/seq', '/other/hidden', 'hello', '')), fc.jsonValue()), image: fc.jsonValue() }, { requiredKeys: ['kind'] }),
}, { requiredKeys: [] });
const swagger = fc.record({
  basePath: fc.oneof(fc.constantFrom('/hostile', '/', 'x'), fc.jsonValue()), info: fc.oneof(fc.constant({ title: 'x' }), fc.jsonValue()),
  paths: fc.oneof(fc.jsonValue(), fc.dictionary(fc.constantFrom('/x', '/{a}/b', '/{', '/__proto__'), fc.oneof(fc.jsonValue(), fc.record({ get: fc.record({ operationId: fc.jsonValue(), 'x-openwhisk': fc.oneof(fc.jsonValue(), fc.constant({ url: '/api/v1/web/guest/default/web.json' })) }, { requiredKeys: [] }) })))),
  'x-ibm-configuration': fc.jsonValue(),
}, { requiredKeys: [] });
const apiBody = fc.record({
  apidoc: fc.oneof(fc.jsonValue(), fc.record({ namespace: fc.constant('_'), swagger }), fc.record({
    namespace: fc.constantFrom('_', 'guest'), gatewayBasePath: fc.constantFrom('/hostile', '/', 'x'), gatewayPath: fc.constantFrom('/x', '/{a}', '/__proto__', '/{'), gatewayMethod: fc.constantFrom('get', 'POST', 'x'),
    action: fc.record({ name: fc.constantFrom('web', 'pkg/inner', '/', '/other/hidden'), namespace: fc.constantFrom('_', 'other'), backendMethod: fc.constant('GET'), backendUrl: fc.string({ minLength: 1 }), authkey: fc.constant('x'), secureKey: fc.jsonValue() }, { requiredKeys: ['name', 'namespace', 'backendMethod', 'backendUrl', 'authkey'] }),
    pathParameters: fc.jsonValue(),
  }, { requiredKeys: ['namespace', 'gatewayBasePath', 'gatewayPath', 'gatewayMethod', 'action'] })),
}, { requiredKeys: [] });
const body = fc.oneof(
  fc.constant(undefined),
  entityBody.map((value) => JSON.stringify(value)),
  apiBody.map((value) => JSON.stringify(value)),
  fc.json(),
  actionBody.map((value) => JSON.stringify(value)),
  fc.string(),
  fc.uint8Array({ maxLength: 200 }),
  fc.integer({ min: 0, max: 20_000 }).map((depth) => '['.repeat(depth)),
  fc.integer({ min: 0, max: 20_000 }).map((depth) => `{"a":${'['.repeat(depth)}${']'.repeat(depth)}}`),
);
const headers = fc.record({
  authorization: fc.oneof({ weight: 6, arbitrary: fc.constant(AUTH) }, { weight: 1, arbitrary: fc.constantFrom('Basic', 'Basic ', 'Basic Og==', 'basic %%%', 'Bearer x') }),
  'content-type': fc.oneof({ weight: 4, arbitrary: fc.constant('application/json') }, { weight: 2, arbitrary: fc.constantFrom('text/plain', 'application/x-www-form-urlencoded', 'image/png', ';', 'a/b; charset=', 'multipart/form-data', '__proto__', 'application/json, text/plain') }),
  'x-request-id': fc.constantFrom('mine', 'sid_x', 'x'.repeat(5000), ' '),
  accept: fc.constantFrom('*/*', 'text/html', 'application/json;q=0', ';;', ',', 'a/b/c'),
  'accept-encoding': fc.constantFrom('gzip', 'br;q=x', '*;q=0', 'identity', ',;'),
  host: fc.constantFrom('guest.faas.test', 'other.faas.test', '..faas.test', 'x y', 'a"b', '[::1', ''),
}, { requiredKeys: [] });
const hostile: fc.Arbitrary<HostileRequest> = fc.record({
  method: fc.oneof(
    { weight: 2, arbitrary: fc.constantFrom('GET', 'PUT', 'POST') },
    { weight: 1, arbitrary: fc.constantFrom('DELETE', 'PATCH', 'HEAD', 'OPTIONS', 'TRACE', 'PROPFIND') },
  ),
  path: fc.tuple(path, query).map((parts) => parts.join('')), body, headers,
});

function encodeURIComponentSafely(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}

test('every request is answered, and every refusal says why', async () => {
  const seen = new Map<number, number>();
  await fc.assert(fc.asyncProperty(hostile, async (request) => {
    const answer = await send(request);
    seen.set(answer.status, (seen.get(answer.status) ?? 0) + 1);
    // What the request changed or deleted, the next ones may need.
    if (answer.status === 200 && (request.method === 'PUT' || request.method === 'DELETE')) await putActions();
    assert.deepEqual(api.errors, []);
    assert.notEqual(answer.status, 500);
    assert.ok(!answer.body.includes(SECRET), 'what another namespace keeps was told');
    assert.ok(answer.requestId, 'X-Request-ID is missing');
    if (answer.status >= 400 && answer.status !== 502 && request.method !== 'HEAD') {
      const refusal = JSON.parse(answer.body) as { error: unknown; code: unknown };
      assert.equal(typeof refusal.error, 'string');
      assert.equal(refusal.code, answer.requestId);
    }
  }), { numRuns: RUNS });
  // The requests are worth sending only if they get somewhere.
  for (const status of [200, 204, 400, 401, 403, 404, 405, 415]) assert.ok(seen.has(status), `no answer was ${status}: ${JSON.stringify([...seen])}`);
});

test('the API works as before', async () => {
  assert.deepEqual((await api.request('POST', '/actions/hello?blocking=true&result=true', { a: 1 })).status, 200);
});
