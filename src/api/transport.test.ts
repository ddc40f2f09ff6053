/** How answers travel: HTTPS, compression, HEAD and OPTIONS, hosts of namespaces, and the last requests before a stop. */
import assert from 'node:assert/strict';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { Agent, request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect } from 'node:net';
import { after, before, test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import openwhisk from 'openwhisk';
import { generate } from 'selfsigned';
import { authKey } from '../domain/identity.ts';
import type { ApiUnderTest } from './api-harness.test.ts';
import { AUTH, GUEST, startApi } from './api-harness.test.ts';
import { chosenEncoding } from './compression.ts';
import type { TlsListener } from './listen-tls.ts';
import { listenTls } from './listen-tls.ts';
import { webDomainRewriter } from './web-domain.ts';

let api: ApiUnderTest;
let tls: TlsListener;
let cert: string;
before(async () => {
  api = await startApi({ webDomain: 'faas.example.org' });
  const made = await generate([{ name: 'commonName', value: 'localhost' }], { keyType: 'ec', algorithm: 'sha256', extensions: [{ name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] }] });
  cert = made.cert;
  tls = await listenTls(api.server, { host: '127.0.0.1', port: 0, cert, key: made.private });
  await api.action('hello', 'function main(args) { return args; }', { annotations: [{ key: 'web-export', value: true }] });
  await api.action('large', 'function main({ bytes = 100000, type }) { return { headers: type ? { "content-type": type } : {}, body: type ? Buffer.from("x".repeat(bytes)).toString("base64") : "x".repeat(bytes) }; }', { annotations: [{ key: 'web-export', value: true }] });
});
after(async () => {
  await tls.close();
  await api.close();
});

interface Answer { status: number; headers: IncomingHttpHeaders; body: Buffer }
interface Ask { method?: string; path: string; headers?: Record<string, string>; body?: string; agent?: Agent | false; secure?: boolean }

function ask({ method = 'GET', path, headers = {}, body, agent = false, secure = false }: Ask): Promise<Answer> {
  const { hostname, port } = new URL(api.url);
  return new Promise((resolve, reject) => {
    const take = (response: IncomingMessage): void => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => { chunks.push(chunk); });
      response.on('end', () => { resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) }); });
    };
    const request = secure
      ? httpsRequest({ hostname, port: tls.port, method, path, headers, ca: cert }, take)
      : httpRequest({ hostname, port, method, path, headers, agent }, take);
    request.on('error', reject).end(body);
  });
}

const rest = (path: string, headers: Record<string, string> = {}): Ask => ({ path: `/api/v1/namespaces/_${path}`, headers: { authorization: AUTH, ...headers } });

// HTTPS

test('HTTPS answers as HTTP does', async () => {
  const { status, body, headers } = await ask({ ...rest('/actions/hello'), secure: true });
  assert.equal(status, 200);
  assert.equal((JSON.parse(body.toString()) as { name: string }).name, 'hello');
  assert.ok(headers['x-request-id']);
  const web = await ask({ path: '/api/v1/web/guest/default/hello.json?a=1', secure: true });
  assert.equal((JSON.parse(web.body.toString()) as { a: string }).a, '1');
});

test('the npm client works by HTTPS, as it does for every API host without a scheme', async () => {
  const client = openwhisk({ apihost: `127.0.0.1:${tls.port}`, api_key: authKey(GUEST), ignore_certs: true });
  assert.deepEqual(await client.actions.invoke({ name: 'hello', blocking: true, result: true, params: { by: 'TLS' } }), { by: 'TLS' });
});

test('the URL of an API says by which scheme its creator came', async () => {
  const body = JSON.stringify({ apidoc: { namespace: '_', gatewayBasePath: '/tls', gatewayPath: '/x', gatewayMethod: 'GET', action: { name: 'hello', namespace: '_', backendMethod: 'GET', backendUrl: 'x', authkey: 'x' } } });
  const { body: answer } = await ask({ method: 'POST', path: '/api/v1/web/whisk.system/apimgmt/createApi', headers: { authorization: AUTH, 'content-type': 'application/json' }, body, secure: true });
  assert.equal((JSON.parse(answer.toString()) as { gwApiUrl: string }).gwApiUrl, `https://127.0.0.1:${tls.port}/api/guest/tls`);
});

test('plain HTTP at the port of HTTPS is cut off, and HTTPS goes on', async () => {
  const socket = connect(tls.port, '127.0.0.1');
  socket.on('error', () => undefined);
  socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  await new Promise<void>((resolve) => { socket.once('close', () => { resolve(); }); socket.resume(); });
  assert.equal((await ask({ path: '/ping', secure: true })).body.toString(), 'pong');
});

