import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import { connect, createServer as createTcpServer, type AddressInfo, type Socket } from 'node:net';
import { afterEach, describe, it } from 'node:test';
import { WebSocket } from 'ws';
import { silentLogger } from '../../domain/logger.ts';
import { DiallerDiary, linkCases, ListenerDiary, waitUntil, type LinkHarness } from '../conformance/link-cases.ts';
import type { LinkHandler } from '../link.ts';
import { LINK_VERSION } from '../messages.ts';
import { dialWebSocket } from './dial-websocket.ts';
import { listenWebSocket, type ListenOptions } from './listen-websocket.ts';

const TOKEN = 'the-token';
const ends: (() => Promise<void>)[] = [];

async function listening(server: Server | ReturnType<typeof createTcpServer>): Promise<number> {
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  return (server.address() as AddressInfo).port;
}

interface Listening { url: string; port: number; sockets: Set<Socket>; close: () => Promise<void> }

async function listen(handler: LinkHandler, options: Partial<ListenOptions> = {}): Promise<Listening> {
  const server = createServer((_request, response) => { response.end('api'); });
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  const listener = listenWebSocket({ server, token: TOKEN, handler, logger: silentLogger, ...options });
  const port = await listening(server);
  ends.push(async () => {
    await listener.close();
    server.closeAllConnections();
    await new Promise((resolve) => { server.close(resolve); });
  });
  return { url: `ws://127.0.0.1:${port}/link`, port, sockets, close: () => listener.close() };
}

async function start(handler: LinkHandler): Promise<LinkHarness> {
  const link = await listen(handler);
  return {
    dial: (client, token = 'good') => dialWebSocket({ url: link.url, token: token === 'good' ? TOKEN : 'another', handler: client }),
    cut: () => { for (const socket of link.sockets) socket.destroy(); },
    closeListener: () => link.close(),
  };
}

afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

describe('websocket link: conformance', () => {
  for (const { name, run } of linkCases) it(name, () => run(start));
});

/** A stranger's connection, raw; tells how it ended. */
async function stranger(url: string, frame: string | undefined): Promise<{ heard: string[]; closed: boolean }> {
  const seen = { heard: [] as string[], closed: false };
  const socket = new WebSocket(url, { headers: { authorization: `bearer ${TOKEN}` } });
  socket.on('message', (data) => { seen.heard.push((data as Buffer).toString()); });
  socket.on('open', () => { if (frame !== undefined) socket.send(frame); });
  socket.on('close', () => { seen.closed = true; });
  socket.on('error', () => undefined);
  await waitUntil('the stranger is thrown out', () => seen.closed, () => seen);
  return seen;
}

const join = JSON.stringify({ type: 'join', version: LINK_VERSION, invokerId: 'i', node: 'n', memoryMB: 1, leaseEndsAt: null, held: [] });

