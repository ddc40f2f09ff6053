/**
 * What every link promises to both of its sides, as a table of cases that each backend's test runs. A case gets a
 * fresh harness and fails by throwing. Waits name what they wait for and show the last state when they end in vain.
 */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ActivationMessage, ActivationOutcome } from '../../domain/activation.ts';
import type { InvokerConnection, LinkClient, LinkClientHandler, LinkHandler } from '../link.ts';
import type { InvokerDescription, ToController, ToInvoker } from '../messages.ts';

export interface LinkHarness {
  /** Dials the listener that `start` was given a handler for. */
  dial(handler: LinkClientHandler, token?: 'good' | 'bad'): LinkClient;
  /** Breaks all connections as a failing network does; new ones are possible at once. */
  cut(): void;
  /** Ends the listener with all its connections. */
  closeListener(): Promise<void>;
}

export interface LinkCase {
  name: string;
  run: (start: (handler: LinkHandler) => Promise<LinkHarness>) => Promise<void>;
}

/** Waits for a condition; fails with the state that it saw last. */
export async function waitUntil(what: string, condition: () => boolean, state: () => unknown): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (!condition()) {
    if (performance.now() > deadline) assert.fail(`waited in vain until ${what}; last seen: ${JSON.stringify(state())}`);
    await sleep(2);
  }
}

/** A controller that writes down what it hears. */
export class ListenerDiary implements LinkHandler {
  readonly joined_: InvokerConnection[] = [];
  readonly heard: Exclude<ToController, { type: 'join' }>[] = [];
  readonly closed_: InvokerConnection[] = [];

  joined(connection: InvokerConnection): void {
    this.joined_.push(connection);
    connection.send({ type: 'welcome', heartbeatMs: 1000, maxResultBytes: 1_048_576 });
  }

  received(_connection: InvokerConnection, message: Exclude<ToController, { type: 'join' }>): void {
    this.heard.push(message);
  }

  closed(connection: InvokerConnection): void {
    this.closed_.push(connection);
  }

  state(): unknown {
    return { joined: this.joined_.map((c) => c.description), heard: this.heard.slice(-3), closed: this.closed_.length };
  }
}

/** An invoker that writes down what it hears. */
export class DiallerDiary implements LinkClientHandler {
  readonly heard: ToInvoker[] = [];
  connections = 0;
  disconnections = 0;
  readonly #invokerId: string;

  constructor(invokerId = 'invoker-1') {
    this.#invokerId = invokerId;
  }

