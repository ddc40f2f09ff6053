import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, get } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { generate } from 'selfsigned';
import { StateDirectory } from './state-directory.ts';
import { checkTlsOptions, openCertificate } from './tls-certificate.ts';

let directory: string;
let state: StateDirectory;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'hpcwhisk-tls-'));
  state = new StateDirectory(directory);
});
afterEach(async () => { await rm(directory, { recursive: true, force: true }); });

const SELF_SIGNED = { tlsPort: 1, tlsSelfSigned: true };

test('a self-signed certificate is for this machine\'s names, and a client that trusts it gets through', async () => {
  const { cert, key } = await openCertificate(SELF_SIGNED, state, '127.0.0.1', 'faas.example.org');
  const certificate = new X509Certificate(cert);
  assert.ok(certificate.checkHost('localhost') !== undefined);
  assert.ok(certificate.checkHost('guest.faas.example.org') !== undefined);
  assert.ok(certificate.checkIP('127.0.0.1') !== undefined);
  assert.ok(certificate.validToDate.getTime() > Date.now());
  const server = createServer({ cert, key }, (_request, response) => { response.end('in'); });
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  try {
    const { port } = server.address() as AddressInfo;
    const body = await new Promise<string>((resolve, reject) => {
      get({ host: '127.0.0.1', port, ca: cert, agent: false }, (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => { text += chunk.toString(); });
        response.on('end', () => { resolve(text); });
      }).on('error', reject);
    });
    assert.equal(body, 'in');
  } finally {
    server.close();
  }
});

test('it is kept, its key for nobody else, until it no longer fits', async () => {
  const first = await openCertificate(SELF_SIGNED, state, '127.0.0.1');
  assert.deepEqual(await openCertificate(SELF_SIGNED, state, '127.0.0.1'), first);
  assert.equal((await stat(state.file('tls-key.pem'))).mode & 0o777, 0o600);
  const wider = await openCertificate(SELF_SIGNED, state, '127.0.0.1', 'faas.example.org');
  assert.notEqual(wider.cert, first.cert);
  await writeFile(state.file('tls-cert.pem'), 'broken');
  assert.notEqual((await openCertificate(SELF_SIGNED, state, '127.0.0.1')).cert, wider.cert);
});

test('a given certificate is taken with its key only', async () => {
  const [one, other] = [await generate([], { keyType: 'ec', algorithm: 'sha256' }), await generate([], { keyType: 'ec', algorithm: 'sha256' })];
  const file = async (name: string, text: string): Promise<string> => {
    await writeFile(join(directory, name), text);
    return join(directory, name);
  };
  const cert = await file('cert', one.cert);
  assert.deepEqual(await openCertificate({ tlsPort: 1, tlsCert: cert, tlsKey: await file('key', one.private) }, state, 'x'), { cert: one.cert, key: one.private });
  await assert.rejects(openCertificate({ tlsPort: 1, tlsCert: cert, tlsKey: await file('other', other.private) }, state, 'x'), { code: 'ETLS', message: /is not that of/ });
  await assert.rejects(openCertificate({ tlsPort: 1, tlsCert: cert, tlsKey: await file('broken', 'x') }, state, 'x'), { code: 'ETLS' });
  await assert.rejects(openCertificate({ tlsPort: 1, tlsCert: join(directory, 'none'), tlsKey: cert }, state, 'x'), { code: 'ETLS', message: /ENOENT/ });
});

test('options that contradict each other are refused', () => {
  for (const options of [
    { tlsSelfSigned: true }, { tlsCert: 'a', tlsKey: 'b' }, { tlsPort: 1 }, { tlsPort: 1, tlsCert: 'a' }, { tlsPort: 1, tlsKey: 'a' },
    { tlsPort: 1, tlsCert: 'a', tlsKey: 'b', tlsSelfSigned: true },
  ]) assert.throws(() => { checkTlsOptions(options); }, { code: 'EUSAGE' }, JSON.stringify(options));
  for (const options of [{}, SELF_SIGNED, { tlsPort: 1, tlsCert: 'a', tlsKey: 'b' }]) checkTlsOptions(options);
});
