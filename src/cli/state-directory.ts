/**
 * The state directory: everything that a second start must find again. Directory 0700, secrets 0600.
 *
 *   auth             `uuid:key` of the namespace guest
 *   link-token       what invokers show to join
 *   admin-token      what `hpcwhisk status` and `hpcwhisk user` show
 *   key-secret       what keys of namespaces are derived with (see src/accounts/accounts.ts)
 *   controller.json  where the running controller listens (removed on a clean stop)
 *   link.json        URL and token for pilot jobs
 *   link.sock        where invokers of this machine join
 *   store/           the embedded store
 *   pilot/           the bundled invoker, its runtimes and the logs of pilots
 */
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { access, chmod, constants, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { newAuthKey, newSecret } from '../domain/ids.ts';
import { CommandError, errorText, systemCode } from './command-error.ts';

const MAX_SOCKET_PATH_BYTES = 108;
const AUTH_PATTERN = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}:[A-Za-z0-9]{64,}$/;

export interface RunningController {
  pid: number;
  /** Epoch ms. */
  startedAt: number;
  /** Base URL of the API host. */
  url: string;
}

export function defaultStateDirectory(): string {
  return process.env['HPCWHISK_STATE'] ?? join(homedir(), '.hpcwhisk');
}

export class StateDirectory {
  readonly path: string;

  constructor(path: string) {
    this.path = resolve(path);
  }

  file(name: string): string {
    return join(this.path, name);
  }

  /** Creates what is missing. @throws {CommandError} ESTATE when it cannot be written */
  async create(): Promise<void> {
    try {
      await make(this.path);
      await access(this.path, constants.W_OK | constants.X_OK);
      await chmod(this.path, 0o700);
      await make(this.file('pilot'));
    } catch (error) {
      throw new CommandError('ESTATE', `the state directory ${this.path} cannot be written: ${errorText(error)}`, 73, { cause: error });
    }
  }

  /** The key of the namespace guest: the given one, else the kept one, else a new random one. */
  async authKey(given: string | undefined): Promise<string> {
    if (given !== undefined) {
      if (!AUTH_PATTERN.test(given)) {
        throw new CommandError('EAUTH', '--auth must be UUID:KEY with a lower-case UUID and a key of at least 64 letters and digits', 64);
      }
      await this.writeSecret('auth', `${given}\n`);
      return given;
    }
    return this.#keptSecret('auth', () => `${randomUUID()}:${newAuthKey()}`);
  }

  linkToken(): Promise<string> {
    return this.#keptSecret('link-token', () => newSecret(32));
  }

  adminToken(): Promise<string> {
    return this.#keptSecret('admin-token', () => newSecret(32));
  }

  keySecret(): Promise<string> {
    return this.#keptSecret('key-secret', () => newSecret(32));
  }

  /** Writes a 0600 file in one step, so that a reader sees the old or the new one. @throws {CommandError} ESTATE */
  async writeSecret(name: string, text: string): Promise<void> {
    const path = this.file(name);
    const temporary = `${path}.${process.pid}`;
    try {
      await writeFile(temporary, text, { mode: 0o600 });
      await rename(temporary, path);
    } catch (error) {
      await rm(temporary, { force: true });
      throw new CommandError('ESTATE', `${path} cannot be written: ${errorText(error)}`, 73, { cause: error });
    }
  }

  async running(): Promise<RunningController | undefined> {
    try {
      return JSON.parse(await readFile(this.file('controller.json'), 'utf8')) as RunningController;
    } catch (error) {
      if (systemCode(error) === 'ENOENT' || error instanceof SyntaxError) return undefined;
      throw new CommandError('ESTATE', errorText(error), 73, { cause: error });
    }
  }

  async #keptSecret(name: string, make: () => string): Promise<string> {
    try {
      const kept = (await readFile(this.file(name), 'utf8')).trim();
      if (kept !== '') return kept;
    } catch (error) {
      if (systemCode(error) !== 'ENOENT') throw new CommandError('ESTATE', errorText(error), 73, { cause: error });
    }
    const secret = make();
    await this.writeSecret(name, `${secret}\n`);
    return secret;
  }
}

/** The path of a Unix socket in it; undefined where it would be longer than the system takes (unix(7): 108 bytes). */
export function linkSocketIn(directory: string): string | undefined {
  const path = join(directory, 'link.sock');
  return Buffer.byteLength(path) < MAX_SOCKET_PATH_BYTES ? path : undefined;
}

/** As mkdir -p, with mode 0700. @throws {CommandError} ESTATE */
export async function makeDirectories(path: string): Promise<void> {
  try {
    await make(path);
  } catch (error) {
    throw new CommandError('ESTATE', `the directory ${path} cannot be made: ${errorText(error)}`, 73, { cause: error });
  }
}

/** Node.js' own recursive mkdir never returns where a file system refuses new directories with ENOENT, as /proc does. */
async function make(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 });
  } catch (error) {
    const parent = dirname(path);
    switch (systemCode(error)) {
      case 'EEXIST':
        if (!(await stat(path)).isDirectory()) throw error;
        return;
      case 'ENOENT':
        if (existsSync(parent)) throw error;
        await make(parent);
        await mkdir(path, { mode: 0o700 });
        return;
      case undefined: default:
        throw error;
    }
  }
}
