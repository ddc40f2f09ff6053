/** Several calls at a time in one container: real Node.js runtimes in real boxes. */
import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { after, before, describe, it } from 'node:test';
import { VirtualClock } from '../clock/virtual-clock.ts';
import type { ActivationOutcome } from '../domain/activation.ts';
import { chooseSandbox } from '../sandbox/choose-sandbox.ts';
import { LOG_SENTINEL } from './log-collector.ts';
import { SharedLogs } from './shared-logs.ts';
import { startInvoker } from './testing/start-invoker.ts';
import type { SandboxMaker, StartedInvoker } from './testing/start-invoker.ts';

const make: SandboxMaker = async (choice, scratchDir) => (await chooseSandbox(choice, { scratchDir })).sandbox;
const limits = { timeout: 60_000, memory: 256, logs: 10, concurrency: 4 };
const texts = (outcome: ActivationOutcome): string[] => outcome.logs.map((line) => line.slice(31));

/** Calls wait in the process for each other, which shows that they are in it together. */
const MEETING = `
let here = [];
const box = Math.random();
async function main({ name, people, fail, hang }) {
  console.log(name + ' comes');
  if (hang) return new Promise(() => {});
  if (fail) { await null; process.stdout.write('no line end'); return { error: name }; }
  await new Promise((resolve) => { here.push(resolve); if (here.length === people) { here.forEach((go) => go()); here = []; } });
  console.error(name + ' goes');
  return { name, box };
}`;

for (const choice of ['process', 'bubblewrap'] as const) {
  describe(`a container that calls share, in ${choice}`, { timeout: 240_000 }, () => {
    let started: StartedInvoker;
    before(() => { started = startInvoker(choice, make, { memoryMB: 512 }); });
    after(() => started.stop());

    function assign(path: string, args: Record<string, string | number | boolean>, changes: Partial<typeof limits> = {}, kind = 'nodejs:24'): string {
      return started.controller.assign(path, { args, action: { kind, limits: { ...limits, ...changes } } });
    }

    async function outcome(id: string): Promise<ActivationOutcome> {
      await started.controller.until(`the completion of ${id}`, () => started.controller.completion(id) !== undefined);
      const completion = started.controller.completion(id);
      assert.ok(completion);
      return completion.outcome;
    }

    it('runs them at once, cold and warm, each with its own logs and result', async () => {
      started.controller.code.set('guest/meeting', { kind: 'nodejs:24', code: MEETING, binary: false });
      for (const round of ['cold', 'warm']) {
        const ids = ['a', 'b', 'c', 'd'].map((name) => assign('guest/meeting', { name, people: 4 }));
        const outcomes = await Promise.all(ids.map(outcome));
        for (const [at, name] of ['a', 'b', 'c', 'd'].entries()) {
          const { response, logs, initTime } = outcomes[at]!;
          assert.deepEqual((response.result as { name: string }).name, name, JSON.stringify(response));
          assert.deepEqual(texts({ ...outcomes[at]!, logs }).sort(), [`stderr: ${name} goes`, `stdout: ${name} comes`]);
          assert.equal(initTime !== undefined, round === 'cold' && at === 0, 'one of them has loaded it');
        }
        assert.equal(new Set(outcomes.map(({ response }) => (response.result as { box: number }).box)).size, 1);
      }
    });

    it('takes memory for one container only, and a second one when it is full', async () => {
      started.controller.code.set('guest/two', { kind: 'nodejs:24', code: MEETING, binary: false });
      // Two containers of 256 MB are all there is: eight calls of which four meet at a time fill them.
      const outcomes = await Promise.all(Array.from({ length: 8 }, (_, at) => assign('guest/two', { name: `n${at}`, people: 4 })).map(outcome));
      const boxes = outcomes.map(({ response }) => (response.result as { box: number }).box);
      assert.equal(new Set(boxes).size, 2);
      assert.deepEqual(outcomes.map(({ response }) => response.statusCode), Array(8).fill(0));
    });

    it('leaves the others alone when one fails or takes too long', async () => {
      started.controller.code.set('guest/trouble', { kind: 'nodejs:24', code: MEETING, binary: false });
      const first = assign('guest/trouble', { name: 'first', people: 2 });
      const hanging = assign('guest/trouble', { name: 'hanging', hang: true }, { timeout: 700 });
      const failing = await outcome(assign('guest/trouble', { name: 'failing', fail: true }));
      assert.deepEqual([failing.response.statusCode, failing.response.result, texts(failing)], [1, { error: 'failing' }, ['stdout: failing comes', 'stdout: no line end']]);
      const late = await outcome(hanging);
      assert.deepEqual([late.response.statusCode, late.timedOut, late.response.result], [2, true, { error: 'The action exceeded its time limits of 700 milliseconds.' }]);
      assert.equal(started.controller.completion(first), undefined, 'it waits for company');
      // The container takes nobody in any more, so this one gets another and waits there for a third.
      const [second, third] = [assign('guest/trouble', { name: 'second', people: 2 }), assign('guest/trouble', { name: 'third', people: 2 })];
      assert.deepEqual((await Promise.all([outcome(second), outcome(third)])).map(({ response }) => response.statusCode), [0, 0]);
      started.controller.say({ type: 'drain' });
      await started.controller.until('its return', () => started.controller.all('return').some(({ activationId }) => activationId === first));
    });
  });
}

