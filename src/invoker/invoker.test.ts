/** The invoker towards its controller: real Node.js or Python boxes as plain processes, a scripted controller. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import type { CodeExec } from '../domain/action.ts';
import { chooseSandbox } from '../sandbox/choose-sandbox.ts';
import { startInvoker } from './testing/start-invoker.ts';
import type { SandboxMaker, StartedInvoker } from './testing/start-invoker.ts';

const make: SandboxMaker = async (choice, scratchDir) => (await chooseSandbox(choice, { scratchDir })).sandbox;
const python = (code: string): CodeExec => ({ kind: 'python:3', code, binary: false });
const PYTHON = { kind: 'python:3' };
const LIMITS = { timeout: 60_000, memory: 256, logs: 10, concurrency: 1 };
/** Sleeps as long as it is told, having said that it runs by making a file. */
const SLEEPER = python('import time\ndef main(args):\n  if "mark" in args: open(args["mark"], "w").close()\n  time.sleep(args.get("s", 0))\n  return {"slept": args.get("s", 0)}\n');

const marks = mkdtempSync(join(tmpdir(), 'hpcwhisk-marks-'));
const all: StartedInvoker[] = [];
function start(...[options, parts]: [Parameters<typeof startInvoker>[2]?, Parameters<typeof startInvoker>[3]?]): StartedInvoker {
  const started = startInvoker('process', make, options, parts);
  started.controller.code.set('guest/sleeper', SLEEPER);
  started.controller.code.set('guest/other', SLEEPER);
  all.push(started);
  return started;
}
after(async () => {
  await Promise.all(all.map((each) => each.stop()));
  rmSync(marks, { recursive: true, force: true });
});

let nextMark = 1;
/** Assigns a sleeper and waits until it runs. */
async function running(started: StartedInvoker, seconds: number, changes: Parameters<StartedInvoker['controller']['assign']>[1] = {}): Promise<string> {
  const mark = join(marks, String(nextMark++));
  const id = started.controller.assign('guest/sleeper', { ...changes, args: { s: seconds, mark }, action: { ...PYTHON, ...changes.action } });
  await started.controller.until('the start of the sleeper', () => existsSync(mark));
  return id;
}
const boxes = (started: StartedInvoker): string[] => (existsSync(started.scratchDir) ? readdirSync(started.scratchDir) : []);

