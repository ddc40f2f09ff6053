import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, it } from 'node:test';
import { countOutcomes, type Call } from './calls.ts';
import { ControllerClient } from './controller-client.ts';
import { runLoad } from './load.ts';
import { ReplayError } from './replay-error.ts';

let server: Server | undefined;
let client: ControllerClient | undefined;

async function serve(listener: RequestListener): Promise<ControllerClient> {
  server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  client = new ControllerClient({ url: `http://127.0.0.1:${port}`, authKey: 'uuid:key', adminToken: 'secret' });
  return client;
}

afterEach(() => {
  client?.close();
  server?.closeAllConnections();
  server?.close();
});

async function load(to: ControllerClient): Promise<Call[]> {
  const calls: Call[] = [];
  await runLoad({
    rate: 20, functions: 3, begin: Date.now() + 500, warmUpMs: 500, length: 1000, client: to,
    onCall: (call) => { calls.push(call); }, signal: new AbortController().signal,
  });
  return calls.sort((a, b) => a.due - b.due);
}

describe('runLoad', () => {
  it('sends each call when it is due, in turn to the functions, without waiting for answers', async () => {
    const paths: string[] = [];
    let open = 0;
    let most = 0;
    const calls = await load(await serve((request, response) => {
      paths.push(request.url ?? '');
      open++;
      most = Math.max(most, open);
      setTimeout(() => {
        open--;
        response.setHeader('x-openwhisk-activation-id', `id${paths.length}`);
        response.end('{"worked":10}');
      }, 300);
    }));
    assert.equal(calls.length, 30);
    assert.deepEqual(calls.map(({ due }) => due), Array.from({ length: 30 }, (_, index) => (index - 10) * 50));
    assert.deepEqual(countOutcomes(calls), { 'succeeded': 30, 'timed-out': 0, 'failed': 0, 'rejected': 0 });
    assert.ok(calls.every(({ responseMs, activationId }) => responseMs >= 295 && activationId?.startsWith('id') === true));
    assert.ok(most >= 3, `never more than ${most} calls at a time`);
    assert.deepEqual(paths.slice(0, 4), ['1', '2', '3', '1'].map((number) => `/api/v1/web/guest/default/replay-${number}.json`));
  });

  it('tells outcomes apart', async () => {
    let number = 0;
    const answers: RequestListener[] = [
      (_, response) => { response.end('{"worked":10}'); },
      (_, response) => { response.writeHead(503).end(); },
      (_, response) => { response.writeHead(202).end('{"activationId":"x"}'); },
      (_, response) => { response.writeHead(502).end('{"error":"boom"}'); },
      (request) => { request.socket.destroy(); },
    ];
    const calls = await load(await serve((request, response) => { answers[number++ % answers.length]?.(request, response); }));
    assert.deepEqual(countOutcomes(calls), { 'succeeded': 6, 'timed-out': 6, 'failed': 12, 'rejected': 6 });
  });

  it('counts calls that nobody takes as rejected', async () => {
    const gone = await serve(() => undefined);
    server?.close();
    await once(server!, 'close');
    assert.equal(countOutcomes(await load(gone)).rejected, 30);
  });
});

describe('ControllerClient', () => {
  it('reads healthy invokers from the status', async () => {
    let authorization: string | undefined;
    const looked = await (await serve((request, response) => {
      authorization = request.headers.authorization;
      response.end(JSON.stringify({
        invokers: [{ id: '1', node: 'n1', state: 'healthy', startupMs: 90 }, { id: '2', node: 'n2', state: 'draining' }, { id: '3', node: 'n3', state: 'silent' }],
        queued: 2, rescued: 1, running: 5,
      }));
    })).look();
    assert.deepEqual(looked, { healthy: [{ id: '1', node: 'n1', startupMs: 90 }], draining: 1, queued: 3 });
    assert.equal(authorization, 'Bearer secret');
  });

  it('sees nothing where the controller does not answer as it should', async () => {
    const answers = ['{"invokers":5}', '[]', 'no JSON'];
    const broken = await serve((_, response) => { response.end(answers.shift()); });
    for (let count = answers.length; count > 0; count--) assert.equal(await broken.look(), undefined);
  });

  it('lists activations page by page', async () => {
    const ids = Array.from({ length: 450 }, (_, index) => ({ activationId: `a${index}` }));
    const listed = await (await serve((request, response) => {
      const { searchParams } = new URL(request.url ?? '', 'http://localhost');
      const skip = Number(searchParams.get('skip'));
      assert.equal(searchParams.get('since'), '1234');
      response.end(JSON.stringify(ids.slice(skip, skip + Number(searchParams.get('limit')))));
    })).activationIds(1234);
    assert.deepEqual(listed, ids.map(({ activationId }) => activationId));
  });

  it('says what the controller refused', async () => {
    const refusing = await serve((_, response) => { response.writeHead(401).end('{"error":"no"}'); });
    await assert.rejects(refusing.activationIds(0), (error) => error instanceof ReplayError && error.code === 'ECONTROLLER' && error.message.includes('401'));
  });
});
