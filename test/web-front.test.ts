/** What browsers and scripts without a key meet, end to end: HTTPS, hosts of namespaces, and the gateway, in front of real invokers. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import type { IncomingHttpHeaders } from 'node:http';
import { request } from 'node:https';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import openwhisk, { type Client } from 'openwhisk';
import { freePortRange } from '../src/testbed/ports.ts';
import { hpcwhisk, Platform } from './support/platform.ts';
import { waitUntil } from './support/wait-until.ts';

interface Routes { create(options: object): Promise<{ gwApiUrl: string }>; delete(options: object): Promise<unknown> }

describe('hpcwhisk up with HTTPS and a web domain', () => {
  let platform: Platform;
  let tlsPort: number;
  let whisk: Client & { routes: Routes };

  before(async () => {
    tlsPort = await freePortRange(1);
    platform = await Platform.start(['--tls-port', String(tlsPort), '--tls-self-signed', '--web-domain', 'faas.test', '--nodes', '1']);
    whisk = openwhisk({ apihost: `127.0.0.1:${tlsPort}`, api_key: await platform.authKey(), ignore_certs: true });
    await whisk.packages.update({ name: 'public' });
    await whisk.actions.update({ name: 'public/index', kind: 'nodejs:default', annotations: { 'web-export': true }, action: 'function main() { return { html: "<h1>here</h1>" } }' });
    await whisk.actions.update({ name: 'books', kind: 'nodejs:default', annotations: { 'web-export': true }, action: 'function main({__ow_path, __ow_method, title}) { return { body: { path: __ow_path, method: __ow_method, title } } }' });
  });
  after(async () => { await platform.dispose(); });

  async function https(host: string, path: string): Promise<{ status: number; headers: IncomingHttpHeaders; body: string }> {
    const ca = await readFile(join(platform.state, 'tls-cert.pem'), 'utf8');
    return new Promise((resolve, reject) => {
      request({ host: '127.0.0.1', port: tlsPort, path, headers: { host }, servername: host, ca, agent: false }, (response) => {
        let body = '';
        response.on('data', (chunk: Buffer) => { body += chunk.toString(); });
        response.on('end', () => { resolve({ status: response.statusCode ?? 0, headers: response.headers, body }); });
      }).on('error', reject).end();
    });
  }

  it('is reached by HTTPS with the certificate that it has made', async () => {
    await waitUntil('the address is told', () => platform.output.includes(`and https://127.0.0.1:${tlsPort}`));
    assert.equal((await https('localhost', '/ping')).body, 'pong');
    await assert.rejects(fetch(`https://127.0.0.1:${tlsPort}/ping`), 'a client that does not trust the certificate got through');
    assert.deepEqual(await whisk.actions.invoke({ name: 'books', blocking: true, result: true, params: { title: 'x' } }), { body: { title: 'x' } });
  });

  it('serves a namespace at a host of its own', async () => {
    const page = await https('guest.faas.test', '/');
    assert.equal(page.body, '<h1>here</h1>');
    assert.equal(page.headers['content-type'], 'text/html; charset=UTF-8');
    assert.deepEqual(JSON.parse((await https('guest.faas.test', '/default/books.http/7')).body), { path: '/7', method: 'get' });
  });

  it('serves the API that a client has created', async () => {
    const { gwApiUrl } = await whisk.routes.create({ basepath: '/club', relpath: '/books/{id}', operation: 'get', action: 'books', responsetype: 'http' });
    assert.equal(gwApiUrl, `https://127.0.0.1:${tlsPort}/api/guest/club`);
    const answer = await fetch(`${platform.url}/api/guest/club/books/7?title=Dune`);
    assert.deepEqual(await answer.json(), { path: '/club/books/7', method: 'get', title: 'Dune' });
    await whisk.routes.delete({ basepath: '/club' });
    assert.equal((await fetch(`${platform.url}/api/guest/club/books/7`)).status, 404);
  });

  it('refuses options that make no sense together', async () => {
    for (const args of [['--tls-self-signed'], ['--tls-port', '1'], ['--tls-port', '1', '--tls-cert', 'x'], ['--web-domain', 'http://x']]) {
      const { code, stderr } = await hpcwhisk(['up', '--state', join(platform.state, 'other'), ...args]);
      assert.notEqual(code, 0);
      assert.match(stderr, /tls|host/i);
    }
  });
});
