/** The embedded default, end to end: what `npm start` runs, driven by OpenWhisk's own npm client. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { strToU8, zipSync } from 'fflate';
import type { Client } from 'openwhisk';
import { hpcwhisk, Platform } from './support/platform.ts';
import { waitUntil } from './support/wait-until.ts';

const run = promisify(execFile);

describe('hpcwhisk up on the local cluster', () => {
  let platform: Platform;
  let whisk: Client;

  before(async () => {
    platform = await Platform.start();
    whisk = await platform.client();
  });
  after(async () => { await platform.dispose(); });

  it('runs Node.js source and zip, and Python source and zip', async () => {
    const zip = (files: Record<string, string>): Buffer => Buffer.from(zipSync(Object.fromEntries(Object.entries(files).map(([name, text]) => [name, strToU8(text)]))));
    const cases: { name: string; kind: string; action: string | Buffer; expected: unknown }[] = [
      { name: 'js', kind: 'nodejs:default', action: 'function main({n}) { return {kind: "js", double: 2 * n} }', expected: { kind: 'js', double: 42 } },
      { name: 'jszip', kind: 'nodejs:24', action: zip({ 'package.json': '{"main":"a.js"}', 'a.js': 'exports.main = async ({n}) => ({kind: "jszip", double: 2 * n})' }), expected: { kind: 'jszip', double: 42 } },
      { name: 'py', kind: 'python:default', action: 'def main(args):\n    return {"kind": "py", "double": 2 * args["n"]}', expected: { kind: 'py', double: 42 } },
      { name: 'pyzip', kind: 'python:3', action: zip({ '__main__.py': 'from helper import twice\ndef main(args):\n    return {"kind": "pyzip", "double": twice(args["n"])}', 'helper.py': 'def twice(n):\n    return 2 * n' }), expected: { kind: 'pyzip', double: 42 } },
    ];
    for (const { name, kind, action, expected } of cases) {
      await whisk.actions.create({ name, kind, action });
      const result: unknown = await whisk.actions.invoke({ name, blocking: true, result: true, params: { n: 21 } });
      assert.deepEqual(result, expected);
    }
  });

  it('keeps a record with logs of a non-blocking call', async () => {
    await whisk.actions.update({ name: 'logs', kind: 'nodejs:default', action: 'function main() { console.log("to stdout"); console.error("to stderr"); return {} }' });
    const { activationId } = await whisk.actions.invoke({ name: 'logs' });
    const record = await waitUntil('the record is stored', () => whisk.activations.get({ name: activationId }).catch(() => undefined));
    assert.equal(record.response?.status, 'success');
    assert.deepEqual(record.logs.map((line) => line.slice(31)).sort(), ['stderr: to stderr', 'stdout: to stdout']);
  });

  it('shows itself in status, as a table and as JSON', async () => {
    await platform.invokers(1);
    const table = await hpcwhisk(['status', '--state', platform.state]);
    assert.equal(table.code, 0);
    assert.match(table.stdout, /^controller +http:/);
    const json = JSON.parse((await hpcwhisk(['status', '--json', '--state', platform.state])).stdout) as { invokers: { state: string }[] };
    assert.ok(json.invokers.some((invoker) => invoker.state === 'healthy'));
  });

  it('keeps secrets from other users and from command lines', async () => {
    for (const name of ['auth', 'link-token', 'admin-token', 'key-secret', 'link.json']) {
      assert.equal((await stat(join(platform.state, name))).mode & 0o777, 0o600, name);
    }
    assert.equal((await stat(platform.state)).mode & 0o777, 0o700);
    const { stdout } = await run('ps', ['-eo', 'args']);
    assert.ok(!stdout.includes((await platform.authKey()).slice(40)));
  });

  it('finds its state again after Ctrl-C, which ends every process', async () => {
    const key = await platform.authKey();
    const { activationId } = await whisk.actions.invoke({ name: 'js', blocking: true, params: { n: 1 } });
    assert.equal(await platform.interrupt(), 0, platform.output);
    const { stdout } = await run('ps', ['-eo', 'args']);
    assert.ok(!stdout.includes(platform.state), `a process is left: ${stdout}`);
    await platform.start();
    assert.equal(await platform.authKey(), key);
    assert.deepEqual(await whisk.actions.invoke({ name: 'js', blocking: true, result: true, params: { n: 4 } }), { kind: 'js', double: 8 });
    assert.equal((await whisk.activations.get({ name: activationId })).activationId, activationId);
  });

  it('refuses a second controller on the same port or state', async () => {
    const samePort = await hpcwhisk(['up', '--port', String(platform.port), '--state', `${platform.state}-other`]);
    assert.equal(samePort.code, 69);
    assert.match(samePort.stderr, /^hpcwhisk: EPORT: port \d+ of 127.0.0.1 is in use.*\n$/);
    await assert.rejects(stat(`${platform.state}-other`), { code: 'ENOENT' });
    const sameState = await hpcwhisk(['up', '--port', '45971', '--state', platform.state]);
    assert.notEqual(sameState.code, 0);
    assert.match(sameState.stderr, /^hpcwhisk: E[A-Z]+: .*\n$/);
  });
});