test('what is no HTTP is answered by HTTPS, too, and an upgrade that nobody wants is cut off', async () => {
  const say = (text: string): Promise<string> => new Promise((resolve) => {
    let heard = '';
    const socket = connectTls({ host: '127.0.0.1', port: tls.port, ca: cert }, () => { socket.write(text); });
    socket.on('data', (chunk: Buffer) => { heard += chunk.toString(); });
    socket.on('error', () => undefined);
    socket.on('close', () => { resolve(heard); });
  });
  const [head = '', body = ''] = (await say('NONSENSE\r\n\r\n')).split('\r\n\r\n');
  assert.match(head, /^HTTP\/1\.1 400 /);
  assert.equal((JSON.parse(body) as { error: string }).error, 'The request is not valid HTTP.');
  assert.equal(await say('GET /none HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'), '');
});

// Compression

test('a large answer is compressed for who asks for it', async () => {
  const path = '/api/v1/web/guest/default/large?x=1';
  const plain = await ask({ path });
  assert.equal(plain.headers['content-encoding'], undefined);
  assert.equal(plain.headers.vary, 'Accept-Encoding');
  assert.equal(plain.body.length, 100_000);
  const gzip = await ask({ path, headers: { 'accept-encoding': 'gzip' } });
  assert.equal(gzip.headers['content-encoding'], 'gzip');
  assert.deepEqual(gunzipSync(gzip.body), plain.body);
  const br = await ask({ path, headers: { 'accept-encoding': 'gzip, deflate, br' } });
  assert.equal(br.headers['content-encoding'], 'br');
  assert.deepEqual(brotliDecompressSync(br.body), plain.body);
});

test('JSON of the REST API is compressed, too', async () => {
  const { status } = await ask({ ...rest('/actions/hello?blocking=true&result=true', { 'content-type': 'application/json' }), method: 'POST', body: '{}' });
  assert.equal(status, 200);
  const text = 'y'.repeat(50_000);
  const answer = await ask({ ...rest('/actions/hello?blocking=true&result=true', { 'content-type': 'application/json', 'accept-encoding': 'gzip' }), method: 'POST', body: JSON.stringify({ text }) });
  assert.equal(answer.headers['content-encoding'], 'gzip');
  assert.deepEqual(JSON.parse(gunzipSync(answer.body).toString()), { text });
});

test('small answers, and what is compressed already, are not', async () => {
  const small = await ask({ path: '/api/v1/web/guest/default/large?bytes=100', headers: { 'accept-encoding': 'gzip, br' } });
  assert.equal(small.headers['content-encoding'], undefined);
  const image = await ask({ path: '/api/v1/web/guest/default/large?type=image/png', headers: { 'accept-encoding': 'gzip, br' } });
  assert.equal(image.headers['content-encoding'], undefined);
  assert.equal(image.body.length, 100_000);
});

const ENCODINGS: [header: string | undefined, chosen: string | undefined][] = [
  [undefined, undefined], ['', undefined], ['identity', undefined], ['gzip', 'gzip'], ['GZIP', 'gzip'], ['br', 'br'], ['gzip, br', 'br'], ['gzip;q=1, br;q=0.5', 'gzip'],
  ['gzip;q=0', undefined], ['*', 'br'], ['*;q=0', undefined], ['br;q=0, *', 'gzip'], ['gzip;q=x', undefined], ['deflate', undefined],
];

for (const [header, chosen] of ENCODINGS) {
  test(`Accept-Encoding: ${header ?? 'missing'}: ${chosen ?? 'not compressed'}`, () => { assert.equal(chosenEncoding(header), chosen); });
}

// HEAD and OPTIONS

