import type { EntityType } from '../../domain/entity.ts';
import { RevisionConflict, type EntityChange, type EntityFilter, type EntityStore, type Stored, type StoredEntity } from '../store.ts';
import type { EntityRowChange, Page } from './database-messages.ts';
import type { DatabaseThread } from './database-thread.ts';
import { EntityCache } from './entity-cache.ts';
import { entityPutRow, storedEntity } from './entity-rows.ts';
import { frozenCopy } from './frozen-copy.ts';
import { nextRevision } from './revision.ts';

/** One change on its way: what the database is told, and what the cache holds once the database has done it. */
interface Pending {
  row: EntityRowChange;
  stored: StoredEntity | undefined;
  characters: number;
}

/**
 * Entities are few, read with every call and seldom written: a cache in front of the database, which this process alone
 * writes. What it hands out is shared and frozen.
 */
export class SqliteEntities implements EntityStore {
  readonly #database: DatabaseThread;
  readonly #cache: EntityCache;
  /** Grows with every write, so that an answer read before one is not cached after it. */
  #writes = 0;

  constructor(database: DatabaseThread, cacheCharacters: number) {
    this.#database = database;
    this.#cache = new EntityCache(cacheCharacters);
  }

  async get(path: string): Promise<StoredEntity | undefined> {
    const cached = this.#cache.get(path);
    if (cached !== undefined) return cached;
    const writes = this.#writes;
    const row = await this.#database.call('getEntity', path);
    if (row === undefined) return undefined;
    const stored = storedEntity(row);
    if (writes === this.#writes) this.#cache.set(path, stored, row.document.length + (row.code?.length ?? 0));
    return stored;
  }

  async write(changes: readonly EntityChange[]): Promise<(string | undefined)[]> {
    // Before the first await: what the caller changes afterwards is no part of it.
    const pending = changes.map(pendingChange);
    this.#writes++;
    try {
      const conflict = await this.#database.call('writeEntities', pending.map(({ row }) => row));
      if (conflict !== undefined) throw conflictAt(pending[conflict]?.row);
      for (const { row, stored, characters } of pending) {
        if (stored === undefined) this.#cache.delete(row.path);
        else this.#cache.set(row.path, stored, characters);
      }
      return pending.map(({ stored }) => stored?.revision);
    } catch (error) {
      // Whatever became of the write: the database knows.
      for (const { row } of pending) this.#cache.delete(row.path);
      throw error;
    } finally {
      this.#writes++;
    }
  }

  async list<Type extends EntityType>(type: Type, filter: EntityFilter, page: Page): Promise<Stored<Type>[]> {
    // The database was asked for this type.
    return (await this.#database.call('listEntities', { type, filter, page })).map((row) => storedEntity(row) as Stored<Type>);
  }

  count(type: EntityType, filter: EntityFilter): Promise<number> {
    return this.#database.call('countEntities', { type, filter });
  }
}

function pendingChange(change: EntityChange): Pending {
  if (change.change === 'delete') {
    return { row: { change: 'delete', path: change.path, expectedRevision: change.expectedRevision }, stored: undefined, characters: 0 };
  }
  const revision = nextRevision(change.expectedRevision);
  const row = entityPutRow(change, revision);
  // Type and entity come from one change, so they belong together.
  const stored = frozenCopy({ type: change.type, entity: change.entity, revision }) as StoredEntity;
  return { row, stored, characters: row.document.length + (row.code?.length ?? 0) };
}

function conflictAt(row: EntityRowChange | undefined): RevisionConflict {
  return new RevisionConflict(row?.expectedRevision === undefined ? `${row?.path} exists already` : `${row.path} has changed meanwhile`);
}

