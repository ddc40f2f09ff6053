/** The program itself, from its source, against the real link. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { silentLogger } from '../domain/logger.ts';
import type { InvokerConnection } from '../link/link.ts';
import type { ToController } from '../link/messages.ts';
import { listenWebSocket } from '../link/websocket/listen-websocket.ts';
import { processTree } from '../sandbox/process-tree.ts';

const MAIN = fileURLToPath(new URL('main.ts', import.meta.url));
const WAIT_MS = 60_000;
const CODE = 'import os, time\ndef main(args):\n  print(os.environ)\n  time.sleep(args.get("s", 0))\n  return {"ok": 1}\n';

const directory = mkdtempSync(join(tmpdir(), 'hpcwhisk-main-'));
const scratch = join(directory, 'scratch');
const heard: ToController[] = [];
const connections: InvokerConnection[] = [];
const programs: ChildProcess[] = [];
let server: Server;
let linkFile = '';

before(async () => {
  server = createServer();
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  listenWebSocket({
    server, token: 'secret-token', logger: silentLogger,
    handler: {
      joined: (connection) => {
        connections.push(connection);
        connection.send({ type: 'welcome', heartbeatMs: 200, maxResultBytes: 1_048_576 });
      },
      received: (connection, message) => {
        heard.push(message);
        if (message.type === 'code-wanted') connection.send({ type: 'code', path: message.path, revision: message.revision, exec: { kind: 'python:3', code: CODE, binary: false } });
        if (message.type === 'complete' || message.type === 'return') connection.send({ type: 'ack', ids: [message.activationId] });
      },
      closed: () => undefined,
    },
  });
  linkFile = join(directory, 'link.json');
  writeFileSync(linkFile, JSON.stringify({ url: `ws://127.0.0.1:${address.port}/link`, token: 'secret-token' }), { mode: 0o600 });
});
after(() => {
  for (const program of programs) program.kill('SIGKILL');
  server.closeAllConnections();
  server.close();
  rmSync(directory, { recursive: true, force: true });
});

interface Program { child: ChildProcess; exited: Promise<number | null>; stderr: () => string }

function start(env: Record<string, string>): Program {
  let text = '';
  heard.length = 0;
  connections.length = 0;
  const child = spawn(process.execPath, [MAIN], { env: { PATH: process.env['PATH'], HPCWHISK_SCRATCH: scratch, ...env }, stdio: ['ignore', 'ignore', 'pipe'] });
  programs.push(child);
  child.stderr.on('data', (chunk: Buffer) => { text += chunk.toString(); });
  return { child, exited: new Promise((resolve) => { child.once('close', resolve); }), stderr: () => text };
}

async function until(what: string, program: Program, test: () => boolean): Promise<void> {
  for (const deadline = Date.now() + WAIT_MS; !test();) {
    if (Date.now() > deadline) assert.fail(`${what} did not come; heard ${JSON.stringify(heard.slice(-10))}; stderr ${program.stderr()}`);
    await new Promise((resolve) => { setTimeout(resolve, 5); });
  }
}

function assign(id: string, seconds: number): void {
  connections[0]?.send({
    type: 'assign',
    message: {
      activationId: id.padStart(32, '0'), transactionId: 't', namespace: 'guest', subject: 'guest', args: { s: seconds }, env: {}, acceptedAt: Date.now(), blocking: true,
      action: { path: 'guest/a', name: 'a', version: '0.0.1', revision: '1', kind: 'python:3', limits: { timeout: 60_000, memory: 256, logs: 10, concurrency: 1 } },
    },
  });
}

describe('the invoker program', { timeout: 240_000 }, () => {
  for (const sandbox of ['process', 'bubblewrap']) {
    it(`works and gives its node back on SIGTERM (${sandbox})`, async () => {
      const program = start({ HPCWHISK_LINK_FILE: linkFile, HPCWHISK_SANDBOX: sandbox, HPCWHISK_TERM_CAUSE: 'preempted', HPCWHISK_LIMIT_MINUTES: '60', SLURMD_NODENAME: 'n3', SLURM_JOB_ID: '77', HPCWHISK_HOLD_MS: '20000' });
      await until('the join', program, () => connections.length > 0);
      const description = connections[0]?.description;
      assert.deepEqual([description?.node, description?.jobId], ['n3', '77']);
      assert.ok((description?.startupMs ?? 0) > 0 && (description?.leaseEndsAt ?? 0) > Date.now());
      assign('a', 0);
      await until('the completion', program, () => heard.some(({ type }) => type === 'complete'));
      const complete = heard.find((message) => message.type === 'complete');
      assert.deepEqual(complete?.outcome.response.result, { ok: 1 });
      assert.doesNotMatch(complete.outcome.logs.join(), /secret-token|HPCWHISK/);
      heard.length = 0;
      assign('b', 1);
      await until('that it runs', program, () => heard.some((message) => message.type === 'heartbeat' && message.running === 1));
      // Slurm signals every process of the job; in what order, nobody knows.
      for (const pid of processTree(program.child.pid ?? 0).reverse()) process.kill(pid, 'SIGTERM');
      assert.equal(await program.exited, 0, program.stderr());
      const second = heard.find((message) => message.type === 'complete');
      assert.deepEqual(second?.outcome.response.result, { ok: 1 }, JSON.stringify(heard));
      assert.deepEqual(heard.at(-1), { type: 'leave', cause: 'preempted' });
      assert.deepEqual(existsSync(scratch) ? readdirSync(scratch) : [], []);
      for (const line of program.stderr().trim().split('\n')) assert.doesNotThrow(() => { JSON.parse(line); }, line);
      assert.doesNotMatch(program.stderr(), /secret-token/);
    });
  }

  it('shows its token in neither its environment nor its command line', async () => {
    const program = start({ HPCWHISK_LINK_FILE: linkFile, HPCWHISK_SANDBOX: 'process' });
    await until('the join', program, () => connections.length > 0);
    const seen = ['environ', 'cmdline'].map((file) => readFileSync(`/proc/${program.child.pid ?? 0}/${file}`, 'latin1')).join();
    assert.doesNotMatch(seen, /secret-token/);
    program.child.kill('SIGTERM');
    assert.equal(await program.exited, 0);
    assert.deepEqual(heard.at(-1), { type: 'leave', cause: 'shutdown' });
  });

  it('says in one line what is wrong with its settings, and exits 2', async () => {
    const program = start({});
    assert.equal(await program.exited, 2);
    assert.match(program.stderr(), /^No controller: set HPCWHISK_LINK_FILE[^\n]*\n$/);
  });

  it('exits 1 when the controller does not accept its token', async () => {
    const address = server.address();
    assert.ok(typeof address === 'object' && address !== null);
    const program = start({ HPCWHISK_LINK_URL: `ws://127.0.0.1:${address.port}/link`, HPCWHISK_LINK_TOKEN: 'wrong', HPCWHISK_SANDBOX: 'process' });
    assert.equal(await program.exited, 1);
    assert.match(program.stderr(), /token/);
  });
});
