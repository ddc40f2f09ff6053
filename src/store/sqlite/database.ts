/** The SQLite database: activation records and actions as JSON documents beside the columns they are looked up by. Runs in its own thread. */
import { join } from 'node:path';
import { DatabaseSync, type SQLInputValue, type SQLOutputValue, type StatementSync } from 'node:sqlite';
import type { ActivationId } from '../../domain/activation.ts';
import type { ActivationFilter } from '../store.ts';
import type { ActionRow, Page, StoredDocument } from './database-messages.ts';
import { createPrivateFile } from './directory-lock.ts';
import type { LogEntry } from './log-entry.ts';
import { StoreOpenError } from './store-open-error.ts';

const SCHEMA_VERSION = 1;
/**
 * The unique index is on ids that grow with time, so it is appended to rather than inserted into. Rowids end every
 * index, which makes them serve "newest first, later appended first" without sorting.
 */
const SCHEMA = `
  CREATE TABLE activations (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, namespace TEXT NOT NULL, name TEXT NOT NULL, start INTEGER NOT NULL,
    document TEXT NOT NULL
  );
  CREATE INDEX activations_by_start ON activations (namespace, start);
  CREATE INDEX activations_by_name ON activations (namespace, name, start);
  CREATE TABLE actions (
    seq INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE, namespace TEXT NOT NULL, updated INTEGER NOT NULL, revision TEXT NOT NULL,
    document TEXT NOT NULL
  );
  CREATE INDEX actions_by_updated ON actions (namespace, updated);
  PRAGMA user_version = ${SCHEMA_VERSION};
`;
/** KiB of page cache: room for the hot end of the indexes and a batch of records, so that a batch rarely spills. */
const CACHE_KIB = 32 * 1024;
const WAL_BYTES = 16 * 1024 * 1024;
const DEFAULT_LIMIT = 200;

type Row = Record<string, SQLOutputValue>;

export interface DatabaseOptions {
  directory: string;
  /** Without shared memory, and with a journal that needs none. */
  networkFileSystem: boolean;
}

export class Database {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  /** @throws {StoreOpenError} or SQLite's error */
  constructor(options: DatabaseOptions) {
    const path = join(options.directory, 'store.sqlite');
    createPrivateFile(path);
    this.#database = new DatabaseSync(path, { timeout: 5000 });
    try {
      if (options.networkFileSystem) this.#database.exec('PRAGMA locking_mode = EXCLUSIVE');
      this.#database.exec(`PRAGMA journal_mode = ${options.networkFileSystem ? 'TRUNCATE' : 'WAL'}`);
      this.#database.exec(`PRAGMA synchronous = FULL; PRAGMA cache_size = -${CACHE_KIB}; PRAGMA journal_size_limit = ${WAL_BYTES}`);
      this.#migrate(path);
    } catch (error) {
      this.#database.close();
      throw error;
    }
  }

  #migrate(path: string): void {
    const version = Number(this.#get('PRAGMA user_version')?.['user_version'] ?? 0);
    if (version > SCHEMA_VERSION) {
      throw new StoreOpenError('newer-version', `${path} was written by a newer version of this program (schema ${version}, known is ${SCHEMA_VERSION})`);
    }
    if (version === 0) this.#database.exec(`BEGIN; ${SCHEMA} COMMIT`);
  }

  get inTransaction(): boolean {
    return this.#database.isTransaction;
  }

  begin(): void {
    this.#database.exec('BEGIN IMMEDIATE');
  }

  commit(): void {
    this.#database.exec('COMMIT');
  }

  /** SQLite ends some transactions by itself when they fail; this ends the others. */
  rollback(): void {
    if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
  }