describe('invoker', { timeout: 300_000, concurrency: 3 }, () => {
  it('joins, heartbeats what is free, and asks for code once', async () => {
    const started = start({ memoryMB: 1024, leaseEndsAt: Date.now() + 3_600_000, jobId: '12_3' });
    const { controller } = started;
    await controller.until('a heartbeat', () => controller.all('heartbeat').length > 0);
    const [join] = controller.joins;
    assert.deepEqual([join?.invokerId, join?.node, join?.jobId, join?.memoryMB, join?.held], ['i1', 'n1', '12_3', 1024, []]);
    assert.deepEqual([controller.all('heartbeat')[0]?.freeMemoryMB, controller.all('heartbeat')[0]?.running], [1024, 0]);
    await Promise.all([controller.call('guest/sleeper', { action: PYTHON }), controller.call('guest/sleeper', { action: PYTHON })]);
    assert.equal(controller.all('code-wanted').length, 1);
    const id = await running(started, 600);
    await controller.until('a heartbeat with it', () => controller.all('heartbeat').at(-1)?.freeMemoryMB === 768);
    assert.equal(controller.completion(id), undefined);
  });

  it('keeps to its memory: what does not fit waits its turn', async () => {
    const started = start({ memoryMB: 512 });
    const { controller } = started;
    const [first] = [await running(started, 0.3), await running(started, 600)];
    const waiting = controller.assign('guest/other', { action: PYTHON });
    await controller.until('the end of the first', () => controller.completion(first) !== undefined);
    await controller.until('the other', () => controller.completion(waiting) !== undefined);
    assert.equal(controller.completion(waiting)?.outcome.response.statusCode, 0);
    const big = await controller.call('guest/big', { action: { ...PYTHON, limits: { ...LIMITS, memory: 1024 } } });
    assert.equal(big.response.statusCode, 3);
  });

  it('takes from stem cells, replaces them, and gives their memory up for work', async () => {
    const started = start({ memoryMB: 512, prewarm: [{ kind: 'python:3', memoryMB: 256, count: 1 }] });
    const { controller } = started;
    await controller.until('a stem cell', () => boxes(started).includes('box1'));
    const outcome = await controller.call('guest/sleeper', { action: PYTHON });
    assert.equal(outcome.response.statusCode, 0);
    await controller.until('its replacement', () => boxes(started).includes('box2'));
    const both = [await running(started, 600), await running(started, 600)];
    assert.equal(both.length, 2);
    assert.ok(!boxes(started).includes('box3'), 'no third box fits');
  });

  it('removes a warm container that died, and starts another', async () => {
    const started = start();
    const { controller } = started;
    controller.code.set('guest/suicide', python('import os, threading\ndef main(args):\n  threading.Timer(0.05, lambda: os._exit(1)).start()\n  return {}\n'));
    await controller.call('guest/suicide', { action: PYTHON });
    await controller.until('its removal', () => boxes(started).length === 0);
    assert.equal((await controller.call('guest/suicide', { action: PYTHON })).response.statusCode, 0);
  });

  it('removes warm containers that nobody used for long', async () => {
    const started = start({ idleMs: 0 });
    await started.controller.call('guest/sleeper', { action: PYTHON });
    assert.equal(boxes(started).length, 1);
    await started.controller.until('its removal', () => boxes(started).length === 0);
  });

  it('runs a repeated assignment once, and answers it again', async () => {
    const started = start();
    const { controller } = started;
    controller.acknowledges = false;
    const id = controller.assign('guest/sleeper', { action: PYTHON, activationId: 'f'.repeat(32) });
    controller.assign('guest/sleeper', { action: PYTHON, activationId: 'f'.repeat(32) });
    await controller.until('its completion', () => controller.completion('f'.repeat(32)) !== undefined);
    controller.assign('guest/sleeper', { action: PYTHON, activationId: 'f'.repeat(32) });
    await controller.until('the same again', () => controller.all('complete').length === 2);
    assert.deepEqual(controller.all('complete')[0], controller.all('complete')[1]);
    assert.ok(id);
  });

  it('keeps what is not acknowledged over a lost connection, and sends it again with its message', async () => {
    const started = start();
    const { controller } = started;
    controller.acknowledges = false;
    await controller.call('guest/sleeper', { action: PYTHON });
    const late = await running(started, 0.5);
    controller.disconnect();
    await new Promise((resolve) => { setTimeout(resolve, 700); });
    controller.heard.length = 0;
    controller.acknowledges = true;
    controller.connect();
    assert.equal(controller.joins[1]?.held.length, 2);
    await controller.until('both', () => controller.all('complete').length >= 2);
    for (const complete of controller.all('complete')) assert.equal(complete.message?.action.path, 'guest/sleeper');
    assert.ok(controller.completion(late));
    await controller.until('a heartbeat', () => controller.all('heartbeat').length > 1);
    controller.disconnect();
    controller.connect();
    assert.deepEqual(controller.joins[2]?.held, []);
  });

  it('asks again for code that a lost connection swallowed', async () => {
    const { controller } = start();
    controller.answersCode = false;
    const id = controller.assign('guest/sleeper', { action: PYTHON });
    await controller.until('the question', () => controller.all('code-wanted').length > 0);
    controller.disconnect();
    controller.answersCode = true;
    controller.connect();
    await controller.until('its completion', () => controller.completion(id) !== undefined);
  });
});

