import { randomBytes } from 'node:crypto';
import { actionPath, type Action } from '../../domain/action.ts';
import { RevisionConflict, type ActionStore, type StoredAction } from '../store.ts';
import { ActionCache } from './action-cache.ts';
import type { Page, StoredDocument } from './database-messages.ts';
import type { DatabaseThread } from './database-thread.ts';

/**
 * Actions are few, read with every call and seldom written: a cache in front of the database, which this process alone
 * writes. What it hands out is shared and frozen.
 */
export class SqliteActions implements ActionStore {
  readonly #database: DatabaseThread;
  readonly #cache: ActionCache;
  /** Grows with every write, so that an answer read before one is not cached after it. */
  #writes = 0;

  constructor(database: DatabaseThread, cacheCharacters: number) {
    this.#database = database;
    this.#cache = new ActionCache(cacheCharacters);
  }

  async get(path: string): Promise<StoredAction | undefined> {
    const cached = this.#cache.get(path);
    if (cached !== undefined) return cached;
    const writes = this.#writes;
    const row = await this.#database.call('getAction', path);
    if (row === undefined) return undefined;
    const stored = storedAction(row);
    if (writes === this.#writes) this.#cache.set(path, stored, row.document.length);
    return stored;
  }

  async put(action: Action, expectedRevision: string | undefined): Promise<string> {
    const path = actionPath(action);
    const document = JSON.stringify(action);
    const { namespace, updated } = action;
    const revision = nextRevision(expectedRevision);
    const stored = freeze({ action: copyOf(action), revision });
    await this.#write(path, async () => {
      const done = await this.#database.call('putAction', { path, namespace, updated, document, revision, expectedRevision });
      if (!done) throw new RevisionConflict(expectedRevision === undefined ? `${path} exists already` : `${path} has changed meanwhile`);
      this.#cache.set(path, stored, document.length);
    });
    return revision;
  }

  async delete(path: string, expectedRevision: string): Promise<void> {
    await this.#write(path, async () => {
      const done = await this.#database.call('deleteAction', { path, expectedRevision });
      if (!done) throw new RevisionConflict(`${path} has changed meanwhile`);
      this.#cache.delete(path);
    });
  }

  async list(namespace: string, page: Page): Promise<StoredAction[]> {
    return (await this.#database.call('listActions', { namespace, page })).map(storedAction);
  }

  count(namespace: string): Promise<number> {
    return this.#database.call('countActions', namespace);
  }

  async #write(path: string, write: () => Promise<void>): Promise<void> {
    this.#writes++;
    try {
      await write();
    } catch (error) {
      // Whatever became of the write: the database knows.
      this.#cache.delete(path);
      throw error;
    } finally {
      this.#writes++;
    }
  }
}

/** `generation-random`: an action deleted and made again never meets a revision it had before. */
function nextRevision(previous: string | undefined): string {
  const generation = previous === undefined ? 1 : Number.parseInt(previous, 10) + 1;
  return `${Number.isNaN(generation) ? 1 : generation}-${randomBytes(8).toString('hex')}`;
}

function storedAction({ document, revision }: StoredDocument): StoredAction {
  return freeze({ action: JSON.parse(document) as Action, revision });
}

/** The code, which may be megabytes, is an immutable string and need not be copied. */
function copyOf({ exec, ...rest }: Action): Action {
  return { ...structuredClone(rest), exec: { ...exec } };
}

function freeze<Value>(value: Value): Value {
  if (typeof value !== 'object' || value === null) return value;
  for (const part of Object.values(value)) freeze(part);
  return Object.freeze(value);
}
