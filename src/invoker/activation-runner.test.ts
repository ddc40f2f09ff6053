/** What becomes of an activation, in OpenWhisk's terms: real runtimes in real boxes of both kinds. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { ActivationOutcome } from '../domain/activation.ts';
import type { CodeExec } from '../domain/action.ts';
import { chooseSandbox } from '../sandbox/choose-sandbox.ts';
import type { SandboxChoice } from '../sandbox/sandbox.ts';
import { startInvoker } from './testing/start-invoker.ts';
import type { SandboxMaker, StartedInvoker } from './testing/start-invoker.ts';

const make: SandboxMaker = async (choice, scratchDir) => (await chooseSandbox(choice, { scratchDir })).sandbox;
const DEVELOPER_NOTICE = 'stderr: The action did not initialize or run as expected. Log data might be missing.';
const node = (code: string): CodeExec => ({ kind: 'nodejs:24', code, binary: false });
const python = (code: string): CodeExec => ({ kind: 'python:3', code, binary: false });
const texts = (outcome: ActivationOutcome): string[] => outcome.logs.map((line) => line.slice(31));

interface Failure { name: string; exec: CodeExec; statusCode: number; error: string | RegExp; limits?: { timeout?: number; memory?: number; logs?: number }; timedOut?: boolean }

const FAILURES: Failure[] = [
  { name: 'a Node.js action that exits', exec: node('function main() { process.exit(3); }'), statusCode: 2, error: 'The action did not produce a valid response and exited unexpectedly.' },
  { name: 'a Python action that exits', exec: python('import sys\ndef main(args):\n  sys.exit(3)\n'), statusCode: 2, error: 'The action did not produce a valid response and exited unexpectedly.' },
  { name: 'an action that exits while it is loaded', exec: node('process.exit(1); function main() {}'), statusCode: 2, error: 'The action did not initialize and exited unexpectedly.' },
  { name: 'an action that cannot be loaded', exec: node('function main() {'), statusCode: 2, error: /^Initialization has failed due to: [^]*SyntaxError: Unexpected end of input/ },
  { name: 'a throw', exec: node('function main() { throw new Error("boom"); }'), statusCode: 2, error: 'An error has occurred: Error: boom' },
  { name: 'an application error', exec: python('def main(args):\n  raise ValueError("boom")\n'), statusCode: 1, error: 'boom' },
  { name: 'a result that is no object', exec: python('def main(args):\n  return 5\n'), statusCode: 2, error: 'The action did not return a dictionary or array.' },
  { name: 'a function that never answers', exec: node('function main() { return new Promise(() => {}); }'), statusCode: 2, error: 'The action exceeded its time limits of 300 milliseconds.', limits: { timeout: 300 }, timedOut: true },
  { name: 'a busy loop', exec: python('def main(args):\n  while True: pass\n'), statusCode: 2, error: 'The action exceeded its time limits of 300 milliseconds.', limits: { timeout: 300 }, timedOut: true },
  { name: 'an endless load', exec: python('while True: pass\n'), statusCode: 2, error: 'The action exceeded its time limits of 400 milliseconds during initialization.', limits: { timeout: 400 }, timedOut: true },
  { name: 'a heap that grows', exec: node('function main() { const a = []; for (;;) a.push(new Array(1e5).fill(Math.random())); }'), statusCode: 2, error: 'The action exhausted its memory and was aborted.', limits: { memory: 128 } },
  { name: 'memory that grows', exec: python('import time\ndef main(args):\n  x = bytearray(b"x") * (220 << 20)\n  time.sleep(60)\n'), statusCode: 2, error: 'The action exhausted its memory and was aborted.', limits: { memory: 128 } },
  { name: 'a result that is too large', exec: node('function main() { return {text: "x".repeat(2e6)}; }'), statusCode: 1, error: /^The action produced a response that exceeded the allowed length: 2000011 > 1048576 bytes. The truncated response was: \{"text":"xxx/ },
  { name: 'an action that is gone', exec: node(''), statusCode: 3, error: 'Action could not be found or may have been deleted.' },
];

for (const choice of ['process', 'bubblewrap'] as const satisfies SandboxChoice[]) {
  describe(`activations in ${choice}`, { timeout: 300_000 }, () => {
    let started: StartedInvoker;
    before(() => { started = startInvoker(choice, make); });
    after(() => started.stop());

    for (const { name, exec, statusCode, error, limits, timedOut } of FAILURES) {
      it(name, async () => {
        const { controller } = started;
        const path = `guest/${name.replaceAll(' ', '-')}`;
        if (exec.code !== '') controller.code.set(path, exec);
        const outcome = await controller.call(path, { action: { kind: exec.kind, limits: { timeout: 60_000, memory: 256, logs: 10, concurrency: 1, ...limits } } });
        const result = outcome.response.result as { error: string };
        assert.equal(outcome.response.statusCode, statusCode, JSON.stringify(outcome));
        if (typeof error === 'string') assert.equal(result.error, error);
        else assert.match(result.error, error);
        assert.equal(outcome.timedOut, timedOut === true);
        if (statusCode === 2) assert.equal(texts(outcome).at(-1), DEVELOPER_NOTICE);
        assert.ok(outcome.end >= outcome.start && outcome.waitTime >= 0);
      });
    }

    it('logs are whole and nobody else\'s, call after call, whatever a function prints', async () => {
      const { controller } = started;
      controller.code.set('guest/chatty-node', node('function main({ call, lines }) { for (let n = 0; n < lines; n++) console[n % 2 ? "log" : "error"](`${call}/${n}`); process.stdout.write(`${call}/end`); return {}; }'));
      controller.code.set('guest/chatty-python', python('import sys\ndef main(args):\n  for n in range(args["lines"]):\n    print("%d/%d" % (args["call"], n), file=sys.stdout if n % 2 else sys.stderr)\n  sys.stdout.write("%d/end" % args["call"])\n  return {}\n'));
      for (const [path, kind] of [['guest/chatty-node', 'nodejs:24'], ['guest/chatty-python', 'python:3']] as const) {
        for (let call = 0; call < 60; call++) {
          const lines = [0, 1, 7, 3000][call % 4] ?? 0;
          const outcome = await controller.call(path, { args: { call, lines }, action: { kind, limits: { timeout: 60_000, memory: 256, logs: 10, concurrency: 1 } } });
          const printed = texts(outcome).map((text) => text.replace(/^std(out|err): /, '')).sort();
          assert.deepEqual(printed, [...Array.from({ length: lines }, (_, n) => `${call}/${n}`), `${call}/end`].sort());
        }
      }
    });

    it('a time-out ends the whole tree', async () => {
      const { controller } = started;
      const mark = `61${Date.now() % 100_000_000}`;
      controller.code.set('guest/tree', python(`import subprocess, time\ndef main(args):\n  subprocess.Popen(["sleep", "${mark}"], start_new_session=True)\n  time.sleep(60)\n`));
      const outcome = await controller.call('guest/tree', { action: { kind: 'python:3', limits: { timeout: 1000, memory: 256, logs: 10, concurrency: 1 } } });
      assert.ok(outcome.timedOut);
      const { processesWith, until } = await import('../sandbox/conformance/sandbox-cases.ts');
      await until('the end of the tree', () => processesWith(`sleep\0${mark}`).length === 0, () => String(processesWith(mark)));
    });

    it('first run cold, then warm; with logs, times and size', async () => {
      const { controller } = started;
      controller.code.set('guest/hello', node('let n = 0; console.log("loaded"); function main(args) { console.log("out"); console.error("err"); return {n: ++n, args}; }'));
      const cold = await controller.call('guest/hello', { args: { a: 1 } });
      assert.deepEqual(cold.response, { statusCode: 0, result: { n: 1, args: { a: 1 } }, size: 22 });
      assert.deepEqual(texts(cold).sort(), ['stderr: err', 'stdout: loaded', 'stdout: out']);
      assert.match(cold.logs[0] ?? '', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z {7}std/);
      assert.ok(cold.initTime !== undefined && cold.duration >= cold.initTime && cold.end >= cold.start);
      const warm = await controller.call('guest/hello');
      assert.equal((warm.response.result as { n: number }).n, 2);
      assert.equal(warm.initTime, undefined);
      assert.deepEqual(texts(warm).sort(), ['stderr: err', 'stdout: out']);
    });

    it('containers are not shared between namespaces or revisions', async () => {
      const { controller } = started;
      controller.code.set('guest/count', python('n = 0\ndef main(args):\n  global n\n  n += 1\n  return {"n": n}\n'));
      const count = async (changes: Parameters<typeof controller.call>[1]): Promise<unknown> => (await controller.call('guest/count', { ...changes, action: { kind: 'python:3', ...changes?.action } })).response.result;
      assert.deepEqual(await count({}), { n: 1 });
      assert.deepEqual(await count({}), { n: 2 });
      assert.deepEqual(await count({ namespace: 'other' }), { n: 1 });
      assert.deepEqual(await count({ action: { revision: '2' } }), { n: 1 });
      assert.deepEqual(await count({}), { n: 3 });
    });

    it('an application error keeps the container, a developer error does not', async () => {
      const { controller } = started;
      controller.code.set('guest/moody', python('n = 0\ndef main(args):\n  global n\n  n += 1\n  if args.get("fail"): raise ValueError("x")\n  return args.get("bad") or {"n": n}\n'));
      const call = async (args: Record<string, string | boolean>): Promise<unknown> => (await controller.call('guest/moody', { args, action: { kind: 'python:3' } })).response.result;
      await call({ fail: true });
      assert.deepEqual(await call({}), { n: 2 });
      await call({ bad: 'text' });
      assert.deepEqual(await call({}), { n: 1 });
    });

    it('passes environment, arguments and deadline', async () => {
      const { controller } = started;
      controller.code.set('guest/p/env', node('function main(args) { return {env: process.env, args}; }'));
      const outcome = await controller.call('guest/p/env', { namespace: 'caller', env: { INIT: 'yes' }, apiKey: 'u:k', args: { x: [1] }, action: { name: 'env' } });
      const { env, args } = outcome.response.result as { env: Record<string, string>; args: unknown };
      assert.deepEqual(args, { x: [1] });
      assert.deepEqual(
        [env['__OW_NAMESPACE'], env['__OW_ACTION_NAME'], env['INIT'], env['__OW_API_KEY'], env['__OW_ACTION_VERSION'], env['__OW_TRANSACTION_ID']],
        ['caller', '/guest/p/env', 'yes', 'u:k', '0.0.1', 'tid'],
      );
      const deadline = Number(env['__OW_DEADLINE']);
      assert.ok(deadline >= outcome.start + 60_000 - 50 && deadline <= outcome.end + 60_000);
      for (const name of Object.keys(env)) assert.doesNotMatch(name, /HPCWHISK|SLURM/);
    });

    it('logs: limit, none wanted, megabytes', async () => {
      const { controller } = started;
      controller.code.set('guest/talk', python('def main(args):\n  for i in range(args["lines"]): print("x" * 99)\n  return {}\n'));
      const limits = { timeout: 60_000, memory: 256, concurrency: 1 };
      const long = await controller.call('guest/talk', { args: { lines: 50_000 }, action: { kind: 'python:3', limits: { ...limits, logs: 1 } } });
      assert.equal(long.response.statusCode, 0);
      assert.equal(texts(long).at(-1), 'stderr: Logs were truncated because the total bytes size exceeds the limit of 1048576 bytes.');
      assert.equal(long.logs.length, 10_487);
      const again = await controller.call('guest/talk', { args: { lines: 2 }, action: { kind: 'python:3', limits: { ...limits, logs: 1 } } });
      assert.equal(again.logs.length, 2);
      const none = await controller.call('guest/talk', { args: { lines: 2 }, action: { kind: 'python:3', revision: '2', limits: { ...limits, logs: 0 } } });
      assert.deepEqual(none.logs, []);
    });

    it('says so when a sentinel does not come', async () => {
      const { controller } = started;
      controller.code.set('guest/mute', node('function main() { require("fs").closeSync(2); return {ok: 1}; }'));
      const outcome = await controller.call('guest/mute', { action: { limits: { timeout: 60_000, memory: 256, logs: 1, concurrency: 1 } } });
      assert.deepEqual(outcome.response.result, { ok: 1 });
    });

    it('starts no function that has no runtime here', async () => {
      const outcome = await started.controller.call('guest/cobol', { action: { kind: 'cobol:1' } });
      assert.equal(outcome.response.statusCode, 3);
      assert.match(JSON.stringify(outcome.response.result), /no runtime for the kind cobol:1/);
    });
  });
}

describe('the longest result', { timeout: 60_000 }, () => {
  let started: StartedInvoker;
  before(() => { started = startInvoker('process', make); });
  after(() => started.stop());

  it('is what the controller says', async () => {
    const { controller } = started;
    controller.maxResultBytes = 2_000;
    await controller.until('its first heartbeat', () => controller.all('heartbeat').length > 0);
    controller.code.set('guest/sized', node('function main({ n }) { return {text: "x".repeat(n)}; }'));
    const fits = await controller.call('guest/sized', { args: { n: 2_000 - 11 } });
    assert.equal(fits.response.statusCode, 0, JSON.stringify(fits.response));
    const longer = await controller.call('guest/sized', { args: { n: 2_000 - 10 } });
    assert.equal(longer.response.statusCode, 1);
    assert.match((longer.response.result as { error: string }).error, /^The action produced a response that exceeded the allowed length: 2001 > 2000 bytes\. The truncated response was: \{"text":"xxx/);
  });
});
