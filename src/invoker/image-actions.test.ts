/** Blackbox actions: native ones without an image, and real images of Charliecloud with each way to run an action. */
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { ActivationOutcome } from '../domain/activation.ts';
import type { BlackboxExec } from '../domain/action.ts';
import { readImages } from '../runtimes/images.ts';
import { runtimeLauncher } from '../runtimes/launch.ts';
import { chooseSandbox, imageSandbox } from '../sandbox/choose-sandbox.ts';
import { makeSmallImage } from '../sandbox/testing/small-image.ts';
import { startInvoker } from './testing/start-invoker.ts';
import type { StartedInvoker } from './testing/start-invoker.ts';

const ASSETS = fileURLToPath(new URL('../../runtimes', import.meta.url));
const limits = { timeout: 60_000, memory: 256, logs: 10, concurrency: 1 };
const texts = (outcome: ActivationOutcome): string[] => outcome.logs.map((line) => line.slice(31));

/** An image's own server: its /init takes its time to come up; /run says what it was given. */
const SERVER = `
import json, sys, time
from http.server import BaseHTTPRequestHandler, HTTPServer
time.sleep(0.2)
class Handler(BaseHTTPRequestHandler):
    code = None
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        status, answer = 200, {"ok": True}
        if self.path == "/init":
            if body["value"]["code"] == "bad": status, answer = 502, {"error": "bad code"}
            Handler.code = body["value"]["code"]
        else:
            print("runs " + body["activation_id"][-4:], flush=True)
            if body["value"].get("die"): sys.stdout.flush(); import os; os._exit(3)
            answer = {"code": Handler.code, "args": body["value"], "image": open("/etc/image").read().strip()}
        data = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)
        if self.path == "/run" : print("XXX_THE_END_OF_A_WHISK_ACTIVATION_XXX", flush=True)
    def log_message(self, *args): pass
HTTPServer(("0.0.0.0", 8080), Handler).serve_forever()
`;

describe('blackbox actions', { timeout: 240_000 }, () => {
  const directory = mkdtempSync(join(tmpdir(), 'hpcwhisk-images-'));
  const image = join(directory, 'image');
  let started: StartedInvoker;

  before(() => {
    chmodSync(directory, 0o755);
    makeSmallImage(image, [process.execPath]);
    mkdirSync(join(image, 'opt'));
    writeFileSync(join(image, 'opt/server.py'), SERVER);
    const images = readImages({
      images: {
        'me/python': { charliecloud: image, runtime: 'python' },
        'me/native': { charliecloud: image, runtime: 'native' },
        'me/server': { charliecloud: image, command: ['/usr/bin/python3', '/opt/server.py'] },
        'me/broken': { charliecloud: image, command: ['/no/such/server'] },
        'me/elsewhere': { charliecloud: join(directory, 'none'), runtime: 'python' },
      },
    });
    started = startInvoker('auto', async (choice, scratchDir) => (await chooseSandbox(choice, { scratchDir })).sandbox, {}, {
      launcher: runtimeLauncher(ASSETS, () => Promise.resolve(images)), imageSandbox: () => Promise.resolve(imageSandbox({})),
    });
  });
  after(async () => {
    await started.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  async function call(name: string, exec: Omit<BlackboxExec, 'kind'>, args: Record<string, string | number | boolean> = {}): Promise<ActivationOutcome> {
    const path = `guest/${name}`;
    started.controller.code.set(path, { kind: 'blackbox', ...exec });
    return started.controller.call(path, { args, action: { kind: 'blackbox', image: exec.image, limits } });
  }

  it('run a script of the native skeleton, cold and warm', async () => {
    const exec = { image: 'openwhisk/dockerskeleton', code: '#!/bin/sh\necho "a log"\necho "$1"\n', binary: false };
    const cold = await call('native', exec, { n: 1 });
    assert.deepEqual([cold.response.result, texts(cold), cold.initTime !== undefined], [{ n: 1 }, ['stdout: a log'], true]);
    const warm = await call('native', exec, { n: 2 });
    assert.deepEqual([warm.response.result, warm.initTime], [{ n: 2 }, undefined]);
  });

  it("run Python code in the image's Python", async () => {
    const code = 'def main(args):\n  print("in it")\n  return {"image": open("/etc/image").read().strip(), "n": args["n"]}\n';
    const outcome = await call('python', { image: 'me/python:any', code, binary: false }, { n: 1 });
    assert.deepEqual([outcome.response.result, texts(outcome)], [{ image: 'small', n: 1 }, ['stdout: in it']]);
  });

  it('run an executable in the image', async () => {
    const outcome = await call('executable', { image: 'me/native', code: '#!/bin/sh\necho "{\\"image\\": \\"$(cat /etc/image)\\"}"\n', binary: false });
    assert.deepEqual(outcome.response.result, { image: 'small' });
  });

  it("ask the image's own server, two at a time on the same port", async () => {
    const exec = { image: 'me/server', code: 'my code', binary: false };
    const [first, second] = await Promise.all([call('server', exec, { n: 1 }), call('server2', exec, { n: 2 })]);
    assert.deepEqual(first.response.result, { code: 'my code', args: { n: 1 }, image: 'small' });
    assert.deepEqual(second.response.result, { code: 'my code', args: { n: 2 }, image: 'small' });
    assert.match(texts(first).join(), /^stdout: runs [0-9a-f]{4}$/);
    const warm = await call('server', exec, { n: 3 });
    assert.deepEqual([warm.initTime, texts(warm).length], [undefined, 1]);
  });

  it("tell what the image's server says of bad code, and that it went away", async () => {
    const bad = await call('bad', { image: 'me/server', code: 'bad', binary: false });
    assert.deepEqual([bad.response.statusCode, bad.response.result], [2, { error: 'bad code' }]);
    const died = await call('dies', { image: 'me/server', code: 'x', binary: false }, { die: true });
    assert.deepEqual([died.response.statusCode, died.response.result], [2, { error: 'The action did not produce a valid response and exited unexpectedly.' }]);
    assert.match(texts(died).join('\n'), /The image's server ended \(exit code 3\)/);
  });

  it('end in a record that says so where there is no such image', async () => {
    const unknown = await call('unknown', { image: 'me/unknown', binary: false });
    assert.deepEqual([unknown.response.statusCode, unknown.response.result], [2, { error: "Failed to pull container image 'me/unknown'." }]);
    const elsewhere = await call('elsewhere', { image: 'me/elsewhere', binary: false });
    assert.equal(elsewhere.response.statusCode, 3);
    assert.match(JSON.stringify(elsewhere.response.result), /The image me\/elsewhere is not on this node: there is no /);
  });
});
