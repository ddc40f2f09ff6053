import type { Logger } from '../../domain/logger.ts';

const MEBIBYTE = 1024 * 1024;

export interface SqliteStoreOptions {
  /** An existing directory for this store alone, on a local disk; 0700 is wise, the files in it are made 0600. */
  directory: string;
  logger: Logger;
  /**
   * Opens the store on a network file system all the same, without the write-ahead log that needs shared memory. Slower,
   * and safe only where the file system's locks and fsync are. @default false
   */
  allowNetworkFileSystem?: boolean;
  /**
   * Size at which a segment of the log is closed. Large: fewer files; small: less to read again after a crash, less
   * disk for records that stand in the log and in the database. @default 16 MiB
   */
  segmentBytes?: number;
  /** Memory for what waits for the disk (in characters): beyond it, writes are rejected with StoreUnavailable. @default 64 MiB */
  queueCharacters?: number;
  /** Memory for entities that are looked up without asking the database (in characters of code and parameters). @default 256 MiB */
  entityCacheCharacters?: number;
  /**
   * Activation records that began longer ago than this are removed, within minutes. A record stored late, because it ran
   * for long, may stay longer by that. @default Infinity
   */
  keepActivationsMs?: number;
  /** When there are more activation records than this, those stored first are removed, within minutes. @default Infinity */
  keepActivations?: number;
}

export function resolveStoreOptions(options: SqliteStoreOptions): Required<SqliteStoreOptions> {
  return {
    allowNetworkFileSystem: false,
    segmentBytes: 16 * MEBIBYTE,
    queueCharacters: 64 * MEBIBYTE,
    entityCacheCharacters: 256 * MEBIBYTE,
    keepActivationsMs: Infinity,
    keepActivations: Infinity,
    ...options,
  };
}
