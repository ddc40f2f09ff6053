/**
 * One controller per store. The lock is an exclusive transaction held on a little database of its own: the kernel
 * releases it when the process ends in any way, and nothing has to be cleaned up after a kill -9.
 *
 * POSIX locks are lost as soon as the process closes any descriptor of the locked file. So nothing here may open a
 * file that exists already other than through SQLite, which keeps count.
 */
import { chmodSync, closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { openErrorCode } from './sqlite-error.ts';
import { StoreOpenError } from './store-open-error.ts';

export class DirectoryLock {
  readonly #database: DatabaseSync;

  private constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /** @throws {StoreOpenError} */
  static take(directory: string): DirectoryLock {
    const path = join(directory, 'lock');
    createPrivateFile(path);
    const database = new DatabaseSync(path, { timeout: 0 });
    try {
      // Nothing is ever written here, so not even a full disk need stand in the way.
      database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
    } catch (error) {
      database.close();
      if (openErrorCode(error) !== 'directory-in-use') throw error;
      throw new StoreOpenError('directory-in-use', `The state directory ${directory} is in use by another controller${owner(directory)}`);
    }
    writeFileSync(join(directory, 'owner'), `process ${process.pid} on ${hostname()}\n`, { mode: 0o600 });
    return new DirectoryLock(database);
  }

  release(): void {
    this.#database.close();
  }
}

/** Creates `path` for the owner only; SQLite gives its side files the same permissions. Leaves a file that exists as it is, but for its permissions. */
export function createPrivateFile(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600));
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    chmodSync(path, 0o600);
  }
}

function owner(directory: string): string {
  try {
    return ` (${readFileSync(join(directory, 'owner'), 'utf8').trim()})`;
  } catch {
    return '';
  }
}
