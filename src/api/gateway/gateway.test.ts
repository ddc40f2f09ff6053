import assert from 'node:assert/strict';
import { request as httpRequest } from 'node:http';
import { after, before, beforeEach, test } from 'node:test';
import openwhisk from 'openwhisk';
import { authKey } from '../../domain/identity.ts';
import type { JsonObject } from '../../domain/json.ts';
import type { ApiUnderTest } from '../api-harness.test.ts';
import { AUTH, GUEST, OTHER, startApi } from '../api-harness.test.ts';

let api: ApiUnderTest;
before(async () => {
  api = await startApi();
  await web('echo', 'function main(args) { return { body: args }; }');
  await web('plain', 'function main(args) { return { text: "text of " + args.name, html: "<p>", svg: "<svg/>", name: args.name }; }');
  await web('secret', 'function main() { return { body: "in" }; }', { 'require-whisk-auth': 'sesame' });
  await api.action('private', 'function main() { return {}; }');
});
after(async () => { await api.close(); });
beforeEach(async () => {
  assert.deepEqual(api.errors, []);
  const { body } = await manage('GET', 'getApi');
  for (const { value } of (body as unknown as ApiList).apis) await manage('DELETE', 'deleteApi', { basepath: value.apidoc['basePath'] as string });
});

interface ApiList { apis: { id: string; key: string; value: { gwApiUrl: string; namespace: string; tenantId: string; gwApiActivated: boolean; apidoc: JsonObject } }[] }

async function web(name: string, code: string, annotations: JsonObject = {}): Promise<void> {
  await api.action(name, code, { annotations: Object.entries({ 'web-export': true, ...annotations }).map(([key, value]) => ({ key, value })) });
}