  connected(): InvokerDescription {
    this.connections += 1;
    return { invokerId: this.#invokerId, node: 'n1', memoryMB: 1024, leaseEndsAt: null, held: ['a'.repeat(32)] };
  }

  received(message: ToInvoker): void {
    this.heard.push(message);
  }

  disconnected(): void {
    this.disconnections += 1;
  }

  get welcomed(): number {
    return this.heard.filter((message) => message.type === 'welcome').length;
  }

  state(): unknown {
    return { connections: this.connections, disconnections: this.disconnections, heard: this.heard.slice(-3) };
  }
}

function sampleMessage(n: number, args: ActivationMessage['args'] = {}): ActivationMessage {
  return {
    activationId: n.toString(16).padStart(32, '0'), transactionId: `t${n}`, namespace: 'guest', subject: 'guest', args, env: {},
    action: {
      path: 'guest/hello', name: 'hello', version: '0.0.1', revision: '1', kind: 'nodejs:24',
      limits: { timeout: 60_000, memory: 256, logs: 10, concurrency: 1 },
    },
    acceptedAt: 0, blocking: true,
  };
}

function sampleOutcome(result: ActivationOutcome['response']['result'] = {}): ActivationOutcome {
  return { response: { statusCode: 0, result, size: 2 }, start: 0, end: 1, duration: 1, waitTime: 0, timedOut: false, logs: [] };
}

const MB = 1024 * 1024;

export const linkCases: readonly LinkCase[] = [
  {
    name: 'a join is told with its description, and answered',
    run: async (start) => {
      const listener = new ListenerDiary();
      const dialler = new DiallerDiary('invoker-7');
      const client = (await start(listener)).dial(dialler);
      await waitUntil('welcomed', () => dialler.welcomed === 1, () => [listener.state(), dialler.state()]);
      const description = listener.joined_[0]?.description;
      assert.equal(description?.invokerId, 'invoker-7');
      assert.deepEqual(description.held, ['a'.repeat(32)]);
      assert.equal(description.memoryMB, 1024);
      assert.equal(description.leaseEndsAt, null);
      await client.close();
    },
  },
  {
    name: 'messages arrive complete and in order in both directions, also over many turns',
    run: async (start) => {
      const listener = new ListenerDiary();
      const dialler = new DiallerDiary();
      const client = (await start(listener)).dial(dialler);
      await waitUntil('welcomed', () => dialler.welcomed === 1, () => dialler.state());
      for (let n = 0; n < 500; n += 1) {
        listener.joined_[0]?.send({ type: 'assign', message: sampleMessage(n, { text: 'ünïcode \u2028 " \\ \0' }) });
        client.send({ type: 'complete', activationId: String(n), outcome: sampleOutcome({ n }) });
        if (n % 50 === 0) await sleep(0);
      }
      await waitUntil('500 each way', () => listener.heard.length === 500 && dialler.heard.length === 501, () => [listener.state(), dialler.state()]);
      assert.deepEqual(listener.heard.map((m) => (m.type === 'complete' ? m.activationId : '?')), Array.from({ length: 500 }, (_, n) => String(n)));
      const assigned = dialler.heard.slice(1).map((m) => (m.type === 'assign' ? Number.parseInt(m.message.activationId, 16) : -1));
      assert.deepEqual(assigned, Array.from({ length: 500 }, (_, n) => n));
      const last = dialler.heard.at(-1);
      assert.deepEqual(last, { type: 'assign', message: sampleMessage(499, { text: 'ünïcode \u2028 " \\ \0' }) });
      await client.close();
    },
  },
  {
    name: 'a message is what it was when it was sent',
    run: async (start) => {
      const listener = new ListenerDiary();
      const dialler = new DiallerDiary();
      const client = (await start(listener)).dial(dialler);
      await waitUntil('welcomed', () => dialler.welcomed === 1, () => dialler.state());
      const ids = ['first'];
      listener.joined_[0]?.send({ type: 'ack', ids });
      ids[0] = 'changed';
      await waitUntil('acked', () => dialler.heard.length === 2, () => dialler.state());
      assert.deepEqual(dialler.heard[1], { type: 'ack', ids: ['first'] });
      await client.close();
    },
  },
  {
    name: 'code of 48 MB and a burst of 1 MB payloads pass',
    run: async (start) => {
      const listener = new ListenerDiary();
      const dialler = new DiallerDiary();
      const client = (await start(listener)).dial(dialler);
      await waitUntil('welcomed', () => dialler.welcomed === 1, () => dialler.state());
      const connection = listener.joined_[0];
      const code = 'A'.repeat(64 * MB);
      connection?.send({ type: 'code', path: 'guest/big', revision: '1', exec: { kind: 'python:3', code, binary: true } });
      const payload = 'x'.repeat(MB);
      for (let n = 0; n < 12; n += 1) connection?.send({ type: 'assign', message: sampleMessage(n, { payload }) });
      for (let n = 0; n < 12; n += 1) client.send({ type: 'complete', activationId: String(n), outcome: sampleOutcome({ payload }) });
      await waitUntil('all arrived', () => dialler.heard.length === 14 && listener.heard.length === 12,
        () => [dialler.heard.length, listener.heard.length, dialler.disconnections]);
      const received = dialler.heard[1];
      assert.ok(received?.type === 'code' && received.exec?.code?.length === code.length);
      assert.equal(dialler.disconnections, 0);
      await client.close();
    },
  },
  {
    name: 'a bad token never joins; the invoker is told, and goes on dialling',
    run: async (start) => {
      const listener = new ListenerDiary();
      const dialler = new DiallerDiary();
      const client = (await start(listener)).dial(dialler, 'bad');
      await waitUntil('refused twice', () => dialler.heard.length >= 2, () => dialler.state());
      assert.ok(dialler.heard.every((message) => message.type === 'refuse'));
      assert.equal(dialler.connections, 0);
      assert.equal(listener.joined_.length, 0);
      await client.close();
    },
  },
  {
    name: 'after a cut the invoker joins again, and each side hears of the end once',
    run: async (start) => {
      const listener = new ListenerDiary();
      const dialler = new DiallerDiary();
      const harness = await start(listener);
      const client = harness.dial(dialler);
      for (let round = 1; round <= 3; round += 1) {
        await waitUntil(`welcomed ${round} times`, () => dialler.welcomed === round, () => dialler.state());
        harness.cut();
        await waitUntil('both heard of the cut', () => listener.closed_.length === round && dialler.disconnections === round,
          () => [listener.state(), dialler.state()]);
        assert.equal(listener.closed_.at(-1), listener.joined_[round - 1]);
      }
      await waitUntil('welcomed again', () => dialler.welcomed === 4, () => dialler.state());
      client.send({ type: 'leave', cause: 'shutdown' });
      await client.close();
      await waitUntil('the end', () => listener.closed_.length === 4, () => listener.state());
      assert.equal(dialler.disconnections, 3, 'its own close is not a disconnection');
      assert.deepEqual(listener.heard, [{ type: 'leave', cause: 'shutdown' }], 'what was sent before close arrives');
    },
  },
  {
    name: 'a connection closed by the controller delivers what was sent before, and is told as closed once',
    run: async (start) => {
      const listener = new ListenerDiary();
      const dialler = new DiallerDiary();
      const client = (await start(listener)).dial(dialler);
      await waitUntil('welcomed', () => dialler.welcomed === 1, () => dialler.state());
      const connection = listener.joined_[0];
      connection?.send({ type: 'drain' });
      connection?.close();
      connection?.close();
      connection?.send({ type: 'ack', ids: ['never'] });
      await waitUntil('joined again', () => dialler.welcomed === 2, () => [listener.state(), dialler.state()]);
      assert.equal(listener.closed_.filter((closed) => closed === connection).length, 1);
      assert.deepEqual(dialler.heard.map((message) => message.type), ['welcome', 'drain', 'welcome']);
      await client.close();
    },
  },
  {
    name: 'what is sent without a connection is thrown away, not kept',
    run: async (start) => {
      const listener = new ListenerDiary();
      const dialler = new DiallerDiary();
      const harness = await start(listener);
      const client = harness.dial(dialler);
      client.send({ type: 'draining', cause: 'unknown' });
      await waitUntil('welcomed', () => dialler.welcomed === 1, () => dialler.state());
      harness.cut();
      await waitUntil('disconnected', () => dialler.disconnections === 1, () => dialler.state());
      client.send({ type: 'draining', cause: 'preempted' });
      await waitUntil('welcomed again', () => dialler.welcomed === 2, () => dialler.state());
      client.send({ type: 'draining', cause: 'time-limit' });
      await waitUntil('heard', () => listener.heard.length > 0, () => listener.state());
      assert.deepEqual(listener.heard, [{ type: 'draining', cause: 'time-limit' }]);
      await client.close();
    },
  },
  {
    name: 'closing the listener ends every connection, each told once',
    run: async (start) => {
      const listener = new ListenerDiary();
      const harness = await start(listener);
      const diallers = Array.from({ length: 5 }, (_, n) => new DiallerDiary(`invoker-${n}`));
      const clients = diallers.map((dialler) => harness.dial(dialler));
      await waitUntil('all welcomed', () => diallers.every((dialler) => dialler.welcomed === 1), () => listener.state());
      await harness.closeListener();
      assert.equal(new Set(listener.closed_).size, 5);
      assert.equal(listener.closed_.length, 5);
      await Promise.all(clients.map((client) => client.close()));
    },
  },
];
