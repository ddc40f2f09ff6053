import assert from 'node:assert/strict';
import { request as httpRequest } from 'node:http';
import { after, before, beforeEach, test } from 'node:test';
import { MAX_PAYLOAD_BYTES } from '../domain/limits.ts';
import type { JsonObject, JsonValue } from '../domain/json.ts';
import type { ApiUnderTest } from './api-harness.test.ts';
import { AUTH, startApi } from './api-harness.test.ts';

let api: ApiUnderTest;
before(async () => {
  api = await startApi();
  await web('echo', 'function main(args) { return { body: args }; }');
  await web('raw', 'function main(args) { return { body: args }; }', { 'raw-http': true });
  await web('given', 'function main({ result }) { return JSON.parse(result); }');
});
after(async () => { await api.close(); });
beforeEach(() => { assert.deepEqual(api.errors, []); });

async function web(name: string, code: string, annotations: JsonObject = {}, parameters: object[] = []): Promise<void> {
  await api.action(name, code, {
    parameters, annotations: Object.entries({ 'web-export': true, ...annotations }).map(([key, value]) => ({ key, value })),
  });
}

const call = (path: string, init: RequestInit = {}): Promise<Response> => fetch(`${api.url}/api/v1/web/guest/default/${path}`, { redirect: 'manual', ...init });

const json = async (path: string, init: RequestInit = {}): Promise<JsonObject> => (await call(path, init)).json() as Promise<JsonObject>;

/** What the client sees of a web action that returns `result`. */
const answer = async (extension: string, result: JsonValue): Promise<Response> =>
  call(`given${extension}?result=${encodeURIComponent(JSON.stringify(result))}`);

const errorOf = async (response: Response): Promise<string> => {
  const body = await response.json() as { error: string; code: string };
  assert.equal(body.code, response.headers.get('x-request-id'));
  return body.error;
};

test('ANY /web/{ns}/{package}/{action}: the request is passed on', async () => {
  const args = await json('echo/a/b%20c?x=1&y=a+b&x=2', { headers: { 'X-Own': 'Yes', 'X-OW-EXTRA-LOGGING': 'on' } });
  assert.equal(args['__ow_method'], 'get');
  assert.equal(args['__ow_path'], '/a/b%20c');
  assert.equal(args['x'], '2');
  assert.equal(args['y'], 'a b');
  const headers = args['__ow_headers'] as JsonObject;
  assert.equal(headers['x-own'], 'Yes');
  assert.equal(headers['x-ow-extra-logging'], undefined);
  assert.equal(args['__ow_user'], undefined);
  assert.equal((await json('echo'))['__ow_path'], '');
});

test('ANY /web/{ns}/{package}/{action}: who calls with a key is named', async () => {
  assert.equal((await json('echo', { headers: { authorization: AUTH } }))['__ow_user'], 'guest');
  assert.equal((await json('echo', { headers: { authorization: 'Basic bm9uZTpzZW5zZQ==' } }))['__ow_user'], undefined);
});

for (const method of ['GET', 'POST', 'PUT', 'DELETE', 'PATCH']) {
  test(`${method} /web/{ns}/{package}/{action}: ${method} reaches the action`, async () => {
    assert.equal((await json('echo', { method }))['__ow_method'], method.toLowerCase());
  });
}

test('HEAD /web/{ns}/{package}/{action}: HEAD reaches the action and gets no body', async () => {
  const response = await call('echo', { method: 'HEAD' });
  assert.equal(response.status, 200);
  assert.equal(await response.text(), '');
  assert.equal((api.dispatch.messages.at(-1)!.args as JsonObject)['__ow_method'], 'head');
});

const BODIES: { name: string; type: string | undefined; body: string | Uint8Array<ArrayBuffer>; seen: JsonObject }[] = [
  { name: 'a JSON object is merged over the query', type: 'application/json', body: '{"q":"body","n":1}', seen: { q: 'body', n: 1 } },
  { name: 'JSON of another name is JSON', type: 'application/vnd.api+json; charset=utf-8', body: '{"n":1}', seen: { q: 'query', n: 1 } },
  { name: 'a JSON array is the body', type: 'application/json', body: '[1,2]', seen: { q: 'query', __ow_body: [1, 2] } },
  { name: 'a JSON text is the body', type: 'application/json', body: '"text"', seen: { q: 'query', __ow_body: 'text' } },
  { name: 'a form is merged over the query', type: 'application/x-www-form-urlencoded', body: 'q=a+b&c=%C3%A9', seen: { q: 'a b', c: 'é' } },
  { name: 'text is a string', type: 'text/plain', body: 'söme text', seen: { q: 'query', __ow_body: 'söme text' } },
  { name: 'bytes come in base64', type: 'image/png', body: new Uint8Array([0, 255, 1]), seen: { q: 'query', __ow_body: 'AP8B' } },
  { name: 'a body without a type comes in base64', type: undefined, body: new Uint8Array([1, 2]), seen: { q: 'query', __ow_body: 'AQI=' } },
  { name: 'no body is no body', type: 'application/json', body: '', seen: { q: 'query' } },
];