/** As `wsk` calls: with a dummy token, and the arguments of GET and DELETE in the query. */
async function manage(method: string, action: string, query: Record<string, string> = {}, body?: object, auth: string | undefined = AUTH): Promise<{ status: number; body: JsonObject; headers: Headers }> {
  const search = new URLSearchParams({ accesstoken: 'DUMMY TOKEN', spaceguid: GUEST.uuid, ...query });
  const response = await fetch(`${api.url}/api/v1/web/whisk.system/apimgmt/${action}.http?${search.toString()}`, {
    method, headers: { ...(auth === '' ? {} : { authorization: auth }), ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: await response.json() as JsonObject, headers: response.headers };
}

/** What `wsk api create BASEPATH PATH VERB ACTION` sends. */
function apidoc(basePath: string, path: string, verb: string, action: string, more: JsonObject = {}): JsonObject {
  return {
    apidoc: {
      namespace: '_', gatewayBasePath: basePath, gatewayPath: path, gatewayMethod: verb.toUpperCase(), id: `API:_:${basePath}`,
      action: { name: action, namespace: '_', backendMethod: verb.toUpperCase(), backendUrl: `${api.url}/api/v1/web/_/default/${action}.http`, authkey: authKey(GUEST), ...more },
    },
  };
}

const create = async (basePath: string, path: string, verb: string, action: string, responsetype = 'http', more: JsonObject = {}): Promise<string> => {
  const { status, body } = await manage('POST', 'createApi', { responsetype }, apidoc(basePath, path, verb, action, more));
  assert.equal(status, 200, JSON.stringify(body));
  return (body['gwApiUrl'] as string);
};

const errorOf = async (call: Promise<{ status: number; body: JsonObject }>): Promise<unknown> => {
  const { status, body } = await call;
  assert.equal(status, 502);
  return body['error'];
};

test('POST /web/whisk.system/apimgmt/createApi: the API is answered as wsk reads it', async () => {
  const { status, body } = await manage('POST', 'createApi', { responsetype: 'http' }, apidoc('/club', '/books', 'get', 'echo'));
  assert.equal(status, 200);
  assert.equal(body['gwApiUrl'], `${api.url}/api/guest/club`);
  assert.equal(body['gwApiActivated'], true);
  assert.equal(body['namespace'], 'guest');
  const document = body['apidoc'] as { swagger: string; basePath: string; info: { title: string }; paths: Record<string, Record<string, JsonObject>>; 'x-ibm-configuration': JsonObject };
  assert.equal(document.swagger, '2.0');
  assert.equal(document.basePath, '/club');
  assert.equal(document.info.title, '/club');
  assert.deepEqual(document['x-ibm-configuration']['cors'], { enabled: true });
  const operation = document.paths['/books']!['get']!;
  assert.equal(operation['operationId'], 'getBooks');
  assert.deepEqual(operation['x-openwhisk'], { action: 'echo', namespace: 'guest', package: '', url: `${api.url}/api/v1/web/guest/default/echo.http` });
  assert.ok(operation['responses']);
  assert.ok(!JSON.stringify(body).includes(GUEST.key), 'the key of the caller is kept');
});

test('GET /web/whisk.system/apimgmt/getApi: all APIs, or one by base path or by name', async () => {
  await create('/a', '/x', 'get', 'echo');
  await manage('POST', 'createApi', {}, { apidoc: { ...apidoc('/b', '/y', 'post', 'echo')['apidoc'] as JsonObject, apiName: 'Book Club' } });
  const list = async (query: Record<string, string> = {}): Promise<unknown[]> => ((await manage('GET', 'getApi', query)).body as unknown as ApiList).apis.map(({ value }) => value.apidoc['basePath']);
  assert.deepEqual(await list(), ['/a', '/b']);
  assert.deepEqual(await list({ basepath: '/a' }), ['/a']);
  assert.deepEqual(await list({ basepath: 'Book Club' }), ['/b']);
  assert.deepEqual(await list({ basepath: '/none' }), []);
});

test('POST /web/whisk.system/apimgmt/createApi: operations of one base path, or of one name, are one API', async () => {
  await create('/club', '/books', 'get', 'echo');
  await create('/club', '/books', 'post', 'echo');
  await create('/club', '/members', 'get', 'echo');
  await manage('POST', 'createApi', {}, apidoc('/club', '/books', 'put', '/guest/echo'));
  const { apis } = (await manage('GET', 'getApi')).body as unknown as ApiList;
  assert.equal(apis.length, 1);
  const paths = apis[0]!.value.apidoc['paths'] as Record<string, JsonObject>;
  assert.deepEqual(Object.keys(paths), ['/books', '/members']);
  assert.deepEqual(Object.keys(paths['/books']!), ['get', 'post', 'put']);
});

test('POST /web/whisk.system/apimgmt/createApi: paths that differ by punctuation only have operations of their own', async () => {
  const [words, dashed] = [await create('/twins', '/a/b', 'get', 'echo'), await create('/twins', '/a-b', 'get', 'plain', 'json')];
  const { apis } = (await manage('GET', 'getApi')).body as unknown as ApiList;
  const paths = apis[0]!.value.apidoc['paths'] as Record<string, { get: JsonObject }>;
  assert.deepEqual(Object.values(paths).map(({ get }) => get['operationId']), ['getAB', 'getAB_2']);
  assert.equal(((await (await fetch(`${words}/a/b`)).json()) as JsonObject)['__ow_method'], 'get');
  await manage('DELETE', 'deleteApi', { basepath: '/twins', relpath: '/a/b' });
  assert.equal((await fetch(`${dashed}/a-b`)).status, 200);
});

test('POST /web/whisk.system/apimgmt/createApi: created again, an operation is replaced', async () => {
  const url = await create('/again', '/x', 'get', 'plain', 'json');
  await create('/again', '/x', 'get', 'echo', 'http');
  const args = await (await fetch(`${url}/x`)).json() as JsonObject;
  assert.equal(args['__ow_method'], 'get');
});

test('DELETE /web/whisk.system/apimgmt/deleteApi: an operation, a path, the whole API', async () => {
  const url = await create('/club', '/books', 'get', 'echo');
  await create('/club', '/books', 'post', 'echo');
  await create('/club', '/members', 'get', 'echo');
  const statuses = async (): Promise<number[]> => Promise.all([
    fetch(`${url}/books`), fetch(`${url}/books`, { method: 'POST' }), fetch(`${url}/members`),
  ].map(async (response) => (await response).status));
  assert.deepEqual(await statuses(), [200, 200, 200]);
  assert.deepEqual((await manage('DELETE', 'deleteApi', { basepath: '/club', relpath: '/books', operation: 'GET' })).body, {});
  assert.deepEqual(await statuses(), [405, 200, 200]);
  assert.equal((await manage('DELETE', 'deleteApi', { basepath: '/club', relpath: '/books' })).status, 200);
  assert.deepEqual(await statuses(), [404, 404, 200]);
  assert.equal((await manage('DELETE', 'deleteApi', { basepath: '/club' })).status, 200);
  assert.deepEqual(await statuses(), [404, 404, 404]);
  assert.equal(await errorOf(manage('DELETE', 'deleteApi', { basepath: '/club' })), "API deletion failure: API '/club' does not exist.");
});

test('DELETE /web/whisk.system/apimgmt/deleteApi: with the last path the API is gone', async () => {
  await create('/club', '/books', 'get', 'echo');
  await manage('DELETE', 'deleteApi', { basepath: '/club', relpath: '/books', operation: 'get' });
  assert.deepEqual((await manage('GET', 'getApi')).body, { apis: [] });
});

const REFUSED: { name: string; body: (good: JsonObject) => JsonObject; error: string }[] = [
  { name: 'no apidoc', body: () => ({}), error: 'apidoc is required.' },
  { name: 'an apidoc that is a number', body: () => ({ apidoc: 5 }), error: 'apidoc field is of type number and should be a JSON object or a JSON string.' },
  { name: 'an apidoc that is broken', body: () => ({ apidoc: '{' }), error: 'apidoc field cannot be parsed. Ensure it is valid JSON.' },
  { name: 'no namespace', body: (doc) => ({ apidoc: { ...doc, namespace: '' } }), error: 'apidoc is missing the namespace field' },
  { name: 'no base path', body: (doc) => ({ apidoc: { ...doc, gatewayBasePath: '' } }), error: 'apidoc is missing the gatewayBasePath field' },
  { name: 'no path', body: (doc) => ({ apidoc: { ...doc, gatewayPath: '' } }), error: 'apidoc is missing the gatewayPath field' },
  { name: 'no method', body: (doc) => ({ apidoc: { ...doc, gatewayMethod: '' } }), error: 'apidoc is missing the gatewayMethod field' },
  { name: 'no action', body: (doc) => ({ apidoc: { ...doc, action: '' } }), error: 'apidoc is missing the action field.' },
  ...['backendMethod', 'backendUrl', 'namespace', 'name', 'authkey'].map((field) => ({
    name: `an action without ${field}`, body: (doc: JsonObject) => ({ apidoc: { ...doc, action: { ...doc['action'] as JsonObject, [field]: '' } } }), error: `action is missing the ${field} field.`,
  })),
  { name: 'a base path without a slash', body: (doc) => ({ apidoc: { ...doc, gatewayBasePath: 'books' } }), error: "API creation failure: Error: Resource path must begin with '/'." },
  { name: 'a path without a slash', body: (doc) => ({ apidoc: { ...doc, gatewayPath: 'books' } }), error: "API creation failure: Error: Resource path must begin with '/'." },
  { name: 'an unknown verb', body: (doc) => ({ apidoc: { ...doc, gatewayMethod: 'FETCH' } }), error: "API creation failure: Error: Resource verb 'FETCH' not supported" },
  { name: 'an illegal name', body: (doc) => ({ apidoc: { ...doc, action: { ...doc['action'] as JsonObject, name: 'a/b/c/d' } } }), error: "API creation failure: 'a/b/c/d' is not a valid action name." },
  { name: 'swagger beside a base path', body: (doc) => ({ apidoc: { ...doc, swagger: {  a: 1 } } }), error: 'swagger and gatewayBasePath are mutually exclusive and cannot be specified together.' },
  { name: 'broken swagger', body: () => ({ apidoc: { namespace: '_', swagger: 'no JSON' } }), error: 'swagger field cannot be parsed. Ensure it is valid JSON.' },
  { name: 'swagger that is a number', body: () => ({ apidoc: { namespace: '_', swagger: 5 } }), error: 'swagger field is number and should be an object or a JSON string.' },
  { name: 'swagger without a base path', body: () => ({ apidoc: { namespace: '_', swagger: { paths: {}, info: {} } } }), error: 'swagger is missing the basePath field.' },
  { name: 'swagger without paths', body: () => ({ apidoc: { namespace: '_', swagger: { basePath: '/a', info: {} } } }), error: 'swagger is missing the paths field.' },
  { name: 'swagger without info', body: () => ({ apidoc: { namespace: '_', swagger: { basePath: '/a', paths: {} } } }), error: 'swagger is missing the info field.' },
  { name: 'swagger that asks for keys', body: () => ({ apidoc: { namespace: '_', swagger: { basePath: '/a', paths: {}, info: {}, securityDefinitions: { key: { type: 'apiKey' } } } } }), error: 'API creation failure: securityDefinitions are not supported by this gateway; protect the web action with require-whisk-auth.' },
  { name: 'a base path with parameters', body: (doc) => ({ apidoc: { ...doc, gatewayBasePath: '/a/{b}' } }), error: 'API creation failure: The base path (/a/{b}) cannot have parameters. Only the relative path supports path parameters.' },
  { name: 'swagger with parameters in the base path', body: () => swaggerOf({}, '/a/{b}'), error: 'API creation failure: The base path (/a/{b}) cannot have parameters. Only the relative path supports path parameters.' },
  { name: 'swagger with path parameters for an action that answers with JSON', body: () => swaggerOf({ 'x-openwhisk': { url: 'http://h/api/v1/web/guest/default/a.json' } }), error: "API creation failure: The action must use a response type of '.http' in order to receive the path parameters." },
  { name: 'swagger with path parameters that do not reach the action', body: () => swaggerOf({ operationId: 'bookId' }), error: "API creation failure: The target-url for operationId 'bookId' must end in '$(request.path)' in order for actions to receive the path parameters." },
  { name: 'swagger with path parameters that it does not declare', body: () => swaggerOf({ parameters: [{ name: 'ID' }] }), error: "API creation failure: The parameter 'id' defined in path '/books/{id}' does not match any of the parameters defined for the path in the swagger file." },
];

function swaggerOf(operation: JsonObject, basePath = '/a'): JsonObject {
  const execute = [{ 'operation-switch': { case: [{ operations: ['bookId'], execute: [{ invoke: { 'target-url': 'http://h/api/v1/web/guest/default/a.http' } }] }] } }];
  return { apidoc: { namespace: '_', swagger: { basePath, info: {}, paths: { '/books/{id}': { get: operation } }, 'x-ibm-configuration': { assembly: { execute } } } } };
}

for (const { name, body, error } of REFUSED) {
  test(`POST /web/whisk.system/apimgmt/createApi: ${name}: 502`, async () => {
    const good = apidoc('/a', '/b', 'get', 'echo')['apidoc'] as JsonObject;
    assert.equal(await errorOf(manage('POST', 'createApi', {}, body(good))), error);
  });
}

test('ANY /web/whisk.system/apimgmt/{name}: without a key nothing is told or changed', async () => {
  await create('/mine', '/x', 'get', 'echo');
  for (const auth of ['', 'Basic bm9uZTpzZW5zZQ==']) {
    assert.equal(await errorOf(manage('POST', 'createApi', {}, apidoc('/a', '/b', 'get', 'echo'), auth)), 'A valid auth key is required.');
    assert.equal(await errorOf(manage('GET', 'getApi', { namespace: 'guest' }, undefined, auth)), 'Invalid authentication.');
    assert.equal(await errorOf(manage('DELETE', 'deleteApi', { basepath: '/mine' }, undefined, auth)), '__ow_user is required.');
  }
  const other = `Basic ${Buffer.from(authKey(OTHER)).toString('base64')}`;
  assert.deepEqual((await manage('GET', 'getApi', {}, undefined, other)).body, { apis: [] });
  assert.equal(await errorOf(manage('DELETE', 'deleteApi', { basepath: '/mine' }, undefined, other)), "API deletion failure: API '/mine' does not exist.");
  assert.equal(await errorOf(manage('DELETE', 'deleteApi', {})), 'basepath is required.');
  assert.equal(await errorOf(manage('DELETE', 'deleteApi', { basepath: '/mine', operation: 'get' })), 'When specifying an operation, the path is required.');
});

test('POST /web/whisk.system/apimgmt/createApi: what who has no key sends is not even read', async () => {
  const { hostname, port } = new URL(api.url);
  const answer = await new Promise<string>((resolve, reject) => {
    const request = httpRequest({ hostname, port, agent: false, method: 'POST', path: '/api/v1/web/whisk.system/apimgmt/createApi', headers: { 'content-type': 'application/json', 'content-length': '1000000' } }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => { text += chunk.toString(); });
      response.on('end', () => { resolve(text); });
    });
    // Nothing more is sent of it; the answer comes all the same.
    request.on('error', reject).write('{');
  });
  assert.deepEqual(JSON.parse(answer), { error: 'A valid auth key is required.' });
});