/** As the paths of the REST API are written in OpenWhisk's own document. */
const shown = (path: string): string => path.replace(/^\/api\/v1\//, '/').replace('/_/', '/{ns}/').replace('/actions/hello', '/actions/{name}');

for (const path of ['/', '/ping', '/api/v1', '/invokers', '/api/v1/namespaces', '/api/v1/namespaces/_/actions', '/api/v1/namespaces/_/actions/hello', '/api/v1/namespaces/_/activations']) {
  test(`HEAD ${shown(path)}: as GET without the body`, async () => {
    const headers = { authorization: AUTH };
    const [get, head] = [await ask({ path, headers }), await ask({ path, headers, method: 'HEAD' })];
    assert.equal(head.status, get.status);
    assert.equal(head.headers['content-type'], get.headers['content-type']);
    assert.equal(head.headers['content-length'], get.headers['content-length']);
    assert.equal(head.body.length, 0);
  });

  test(`OPTIONS ${shown(path)}: 200 without a key`, async () => {
    const { status, headers, body } = await ask({ path, method: 'OPTIONS' });
    assert.equal(status, 200);
    assert.equal(headers['access-control-allow-methods'], 'GET, DELETE, POST, PUT, HEAD');
    assert.equal(headers['access-control-allow-origin'], '*');
    assert.equal(body.length, 0);
  });
}

test('HEAD of what wants a key: 401', async () => {
  assert.equal((await ask({ path: '/api/v1/namespaces', method: 'HEAD' })).status, 401);
});

test('HEAD of a large answer: its size, uncompressed', async () => {
  const { status, headers } = await ask({ path: '/api/v1/web/guest/default/large', method: 'HEAD', headers: { 'accept-encoding': 'gzip' } });
  assert.equal(status, 200);
  assert.equal(headers['content-length'], '100000');
});

// Hosts of namespaces

const REWRITTEN: [host: string | undefined, url: string, meant: string][] = [
  ['guest.faas.example.org', '/', '/api/v1/web/guest/public/index.html'],
  ['guest.faas.example.org:3233', '/?a=1', '/api/v1/web/guest/public/index.html?a=1'],
  ['GUEST.FaaS.example.org', '/default/hello.json/x?a=/', '/api/v1/web/GUEST/default/hello.json/x?a=/'],
  ['guest.faas.example.org', '/api/v1/namespaces', '/api/v1/namespaces'],
  ['faas.example.org', '/', '/'],
  ['a.b.faas.example.org', '/', '/'],
  ['guest.elsewhere.org', '/', '/'],
  ['gue_st.faas.example.org', '/', '/'],
  ['.faas.example.org', '/', '/'],
  [undefined, '/', '/'],
];

for (const [host, url, meant] of REWRITTEN) {
  test(`${host ?? 'no host'}${url} is ${meant}`, () => {
    assert.equal(webDomainRewriter('faas.example.org')({ url, headers: host === undefined ? {} : { host } }), meant);
  });
}

test('NAMESPACE.HOST/PACKAGE/ACTION reaches the web action, and / its index page', async () => {
  const host = { host: 'guest.faas.example.org' };
  const { status, body } = await ask({ path: '/default/hello.json?a=1', headers: host });
  assert.equal(status, 200);
  assert.equal((JSON.parse(body.toString()) as { a: string }).a, '1');
  await api.request('PUT', '/packages/public', {});
  await api.request('PUT', '/actions/public/index', { exec: { kind: 'nodejs:default', code: 'function main() { return { html: "<h1>index</h1>" }; }' }, annotations: [{ key: 'web-export', value: true }] });
  const index = await ask({ path: '/', headers: host });
  assert.equal(index.headers['content-type'], 'text/html; charset=UTF-8');
  assert.equal(index.body.toString(), '<h1>index</h1>');
  assert.equal((await ask({ path: '/nothing', headers: host })).status, 404);
});

// Keep-alive and the end

test('connections are kept', async () => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  try {
    const first = await ask({ path: '/ping', agent });
    assert.match(String(first.headers['keep-alive']), /timeout=70/);
    await ask({ ...rest('/actions/hello'), agent });
    assert.equal(Object.values(agent.freeSockets).flat().length, 1);
  } finally {
    agent.destroy();
  }
});

test('once it drains, new requests get 503 and their connection is closed; those under way end, and the platform still tells how it is', async () => {
  const own = await startApi();
  try {
    await own.action('hello', 'function main(args) { return args; }', { annotations: [{ key: 'web-export', value: true }] });
    let release = (): void => undefined;
    own.dispatch.gate = new Promise<void>((resolve) => { release = resolve; });
    const underway = own.client.actions.invoke({ name: 'hello', blocking: true, result: true, params: { a: 1 } }) as Promise<unknown>;
    while (own.dispatch.messages.length === 0) await new Promise((resolve) => { setImmediate(resolve); });
    own.drain();
    for (const path of ['/api/v1/namespaces', '/api/v1/web/guest/default/hello', '/api/guest/x', '/api/v1']) {
      const response = await fetch(own.url + path, { headers: { authorization: AUTH } });
      assert.equal(response.status, 503, path);
      assert.equal(response.headers.get('connection'), 'close');
      assert.ok(response.headers.get('retry-after'));
      assert.equal((await response.json() as { code: string }).code, response.headers.get('x-request-id'));
    }
    assert.equal((await fetch(`${own.url}/ping`)).status, 200);
    release();
    assert.deepEqual(await underway, { a: 1 });
  } finally {
    await own.close();
  }
});
