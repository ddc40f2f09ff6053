/** The action runtimes against OpenWhisk's protocol, over a unix socket and with Node.js' own HTTP client. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { tarGz, zip } from './testing/archives.ts';
import { runtime, SENTINEL } from './testing/running-runtime.ts';
import type { InitValue, Reply } from './testing/running-runtime.ts';

interface Case { name: string; init: InitValue; args?: unknown; initReply?: Reply; runReply?: Reply | ((reply: Reply) => void); stdout?: string }
const DEVELOPER = (error: string): Reply => ({ status: 502, body: { error } });

const NODE_CASES: Case[] = [
  { name: 'source with a function main', init: { code: 'function main(args) { console.log("hello"); return {got: args}; }' }, args: { n: 1 }, runReply: { status: 200, body: { got: { n: 1 } } }, stdout: `hello\n${SENTINEL}` },
  { name: 'source with exports.main', init: { code: 'exports.main = () => ({ok: 1});' }, runReply: { status: 200, body: { ok: 1 } } },
  { name: 'an arrow function in a const, with another name', init: { code: 'const go = () => ({ok: 2}); // end', main: 'go' }, runReply: { status: 200, body: { ok: 2 } } },
  { name: 'an ES module', init: { code: 'import { basename } from "node:path";\nexport function main() { return {name: basename("/a/b")}; }' }, runReply: { status: 200, body: { name: 'b' } } },
  { name: 'a promise', init: { code: 'async function main() { return {later: true}; }' }, runReply: { status: 200, body: { later: true } } },
  { name: 'an array', init: { code: 'function main() { return [1, 2]; }' }, runReply: { status: 200, body: [1, 2] } },
  { name: 'nothing returned', init: { code: 'function main() {}' }, runReply: { status: 200, body: {} } },
  { name: 'an application error', init: { code: 'function main() { return {error: "sorry"}; }' }, runReply: { status: 200, body: { error: 'sorry' } } },
  { name: 'a rejected promise', init: { code: 'function main() { return Promise.reject({code: 7}); }' }, runReply: { status: 200, body: { error: { code: 7 } } } },
  { name: 'a promise rejected with nothing', init: { code: 'function main() { return Promise.reject(); }' }, runReply: { status: 200, body: { error: {} } } },
  { name: 'an async throw keeps the message', init: { code: 'async function main() { throw new Error("boom"); }' }, runReply: ({ status, body }) => {
    assert.equal(status, 200);
    assert.equal((body as { error: { message: string } }).error.message, 'boom');
  } },
  { name: 'a throw', init: { code: 'function main() { throw new Error("boom"); }' }, runReply: DEVELOPER('An error has occurred: Error: boom') },
  { name: 'a string', init: { code: 'function main() { return "text"; }' }, runReply: DEVELOPER('The action did not return a dictionary.') },
  { name: 'a result that is no JSON', init: { code: 'function main() { const a = {}; a.a = a; return a; }' }, runReply: DEVELOPER('The action did not return a dictionary.') },
  { name: 'main missing', init: { code: 'function other() {}' }, initReply: DEVELOPER("Initialization has failed due to: Action entrypoint 'main' is not a function.") },
  { name: 'no code', init: { code: '' }, initReply: { status: 403, body: { error: 'Missing main/no code to execute.' } } },
  { name: 'a zip with index.js', init: { code: zip({ 'index.js': 'exports.main = () => require("./lib/part.js")', 'lib/part.js': 'module.exports = {part: 1}' }), binary: true }, runReply: { status: 200, body: { part: 1 } } },
  { name: 'a zip with package.json', init: { code: zip({ 'package.json': '{"main": "app/start.js"}', 'app/start.js': 'exports.main = () => ({cwd: require("fs").existsSync("package.json")})' }), binary: true }, runReply: { status: 200, body: { cwd: true } } },
  { name: 'a zip with modules of its own', init: { code: zip({ 'package.json': '{"main": "index.js"}', 'index.js': 'exports.main = require("left").f', 'node_modules/left/index.js': 'exports.f = () => ({left: 1})' }), binary: true }, runReply: { status: 200, body: { left: 1 } } },
  { name: 'a zip of ES modules', init: { code: zip({ 'package.json': '{"type": "module", "main": "index.js"}', 'index.js': 'export const main = () => ({esm: 1})' }), binary: true }, runReply: { status: 200, body: { esm: 1 } } },
  { name: 'a zip with main file.fn', init: { code: zip({ 'other.js': 'exports.fn = () => ({other: 1})' }), binary: true, main: 'other.fn' }, runReply: { status: 200, body: { other: 1 } } },
  { name: 'a tar.gz with package.json', init: { code: tarGz([{ name: 'package.json', text: '{"main": "app/start.js"}' }, { name: 'app/', type: '5' }, { name: 'app/start.js', text: 'exports.main = () => ({tar: 1})' }]), binary: true }, runReply: { status: 200, body: { tar: 1 } } },
  { name: 'a zip without index.js', init: { code: zip({ 'x.txt': 'x' }), binary: true }, initReply: DEVELOPER('Initialization has failed due to: Zipped actions must contain either package.json or index.js at the root.') },
];

const PYTHON_CASES: Case[] = [
  { name: 'source with main', init: { code: 'def main(args):\n  print("hello")\n  return {"got": args}\n' }, args: { n: 1 }, runReply: { status: 200, body: { got: { n: 1 } } }, stdout: `hello\n${SENTINEL}` },
  { name: 'another name', init: { code: 'def go(args):\n  return {"ok": 2}\n', main: 'go' }, runReply: { status: 200, body: { ok: 2 } } },
  { name: 'a list', init: { code: 'def main(args):\n  return [1, 2]\n' }, runReply: { status: 200, body: [1, 2] } },
  { name: 'an application error', init: { code: 'def main(args):\n  return {"error": "sorry"}\n' }, runReply: { status: 200, body: { error: 'sorry' } } },
  { name: 'an exception', init: { code: 'def main(args):\n  raise ValueError("boom")\n' }, runReply: { status: 200, body: { error: 'boom' } } },
  { name: 'a string', init: { code: 'def main(args):\n  return "text"\n' }, runReply: DEVELOPER('The action did not return a dictionary or array.') },
  { name: 'a result that is no JSON', init: { code: 'def main(args):\n  return {"a": object()}\n' }, runReply: DEVELOPER('The action did not return a dictionary or array.') },
  { name: 'not a number', init: { code: 'def main(args):\n  return {"a": float("nan")}\n' }, runReply: DEVELOPER('The action did not return a dictionary or array.') },
  { name: 'text beyond ASCII, unpaired surrogates too', init: { code: 'def main(args):\n  print("ä")\n  return {"a": "ä", "b": "\\ud800"}\n' }, runReply: { status: 200, body: { a: 'ä', b: '\ud800' } }, stdout: `ä\n${SENTINEL}` },
  { name: 'a syntax error', init: { code: 'def main(:\n' }, initReply: DEVELOPER('Cannot start action. Check logs for details.') },
  { name: 'main missing', init: { code: 'x = 1\n' }, initReply: DEVELOPER('Cannot start action. Check logs for details.') },
  { name: 'no code', init: { code: '' }, initReply: { status: 403, body: { error: 'Missing main/no code to execute.' } } },
  { name: 'a zip with __main__.py and a module', init: { code: zip({ '__main__.py': 'from part import x\ndef main(args):\n  return {"x": x, "name": __name__}\n', 'part.py': 'x = 5\n' }), binary: true }, runReply: { status: 200, body: { x: 5, name: 'main__' } } },
  { name: 'a tar.gz with __main__.py and a module', init: { code: tarGz([{ name: '__main__.py', text: 'from lib.part import x\ndef main(args):\n  return {"x": x}\n' }, { name: 'lib/part.py', text: 'x = 6\n' }]), binary: true }, runReply: { status: 200, body: { x: 6 } } },
  { name: 'a virtualenv with its own script', init: { code: zip({ '__main__.py': 'import other\ndef main(args):\n  return {"x": other.x}\n', 'virtualenv/bin/activate_this.py': 'import os, sys\nsys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(__file__)), "packages"))\n', 'virtualenv/packages/other.py': 'x = 7\n' }), binary: true }, runReply: { status: 200, body: { x: 7 } } },
  { name: 'a virtualenv as venv makes it, before packages of the system', init: { code: zip({ '__main__.py': 'import json, other\ndef main(args):\n  return {"x": other.x}\n', 'virtualenv/bin/python': '', 'virtualenv/lib/python3.11/site-packages/other.py': 'x = 8\n' }), binary: true }, runReply: { status: 200, body: { x: 8 } } },
  { name: 'a virtualenv without packages', init: { code: zip({ '__main__.py': 'def main(args):\n  return {}\n', 'virtualenv/x': '' }), binary: true }, initReply: DEVELOPER('Cannot start action. Check logs for details.') },
  { name: 'a zip without __main__.py', init: { code: zip({ 'x.txt': 'x' }), binary: true }, initReply: DEVELOPER('Cannot start action. Check logs for details.') },
  { name: 'what is no zip', init: { code: Buffer.from('no zip at all').toString('base64'), binary: true }, initReply: DEVELOPER('Cannot start action. Check logs for details.') },
];

const NODE_ECHO = 'function main(args) { return {env: process.env, args}; }';
const FAMILIES = [
  { kind: 'nodejs:20', cases: NODE_CASES, ok: { OK: true }, notInitialized: { status: 403, body: { error: 'System not initialized.' } }, echo: NODE_ECHO },
  { kind: 'nodejs:22', cases: NODE_CASES, ok: { OK: true }, notInitialized: { status: 403, body: { error: 'System not initialized.' } }, echo: NODE_ECHO },
  { kind: 'nodejs:24', cases: NODE_CASES, ok: { OK: true }, notInitialized: { status: 403, body: { error: 'System not initialized.' } }, echo: NODE_ECHO },
  { kind: 'python:3', cases: PYTHON_CASES, ok: { ok: true }, notInitialized: { status: 500, body: { error: 'no action defined yet' } }, echo: 'import os\ndef main(args):\n  return {"env": dict(os.environ), "args": args}\n' },
];

for (const family of FAMILIES) {
  describe(family.kind, { concurrency: 2, timeout: 240_000 }, () => {
    for (const { name, init, args, initReply, runReply, stdout } of family.cases) {
      it(name, async () => {
        const started = await runtime(family.kind);
        assert.deepEqual(await started.init(init), initReply ?? { status: 200, body: family.ok }, started.stderr);
        if (typeof runReply === 'function') runReply(await started.run(args ?? {}));
        else if (runReply !== undefined) assert.deepEqual(await started.run(args ?? {}), runReply, started.stderr);
        if (initReply?.status === 403) return;
        await started.until('sentinels', () => started.stdout.endsWith(SENTINEL) && started.stderr.endsWith(SENTINEL));
        if (stdout !== undefined) assert.equal(started.stdout, stdout);
      });
    }

    it('refuses to run before it is initialized, and to be initialized twice', async () => {
      const started = await runtime(family.kind);
      assert.deepEqual(await started.run({}), family.notInitialized);
      assert.equal((await started.init({ code: family.echo })).status, 200);
      assert.deepEqual(await started.init({ code: family.echo }), { status: 403, body: { error: 'Cannot initialize the action more than once.' } });
    });

    it('sets the environment of /init and of each /run', async () => {
      const started = await runtime(family.kind);
      await started.init({ code: family.echo, env: { __OW_NAMESPACE: 'guest', secret: 's', number: '{"a":1}' } });
      const first = await started.run({ a: 1 }, { activation_id: 'a1', transaction_id: 't1', action_version: '0.0.7', api_key: 'k:v' });
      const { env, args } = first.body as { env: Record<string, string>; args: unknown };
      assert.deepEqual(args, { a: 1 });
      assert.deepEqual(
        [env['__OW_NAMESPACE'], env['secret'], env['number'], env['__OW_ACTIVATION_ID'], env['__OW_TRANSACTION_ID'], env['__OW_ACTION_VERSION'], env['__OW_API_KEY'], env['__OW_DEADLINE'], env['__OW_ACTION_NAME']],
        ['guest', 's', '{"a":1}', 'a1', 't1', '0.0.7', 'k:v', '1', '/guest/action'],
      );
      assert.equal(env['HPCWHISK_SOCKET'], undefined);
      const second = await started.run({}, { activation_id: 'a2' });
      assert.equal((second.body as { env: Record<string, string> }).env['__OW_ACTIVATION_ID'], 'a2');
    });

    it('writes one sentinel per run to both streams', async () => {
      const started = await runtime(family.kind);
      await started.init({ code: family.echo });
      for (let run = 0; run < 3; run++) await started.run({});
      await started.until('three sentinels', () => started.stdout === SENTINEL.repeat(3) && started.stderr === SENTINEL.repeat(3));
    });

    it('answers nonsense with the right codes', async () => {
      const started = await runtime(family.kind);
      assert.equal((await started.post('/init', '{broken')).status, 400);
      assert.equal((await started.post('/other', {})).status, 404);
      assert.equal((await started.init({ code: family.echo })).status, 200);
      assert.equal((await started.post('/run', '[]garbage')).status, 400);
    });

    it('takes large arguments, chunked bodies and Expect: 100-continue', async () => {
      const started = await runtime(family.kind);
      await started.init({ code: family.echo });
      const big = 'ü'.repeat(400_000);
      const reply = await started.run({ big });
      assert.ok((reply.body as { args: { big: string } }).args.big === big);
      const chunked = await started.post('/run', { value: { c: 1 } }, { 'transfer-encoding': 'chunked' });
      assert.deepEqual((chunked.body as { args: unknown }).args, { c: 1 });
      const expecting = await started.post('/run', { value: { e: 1 } }, { expect: '100-continue' });
      assert.deepEqual((expecting.body as { args: unknown }).args, { e: 1 });
    });

    it('unpacks no archive that reaches outside itself', async () => {
      const started = await runtime(family.kind);
      const main = family.kind.startsWith('node') ? 'index.js' : '__main__.py';
      assert.equal((await started.init({ code: zip({ [main]: '', '../evil.txt': 'x' }), binary: true })).status, 502);
      assert.match(started.stderr, /outside itself/);
    });

    it('outlives SIGTERM', async () => {
      const started = await runtime(family.kind);
      await started.init({ code: family.kind.startsWith('node') ? 'function main() { process.kill(process.pid, "SIGTERM"); return new Promise((r) => setTimeout(() => r({alive: 1}), 50)); }' : 'import os, signal, time\ndef main(args):\n  os.kill(os.getpid(), signal.SIGTERM)\n  time.sleep(0.05)\n  return {"alive": 1}\n' });
      assert.deepEqual(await started.run({}), { status: 200, body: { alive: 1 } });
    });
  });
}

describe('versions', { timeout: 60_000 }, () => {
  for (const version of ['20', '22', '24']) {
    it(`nodejs:${version} is Node.js ${version}`, async () => {
      const started = await runtime(`nodejs:${version}`);
      await started.init({ code: 'function main() { return {major: process.versions.node.split(".")[0]}; }' });
      assert.deepEqual(await started.run({}), { status: 200, body: { major: version } });
    });
  }
});
