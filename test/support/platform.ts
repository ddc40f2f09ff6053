/** `hpcwhisk up` as a child process, the way a user runs it. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import openwhisk, { type Client } from 'openwhisk';
import type { DispatchView } from '../../src/dispatch/dispatch.ts';
import type { ControllerStatus } from '../../src/cli/controller-status.ts';
import { freePortRange } from '../../src/testbed/ports.ts';
import { CheckingProxy } from './checking-proxy.ts';
import { DOCUMENT_VARIABLE } from './openwhisk-document.ts';
import { waitUntil } from './wait-until.ts';

const HPCWHISK = fileURLToPath(new URL('../../bin/hpcwhisk', import.meta.url));

export interface CommandResult { code: number | null; stdout: string; stderr: string }

/** Runs one command to its end. */
export async function hpcwhisk(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<CommandResult> {
  const child = spawn(HPCWHISK, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => { stdout += chunk.toString(); });
  child.stderr.on('data', (chunk: Buffer) => { stderr += chunk.toString(); });
  await once(child, 'close');
  return { code: child.exitCode, stdout, stderr };
}

export class Platform {
  readonly state: string;
  readonly port: number;
  readonly #args: readonly string[];
  readonly #env: NodeJS.ProcessEnv;
  #child: ChildProcess | undefined;
  #proxy: CheckingProxy | undefined;
  #output = '';

  private constructor(state: string, port: number, args: readonly string[], env: NodeJS.ProcessEnv) {
    this.state = state;
    this.port = port;
    this.#args = args;
    this.#env = env;
  }

  /** Starts it with a fresh state directory and waits until it answers. */
  static async start(args: readonly string[] = [], env: NodeJS.ProcessEnv = {}, state?: string): Promise<Platform> {
    const platform = new Platform(state ?? await mkdtemp(join(tmpdir(), 'hpcwhisk-test-')), await freePortRange(1), args, env);
    const document = process.env[DOCUMENT_VARIABLE];
    if (document !== undefined) platform.#proxy = await CheckingProxy.start(document, platform.port);
    await platform.start();
    return platform;
  }

  /** Where clients of the tests go: the checking proxy, where there is a document to check with. */
  get url(): string {
    return `http://127.0.0.1:${this.#proxy?.port ?? this.port}`;
  }

  get output(): string {
    return this.#output;
  }

  async start(): Promise<void> {
    const [command, verbatim] = split(this.#args);
    // Tests call more often than OpenWhisk's throttles allow; a later --limits wins.
    const child = spawn(HPCWHISK, ['up', '--limits', 'unlimited', '--port', String(this.port), '--state', this.state, ...command, ...verbatim], {
      env: { ...process.env, ...this.#env }, stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => { this.#output += chunk.toString(); });
    await waitUntil('the platform answers', async () => {
      if (child.exitCode !== null) throw new Error(`hpcwhisk up ended with ${child.exitCode}: ${this.#output}`);
      return fetch(`${this.url}/ping`).then((response) => response.ok, () => false);
    }, { timeoutMs: 60_000, describe: () => this.#output });
  }

  kill9(): void {
    this.#child?.kill('SIGKILL');
  }

  /** Ctrl-C. @returns the exit code */
  async interrupt(): Promise<number | null> {
    const child = this.#child;
    if (child === undefined) return null;
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGINT');
      await once(child, 'exit');
    }
    return child.exitCode;
  }

  /** Stops it and removes its state. @throws {Error} when an answer of it was not as OpenWhisk's document has it */
  async dispose(): Promise<void> {
    await this.interrupt();
    this.#proxy?.stop();
    await rm(this.state, { recursive: true, force: true });
    if (this.departures.length > 0) console.log(`Where OpenWhisk departs from its own document, as these answers have shown:\n${this.departures.map((what) => `- ${what}`).join('\n')}`);
    const complaints = this.#proxy?.complaints ?? [];
    if (complaints.length > 0) throw new Error(`answers that OpenWhisk's document does not have:\n${complaints.join('\n')}`);
  }

  /** Places where OpenWhisk departs from its document that this platform's answers have shown. */
  get departures(): readonly string[] {
    return this.#proxy?.departures ?? [];
  }

  async authKey(): Promise<string> {
    return (await readFile(join(this.state, 'auth'), 'utf8')).trim();
  }

  async client(): Promise<Client> {
    return openwhisk({ apihost: this.url, api_key: await this.authKey() });
  }

  async request(method: string, path: string, body?: unknown): Promise<Response> {
    return fetch(`${this.url}${path}`, {
      method,
      headers: { authorization: `Basic ${Buffer.from(await this.authKey()).toString('base64')}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  }

  async status(): Promise<DispatchView & ControllerStatus> {
    const token = (await readFile(join(this.state, 'admin-token'), 'utf8')).trim();
    const response = await fetch(`${this.url}/status`, { headers: { authorization: `Bearer ${token}` } });
    return await response.json() as DispatchView & ControllerStatus;
  }

  /** Waits for at least `count` healthy invokers. */
  async invokers(count = 1): Promise<void> {
    await waitUntil(`${count} invokers are healthy`, async () => {
      const { invokers } = await this.status();
      return invokers.filter((invoker) => invoker.state === 'healthy').length >= count;
    }, { timeoutMs: 90_000, describe: async () => `${JSON.stringify(await this.status())} ${this.#output}` });
  }
}

/** Options before `--` and what stands behind it, so that options can still be put in front. */
function split(args: readonly string[]): [readonly string[], readonly string[]] {
  const at = args.indexOf('--');
  return at === -1 ? [args, []] : [args.slice(0, at), args.slice(at)];
}