describe('drain', { timeout: 300_000, concurrency: 3 }, () => {
  it('of an idle invoker leaves at once and leaves nothing behind', async () => {
    const started = start({ prewarm: [{ kind: 'python:3', memoryMB: 256, count: 2 }] });
    const { controller, invoker } = started;
    await controller.call('guest/sleeper', { action: PYTHON });
    await controller.until('stem cells', () => boxes(started).length >= 2);
    await invoker.drain('preempted');
    assert.deepEqual((await invoker.ended).cause, 'preempted');
    assert.deepEqual(boxes(started), []);
    assert.ok(controller.closed);
    assert.deepEqual(controller.heard.filter(({ type }) => type === 'draining' || type === 'leave').map(({ type }) => type), ['draining', 'leave']);
  });

  it('returns what has not started, lets a short call finish, interrupts a long one', async () => {
    const started = start({ memoryMB: 512, holdMs: 1500 });
    const { controller, invoker } = started;
    const [short, long] = [await running(started, 0.4), await running(started, 600)];
    const waiting = controller.assign('guest/other', { action: PYTHON });
    await controller.until('a heartbeat with all three', () => controller.all('heartbeat').at(-1)?.running === 3);
    const drained = invoker.drain('preempted');
    const late = controller.assign('guest/other', { action: PYTHON });
    await drained;
    assert.deepEqual(controller.all('return').map(({ activationId, reason }) => [activationId, reason]).sort(), [[waiting, 'not-started'], [late, 'not-started'], [long, 'interrupted']].sort());
    assert.equal(controller.completion(short)?.outcome.response.statusCode, 0);
    assert.equal(controller.completion(long), undefined);
    const order = controller.heard.filter(({ type }) => type !== 'heartbeat' && type !== 'code-wanted').map(({ type }) => type);
    assert.deepEqual([order[0], order.at(-1)], ['draining', 'leave']);
    assert.deepEqual(boxes(started), []);
  });

  it('hands back a call that fails while the node is taken away, unless it must not run twice', async () => {
    const started = start({ holdMs: 5000 });
    const { controller, invoker } = started;
    const failing = python('import time\ndef main(args):\n  open(args["mark"], "w").close()\n  time.sleep(0.6)\n  raise ValueError("my child was killed")\n');
    controller.code.set('guest/sleeper', failing);
    const again = await running(started, 0);
    const once = await running(started, 0, { action: { atMostOnce: true } });
    await invoker.drain('preempted');
    assert.deepEqual(controller.all('return').map(({ activationId, reason }) => [activationId, reason]), [[again, 'interrupted']]);
    assert.deepEqual(controller.completion(once)?.outcome.response.result, { error: 'my child was killed' });
  });

  it('hands back a call whose runtime died of the signal that the invoker hears of a moment later', async () => {
    const started = start({ holdMs: 5000 });
    const { controller, invoker } = started;
    controller.code.set('guest/sleeper', python('import os, time\ndef main(args):\n  open(args["mark"], "w").close()\n  time.sleep(0.3)\n  os._exit(143)\n'));
    const id = await running(started, 0);
    await new Promise((resolve) => { setTimeout(resolve, 290); });
    await invoker.drain('preempted');
    const returned = controller.all('return').some(({ activationId }) => activationId === id);
    assert.ok(returned || controller.completion(id)?.outcome.response.statusCode === 2);
  });

  it('waits for the acknowledgement of the last results, but not for ever', async () => {
    const started = start({ ackWaitMs: 300 });
    const { controller, invoker } = started;
    controller.acknowledges = false;
    await controller.call('guest/sleeper', { action: PYTHON });
    const before = Date.now();
    await invoker.drain('preempted');
    assert.ok(Date.now() - before >= 290);
    assert.equal(controller.heard.at(-1)?.type, 'leave');
  });

  it('begins by itself before the lease ends, and lets what runs use the rest of it', async () => {
    const started = start({ leaseEndsAt: Date.now() + 3_000, drainMarginMs: 1_500 });
    const { controller, invoker } = started;
    const id = await running(started, 1);
    const { cause } = await invoker.ended;
    assert.equal(cause, 'time-limit');
    assert.equal(controller.all('draining')[0]?.cause, 'time-limit');
    assert.ok(controller.completion(id) !== undefined || controller.all('return').some(({ activationId }) => activationId === id));
  });

  it('is shortened when the node is wanted before the lease ends', async () => {
    const started = start({ leaseEndsAt: Date.now() + 60_000, drainMarginMs: 120_000, holdMs: 100 });
    const { controller, invoker } = started;
    await controller.until('the drain', () => controller.all('draining').length > 0);
    await invoker.drain('preempted');
    assert.equal(controller.heard.at(-1)?.type, 'leave');
  });

  it('comes from the controller, too, and from being refused', async () => {
    const told = start();
    await told.controller.until('the join', () => told.controller.joins.length > 0);
    told.controller.say({ type: 'drain' });
    assert.deepEqual(await told.invoker.ended, { cause: 'shutdown' });
    const refused = start();
    await refused.controller.until('the join', () => refused.controller.joins.length > 0);
    refused.controller.say({ type: 'refuse', reason: 'wrong version' });
    assert.deepEqual(await refused.invoker.ended, { cause: 'shutdown', refused: 'wrong version' });
  });

  it('comes when there is no controller for too long', async () => {
    const { controller, invoker } = start({ linkDownMs: 200 });
    await controller.until('the join', () => controller.joins.length > 0);
    controller.disconnect();
    assert.equal((await invoker.ended).cause, 'unknown');
  });

  it('comes when no sandbox works here', async () => {
    const { invoker } = start({}, { sandbox: () => Promise.reject(new Error('no user namespaces')) });
    assert.equal((await invoker.ended).refused, 'no user namespaces');
  });
});
