/** The dispatcher over the real link, with invokers that do what a script says. */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { afterEach, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock } from '../clock/system-clock.ts';
import type { ActivationId, ActivationMessage, ActivationRecord } from '../domain/activation.ts';
import { silentLogger } from '../domain/logger.ts';
import type { LinkClient } from '../link/link.ts';
import type { ToInvoker } from '../link/messages.ts';
import { dialWebSocket } from '../link/websocket/dial-websocket.ts';
import { listenWebSocket } from '../link/websocket/listen-websocket.ts';
import { StoreUnavailable, type Store } from '../store/store.ts';
import type { DispatchOptions } from './dispatch-options.ts';
import { Overloaded } from './dispatch.ts';
import { Dispatcher } from './dispatcher.ts';

type Records = Pick<Store, 'activations' | 'journal'>;

/** Keeps everything in memory; survives the dispatchers that use it. */
class MemoryStore {
  readonly records = new Map<ActivationId, ActivationRecord>();
  readonly accepted = new Map<ActivationId, ActivationMessage>();
  appends = 0;
  fails = false;

  get store(): Records {
    return {
      activations: {
        append: async (record) => {
          await sleep(1);
          if (this.fails) throw new StoreUnavailable('no space left on device');
          this.appends += 1;
          if (!this.records.has(record.activationId)) this.records.set(record.activationId, record);
        },
        get: (_namespace, id) => Promise.resolve(this.records.get(id)),
        list: () => Promise.resolve([]),
        summaries: () => Promise.resolve([]),
        count: () => Promise.resolve(0),
      },
      journal: {
        accept: async (message) => {
          await sleep(1);
          if (this.fails) throw new StoreUnavailable('no space left on device');
          this.accepted.set(message.activationId, message);
        },
        checkpoint: (message) => {
          if (!this.records.has(message.activationId)) this.accepted.set(message.activationId, message);
          return Promise.resolve();
        },
        unfinished: () => Promise.resolve([...this.accepted.values()].filter((message) => !this.records.has(message.activationId))),
      },
    };
  }
}

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

interface Controller { dispatcher: Dispatcher; port: number; kill: () => Promise<void> }

async function startController(memory: MemoryStore, options: Partial<DispatchOptions> = {}, port = 0): Promise<Controller> {
  const dispatcher = new Dispatcher({
    store: memory.store, clock: systemClock, random: Math.random, logger: silentLogger, options,
    code: (path, revision) => Promise.resolve(revision === '1' ? { kind: 'nodejs:24', code: `code of ${path}`, binary: false } : undefined),
  });
  await dispatcher.start();
  const server = createServer();
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => sockets.add(socket));
  const listener = listenWebSocket({ server, token: 'secret', handler: dispatcher, logger: silentLogger });
  await new Promise<void>((resolve) => { server.listen(port, '127.0.0.1', resolve); });
  const kill = async (): Promise<void> => {
    await dispatcher.stop(0);
    for (const socket of sockets) socket.destroy();
    await listener.close();
    await new Promise((resolve) => { server.close(resolve); });
  };
  ends.push(kill);
  return { dispatcher, port: (server.address() as AddressInfo).port, kill };
}

class ScriptedInvoker {
  readonly id: string;
  readonly assigned: ActivationMessage[] = [];
  readonly acked: ActivationId[] = [];
  readonly heard: ToInvoker[] = [];
  held: ActivationId[] = [];
  joins = 0;
  readonly link: LinkClient;
  readonly #onAssign: (message: ActivationMessage, invoker: ScriptedInvoker) => void;
  readonly #heartbeat = setInterval(() => { this.link.send({ type: 'heartbeat', freeMemoryMB: 0, running: 99, leaseEndsAt: null }); }, 200);