describe('actions that share where they cannot', { timeout: 120_000 }, () => {
  it('are each told when the action cannot be loaded', async () => {
    const started = startInvoker('process', make);
    const { controller } = started;
    controller.code.set('guest/broken', { kind: 'nodejs:24', code: 'throw new Error("broken");', binary: false });
    const ids = Array.from({ length: 3 }, () => controller.assign('guest/broken', { action: { kind: 'nodejs:24', limits } }));
    await controller.until('all', () => ids.every((id) => controller.completion(id) !== undefined));
    for (const id of ids) assert.match(JSON.stringify(controller.completion(id)?.outcome.response), /"statusCode":2,.*Initialization has failed due to: Error: broken/);
    await started.stop();
  });

  it('run one after the other in a runtime that takes one at a time', async () => {
    const started = startInvoker('process', make);
    const { controller } = started;
    controller.code.set('guest/python', { kind: 'python:3', code: 'import time\nn = 0\ndef main(args):\n  global n\n  n += 1\n  mine = n\n  time.sleep(0.05)\n  return {"alone": n == mine}\n', binary: false });
    const ids = Array.from({ length: 3 }, () => controller.assign('guest/python', { action: { kind: 'python:3', limits } }));
    await controller.until('all', () => ids.every((id) => controller.completion(id) !== undefined));
    for (const id of ids) assert.deepEqual(controller.completion(id)?.outcome.response.result, { alone: true });
    await started.stop();
  });
});

describe('shared logs', () => {
  const turn = (): Promise<void> => new Promise((resolve) => { setImmediate(resolve); });

  it('give each call its marked lines, and unmarked ones to all that run', async () => {
    const streams = { stdout: new PassThrough(), stderr: new PassThrough() };
    const shared = new SharedLogs(streams, new VirtualClock(0));
    const [a, b] = [shared.open('a'), shared.open('b')];
    for (const logs of [a, b]) logs.begin(1000);
    for (const piece of ['\x01a\x02one\n\x01', 'b\x02tw', `o\nall\n\x01a\x02${LOG_SENTINEL}\n`]) {
      streams.stdout.write(piece);
      await turn();
    }
    streams.stderr.write(`\x01a\x02${LOG_SENTINEL}\n`);
    await a.settled(1000);
    assert.ok(a.sentinels && !b.sentinels);
    assert.deepEqual([a.take([]), b.take([])].map((lines) => lines.map((line) => line.slice(31))), [['stdout: one', 'stdout: all'], ['stdout: two', 'stdout: all']]);
    shared.close('a');
    streams.stdout.write('\x01a\x02nobody hears\n');
    streams.stdout.destroy();
    streams.stderr.destroy();
    await b.settled(1000);
    assert.ok(b.complete);
  });

  it('carry a long line in parts, all to its call', async () => {
    const streams = { stdout: new PassThrough(), stderr: new PassThrough() };
    const shared = new SharedLogs(streams, new VirtualClock(0));
    const [a, b] = [shared.open('a'), shared.open('b')];
    for (const logs of [a, b]) logs.begin(1_000_000);
    streams.stdout.write('\x01a\x02');
    for (let n = 0; n < 20; n += 1) {
      streams.stdout.write('x'.repeat(10_000));
      await turn();
    }
    streams.stdout.write('\n');
    await turn();
    await turn();
    assert.equal(a.take([]).map((line) => line.slice(39)).join('').length, 200_000);
    assert.deepEqual(b.take([]), []);
  });
});
