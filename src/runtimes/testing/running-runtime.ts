import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { fileURLToPath } from 'node:url';
import { runtimeLauncher } from '../launch.ts';

const ASSETS = fileURLToPath(new URL('../../../runtimes', import.meta.url));
export const SENTINEL = 'XXX_THE_END_OF_A_WHISK_ACTIVATION_XXX\n';
const WAIT_MS = 30_000;

export interface Reply { status: number; body: unknown }
export interface InitValue { code: string; main?: string; binary?: boolean; env?: Record<string, string> }

/** A runtime on a unix socket, as an official one would be on its port. */
class RunningRuntime {
  stdout = '';
  stderr = '';
  readonly exited: Promise<number | null>;
  readonly #child: ChildProcess;
  readonly #directory: string;
  readonly #socket: string;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });

  private constructor(child: ChildProcess, directory: string, socket: string) {
    this.#child = child;
    this.#directory = directory;
    this.#socket = socket;
    child.stdout?.on('data', (chunk: Buffer) => { this.stdout += chunk.toString(); });
    child.stderr?.on('data', (chunk: Buffer) => { this.stderr += chunk.toString(); });
    this.exited = new Promise((resolve) => { child.once('close', resolve); });
  }

  /** @param kind name of a runtime, see runtimeName */
  static async start(kind: string): Promise<RunningRuntime> {
    const launch = await runtimeLauncher(ASSETS)(kind);
    assert.ok(!('missing' in launch), 'missing' in launch ? launch.missing : '');
    const directory = mkdtempSync(join(tmpdir(), 'hpcwhisk-runtime-'));
    const socket = join(directory, 's');
    const [program = '', ...args] = launch.command((path) => path.host, 256);
    const child = spawn(program, args, {
      cwd: directory, env: { PATH: '/usr/bin:/bin', TMPDIR: directory, HPCWHISK_SOCKET: socket }, stdio: ['ignore', 'pipe', 'pipe'],
    });
    return new RunningRuntime(child, directory, socket);
  }

  init(value: InitValue | Record<string, unknown>): Promise<Reply> {
    return this.post('/init', { value: { name: 'action', main: 'main', binary: false, ...value } });
  }

  run(value: unknown, rest: Record<string, string> = {}): Promise<Reply> {
    return this.post('/run', { value, namespace: 'guest', action_name: '/guest/action', activation_id: 'a1', deadline: '1', ...rest });
  }

  /** Retries while the runtime is still starting. */
  async post(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Reply> {
    for (const deadline = Date.now() + WAIT_MS; ;) {
      try {
        return await this.#post(path, typeof body === 'string' ? body : JSON.stringify(body), headers);
      } catch (error) {
        const code = error instanceof Error && 'code' in error ? error.code : undefined;
        if ((code !== 'ENOENT' && code !== 'ECONNREFUSED') || Date.now() > deadline) throw error;
        await new Promise((resolve) => { setTimeout(resolve, 5); });
      }
    }
  }

  #post(path: string, body: string, headers: Record<string, string>): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const sent = request({ socketPath: this.#socket, agent: this.#agent, path, method: 'POST', headers }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => { chunks.push(chunk); });
        response.on('end', () => {
          assert.ok(response.headers['content-length'] !== undefined, 'an answer without Content-Length is none for OpenWhisk');
          resolve({ status: response.statusCode ?? 0, body: JSON.parse(Buffer.concat(chunks).toString()) as unknown });
        });
      });
      sent.on('error', reject);
      sent.end(body);
    });
  }

  async until(what: string, test: () => boolean): Promise<void> {
    for (const deadline = Date.now() + WAIT_MS; !test();) {
      if (Date.now() > deadline) assert.fail(`no ${what}; stdout ${JSON.stringify(this.stdout)} stderr ${JSON.stringify(this.stderr)}`);
      await new Promise((resolve) => { setTimeout(resolve, 5); });
    }
  }

  async stop(): Promise<void> {
    this.#agent.destroy();
    this.#child.kill('SIGKILL');
    await this.exited;
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

const running: RunningRuntime[] = [];
after(async () => { await Promise.all(running.map((each) => each.stop())); });

/** Starts a runtime that ends with the tests of the file. */
export async function runtime(kind: string): Promise<RunningRuntime> {
  const started = await RunningRuntime.start(kind);
  running.push(started);
  return started;
}