for (const { name, type, body, seen } of BODIES) {
  test(`ANY /web/{ns}/{package}/{action}: ${name}`, async () => {
    const args = await json('echo?q=query', {
      method: 'POST', body, headers: type === undefined ? {} : { 'content-type': type },
    });
    assert.deepEqual({ ...args, ...seen }, args);
    // Nothing but the request's own properties beside what is expected.
    assert.deepEqual(Object.keys(args).sort(), [...Object.keys(seen), '__ow_method', '__ow_headers', '__ow_path'].sort());
  });
}

for (const method of ['GET', 'DELETE']) {
  test(`${method} /web/{ns}/{package}/{action}: a body comes with ${method}, too`, async () => {
    // fetch would not send it.
    const { hostname, port } = new URL(api.url);
    const body = await new Promise<string>((resolve, reject) => {
      httpRequest({ hostname, port, method, path: '/api/v1/web/guest/default/echo?q=1', headers: { 'content-type': 'application/json', 'content-length': 7 } }, (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => { text += chunk.toString(); });
        response.on('end', () => { resolve(text); });
      }).on('error', reject).end('{"a":1}');
    });
    const { q, a } = JSON.parse(body) as JsonObject;
    assert.deepEqual({ q, a }, { q: '1', a: 1 });
  });
}

const RAW: { type: string; body: string; seen: string }[] = [
  { type: 'application/json', body: '{"a":1}', seen: Buffer.from('{"a":1}').toString('base64') },
  { type: 'application/octet-stream', body: 'bytes', seen: Buffer.from('bytes').toString('base64') },
  { type: 'text/plain', body: 'text', seen: 'text' },
  { type: 'application/x-www-form-urlencoded', body: 'a=1', seen: 'a=1' },
];

for (const { type, body, seen } of RAW) {
  test(`ANY /web/{ns}/{package}/{action}: a raw action gets ${type} as it came`, async () => {
    const args = await json('raw?a=1&__ow_path=mine', { method: 'POST', body, headers: { 'content-type': type } });
    assert.equal(args['__ow_body'], seen);
    assert.equal(args['__ow_query'], 'a=1&__ow_path=mine');
    assert.equal(args['__ow_path'], '');
    assert.equal(args['a'], undefined);
  });
}

test('ANY /web/{ns}/{package}/{action}: a raw action gets an empty body as text', async () => {
  assert.equal((await json('raw'))['__ow_body'], '');
});

test('ANY /web/{ns}/{package}/{action}: reserved and final parameters cannot be set', async () => {
  await web('final', 'function main(args) { return { body: args.fixed }; }', { final: true }, [{ key: 'fixed', value: 'mine' }]);
  const init = (body: string): RequestInit => ({ method: 'POST', body, headers: { 'content-type': 'application/json' } });
  for (const response of [call('echo?__ow_user=root'), call('echo', init('{"__ow_method":"x"}')), call('final?fixed=1'), call('final', init('{"fixed":1}'))]) {
    assert.equal((await response).status, 400);
    assert.equal(await errorOf(await response), 'Request defines parameters that are not allowed (e.g., reserved properties).');
  }
  assert.equal(await (await call('final?other=1')).text(), 'mine');
});

test('ANY /web/{ns}/{package}/{action}: what is not exported does not exist', async () => {
  await api.action('private', 'function main() { return {}; }');
  await api.action('almost', 'function main() { return {}; }', { annotations: [{ key: 'web-export', value: 'true' }] });
  for (const path of ['private', 'almost', 'none', 'private.http']) {
    const response = await call(path);
    assert.equal(response.status, 404);
    assert.equal(await errorOf(response), 'The requested resource does not exist.');
  }
  for (const path of ['nobody/default/echo', 'guest/pkg/echo', '_/default/echo', 'guest/default', 'guest', 'guest/default/a%24b', '']) {
    assert.equal((await fetch(`${api.url}/api/v1/web/${path}`)).status, 404, path);
  }
});

