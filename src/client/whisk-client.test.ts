/** What goes over the wire, and what is made of the answers, against a real HTTP server. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { generate } from 'selfsigned';
import { resolveSettings } from './connection-settings.ts';
import { parseEntityName } from './qualified-name.ts';
import { HttpStatusError, WhiskError } from './whisk-error.ts';
import { WhiskClient } from './whisk-client.ts';

interface Seen { method: string | undefined; url: string | undefined; headers: IncomingMessage['headers']; body: string }
interface Answer { status: number; body: string }

const AUTH = 'uuid:key';
const hello = parseEntityName('hello', '_');

describe('WhiskClient', () => {
  let server: Server;
  let client: WhiskClient;
  let seen: Seen[] = [];
  let answer: Answer;

  before(async () => {
    server = createServer((request, response) => { void respond(request, response); });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    client = new WhiskClient(settings({ apiHost: urlOf(server), auth: AUTH }));
  });
  after(async () => { await closed(server); });
  beforeEach(() => {
    seen = [];
    answer = { status: 200, body: '{}' };
  });

  async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    seen.push({ method: request.method, url: request.url, headers: request.headers, body });
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(answer.body);
  }

  it('asks as wsk asks', async () => {
    await client.get('actions', parseEntityName('pkg/he llo', '_'), { code: false });
    await client.put('actions', hello, { exec: { kind: 'python:3', code: 'ü' } }, true);
    await client.delete('packages', hello, { force: true });
    await client.list('actions', 'ns', { limit: 30, skip: 0 }, 'pkg');
    await client.activations({ limit: 1, skip: 0, name: undefined });
    await client.setRuleStatus(hello, 'inactive');
    await client.info();
    assert.deepEqual(seen.map(({ method, url }) => `${method ?? ''} ${url ?? ''}`), [
      'GET /api/v1/namespaces/_/actions/pkg/he%20llo?code=false',
      'PUT /api/v1/namespaces/_/actions/hello?overwrite=true',
      'DELETE /api/v1/namespaces/_/packages/hello?force=true',
      'GET /api/v1/namespaces/ns/actions/pkg/?limit=30&skip=0',
      'GET /api/v1/namespaces/_/activations?limit=1&skip=0',
      'POST /api/v1/namespaces/_/rules/hello',
      'GET /api/v1',
    ]);
    assert.equal(seen[0]?.headers.authorization, `Basic ${Buffer.from(AUTH).toString('base64')}`);
    assert.equal(seen[0].headers['content-type'], undefined);
    assert.equal(seen[1]?.headers['content-type'], 'application/json');
    assert.deepEqual(JSON.parse(seen[1].body), { exec: { kind: 'python:3', code: 'ü' } });
    assert.deepEqual(JSON.parse(seen[5]?.body ?? ''), { status: 'inactive' });
    assert.equal(seen[6]?.headers.authorization, undefined, 'what the API says of itself needs no key');
  });

  it('tells what became of an invocation', async () => {
    const invoke = (result: boolean): Promise<unknown> => client.invoke(hello, { a: 1 }, { blocking: true, result });
    answer = { status: 200, body: '{"x":1}' };
    assert.deepEqual(await invoke(true), { kind: 'completed', body: { x: 1 } });
    assert.equal(seen[0]?.url, '/api/v1/namespaces/_/actions/hello?blocking=true&result=true');
    assert.equal(seen[0].body, '{"a":1}');
    answer = { status: 202, body: '{"activationId":"id"}' };
    assert.deepEqual(await invoke(true), { kind: 'accepted', activationId: 'id', body: { activationId: 'id' } });
    answer = { status: 502, body: '{"error":"oh no"}' };
    assert.deepEqual(await invoke(true), { kind: 'failed', status: 502, body: { error: 'oh no' } });
    answer = { status: 502, body: '{"error":"bad gateway","code":"tid"}' };
    await assert.rejects(invoke(true), new HttpStatusError(502, 'bad gateway (code tid)'));
    answer = { status: 200, body: '[1,2]' };
    assert.deepEqual(await invoke(false), { kind: 'completed', body: [1, 2] });
  });

  it('says an error in the API\'s words, with the status less 256 as exit status', async () => {
    answer = { status: 404, body: '{"error":"The requested resource does not exist.","code":"abc"}' };
    const notFound = await caught(client.get('rules', hello));
    assert.equal(notFound.message, 'The requested resource does not exist. (code abc)');
    assert.equal(notFound.exitCode, 148);
    answer = { status: 503, body: '<html>' };
    assert.equal((await caught(client.namespaces())).message, 'The connection failed, or timed out. (HTTP status code 503)');
    answer = { status: 200, body: '<html>' };
    assert.match((await caught(client.namespaces())).message, /not JSON/);
  });

  it('fires: an id, or nothing where no rule is active', async () => {
    answer = { status: 202, body: '{"activationId":"id"}' };
    assert.equal(await client.fire(hello, {}), 'id');
    answer = { status: 204, body: '' };
    assert.equal(await client.fire(hello, {}), undefined);
  });

  it('sends the management actions what the gateway asks for', async () => {
    answer = { status: 200, body: '{"apis":[{"id":"i","key":"k","value":{"gwApiUrl":"http://h/api"}}]}' };
    assert.deepEqual(await client.apis({ basepath: '/b' }), [{ gwApiUrl: 'http://h/api' }]);
    assert.equal(seen[0]?.url, '/api/v1/web/whisk.system/apimgmt/getApi.http?accesstoken=DUMMY+TOKEN&spaceguid=uuid&basepath=%2Fb');
    answer = { status: 404, body: '{"error":"API does not exist"}' };
    assert.equal((await caught(client.deleteApi({}))).message, 'API does not exist');
  });

  it('does not ask without a key, and says when nobody answers', async () => {
    const keyless = await caught(new WhiskClient(settings({ apiHost: urlOf(server) })).namespaces());
    assert.equal(keyless.message, 'Authorization key is not configured (--auth is required)');
    assert.equal(keyless.exitCode, 2);
    const free = createServer().listen(0, '127.0.0.1');
    await once(free, 'listening');
    const url = urlOf(free);
    await closed(free);
    const unreachable = await caught(new WhiskClient(settings({ apiHost: url, auth: AUTH })).namespaces());
    assert.match(unreachable.message, /^GET http:.*ECONNREFUSED/);
    assert.equal(unreachable.exitCode, 3);
  });

  it('refuses a certificate that nobody vouches for, unless it is told not to or whom to trust', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'hpcwhisk-client-'));
    const pem = await generate([{ name: 'commonName', value: 'localhost' }], {
      keySize: 2048, extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: 'localhost' }] }],
    });
    const tls = createTlsServer({ key: pem.private, cert: pem.cert }, (_request, response) => { response.end('["guest"]'); });
    try {
      tls.listen(0, 'localhost');
      await once(tls, 'listening');
      const cacert = join(directory, 'ca.pem');
      await writeFile(cacert, pem.cert);
      const apiHost = `localhost:${(tls.address() as AddressInfo).port}`;
      const ask = (more: object): Promise<string[]> => new WhiskClient(settings({ apiHost, auth: AUTH, ...more })).namespaces();
      assert.match((await caught(ask({}))).message, /--insecure/);
      assert.deepEqual(await ask({ insecure: true }), ['guest']);
      assert.deepEqual(await ask({ cacert }), ['guest']);
      assert.match((await caught(ask({ cacert: join(directory, 'none') }))).message, /is not a valid file/);
    } finally {
      tls.closeAllConnections();
      await closed(tls);
      await rm(directory, { recursive: true });
    }
  });
});

function settings(flags: Parameters<typeof resolveSettings>[0]): ReturnType<typeof resolveSettings> {
  return resolveSettings(flags, {}, {});
}

function urlOf(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function closed(server: Pick<Server, 'close'>): Promise<void> {
  await new Promise((resolve) => { server.close(resolve); (server as Server).closeAllConnections(); });
}

async function caught(promise: Promise<unknown>): Promise<WhiskError> {
  const error: unknown = await promise.then(() => undefined, (reason: unknown) => reason);
  assert.ok(error instanceof WhiskError, String(error));
  return error;
}
