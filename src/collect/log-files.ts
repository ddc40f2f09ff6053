/**
 * The files of a log in one directory: `nodes-2022-03-17.log` for the local day, or `nodes-20220317T230004Z.log` where
 * files are cut by size. What is not written to any more becomes `….log.gz`. A file that was left half written by a
 * crash is gone on with, behind a line break; one of an earlier day is packed at the next start.
 */
import { createReadStream, createWriteStream } from 'node:fs';
import { appendFile, mkdir, readdir, readFile, rename, rm, stat, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { localText } from '../traces/local-time.ts';

export type Rotation = 'daily' | 'never' | { readonly bytes: number };

export class LogDirectoryError extends Error {
  override readonly name = 'LogDirectoryError';
}

const NAME = /^nodes-[0-9TZ-]+\.log$/;
const LOCK = 'collect.pid';

export class LogFiles {
  readonly #directory: string;
  readonly #rotation: Rotation;
  readonly #timeZone: string;
  #current: { readonly name: string; bytes: number } | undefined;
  /** Whatever failed may have left half a line. */
  #torn = true;
  #packing: Promise<void> = Promise.resolve();

  private constructor(directory: string, rotation: Rotation, timeZone: string) {
    this.#directory = directory;
    this.#rotation = rotation;
    this.#timeZone = timeZone;
  }

  /** Makes the directory and takes it for this process. @throws {LogDirectoryError} */
  static async open(directory: string, rotation: Rotation, timeZone: string): Promise<LogFiles> {
    try {
      await mkdir(directory, { recursive: true });
      await takeLock(join(directory, LOCK));
    } catch (error) {
      if (error instanceof LogDirectoryError) throw error;
      throw new LogDirectoryError(`${directory} cannot be used: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
    }
    return new LogFiles(directory, rotation, timeZone);
  }

  /**
   * Whether a sample of this moment (epoch ms) begins a file, or goes on behind something unknown: then it must stand by
   * itself. Packs what is not written to any more.
   */
  async prepare(at: number): Promise<boolean> {
    const name = await this.#nameAt(at);
    if (this.#current?.name === name) return this.#torn;
    this.#current = { name, bytes: await sizeOf(join(this.#directory, name)) };
    this.#torn = this.#current.bytes > 0;
    this.#packing = this.#packing.then(() => this.#packAllBut(name));
    return true;
  }

  /** Appends to the file that `prepare` has chosen. */
  async append(text: string): Promise<void> {
    const current = this.#current;
    if (current === undefined) throw new Error('append before prepare');
    const whole = this.#torn ? `\n${text}` : text;
    this.#torn = true;
    await appendFile(join(this.#directory, current.name), whole, { mode: 0o644 });
    this.#torn = false;
    current.bytes += Buffer.byteLength(whole);
  }

  /** Waits until what is being packed is packed. */
  async close(): Promise<void> {
    await this.#packing;
    await rm(join(this.#directory, LOCK), { force: true });
  }

  async #nameAt(at: number): Promise<string> {
    if (this.#rotation === 'daily') return `nodes-${localText(at, this.#timeZone).slice(0, 10)}.log`;
    const current = this.#current ?? await this.#newest();
    const limit = this.#rotation === 'never' ? Number.POSITIVE_INFINITY : this.#rotation.bytes;
    if (current !== undefined && current.bytes < limit) return current.name;
    return `nodes-${new Date(at).toISOString().slice(0, 19).replace(/[-:]/g, '')}Z.log`;
  }

  async #newest(): Promise<{ name: string; bytes: number } | undefined> {
    const name = (await readdir(this.#directory)).filter((each) => NAME.test(each)).sort().at(-1);
    return name === undefined ? undefined : { name, bytes: await sizeOf(join(this.#directory, name)) };
  }

  /** A file that cannot be packed now is packed with the next. */
  async #packAllBut(name: string): Promise<void> {
    try {
      for (const file of await readdir(this.#directory)) {
        if (!NAME.test(file) || file === name) continue;
        const path = join(this.#directory, file);
        await pipeline(createReadStream(path), createGzip(), createWriteStream(`${path}.gz.new`));
        await rename(`${path}.gz.new`, `${path}.gz`);
        await unlink(path);
      }
    } catch {
      // A full disk, most likely: the plain file is still there.
    }
  }
}

async function takeLock(path: string): Promise<void> {
  for (let attempt = 0; attempt < 3; attempt++) {
    try {
      await writeFile(path, `${process.pid}\n`, { flag: 'wx' });
      return;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    }
    const owner = Number(await readFile(path, 'utf8').catch(() => ''));
    if (owner > 0 && owner !== process.pid && isAlive(owner)) throw new LogDirectoryError(`another collector (process ${owner}) writes there; remove ${path} if it does not`);
    await rm(path, { force: true });
  }
  throw new LogDirectoryError(`${path} comes back whenever it is removed`);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

async function sizeOf(path: string): Promise<number> {
  return stat(path).then(({ size }) => size, () => 0);
}