test('ANY /web/{ns}/{package}/{action}: authentication can be asked for: any key, or a word', async () => {
  await web('keyed', 'function main() { return { body: "in" }; }', { 'require-whisk-auth': true });
  await web('word', 'function main() { return { body: "in" }; }', { 'require-whisk-auth': 'sesame' });
  await web('number', 'function main() { return { body: "in" }; }', { 'require-whisk-auth': 42 });
  await web('locked', 'function main() { return { body: "in" }; }', { 'require-whisk-auth': null });
  await web('open', 'function main() { return { body: "in" }; }', { 'require-whisk-auth': false });
  const status = async (path: string, headers: Record<string, string> = {}): Promise<number> => (await call(path, { headers })).status;
  assert.equal(await status('keyed'), 401);
  assert.equal(await status('keyed', { authorization: 'Basic bm9uZTpzZW5zZQ==' }), 401);
  assert.equal(await status('keyed', { authorization: AUTH }), 200);
  assert.equal(await status('word'), 401);
  assert.equal(await status('word', { 'x-require-whisk-auth': 'open' }), 401);
  assert.equal(await status('word', { authorization: AUTH }), 401);
  assert.equal(await status('word', { 'X-Require-Whisk-Auth': 'sesame' }), 200);
  assert.equal(await status('number', { 'X-Require-Whisk-Auth': '42' }), 200);
  assert.equal(await status('locked', { authorization: AUTH }), 401);
  assert.equal(await status('open'), 200);
});

test('ANY /web/{ns}/{package}/{action}: the platform answers OPTIONS and allows every origin, unless the action does it itself', async () => {
  const runs = api.dispatch.messages.length;
  const preflight = await call('echo', { method: 'OPTIONS', headers: { 'Access-Control-Request-Headers': 'x-own' } });
  assert.equal(preflight.status, 200);
  assert.equal(preflight.headers.get('access-control-allow-origin'), '*');
  assert.equal(preflight.headers.get('access-control-allow-methods'), 'OPTIONS, GET, DELETE, POST, PUT, HEAD, PATCH');
  assert.equal(preflight.headers.get('access-control-allow-headers'), 'x-own');
  assert.equal(api.dispatch.messages.length, runs);
  assert.match((await call('echo')).headers.get('access-control-allow-headers') ?? '', /^Authorization, Origin/);

  await web('cors', 'function main({ __ow_method }) { return { headers: { "Access-Control-Allow-Origin": "https://example.org" }, body: __ow_method }; }', { 'web-custom-options': true, 'require-whisk-auth': true });
  const own = await call('cors', { method: 'OPTIONS' });
  assert.equal(await own.text(), 'options');
  assert.equal(own.headers.get('access-control-allow-origin'), 'https://example.org');
  assert.equal(own.headers.get('access-control-allow-methods'), null);
  assert.equal((await call('cors')).status, 401);
});

interface HttpCase { result: JsonValue; status: number; type: string | null; body: string; headers?: Record<string, string> }

const HTTP: Record<string, HttpCase> = {
  'nothing at all': { result: {}, status: 204, type: null, body: '' },
  'an empty body': { result: { body: '', headers: { 'content-type': 'text/css' } }, status: 204, type: null, body: '' },
  'a status alone': { result: { statusCode: 404 }, status: 404, type: null, body: '' },
  'a status as text': { result: { statusCode: '201', body: 'made' }, status: 201, type: 'text/html; charset=UTF-8', body: 'made' },
  'a text': { result: { body: '<p>é' }, status: 200, type: 'text/html; charset=UTF-8', body: '<p>é' },
  'a text with a type': { result: { body: 'a,b', headers: { 'Content-Type': 'text/csv' } }, status: 200, type: 'text/csv; charset=UTF-8', body: 'a,b' },
  'an object': { result: { body: { a: 1 } }, status: 200, type: 'application/json', body: '{"a":1}' },
  'a number': { result: { body: 5 }, status: 200, type: 'application/json', body: '5' },
  'an object with a JSON type': { result: { body: { a: 1 }, headers: { 'content-type': 'application/hal+json' } }, status: 200, type: 'application/hal+json', body: '{"a":1}' },
  'JSON as text': { result: { body: '{"a":1}', headers: { 'content-type': 'application/json' } }, status: 200, type: 'application/json', body: '{"a":1}' },
  'JSON in base64': { result: { body: Buffer.from('{"a":1}').toString('base64'), headers: { 'content-type': 'application/json' } }, status: 200, type: 'application/json', body: '{"a":1}' },
  'bytes': { result: { body: 'aGVsbG8=', headers: { 'content-type': 'image/png' } }, status: 200, type: 'image/png', body: 'hello' },
  'an SVG as text': { result: { body: '<svg/>', headers: { 'content-type': 'image/svg+xml' } }, status: 200, type: 'image/svg+xml', body: '<svg/>' },
  'a redirection': { result: { statusCode: 302, headers: { location: 'https://example.org/' } }, status: 302, type: null, body: '', headers: { location: 'https://example.org/' } },
  'headers that are numbers and flags': { result: { statusCode: 200, headers: { 'x-number': 1, 'x-flag': true } }, status: 200, type: null, body: '', headers: { 'x-number': '1', 'x-flag': 'true' } },
  'headers that frame the message': { result: { body: 'abc', headers: { 'content-length': 1, 'transfer-encoding': 'chunked' } }, status: 200, type: 'text/html; charset=UTF-8', body: 'abc' },
};

