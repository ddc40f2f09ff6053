import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { ValidateFunction } from 'ajv/dist/2020.js';
import type { ApiUnderTest } from '../api-harness.test.ts';
import { startApi } from '../api-harness.test.ts';
import type { OpenApiDocument } from './document.ts';
import { RESOURCES } from './operations.ts';

let api: ApiUnderTest;
let document: OpenApiDocument;
let ajv: Ajv2020;
before(async () => {
  api = await startApi();
  document = await (await fetch(`${api.url}/api/v1/api-docs`)).json() as OpenApiDocument;
  ajv = new Ajv2020({ strict: false });
  ajv.addSchema(document, 'document');
});
after(async () => { await api.close(); });

/** Routes that are there only where the controller has the service. */
const OPTIONAL: readonly string[] = ['/admin/accounts'];

test('GET /api-docs: every route of the API is described, and nothing else', () => {
  const undescribed = Object.entries(document.paths).flatMap(([path, operations]) => Object.entries(operations)
    .filter(([, { summary }]) => summary === undefined).map(([method]) => `${method} ${path}`));
  assert.deepEqual(undescribed, []);
  const missing = [...RESOURCES].filter(([url]) => !OPTIONAL.includes(url)).flatMap(([, { paths, operations }]) => paths.flatMap((path) => Object.keys(operations)
    .filter((method) => document.paths[path]?.[method.toLowerCase()] === undefined).map((method) => `${method} ${path}`)));
  assert.deepEqual(missing, []);
});

test('GET /api-docs: it is OpenAPI 3.1 whose references lead somewhere', () => {
  assert.equal(document.openapi, '3.1.0');
  assert.ok(document.info.title !== '' && document.info.version !== '');
  const ids = new Set<string>();
  for (const [path, operations] of Object.entries(document.paths)) {
    assert.match(path, /^\//);
    const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort();
    for (const [method, operation] of Object.entries(operations)) {
      assert.ok(['get', 'put', 'post', 'delete', 'patch', 'head', 'options'].includes(method), method);
      assert.ok(!ids.has(operation.operationId), `${operation.operationId} twice`);
      ids.add(operation.operationId);
      const declared = (operation.parameters ?? []) as { name: string; in: string; required?: boolean; schema?: object }[];
      assert.deepEqual(declared.filter((parameter) => parameter.in === 'path').map(({ name }) => name).sort(), inPath, path);
      assert.ok(declared.every((parameter) => parameter.schema !== undefined));
      assert.ok(Object.keys(operation.responses).length > 0);
    }
  }
  for (const [, name] of JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)) {
    assert.ok(name !== undefined && name in (document.components as { schemas: object }).schemas, name);
  }
  for (const name of Object.keys((document.components as { schemas: object }).schemas)) assert.ok(schema(name), name);
});

function schema(name: string): ValidateFunction {
  const found = ajv.getSchema(`document#/components/schemas/${name}`);
  assert.ok(found, name);
  return found;
}

function conforms(name: string, value: unknown): void {
  const validate = schema(name);
  assert.ok(validate(value), `${name}: ${JSON.stringify(validate.errors)} of ${JSON.stringify(value)}`);
}

test('what the API answers is what its document says', async () => {
  const ok = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const answer = await api.request(method, path, body);
    assert.ok(answer.status < 300, `${method} ${path}: ${JSON.stringify(answer.body)}`);
    return answer.body;
  };
  const exec = { kind: 'nodejs:default', code: 'function main(args) { return args; }' };
  conforms('Action', await ok('PUT', '/actions/a', { exec }));
  conforms('Action', await ok('GET', '/actions/a'));
  conforms('Package', await ok('PUT', '/packages/p', {}));
  conforms('Action', await ok('PUT', '/actions/p/b', { exec }));
  conforms('PackageWithActions', await ok('GET', '/packages/p'));
  conforms('Trigger', await ok('PUT', '/triggers/t', {}));
  conforms('Rule', await ok('PUT', '/rules/r', { trigger: '/_/t', action: '/_/a' }));
  conforms('Trigger', await ok('GET', '/triggers/t'));
  conforms('Rule', await ok('POST', '/rules/r', { status: 'inactive' }));
  conforms('ActivationId', await ok('POST', '/actions/a', {}));
  const activation = await ok('POST', '/actions/a?blocking=true', {}) as { activationId: string };
  conforms('Activation', activation);
  conforms('ActivationLogs', await ok('GET', `/activations/${activation.activationId}/logs`));
  conforms('ActivationResponse', await ok('GET', `/activations/${activation.activationId}/result`));
  conforms('Limits', await ok('GET', '/limits'));
  for (const [collection, name] of [['actions', 'ActionSummary'], ['packages', 'PackageSummary'], ['triggers', 'TriggerSummary'], ['rules', 'RuleSummary'], ['activations', 'ActivationSummary']] as const) {
    const list = await ok('GET', `/${collection}`) as unknown[];
    assert.ok(list.length > 0);
    for (const entry of list) conforms(name, entry);
  }
  conforms('Error', (await api.request('GET', '/actions/none')).body);
  conforms('Platform', await (await fetch(`${api.url}/`)).json());
  conforms('Version', await (await fetch(`${api.url}/api/v1`)).json());
});

test('GET /docs: a page that lists every operation and needs nothing from elsewhere', async () => {
  const response = await fetch(`${api.url}/api/v1/docs`);
  assert.equal(response.headers.get('content-type'), 'text/html; charset=UTF-8');
  const page = await response.text();
  for (const path of Object.keys(document.paths)) assert.ok(page.includes(`<code>${path}</code>`), path);
  assert.doesNotMatch(page, /<script|src=|https?:\/\//);
});
