import type { Logger } from '../domain/logger.ts';
import { StoreOpenError } from '../store/sqlite/store-open-error.ts';
import { openSqliteStore } from '../store/sqlite/sqlite-store.ts';
import type { Store } from '../store/store.ts';
import { CommandError } from './command-error.ts';

/** What becomes of old activation records. Absent: they are kept. */
export interface StoreRetention {
  keepActivationsMs: number;
  keepActivations: number;
}

/** @throws {CommandError} ESTORE when it is in use, or no place for a store */
export async function openStore(directory: string, logger: Logger, retention?: StoreRetention): Promise<Store> {
  try {
    return await openSqliteStore({ directory, logger, ...retention });
  } catch (error) {
    if (error instanceof StoreOpenError) {
      const advice = error.code === 'network-file-system' ? ' Name a directory on a local disk with --store.' : '';
      throw new CommandError('ESTORE', `${error.message}${advice}`, 73, { cause: error });
    }
    throw error;
  }
}
