/**
 * Ten thousand requests drawn from the API's own OpenAPI document: every operation in turn, with parameters and bodies
 * that fit their schemas, and ones in which something was broken on the way. Whatever comes is answered in time, no
 * answer is an internal error, every refusal has `error` and `code`, and nothing that another namespace keeps gets out.
 */
import assert from 'node:assert/strict';
import { Agent, request as httpRequest } from 'node:http';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import type { ApiUnderTest } from './api-harness.test.ts';
import { ADMIN_TOKEN, AUTH, OTHER, startApi } from './api-harness.test.ts';

const REQUESTS = 10_000;
/** Seconds of a busy machine; a hang lasts longer. */
const ANSWER_WITHIN_MS = 30_000;
const SECRET = 'kept-by-the-other-namespace';

interface Schema {
  $ref?: string;
  type?: string;
  enum?: unknown[];
  anyOf?: Schema[];
  items?: Schema;
  properties?: Record<string, Schema>;
  required?: string[];
}
interface Operation {
  parameters?: { name: string; in: string; required?: boolean; schema: Schema }[];
  requestBody?: { content: Record<string, { schema: Schema }> };
}
interface Document {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema> };
}
interface Drawn { path: Record<string, string>; query: Record<string, unknown>; body: unknown; auth: string | undefined; type: string }

let api: ApiUnderTest;
const agent = new Agent({ keepAlive: true });
before(async () => {
  api = await startApi();
  api.dispatch.invokers = [{ id: 'a', node: 'n1', state: 'healthy', memoryMB: 1024, freeMemoryMB: 512, running: 0, leaseEndsAt: null, joinedAt: 1 }];
  const parameters = [{ key: 'secret', value: SECRET }];
  const exec = { kind: 'nodejs:default', code: `function main() { return { kept: '${SECRET}' }; }` };
  for (const [path, body] of [
    ['/packages/p', { parameters }], ['/actions/a', { exec, parameters }], ['/actions/p/a', { exec }], ['/triggers/t', { parameters }],
    ['/rules/r', { trigger: '/_/t', action: '/_/a', annotations: [{ key: 'note', value: SECRET }] }],
  ] as const) assert.equal((await api.requestAs(OTHER, 'PUT', `_${path}`, body)).status, 200, path);
  assert.equal((await api.requestAs(OTHER, 'POST', '_/actions/a?blocking=true', {})).status, 200);
});
after(async () => {
  agent.destroy();
  await api.close();
});

/** Names that exist, that do not, and that nobody should have. */
const name = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('a', 'p', 't', 'r', 's', 'utils') },
  { weight: 1, arbitrary: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }) },
  { weight: 1, arbitrary: fc.constantFrom('__proto__', 'constructor', '..', 'a/b', 'x'.repeat(300), '\0', '%', 'default', '_', ' ') },
);
const namespace = fc.oneof({ weight: 4, arbitrary: fc.constant('_') }, { weight: 2, arbitrary: fc.constantFrom('guest', 'other', 'whisk.system') }, { weight: 1, arbitrary: name });
const actionName = fc.constantFrom('/_/a', '/_/p/a', 'a', 'p/a', '/other/a', '/guest/s', '/_/t', '');
const anything = fc.oneof(fc.jsonValue({ maxDepth: 3 }), fc.constantFrom(null, 1e308, -1, '', 'x'.repeat(5000), [[[]]], { __proto__: null }));

function valueOf(schema: Schema, document: Document, key = ''): fc.Arbitrary<unknown> {
  if (schema.$ref !== undefined) return valueOf(referenced(schema.$ref, document), document, key);
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  if (schema.anyOf !== undefined) return fc.oneof(...schema.anyOf.map((one) => valueOf(one, document, key)));
  switch (schema.type) {
    case 'object': return objectOf(schema, document);
    case 'array': return fc.array(valueOf(schema.items ?? {}, document, key), { maxLength: 4 });
    case 'integer': case 'number': return fc.oneof(fc.constantFrom(0, 1, 10, 30, 128, 256, 60_000, -1), fc.integer());
    case 'boolean': return fc.boolean();
    case 'string': return textOf(key);
    case undefined: default: return key === 'code' ? code : anything;
  }
}

const code = fc.constantFrom('function main(args) { return args }', 'UEsDBAo=', 7);

function objectOf({ properties = {}, required = [] }: Schema, document: Document): fc.Arbitrary<unknown> {
  return fc.record(Object.fromEntries(Object.entries(properties).map(([key, schema]) => [key, valueOf(schema, document, key)])), { requiredKeys: required });
}

function referenced(reference: string, document: Document): Schema {
  return document.components.schemas[reference.split('/').at(-1) ?? ''] ?? {};
}

function textOf(key: string): fc.Arbitrary<string> {
  switch (key) {
    case 'kind': return fc.constantFrom('nodejs:default', 'nodejs:24', 'python:3', 'sequence', 'blackbox', 'cobol:60');
    case 'action': case 'components': return actionName;
    case 'trigger': return fc.constantFrom('/_/t', 't', '/other/t', '/_/missing');
    case 'version': return fc.constantFrom('0.0.1', '1.2.3', 'x', '0.0.99999999999');
    case 'key': return fc.constantFrom('a', 'web-export', 'conductor', 'final', 'raw-http', 'require-whisk-auth', 'feed', '__proto__', '__ow_user');
    case 'namespace': return namespace;
    case 'status': return fc.constantFrom('active', 'inactive', 'x');
    default: return fc.oneof(name, fc.string());
  }
}