test('OPTIONS /web/whisk.system/apimgmt/{name}: 200 without a key', async () => {
  const response = await fetch(`${api.url}/api/v1/web/whisk.system/apimgmt/createApi`, { method: 'OPTIONS' });
  assert.equal(response.status, 200);
  assert.equal(response.headers.get('access-control-allow-origin'), '*');
});

test('ANY /web/whisk.system/apimgmt/{name}: other names do not exist', async () => {
  assert.equal((await manage('GET', 'none')).status, 404);
});

test('ANY /api/{ns}/{path}: the request reaches the action with its path, query and body', async () => {
  const url = await create('/club', '/books/{id}', 'post', 'echo');
  const args = await (await fetch(`${url}/books/a%20b/pages/?x=1`, { method: 'POST', body: '{"y":2}', headers: { 'content-type': 'application/json', 'x-own': 'yes' } })).json() as JsonObject;
  assert.equal(args['__ow_path'], '/club/books/a%20b/pages/');
  assert.equal(args['__ow_method'], 'post');
  assert.deepEqual([args['x'], args['y']], ['1', 2]);
  assert.equal((args['__ow_headers'] as JsonObject)['x-own'], 'yes');
});

test('ANY /api/{ns}/{path}: the response type is the one the API was created with', async () => {
  for (const [type, contentType, body] of [
    ['json', 'application/json', '{"text":"text of me","html":"<p>","svg":"<svg/>","name":"me"}'], ['text', 'text/plain; charset=UTF-8', 'text of me'],
    ['html', 'text/html; charset=UTF-8', '<p>'], ['svg', 'image/svg+xml', '<svg/>'],
  ] as const) {
    const response = await fetch(`${await create('/types', `/${type}`, 'get', 'plain', type)}/${type}?name=me`);
    assert.equal(response.headers.get('content-type'), contentType);
    assert.equal(await response.text(), body);
  }
});

