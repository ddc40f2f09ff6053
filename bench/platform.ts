/** The platform under measurement: the controller as one process, invokers as bundled processes, as in production. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildPilotBundle } from '../src/cli/pilot-bundle.ts';
import type { DispatchView } from '../src/dispatch/dispatch.ts';
import { freePortRange } from '../src/testbed/ports.ts';

export interface InvokerSettings {
  memoryMB: number;
  sandbox: 'process' | 'bubblewrap' | 'auto';
  /** Stem cells of each kind. */
  prewarm: number;
}

export class BenchPlatform {
  readonly port: number;
  readonly #directory: string;
  readonly #controller: ChildProcess;
  readonly #bundle: string;
  readonly #invokers: ChildProcess[] = [];

  private constructor(port: number, directory: string, controller: ChildProcess, bundle: string) {
    this.port = port;
    this.#directory = directory;
    this.#controller = controller;
    this.#bundle = bundle;
  }

  static async start(): Promise<BenchPlatform> {
    const directory = await mkdtemp(join(tmpdir(), 'hpcwhisk-bench-'));
    const port = await freePortRange(1);
    const controller = await startScript('controller.ts', [String(port), join(directory, 'state')]);
    const bundle = await buildPilotBundle(join(directory, 'pilot'));
    const token = (await readFile(join(directory, 'state', 'link-token'), 'utf8')).trim();
    await writeFile(join(directory, 'link.json'), JSON.stringify({ url: `ws+unix:${join(directory, 'state', 'link.sock')}:/link`, token }), { mode: 0o600 });
    return new BenchPlatform(port, directory, controller.child, bundle);
  }

  /** Starts an invoker and waits until it is healthy. @returns ms from its exec to its registration */
  async startInvoker({ memoryMB, sandbox, prewarm }: InvokerSettings): Promise<number> {
    const before = new Set((await this.status()).invokers.map((invoker) => invoker.id));
    const child = spawn(process.execPath, [this.#bundle], {
      stdio: 'ignore',
      env: {
        PATH: process.env['PATH'], HPCWHISK_LINK_FILE: join(this.#directory, 'link.json'), HPCWHISK_INVOKER_MEMORY_MB: String(memoryMB),
        HPCWHISK_SANDBOX: sandbox, HPCWHISK_PREWARM: String(prewarm), HPCWHISK_SCRATCH: join(this.#directory, 'scratch'),
      },
    });
    this.#invokers.push(child);
    for (;;) {
      const joined = (await this.status()).invokers.find((invoker) => !before.has(invoker.id));
      if (joined?.startupMs !== undefined) return joined.startupMs;
      if (child.exitCode !== null) throw new Error(`the invoker ended with ${child.exitCode}`);
      await new Promise((resolve) => { setTimeout(resolve, 10); });
    }
  }

  async stopInvokers(): Promise<void> {
    await Promise.all(this.#invokers.splice(0).map(stop));
    while ((await this.status()).invokers.length > 0) await new Promise((resolve) => { setTimeout(resolve, 20); });
  }

  async authorization(): Promise<string> {
    const key = (await readFile(join(this.#directory, 'state', 'auth'), 'utf8')).trim();
    return `Basic ${Buffer.from(key).toString('base64')}`;
  }

  async createAction(name: string, kind: string, code: string, memory = 256): Promise<void> {
    const response = await this.#request('PUT', `actions/${name}?overwrite=true`, { exec: { kind, code }, limits: { memory } });
    if (!response.ok) throw new Error(`the action ${name} could not be created: ${await response.text()}`);
  }

  /** One blocking call. @returns ms until the answer, and the record's initTime */
  async call(name: string): Promise<{ ms: number; initTime: number | undefined }> {
    const began = performance.now();
    const response = await this.#request('POST', `actions/${name}?blocking=true`, {});
    const record = await response.json() as { annotations?: { key: string; value: number }[] };
    const ms = performance.now() - began;
    if (response.status !== 200) throw new Error(`a call failed: ${JSON.stringify(record)}`);
    return { ms, initTime: record.annotations?.find(({ key }) => key === 'initTime')?.value };
  }

  async stop(): Promise<void> {
    await this.stopInvokers();
    await stop(this.#controller);
    await rm(this.#directory, { recursive: true, force: true });
  }

  async status(): Promise<DispatchView> {
    const token = (await readFile(join(this.#directory, 'state', 'admin-token'), 'utf8')).trim();
    const response = await fetch(`http://127.0.0.1:${this.port}/status`, { headers: { authorization: `Bearer ${token}` } });
    return await response.json() as DispatchView;
  }

  async #request(method: string, path: string, body: unknown): Promise<Response> {
    return fetch(`http://127.0.0.1:${this.port}/api/v1/namespaces/_/${path}`, {
      method, body: JSON.stringify(body), headers: { authorization: await this.authorization(), 'content-type': 'application/json' },
    });
  }
}

/** Starts a script of this folder and waits for its first line. */
export async function startScript(name: string, args: readonly string[]): Promise<{ child: ChildProcess; line: string }> {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', fileURLToPath(new URL(name, import.meta.url)), ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [chunk] = await once(child.stdout, 'data') as [Buffer];
  return { child, line: chunk.toString().trim() };
}

export async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  await once(child, 'exit');
}
