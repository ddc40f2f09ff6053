import assert from 'node:assert/strict';
import { Duplex } from 'node:stream';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { CONNECTION_LOST, RuntimeConnection } from './runtime-connection.ts';

/** A channel whose other side is the test. */
class Scripted extends Duplex {
  sent = '';
  override _read(): void { /* pushed by the test */ }
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.sent += chunk.toString();
    done();
  }
  say(text: string): void { this.push(Buffer.from(text)); }
}

const LIMITS = { maxBodyBytes: 100, truncateToBytes: 10 };

describe('runtime connection', () => {
  it('sends one request and reads its answer', async () => {
    const channel = new Scripted();
    const reply = new RuntimeConnection(channel, LIMITS).post('/run', '{"ä":1}');
    channel.say('HTTP/1.1 200 OK\r\nContent-Type: application/json\r\ncontent-length: 11\r\n\r\n{"ok":"ä"}');
    assert.deepEqual(await reply, { status: 200, body: '{"ok":"ä"}', bytes: 11, truncated: false, withoutSentinels: false });
    assert.equal(channel.sent, 'POST /run HTTP/1.1\r\nHost: action\r\nContent-Type: application/json\r\nSentinels: unneeded\r\nContent-Length: 8\r\n\r\n{"ä":1}');
  });

  it('hears that no sentinels were written', async () => {
    const channel = new Scripted();
    const reply = new RuntimeConnection(channel, LIMITS).post('/run', '{}');
    channel.say('HTTP/1.1 200 OK\r\nSentinels: none\r\nContent-Length: 2\r\n\r\n{}');
    assert.deepEqual(await reply, { status: 200, body: '{}', bytes: 2, truncated: false, withoutSentinels: true });
  });

  it('takes an answer that ends too early for a lost connection', async () => {
    const channel = new Scripted();
    const reply = new RuntimeConnection(channel, LIMITS).post('/run', '{}');
    channel.say('HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\n{}');
    channel.push(null);
    assert.equal(await reply, CONNECTION_LOST);
  });

  it('reads an answer however it is cut into pieces, interim answers before it', async () => {
    const body = '{"text":"äöü€"}';
    const bytes = Buffer.from(`HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 502 Bad Gateway\r\nX: y\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
    await fc.assert(fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 40 })), async (sizes) => {
      const channel = new Scripted();
      let continued = 0;
      const connection = new RuntimeConnection(channel, LIMITS);
      const reply = connection.post('/init', '{}', { onContinue: () => { continued += 1; } });
      let at = 0;
      for (const size of sizes) {
        channel.push(bytes.subarray(at, at + size));
        at += size;
      }
      if (at < bytes.length) channel.push(bytes.subarray(at));
      assert.deepEqual(await reply, { status: 502, body, bytes: Buffer.byteLength(body), truncated: false, withoutSentinels: false });
      assert.equal(continued, 1);
      const second = connection.post('/run', '{}');
      channel.say('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}');
      assert.deepEqual(await second, { status: 200, body: '{}', bytes: 2, truncated: false, withoutSentinels: false });
    }), { numRuns: 100 });
  });

  it('keeps only the beginning of what is too long, and can go on', async () => {
    const channel = new Scripted();
    const connection = new RuntimeConnection(channel, LIMITS);
    const long = connection.post('/run', '{}');
    channel.say(`HTTP/1.1 200 OK\r\nContent-Length: 101\r\n\r\n${'x'.repeat(50)}`);
    channel.say('y'.repeat(51));
    assert.deepEqual(await long, { status: 200, body: 'x'.repeat(10), bytes: 101, truncated: true, withoutSentinels: false });
    const next = connection.post('/run', '{}');
    channel.say('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
    assert.deepEqual(await next, { status: 200, body: '', bytes: 0, truncated: false, withoutSentinels: false });
  });

  it('has several named requests under way, whose answers may pass each other', async () => {
    const channel = new Scripted();
    const connection = new RuntimeConnection(channel, LIMITS);
    const [first, second] = [connection.post('/run', '1', { call: 'aa' }), connection.post('/run', '2', { call: 'bb' })];
    assert.match(channel.sent, /\r\nCall: aa\r\nContent-Length: 1\r\n\r\n1POST [^]*\r\nCall: bb\r\n/);
    channel.say('HTTP/1.1 200 OK\r\nCall: bb\r\nContent-Length: 3\r\n\r\n"b"HTTP/1.1 502 Bad Gateway\r\nCall: aa\r\nContent-Length: 3\r\n\r\n"a"');
    assert.deepEqual([(await first), (await second)].map((reply) => (reply === CONNECTION_LOST ? reply : reply.body)), ['"a"', '"b"']);
    const lost = [connection.post('/run', '3', { call: 'cc' }), connection.post('/run', '4', { call: 'dd' })];
    channel.push(null);
    assert.deepEqual(await Promise.all(lost), [CONNECTION_LOST, CONNECTION_LOST]);
  });

  for (const [name, said] of [['no HTTP', 'hello\r\n\r\n'], ['no length', 'HTTP/1.1 200 OK\r\n\r\n{}'], ['an endless head', 'x'.repeat(70_000)]] as const) {
    it(`takes ${name} for a lost connection`, async () => {
      const channel = new Scripted();
      const connection = new RuntimeConnection(channel, LIMITS);
      const reply = connection.post('/run', '{}');
      channel.say(said);
      assert.equal(await reply, CONNECTION_LOST);
      assert.equal(await connection.post('/run', '{}'), CONNECTION_LOST);
    });
  }
});