test('OPTIONS /api/{ns}/{path}: browsers of every origin are let in', async () => {
  const url = await create('/cors', '/x', 'get', 'echo');
  await create('/cors', '/x', 'put', 'echo');
  const preflight = await fetch(`${url}/x`, { method: 'OPTIONS', headers: { 'access-control-request-headers': 'x-own', 'access-control-request-method': 'PUT' } });
  assert.equal(preflight.status, 200);
  assert.equal(preflight.headers.get('access-control-allow-origin'), '*');
  assert.equal(preflight.headers.get('access-control-allow-methods'), 'GET, PUT, OPTIONS');
  assert.equal(preflight.headers.get('access-control-allow-headers'), 'x-own');
  assert.equal((await fetch(`${url}/x`)).headers.get('access-control-allow-origin'), '*');
  assert.equal((await fetch(`${url}/x`, { method: 'DELETE' })).headers.get('access-control-allow-origin'), '*');
});

test('ANY /api/{ns}/{path}: a document may keep other origins out', async () => {
  const document = { swagger: '2.0', basePath: '/closed', info: { title: 'closed' }, 'x-ibm-configuration': { cors: { enabled: false } }, paths: { '/x': { get: { operationId: 'x', 'x-openwhisk': { url: '/api/v1/web/guest/default/echo.http' } } } } };
  const { body } = await manage('POST', 'createApi', {}, { apidoc: { namespace: '_', swagger: JSON.stringify(document) } });
  const url = (body['gwApiUrl'] as string);
  assert.equal((await fetch(`${url}/x`)).headers.get('access-control-allow-origin'), null);
  assert.equal((await fetch(`${url}/x`, { method: 'OPTIONS' })).status, 405);
});