describe('websocket link', () => {
  it('sends what one turn brings as one frame', async () => {
    const diary = new ListenerDiary();
    const { url } = await listen(diary);
    const frames: string[] = [];
    const socket = new WebSocket(url, { headers: { authorization: `Bearer ${TOKEN}` } });
    socket.on('message', (data) => { frames.push((data as Buffer).toString()); });
    socket.on('open', () => { socket.send(`[${join}]`); });
    await waitUntil('welcomed', () => frames.length === 1, () => frames);
    for (let n = 0; n < 30; n += 1) diary.joined_[0]?.send({ type: 'ack', ids: [String(n)] });
    diary.joined_[0]?.send({ type: 'drain' });
    await waitUntil('the second frame', () => frames.length === 2, () => frames);
    assert.equal((JSON.parse(frames[1]!) as unknown[]).length, 31);
    socket.terminate();
  });

  for (const [what, frame] of [
    ['no JSON', 'hello'], ['no array', '{}'], ['not a join', '[{"type":"leave","cause":"unknown"}]'], ['an empty frame', '[]'],
    ['a join without its fields', `[{"type":"join","version":${LINK_VERSION}}]`], ['a message of no known type', `[${join},{"type":"x"}]`],
    ['a type of Object.prototype', `[${join},{"type":"toString"}]`], ['a second join', `[${join},${join}]`],
    ['a completion without outcome', `[${join},{"type":"complete","activationId":"a"}]`],
  ] as const) {
    it(`closes on ${what}`, async () => {
      const diary = new ListenerDiary();
      const { url } = await listen(diary);
      await stranger(url, frame);
      await waitUntil('each joined is closed', () => diary.closed_.length === diary.joined_.length, () => diary.state());
      assert.deepEqual(diary.heard, []);
    });
  }

  it('refuses an invoker of another version with a reason, whatever else its join says', async () => {
    const diary = new ListenerDiary();
    const { url } = await listen(diary);
    const seen = await stranger(url, '[{"type":"join","version":99}]');
    assert.match(seen.heard[0] ?? '', /"refuse".*version 1.*99/u);
    assert.equal(diary.joined_.length, 0);
  });

  it('closes a connection that never joins', async () => {
    const diary = new ListenerDiary();
    const { url } = await listen(diary, { joinTimeoutMs: 50 });
    await stranger(url, undefined);
    assert.equal(diary.joined_.length, 0);
  });

  it('leaves other requests to the API, and answers upgrades of other paths with 404', async () => {
    const { port } = await listen(new ListenerDiary());
    assert.equal(await (await fetch(`http://127.0.0.1:${port}/link`)).text(), 'api');
    const status = await new Promise<string>((resolve, reject) => {
      const socket = new WebSocket(`ws://127.0.0.1:${port}/elsewhere`);
      socket.on('error', (error) => { resolve(error.message); });
      socket.on('open', () => { reject(new Error('opened')); });
    });
    assert.match(status, /404/u);
  });

  it('gives up a half-open connection on both sides, and an idle but living one never', async () => {
    const diary = new ListenerDiary();
    const { url, port } = await listen(diary, { silenceMs: 300 });
    // A network in the middle that forgets: it stops forwarding without closing anything.
    let forgetful = false;
    const inTheMiddle = new Set<Socket>();
    const proxy = createTcpServer((near) => {
      const far = connect(port, '127.0.0.1');
      for (const [from, to] of [[near, far], [far, near]] as const) {
        inTheMiddle.add(from);
        from.on('data', (data) => { if (!forgetful) to.write(data); });
        from.on('error', () => undefined);
      }
    });
    const proxyPort = await listening(proxy);
    ends.push(async () => {
      for (const socket of inTheMiddle) socket.destroy();
      await new Promise((resolve) => { proxy.close(resolve); });
    });
    const idle = new DiallerDiary('idle');
    const cut = new DiallerDiary('cut');
    const idleClient = dialWebSocket({ url, token: TOKEN, handler: idle, silenceMs: 300 });
    const cutClient = dialWebSocket({ url: `ws://127.0.0.1:${proxyPort}/link`, token: TOKEN, handler: cut, silenceMs: 300 });
    await waitUntil('both welcomed', () => idle.welcomed === 1 && cut.welcomed === 1, () => diary.state());
    forgetful = true;
    await waitUntil('both sides gave it up', () => cut.disconnections === 1 && diary.closed_.length === 1, () => [diary.state(), cut.state()]);
    assert.equal(diary.closed_[0]?.description.invokerId, 'cut');
    forgetful = false;
    await waitUntil('it joined again', () => cut.welcomed === 2, () => cut.state());
    assert.equal(idle.disconnections, 0);
    await Promise.all([idleClient.close(), cutClient.close()]);
  });

  it('survives a handler that throws: that connection ends, others stay', async () => {
    const diary = new ListenerDiary();
    const failing: LinkHandler = {
      joined: (connection) => { diary.joined(connection); },
      received: (connection, message) => {
        if (message.type === 'draining') throw new Error('a fault');
        diary.received(connection, message);
      },
      closed: (connection) => { diary.closed(connection); },
    };
    const { url } = await listen(failing);
    const [one, two] = [new DiallerDiary('one'), new DiallerDiary('two')];
    const clients = [one, two].map((handler) => dialWebSocket({ url, token: TOKEN, handler }));
    await waitUntil('both welcomed', () => one.welcomed === 1 && two.welcomed === 1, () => diary.state());
    clients[0]?.send({ type: 'draining', cause: 'unknown' });
    await waitUntil('one joined again', () => one.welcomed === 2, () => [diary.state(), one.state()]);
    assert.equal(two.disconnections, 0);
    await Promise.all(clients.map((client) => client.close()));
  });

  it('dials until somebody listens', async () => {
    const probe = createTcpServer();
    const port = await listening(probe);
    await new Promise((resolve) => { probe.close(resolve); });
    const troubles: string[] = [];
    const dialler = new DiallerDiary();
    const client = dialWebSocket({ url: `ws://127.0.0.1:${port}/link`, token: TOKEN, handler: dialler, onTrouble: (reason) => { troubles.push(reason); } });
    await waitUntil('it failed twice', () => troubles.length >= 2, () => troubles);
    assert.match(troubles[0] ?? '', /ECONNREFUSED/u);
    const server = createServer();
    const diary = new ListenerDiary();
    const listener = listenWebSocket({ server, token: TOKEN, handler: diary, logger: silentLogger });
    await new Promise<void>((resolve) => { server.listen(port, '127.0.0.1', resolve); });
    ends.push(async () => {
      await listener.close();
      await new Promise((resolve) => { server.close(resolve); });
    });
    await waitUntil('welcomed', () => dialler.welcomed === 1, () => dialler.state());
    await client.close();
  });
});