for (const [name, { result, status, type, body, headers = {} }] of Object.entries(HTTP)) {
  test(`ANY /web/{ns}/{package}/{action}: .http: ${name}`, async () => {
    for (const extension of ['', '.http']) {
      const response = await answer(extension, result);
      assert.equal(response.status, status);
      assert.equal(response.headers.get('content-type'), type);
      assert.equal(await response.text(), body);
      for (const [header, value] of Object.entries(headers)) assert.equal(response.headers.get(header), value);
      assert.match(response.headers.get('x-openwhisk-activation-id') ?? '', /^[0-9a-f]{32}$/);
    }
  });
}

test('ANY /web/{ns}/{package}/{action}: .http: a list of values is a header for each', async () => {
  const response = await answer('.http', { headers: { 'Set-Cookie': ['a=1', 'b=2'], 'X-Many': ['1', '2'] } });
  assert.deepEqual(response.headers.getSetCookie(), ['a=1', 'b=2']);
  assert.equal(response.headers.get('x-many'), '1, 2');
});

const REFUSED: { extension: string; result: JsonValue; status?: number; text: string }[] = [
  { extension: '.http', result: [1], text: "Response is not valid 'message/http'." },
  { extension: '.http', result: { statusCode: 99 }, text: "Response is not valid 'message/http'." },
  { extension: '.http', result: { statusCode: 100 }, text: "Response is not valid 'message/http'." },
  { extension: '.http', result: { statusCode: 200.5 }, text: "Response is not valid 'message/http'." },
  { extension: '.http', result: { statusCode: true }, text: "Response is not valid 'message/http'." },
  { extension: '.http', result: { headers: 'x' }, text: "Response is not valid 'message/http'." },
  { extension: '.http', result: { headers: { 'a b': 'x' } }, text: "Response is not valid 'message/http'." },
  { extension: '.http', result: { headers: { a: 'x\r\ny: z' } }, text: "Response is not valid 'message/http'." },
  { extension: '.http', result: { headers: { a: {} } }, text: "Response is not valid 'message/http'." },
  { extension: '.http', result: { body: 'x', headers: { 'content-type': 'nonsense' } }, text: 'Response did not specify a known content-type.' },
  { extension: '.http', result: { body: { a: 1 }, headers: { 'content-type': 'text/html' } }, text: 'Response type in header did not match generated content type.' },
  { extension: '.http', result: { body: 'no base64!', headers: { 'content-type': 'image/png' } }, text: 'Response type in header did not match generated content type.' },
  { extension: '.html', result: { no: 'html' }, text: "Response is not valid 'text/html'." },
  { extension: '.svg', result: { svg: 5 }, text: "Response is not valid 'image/svg+xml'." },
  { extension: '.text', result: { no: 'text' }, status: 404, text: 'Response does not include requested property.' },
];

for (const { extension, result, status = 400, text } of REFUSED) {
  test(`ANY /web/{ns}/{package}/{action}: ${extension}: ${JSON.stringify(result)} is refused`, async () => {
    const response = await answer(extension, result);
    assert.equal(response.status, status);
    assert.equal(await errorOf(response), text);
    assert.ok(response.headers.get('x-openwhisk-activation-id'));
    assert.equal(response.headers.get('access-control-allow-origin'), '*');
  });
}