test('ANY /api/{ns}/{path}: the gateway knows the word that the action asks for', async () => {
  const url = await create('/safe', '/with', 'get', 'secret', 'http', { secureKey: 'sesame' });
  await create('/safe', '/without', 'get', 'secret');
  assert.equal(await (await fetch(`${url}/with`)).text(), 'in');
  assert.equal((await fetch(`${url}/without`)).status, 401);
  assert.equal(await (await fetch(`${url}/without`, { headers: { 'X-Require-Whisk-Auth': 'sesame' } })).text(), 'in');
});

test('ANY /api/{ns}/{path}: what is not there is not there', async () => {
  const url = await create('/club', '/books', 'get', 'echo');
  await create('/club', '/private', 'get', 'private');
  for (const path of [`${url}/none`, `${api.url}/api/guest`, `${api.url}/api/nobody/club/books`, `${api.url}/api/other/club/books`, `${url}/private`, `${api.url}/api/`]) {
    const response = await fetch(path);
    assert.equal(response.status, 404, path);
    assert.equal((await response.json() as JsonObject)['code'], response.headers.get('x-request-id'));
  }
  const wrong = await fetch(`${url}/books`, { method: 'PUT' });
  assert.equal(wrong.status, 405);
  assert.equal(wrong.headers.get('allow'), 'GET');
  assert.equal((await fetch(`${api.url}/api/v1/club/books`)).status, 401);
});