function drawn(operation: Operation, document: Document): fc.Arbitrary<Drawn> {
  const inPath: Record<string, fc.Arbitrary<string>> = {};
  const inQuery: Record<string, fc.Arbitrary<unknown>> = {};
  for (const parameter of operation.parameters ?? []) {
    if (parameter.in === 'path') inPath[parameter.name] = parameter.name === 'namespace' ? namespace : parameter.name === 'id' ? fc.oneof(fc.constant('0'.repeat(32)), name) : name;
    if (parameter.in === 'query') inQuery[parameter.name] = fc.oneof({ weight: 3, arbitrary: valueOf(parameter.schema, document, parameter.name) }, { weight: 1, arbitrary: anything });
  }
  const schema = operation.requestBody?.content['application/json']?.schema;
  return fc.record({
    path: fc.record(inPath),
    query: fc.record(inQuery, { requiredKeys: [] }),
    body: schema === undefined ? fc.constant(undefined) : fc.oneof({ weight: 4, arbitrary: valueOf(schema, document) }, { weight: 1, arbitrary: broken(valueOf(schema, document)) }),
    auth: fc.oneof({ weight: 9, arbitrary: fc.constant<string | undefined>(AUTH) }, { weight: 1, arbitrary: fc.constantFrom(undefined, 'Basic x', 'Bearer x', `Bearer ${ADMIN_TOKEN}`) }),
    type: fc.oneof({ weight: 9, arbitrary: fc.constant('application/json') }, { weight: 1, arbitrary: fc.constantFrom('text/plain', ';', 'application/xml') }),
  });
}

/** A fitting body in which one field became something else. */
function broken(fitting: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  return fc.tuple(fitting, anything, fc.nat()).map(([body, wrong, at]) => {
    if (typeof body !== 'object' || body === null) return wrong;
    const keys = Object.keys(body);
    return keys.length === 0 ? wrong : { ...body, [keys[at % keys.length] ?? '']: wrong };
  });
}

interface Answer { status: number; body: string; requestId: string | undefined }

function send(method: string, template: string, { path, query, body, auth, type }: Drawn): Promise<Answer> {
  const at = template.replaceAll(/\{(\w+)\}/g, (_, key: string) => encodeURIComponent((path[key] ?? '').toWellFormed()));
  const search = Object.entries(query).map(([key, value]) => `${key}=${encodeURIComponent((typeof value === 'string' ? value : JSON.stringify(value)).toWellFormed())}`).join('&');
  return new Promise((resolve, reject) => {
    const request = httpRequest(`${api.url}${at}${search === '' ? '' : `?${search}`}`, {
      method: method.toUpperCase(), agent, timeout: ANSWER_WITHIN_MS, headers: { ...(auth === undefined ? {} : { authorization: auth }), ...(body === undefined ? {} : { 'content-type': type }) },
    }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => { chunks.push(chunk); });
      response.on('end', () => { resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString(), requestId: response.headers['x-request-id']?.toString() }); });
      response.on('error', reject);
    });
    request.on('timeout', () => { request.destroy(new Error(`no answer to ${method} ${at} within ${ANSWER_WITHIN_MS} ms`)); });
    request.on('error', reject);
    request.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

test(`${REQUESTS} requests drawn from the OpenAPI document, fitting and broken: each is answered, none with an internal error, no refusal without a reason, no word of another namespace`, async () => {
  const document = await (await fetch(`${api.url}/api/v1/api-docs`)).json() as Document;
  const operations = Object.entries(document.paths).flatMap(([template, methods]) => Object.entries(methods).map(([method, operation]) => ({ method, template, operation })));
  const answered = new Map<string, Set<number>>();
  for (const { method, template, operation } of operations) {
    const statuses = new Set<number>();
    answered.set(`${method} ${template}`, statuses);
    await fc.assert(fc.asyncProperty(drawn(operation, document), async (request) => {
      const { status, body, requestId } = await send(method, template, request);
      statuses.add(status);
      assert.deepEqual(api.errors, []);
      assert.notEqual(status, 500, body);
      assert.ok(!body.includes(SECRET), `what another namespace keeps was told: ${body}`);
      assert.ok(requestId, 'X-Request-ID is missing');
      if (status < 400 || status === 502 || method === 'head') return;
      const refusal = JSON.parse(body) as { error: unknown; code: unknown };
      assert.equal(typeof refusal.error, 'string');
      assert.equal(refusal.code, requestId);
    }), { numRuns: Math.ceil(REQUESTS / operations.length) });
  }
  // Requests are worth sending only if some get through: every operation was seen to succeed or to refuse by a rule of its own.
  for (const [operation, statuses] of answered) assert.ok([...statuses].some((status) => status !== 400 && status !== 401), `${operation} was answered only with ${[...statuses].join(', ')}`);
  assert.equal((await fetch(`${api.url}/ping`)).status, 200);
});