  constructor(id: string, port: number, onAssign: (message: ActivationMessage, invoker: ScriptedInvoker) => void) {
    this.id = id;
    this.#onAssign = onAssign;
    this.link = dialWebSocket({
      url: `ws://127.0.0.1:${port}/link`, token: 'secret', handler: {
        connected: () => {
          this.joins += 1;
          return { invokerId: id, node: id, memoryMB: 1_024, leaseEndsAt: null, held: this.held };
        },
        received: (message) => { this.#receive(message); },
        disconnected: () => undefined,
      },
    });
    ends.push(() => this.end());
  }

  complete(message: ActivationMessage, attach = false): void {
    this.link.send({
      type: 'complete', activationId: message.activationId, ...(attach ? { message } : {}),
      outcome: { response: { statusCode: 0, result: { by: this.id }, size: 10 }, start: 1, end: 2, duration: 1, waitTime: 1, timedOut: false, logs: [] },
    });
  }

  /** As SIGKILL does: no word, the connection breaks. */
  async end(): Promise<void> {
    clearInterval(this.#heartbeat);
    await this.link.close();
  }

  #receive(message: ToInvoker): void {
    this.heard.push(message);
    if (message.type === 'ack') this.acked.push(...message.ids);
    if (message.type !== 'assign') return;
    this.assigned.push(message.message);
    this.#onAssign(message.message, this);
  }
}

let ids = 0;
function message(): ActivationMessage {
  ids += 1;
  return {
    activationId: ids.toString(16).padStart(32, '0'), transactionId: 't', namespace: 'guest', subject: 'guest', args: { n: ids }, env: {},
    acceptedAt: Date.now(), blocking: true,
    action: { path: 'guest/f', name: 'f', version: '0.0.1', revision: '1', kind: 'nodejs:24', limits: { timeout: 60_000, memory: 128, logs: 10, concurrency: 1 } },
  };
}

async function waitUntil(what: string, condition: () => boolean, state: () => unknown): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (!condition()) {
    if (performance.now() > deadline) assert.fail(`waited in vain until ${what}; last seen: ${JSON.stringify(state())}`);
    await sleep(2);
  }
}

const atOnce = (asked: ActivationMessage, invoker: ScriptedInvoker): void => { invoker.complete(asked); };
const never = (): void => undefined;