test('POST /web/whisk.system/apimgmt/createApi: a document that wsk api get has shown can be given back', async () => {
  await create('/round', '/x', 'get', 'echo');
  await create('/round', '/s', 'get', 'secret', 'http', { secureKey: 'sesame' });
  const { apis } = (await manage('GET', 'getApi', { basepath: '/round' })).body as unknown as ApiList;
  await manage('DELETE', 'deleteApi', { basepath: '/round' });
  const { status, body } = await manage('POST', 'createApi', {}, { apidoc: { namespace: 'guest', swagger: JSON.stringify(apis[0]!.value.apidoc) } });
  assert.equal(status, 200);
  const args = await (await fetch(`${(body['gwApiUrl'] as string)}/x`)).json() as JsonObject;
  assert.equal(args['__ow_path'], '/round/x');
  assert.equal(await (await fetch(`${(body['gwApiUrl'] as string)}/s`)).text(), 'in');
});

test('ANY /api/{ns}/{path}: no request goes to anything but a web action', async () => {
  const document = { swagger: '2.0', basePath: '/out', info: { title: 'out' }, paths: { '/x': { get: { operationId: 'x', 'x-openwhisk': { url: `${api.url}/ping` } } } } };
  const { body } = await manage('POST', 'createApi', {}, { apidoc: { namespace: '_', swagger: document } });
  assert.equal((await fetch(`${(body['gwApiUrl'] as string)}/x`)).status, 502);
});

test('POST /web/whisk.system/apimgmt/createApi: simultaneous changes of one API are all kept', async () => {
  const paths = ['/a', '/b', '/c', '/d'];
  await Promise.all(paths.map((path) => create('/busy', path, 'get', 'echo')));
  const { apis } = (await manage('GET', 'getApi')).body as unknown as ApiList;
  assert.deepEqual(Object.keys(apis[0]!.value.apidoc['paths'] as object).sort(), paths);
});

test('the npm client creates, lists, gets and deletes routes', async () => {
  const client = openwhisk({ apihost: api.url, api_key: authKey(GUEST) }) as openwhisk.Client & { routes: Record<'create' | 'list' | 'get' | 'delete', (options?: object) => Promise<JsonObject>> };
  const created = await client.routes.create({ relpath: '/{id}', operation: 'GET', action: 'echo', basepath: '/npm', name: 'Npm', secure_key: 'x', responsetype: 'http' });
  const args = await (await fetch(`${(created['gwApiUrl'] as string)}/7`)).json() as JsonObject;
  assert.equal(args['__ow_path'], '/npm/7');
  assert.deepEqual(((created['apidoc'] as { paths: Record<string, JsonObject> }).paths['/{id}']!['get'] as { parameters: JsonObject[] }).parameters[0]!['name'], 'id');
  assert.equal((await client.routes.list() as unknown as ApiList).apis.length, 1);
  assert.equal((await client.routes.get({ name: 'Npm' }) as unknown as ApiList).apis.length, 1);
  await client.routes.delete({ basepath: '/npm' });
  assert.equal((await client.routes.list() as unknown as ApiList).apis.length, 0);
  await assert.rejects(client.routes.delete({ basepath: '/npm' }), /API deletion failure: API '\/npm' does not exist/);
});