const PROJECTED: { extension: string; result: JsonValue; type: string; body: string }[] = [
  { extension: '.json', result: { a: 1 }, type: 'application/json', body: '{"a":1}' },
  { extension: '.json', result: [1, 2], type: 'application/json', body: '[1,2]' },
  { extension: '.html', result: { html: '<p>' }, type: 'text/html; charset=UTF-8', body: '<p>' },
  { extension: '.html', result: { body: '<b>', html: '<p>' }, type: 'text/html; charset=UTF-8', body: '<b>' },
  { extension: '.svg', result: { svg: '<svg/>' }, type: 'image/svg+xml', body: '<svg/>' },
  { extension: '.text', result: { text: 'é' }, type: 'text/plain; charset=UTF-8', body: 'é' },
  { extension: '.text', result: { text: 7 }, type: 'text/plain; charset=UTF-8', body: '7' },
  { extension: '.text', result: { body: { a: 1 } }, type: 'text/plain; charset=UTF-8', body: '{\n  "a": 1\n}' },
];

for (const { extension, result, type, body } of PROJECTED) {
  test(`ANY /web/{ns}/{package}/{action}: ${extension}: ${JSON.stringify(result)}`, async () => {
    const response = await answer(extension, result);
    assert.equal(response.status, 200);
    assert.equal(response.headers.get('content-type'), type);
    assert.equal(await response.text(), body);
  });
}

test('ANY /web/{ns}/{package}/{action}: an extension that is none belongs to the name', async () => {
  await web('page.php', 'function main() { return { body: "php" }; }');
  assert.equal(await (await call('page.php')).text(), 'php');
  assert.equal(await (await call('page.php.http')).text(), 'php');
});

test('ANY /web/{ns}/{package}/{action}: what an action puts under error is its response', async () => {
  assert.equal((await answer('.http', { error: { statusCode: 418, body: 'teapot' } })).status, 418);
  const plain = await answer('.json', { error: 'no luck' });
  assert.equal(plain.status, 400);
  assert.equal(await errorOf(plain), "Response is not valid 'application/json'.");
});

test('ANY /web/{ns}/{package}/{action}: what the action or the platform did wrong is not told', async () => {
  await web('broken', 'function main() { throw new Error("secret"); }');
  const response = await call('broken');
  assert.equal(response.status, 400);
  assert.equal(await errorOf(response), 'There was an error processing your request.');
});

test('ANY /web/{ns}/{package}/{action}: a wait that is too long is told with 202', async () => {
  api.dispatch.slow = true;
  try {
    const response = await call('echo');
    assert.equal(response.status, 202);
    assert.equal(await errorOf(response), 'Response not yet ready.');
    assert.ok(response.headers.get('x-openwhisk-activation-id'));
  } finally {
    api.dispatch.slow = false;
  }
});

test('ANY /web/{ns}/{package}/{action}: bodies have their limit and their syntax', async () => {
  const large = await call('echo', { method: 'POST', body: 'x'.repeat(MAX_PAYLOAD_BYTES + 1), headers: { 'content-type': 'text/plain' } });
  assert.equal(large.status, 413);
  assert.equal(await errorOf(large), `Request larger than allowed: ${MAX_PAYLOAD_BYTES + 1} > ${MAX_PAYLOAD_BYTES} bytes.`);
  const broken = await call('echo', { method: 'POST', body: '{', headers: { 'content-type': 'application/json' } });
  assert.equal(broken.status, 400);
  assert.match(await errorOf(broken), /^The request content was malformed:\n/);
});

test('ANY /web/{ns}/{package}/{action}: the path is passed on as it was sent', async () => {
  // fetch would tidy the path up.
  const { hostname, port } = new URL(api.url);
  const body = await new Promise<string>((resolve, reject) => {
    httpRequest({ hostname, port, path: '/api/v1/web/guest/default/echo.json//a/../b%2Fc/?x=%zz' }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => { text += chunk.toString(); });
      response.on('end', () => { resolve(text); });
    }).on('error', reject).end();
  });
  const args = (JSON.parse(body) as { body: JsonObject }).body;
  assert.equal(args['__ow_path'], '//a/../b%2Fc/');
});

test('ANY /web/{ns}/{package}/{action}: it runs in the name of its owner', async () => {
  await api.action('owned', 'function main(args, message) { return { body: message.namespace + " " + Boolean(message.apiKey) }; }', {
    annotations: [{ key: 'web-export', value: true }, { key: 'provide-api-key', value: true }],
  });
  assert.equal(await (await call('owned')).text(), 'guest true');
});