describe('dispatcher over the link', () => {
  it('runs many calls on several invokers, each recorded once', async () => {
    const memory = new MemoryStore();
    const { dispatcher, port } = await startController(memory);
    const invokers = ['a', 'b', 'c'].map((id) => new ScriptedInvoker(id, port, atOnce));
    const answers = await Promise.all(Array.from({ length: 300 }, () => dispatcher.call(message(), 60_000)));
    assert.ok(answers.every((answer) => answer.done));
    assert.equal(memory.records.size, 300);
    assert.equal(memory.appends, 300);
    await waitUntil('all are acknowledged', () => invokers.reduce((sum, one) => sum + one.acked.length, 0) === 300, () => dispatcher.view());
    const view = dispatcher.view();
    assert.deepEqual([view.counts.accepted, view.counts.completed, view.running, view.queued], [300, 300, 0, 0]);
  });

  it('runs again elsewhere what a killed invoker held', async () => {
    const memory = new MemoryStore();
    const { dispatcher, port } = await startController(memory);
    const victim = new ScriptedInvoker('victim', port, never);
    const calls = Array.from({ length: 5 }, () => dispatcher.call(message(), 60_000));
    await waitUntil('the victim has them', () => victim.assigned.length === 5, () => dispatcher.view());
    const heir = new ScriptedInvoker('heir', port, atOnce);
    await victim.end();
    const answers = await Promise.all(calls);
    assert.ok(answers.every((answer) => answer.done && (answer.record.response.result as { by: string }).by === 'heir'));
    assert.equal(heir.assigned.length, 5);
    assert.equal(dispatcher.view().counts.lostInvokers, 1);
    assert.deepEqual(dispatcher.view().invokers.map((invoker) => invoker.id), ['heir']);
  });

  it('answers 202 when the wait ends first, and finishes the call after its own death', async () => {
    const memory = new MemoryStore();
    const first = await startController(memory);
    const waiting = message();
    const dying = message();
    let controller = first;
    const invoker = new ScriptedInvoker('i', first.port, never);
    assert.deepEqual(await first.dispatcher.call(waiting, 100), { activationId: waiting.activationId, done: false });
    await first.dispatcher.submit(dying);
    await waitUntil('both run', () => invoker.assigned.length === 2, () => first.dispatcher.view());
    invoker.held = [waiting.activationId];
    await first.kill();
    controller = await startController(memory, {}, first.port);
    await waitUntil('it joined the next controller', () => invoker.joins === 2, () => controller.dispatcher.view());
    invoker.complete(waiting, true);
    // The other one it does not hold any more: it is assigned anew.
    await waitUntil('the lost one is assigned again', () => invoker.assigned.length === 3, () => controller.dispatcher.view());
    invoker.complete(dying);
    await waitUntil('both are recorded', () => memory.records.size === 2, () => controller.dispatcher.view());
    assert.equal(invoker.assigned[2]?.activationId, dying.activationId);
  });

  it('journals a step, runs it, and tells its record to whoever waits', async () => {
    const memory = new MemoryStore();
    const { dispatcher, port } = await startController(memory);
    const invoker = new ScriptedInvoker('i', port, never);
    const step = message();
    const ran = dispatcher.run(step);
    await waitUntil('it runs', () => invoker.assigned.length === 1, () => dispatcher.view());
    assert.ok(memory.accepted.has(step.activationId), 'it was journalled first');
    const attached = dispatcher.attach(step.activationId);
    assert.deepEqual([dispatcher.inFlight('guest'), dispatcher.inFlight('other')], [1, 0]);
    invoker.complete(step);
    assert.deepEqual(await ran, memory.records.get(step.activationId));
    assert.equal(await attached, await ran);
    assert.equal(dispatcher.attach(step.activationId), undefined, 'it is over');
    assert.equal(dispatcher.inFlight('guest'), 0);
  });

  it('lets the next controller wait for a step that outlives its own', async () => {
    const memory = new MemoryStore();
    const first = await startController(memory);
    const invoker = new ScriptedInvoker('i', first.port, never);
    const step = message();
    const lost = assert.rejects(first.dispatcher.run(step), Overloaded);
    await waitUntil('it runs', () => invoker.assigned.length === 1, () => first.dispatcher.view());
    invoker.held = [step.activationId];
    await first.kill();
    await lost;
    const { dispatcher } = await startController(memory, {}, first.port);
    const attached = dispatcher.attach(step.activationId);
    assert.ok(attached !== undefined);
    await waitUntil('it joined again', () => invoker.joins === 2, () => dispatcher.view());
    invoker.complete(step, true);
    assert.deepEqual(await attached, memory.records.get(step.activationId));
  });

  it('refuses a step that the journal refuses', async () => {
    const memory = new MemoryStore();
    const { dispatcher } = await startController(memory);
    memory.fails = true;
    await assert.rejects(dispatcher.run(message()), StoreUnavailable);
    assert.equal(dispatcher.inFlight('guest'), 0);
  });

  it('leaves to others what the controller runs itself', async () => {
    const memory = new MemoryStore();
    const composed: ActivationMessage = { ...message(), composition: { type: 'builtin', caller: { subject: 'guest', namespace: 'guest', uuid: 'u', key: 'k' }, builtin: 'b' } };
    memory.accepted.set(composed.activationId, composed);
    const { dispatcher } = await startController(memory);
    assert.equal(dispatcher.attach(composed.activationId), undefined);
    assert.equal(dispatcher.inFlight('guest'), 0);
  });

  it('holds back acknowledgement and answer until a failing store takes the record', async () => {
    const memory = new MemoryStore();
    const { dispatcher, port } = await startController(memory, { storeRetryFirstMs: 20 });
    const invoker = new ScriptedInvoker('i', port, atOnce);
    memory.fails = true;
    const answer = dispatcher.call(message(), 60_000);
    await waitUntil('it was run', () => invoker.assigned.length === 1, () => dispatcher.view());
    await sleep(100);
    assert.deepEqual(invoker.acked, []);
    await assert.rejects(dispatcher.submit(message()), StoreUnavailable);
    memory.fails = false;
    assert.equal((await answer).done, true);
    await waitUntil('it is acknowledged', () => invoker.acked.length === 1, () => invoker.heard);
  });

  it('delivers code, and says when there is none', async () => {
    const { dispatcher, port } = await startController(new MemoryStore());
    const invoker = new ScriptedInvoker('i', port, never);
    await waitUntil('it joined', () => dispatcher.view().invokers.length === 1, () => invoker.heard);
    invoker.link.send({ type: 'code-wanted', path: 'guest/f', revision: '1' });
    invoker.link.send({ type: 'code-wanted', path: 'guest/f', revision: '2' });
    const codes = (): ToInvoker[] => invoker.heard.filter((heard) => heard.type === 'code');
    await waitUntil('both came', () => codes().length === 2, () => invoker.heard);
    assert.deepEqual(codes(), [
      { type: 'code', path: 'guest/f', revision: '1', exec: { kind: 'nodejs:24', code: 'code of guest/f', binary: false } },
      { type: 'code', path: 'guest/f', revision: '2', exec: null },
    ]);
  });

  it('stops: asks to drain, waits for what runs, refuses the rest', async () => {
    const memory = new MemoryStore();
    const { dispatcher, port } = await startController(memory);
    const invoker = new ScriptedInvoker('i', port, never);
    const answer = dispatcher.call(message(), 60_000);
    await waitUntil('it runs', () => invoker.assigned.length === 1, () => dispatcher.view());
    const stopped = dispatcher.stop(20_000);
    await assert.rejects(dispatcher.call(message(), 1_000), Overloaded);
    await waitUntil('it is asked to drain', () => invoker.heard.some((heard) => heard.type === 'drain'), () => invoker.heard);
    invoker.complete(invoker.assigned[0]!);
    assert.equal((await answer).done, true);
    invoker.link.send({ type: 'leave', cause: 'shutdown' });
    await stopped;
    assert.equal(memory.records.size, 1);
  });
});
