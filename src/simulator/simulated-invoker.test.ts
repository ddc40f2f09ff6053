/** The simulated invoker beside the real one: what both say to a controller that says the same to both. */
import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import type { ActivationMessage } from '../domain/activation.ts';
import { startInvoker, type StartedInvoker } from '../invoker/testing/start-invoker.ts';
import type { InvokerConnection } from '../link/link.ts';
import type { ToController } from '../link/messages.ts';
import { chooseSandbox } from '../sandbox/choose-sandbox.ts';
import { EventClock } from './event-clock.ts';
import { SimulatedInvoker } from './simulated-invoker.ts';

type Said = Exclude<ToController, { type: 'join' }>;

const MEMORY_MB = 512;
const CODE = { kind: 'python:3', code: 'import time\ndef main(args):\n  time.sleep(args["s"])\n  return {}\n', binary: false };

const started: StartedInvoker[] = [];
after(async () => { await Promise.all(started.map((each) => each.stop())); });

/** In the order in which it was said, without what only the real one asks for and what depends on when one looks. */
function essence(said: readonly ToController[]): string[] {
  return said.flatMap((message) => {
    switch (message.type) {
      case 'complete': return [`complete ${Number.parseInt(message.activationId, 16)} ${message.outcome.response.statusCode}`];
      case 'return': return [`return ${Number.parseInt(message.activationId, 16)} ${message.reason}`];
      case 'draining': return ['draining'];
      case 'leave': return ['leave'];
      default: return [];
    }
  });
}

/** Assigns `calls` of a function that works `seconds`, lets it begin, preempts; then assigns one more. */
async function realInvoker(calls: number, seconds: number, drainAt: (said: readonly ToController[]) => boolean): Promise<string[]> {
  const one = startInvoker('process', async (choice, scratchDir) => (await chooseSandbox(choice, { scratchDir })).sandbox, { memoryMB: MEMORY_MB });
  started.push(one);
  const { controller, invoker } = one;
  controller.code.set('guest/f', CODE);
  // Warm, so that what comes next runs at once.
  const warm = await Promise.all([1, 2].map(() => controller.call('guest/f', { args: { s: 0.3 }, action: { kind: 'python:3' } })));
  assert.equal(warm.length, 2);
  const before = controller.heard.length;
  for (let call = 0; call < calls; call++) controller.assign('guest/f', { args: { s: seconds }, action: { kind: 'python:3' } });
  await controller.until('its turn', () => drainAt(controller.heard.slice(before)));
  const drained = invoker.drain('preempted');
  controller.assign('guest/f', { args: { s: 0 }, action: { kind: 'python:3' } });
  await drained;
  return essence(controller.heard.slice(before));
}

async function simulatedInvoker(calls: number, seconds: number, drainAfterMs: number): Promise<string[]> {
  const clock = new EventClock(1_600_000_000_000);
  const said: Said[] = [];
  let connection: InvokerConnection | undefined;
  const invoker = new SimulatedInvoker({
    clock, load: { callMs: seconds * 1000, coldMs: 0, memoryMB: MEMORY_MB }, counts: { interrupted: 0, handedBack: 0, cold: 0 },
    controller: {
      joined: (joined) => {
        connection = joined;
        joined.send({ type: 'welcome', heartbeatMs: 1000, maxResultBytes: 1000 });
      },
      received: (_, message) => {
        said.push(message);
        if (message.type === 'complete' || message.type === 'return') connection?.send({ type: 'ack', ids: [message.activationId] });
      },
      closed: () => undefined,
    },
  }, { invokerId: 'i1', node: 'n1', memoryMB: MEMORY_MB, leaseEndsAt: null, held: [] });
  await clock.run(clock.now() + 10);
  let next = 3;
  const assign = (): void => {
    const message: ActivationMessage = {
      activationId: (next++).toString(16).padStart(32, '0'), transactionId: 't', namespace: 'guest', subject: 'guest', args: {}, env: {}, acceptedAt: clock.now(), blocking: true,
      action: { path: 'guest/f', name: 'f', version: '0.0.1', revision: '1', kind: 'python:3', limits: { timeout: 60_000, memory: 256, logs: 10, concurrency: 1 } },
    };
    connection?.send({ type: 'assign', message });
  };
  for (let call = 0; call < calls; call++) assign();
  await clock.run(clock.now() + drainAfterMs);
  invoker.signal();
  assign();
  await clock.run(clock.now() + 5000);
  return essence(said);
}

describe('a simulated invoker says what a real one says', { timeout: 120_000 }, () => {
  it('when it is preempted with calls that take long, and one that waits for memory', async () => {
    const real = await realInvoker(3, 600, (said) => said.some((message) => message.type === 'heartbeat' && message.running === 3));
    assert.deepEqual(await simulatedInvoker(3, 600, 100), real);
    assert.deepEqual(real, ['draining', 'return 5 not-started', 'return 6 not-started', 'return 3 interrupted', 'return 4 interrupted', 'leave']);
  });

  it('when what runs is over within the hold time', async () => {
    const real = await realInvoker(1, 0.3, (said) => said.some((message) => message.type === 'heartbeat' && message.running === 1));
    assert.deepEqual(await simulatedInvoker(1, 0.3, 50), real);
    assert.deepEqual(real, ['draining', 'return 4 not-started', 'complete 3 0', 'leave']);
  });

  it('when there is nothing to do, and when the next call gets the memory of one that has ended', async () => {
    const real = await realInvoker(0, 0, () => true);
    assert.deepEqual(await simulatedInvoker(0, 0, 50), real);
    const done = (said: readonly ToController[]): boolean => said.filter(({ type }) => type === 'complete').length === 5;
    const sorted = (said: readonly string[]): string[] => [...said].sort();
    assert.deepEqual(sorted(await simulatedInvoker(5, 0.05, 1000)), sorted(await realInvoker(5, 0.05, done)));
  });
});