  /** Keeps the record that is there when there is one with this id. */
  insertActivation({ id, namespace, name, start, document }: LogEntry & { kind: 'record' }): void {
    this.#run(
      'INSERT INTO activations (id, namespace, name, start, document) VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING',
      id, namespace, name, start, document,
    );
  }

  hasActivation(id: ActivationId): boolean {
    return this.#get('SELECT 1 FROM activations WHERE id = ?', id) !== undefined;
  }

  getActivation(namespace: string, id: ActivationId): string | undefined {
    const row = this.#get('SELECT document FROM activations WHERE id = ? AND namespace = ?', id, namespace);
    return row && String(row['document']);
  }

  listActivations(filter: ActivationFilter, page: Page): string[] {
    const { sql, values } = activationsQuery(filter, page);
    return this.#all(sql, ...values).map((row) => String(row['document']));
  }

  countActivations(filter: ActivationFilter): number {
    const { index, where, values } = activationsWhere(filter);
    return Number(this.#get(`SELECT count(*) AS count FROM activations INDEXED BY ${index} WHERE ${where}`, ...values)?.['count']);
  }

  getAction(path: string): StoredDocument | undefined {
    const row = this.#get('SELECT document, revision FROM actions WHERE path = ?', path);
    return row && storedDocument(row);
  }

  /** @returns false when the stored revision is not the expected one */
  putAction({ path, namespace, updated, revision, document, expectedRevision }: ActionRow): boolean {
    const changes = expectedRevision === undefined
      ? this.#run(
        'INSERT INTO actions (path, namespace, updated, revision, document) VALUES (?, ?, ?, ?, ?) ON CONFLICT (path) DO NOTHING',
        path, namespace, updated, revision, document,
      )
      : this.#run(
        'UPDATE actions SET namespace = ?, updated = ?, revision = ?, document = ? WHERE path = ? AND revision = ?',
        namespace, updated, revision, document, path, expectedRevision,
      );
    return changes > 0;
  }

  /** @returns false when the stored revision is not the expected one */
  deleteAction(path: string, expectedRevision: string): boolean {
    return this.#run('DELETE FROM actions WHERE path = ? AND revision = ?', path, expectedRevision) > 0;
  }

  listActions(namespace: string, page: Page): StoredDocument[] {
    const sql = 'SELECT document, revision FROM actions WHERE namespace = ? ORDER BY updated DESC, seq DESC LIMIT ? OFFSET ?';
    return this.#all(sql, namespace, page.limit === 0 ? DEFAULT_LIMIT : page.limit, page.skip).map(storedDocument);
  }

  countActions(namespace: string): number {
    return Number(this.#get('SELECT count(*) AS count FROM actions WHERE namespace = ?', namespace)?.['count']);
  }

  close(): void {
    this.#database.close();
  }

  #prepare(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const statement = this.#database.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }

  #run(sql: string, ...values: SQLInputValue[]): number {
    return Number(this.#prepare(sql).run(...values).changes);
  }

  #get(sql: string, ...values: SQLInputValue[]): Row | undefined {
    return this.#prepare(sql).get(...values);
  }

  #all(sql: string, ...values: SQLInputValue[]): Row[] {
    return this.#prepare(sql).all(...values);
  }
}

function storedDocument(row: Row): StoredDocument {
  return { document: String(row['document']), revision: String(row['revision']) };
}

export function activationsQuery(filter: ActivationFilter, { limit, skip }: Page): { sql: string; values: SQLInputValue[] } {
  const { index, where, values } = activationsWhere(filter);
  return {
    sql: `SELECT document FROM activations INDEXED BY ${index} WHERE ${where} ORDER BY start DESC, seq DESC LIMIT ? OFFSET ?`,
    values: [...values, limit === 0 ? DEFAULT_LIMIT : limit, skip],
  };
}

interface Where {
  index: string;
  where: string;
  values: SQLInputValue[];
}

/** Bounds are always given, so that every filter is one range of one index: named, for without statistics SQLite may take the other. */
function activationsWhere({ namespace, name, since, upto }: ActivationFilter): Where {
  const range = [since ?? -Infinity, upto ?? Infinity];
  return name === undefined
    ? { index: 'activations_by_start', where: 'namespace = ? AND start >= ? AND start <= ?', values: [namespace, ...range] }
    : { index: 'activations_by_name', where: 'namespace = ? AND name = ? AND start >= ? AND start <= ?', values: [namespace, name, ...range] };
}
