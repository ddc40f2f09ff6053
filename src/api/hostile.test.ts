/**
 * Requests that nobody means well: whatever comes, the API answers (it never hangs and never fails by its own fault),
 * and every refusal has `error` and `code`.
 */
import assert from 'node:assert/strict';
import { Agent, request as httpRequest } from 'node:http';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import type { ApiUnderTest } from './api-harness.test.ts';
import { AUTH, startApi } from './api-harness.test.ts';

const RUNS = 3000;
/** The machine may be busy; a hang is far longer. */
const ANSWER_WITHIN_MS = 30_000;

let api: ApiUnderTest;
const agent = new Agent({ keepAlive: true });
before(async () => {
  api = await startApi();
  await putActions();
});
after(async () => {
  agent.destroy();
  await api.close();
});

async function putActions(): Promise<void> {
  await api.action('hello', 'function main(args) { return args; }');
  await api.action('web', 'function main(args) { return args; }', { annotations: [{ key: 'web-export', value: true }] });
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
  fc.constantFrom('guest', '_', 'other', 'hello', 'web', 'none', '', '.', '..', '%', '%2F', '%00', '%zz', '__proto__', 'constructor', 'default', 'a'.repeat(300), '0'.repeat(32), 'z'.repeat(32)),
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
    ),
  },
  { weight: 1, arbitrary: fc.array(word, { maxLength: 5 }).map((words) => `/${words.join('/')}`) },
);
const queryValue = fc.oneof(fc.constantFrom('true', 'False', '1', '-1', '0', '200', '201', '1e9', 'NaN', '', '60000', '%00', '9'.repeat(40)), fc.string({ maxLength: 6 }).map(encodeURIComponentSafely));
const queryName = fc.constantFrom('blocking', 'result', 'timeout', 'limit', 'skip', 'count', 'docs', 'name', 'since', 'upto', 'overwrite', 'code', '__ow_body', '__proto__', 'x', '%zz');
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
const body = fc.oneof(
  fc.constant(undefined),
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
