/** The SQLite database: its file, its transactions, its tables. Runs in its own thread. */
import { join } from 'node:path';
import { ActivationTable } from './activation-table.ts';
import { Connection } from './connection.ts';
import { createPrivateFile } from './directory-lock.ts';
import { DocumentTable } from './document-table.ts';
import { EntityTable } from './entity-table.ts';
import { migrate } from './schema.ts';
import type { LogPosition } from './segment-files.ts';

/** KiB of page cache: room for the hot end of the indexes and a batch of records, so that a batch rarely spills. */
const CACHE_KIB = 32 * 1024;
const WAL_BYTES = 16 * 1024 * 1024;
const BUSY_TIMEOUT_MS = 5000;

export interface DatabaseOptions {
  directory: string;
  /** Without shared memory, and with a journal that needs none. */
  networkFileSystem: boolean;
}

export class Database {
  readonly activations: ActivationTable;
  readonly entities: EntityTable;
  readonly documents: DocumentTable;
  readonly #connection: Connection;

  /** @throws {StoreOpenError} or SQLite's error */
  constructor(options: DatabaseOptions) {
    const path = join(options.directory, 'store.sqlite');
    createPrivateFile(path);
    this.#connection = new Connection(path, { timeoutMs: BUSY_TIMEOUT_MS });
    try {
      if (options.networkFileSystem) this.#connection.exec('PRAGMA locking_mode = EXCLUSIVE');
      this.#connection.exec(`PRAGMA journal_mode = ${options.networkFileSystem ? 'TRUNCATE' : 'WAL'}`);
      this.#connection.exec(`PRAGMA synchronous = FULL; PRAGMA cache_size = -${CACHE_KIB}; PRAGMA journal_size_limit = ${WAL_BYTES}`);
      migrate(this.#connection, path);
    } catch (error) {
      this.#connection.close();
      throw error;
    }
    this.activations = new ActivationTable(this.#connection);
    this.entities = new EntityTable(this.#connection);
    this.documents = new DocumentTable(this.#connection);
  }

  get inTransaction(): boolean {
    return this.#connection.inTransaction;
  }

  begin(): void {
    this.#connection.exec('BEGIN IMMEDIATE');
  }

  /** @param filed up to where the log is in the database with this transaction; undefined: as before */
  commit(filed?: LogPosition): void {
    this.activations.finish(filed);
    this.#connection.exec('COMMIT');
  }

  /** SQLite ends some transactions by itself when they fail; this ends the others. */
  rollback(): void {
    this.activations.forget();
    if (this.#connection.inTransaction) this.#connection.exec('ROLLBACK');
  }

  close(): void {
    this.#connection.close();
  }
}
