/**
 * The embedded store: one SQLite database and one log, for one controller.
 *
 * Records and accepted messages are first written to the log, by this thread and in groups, because that is the fastest
 * way to make them outlive a kill -9 (the page cache does) or a loss of power (one fdatasync for all that wait). The
 * database's thread reads the log and files the records; a segment of the log goes when everything in it is durable
 * in the database or settled. At start the log is read again: what a crash left in it is filed, once, by its id.
 *
 * In the directory: `store.sqlite` (with -wal and -shm), `log/`, `lock` and `owner`.
 */
import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import type { Logger } from '../../domain/logger.ts';
import type { Store } from '../store.ts';
import { DatabaseThread } from './database-thread.ts';
import type { Recovered } from './database-messages.ts';
import { LiveMessages } from './live-messages.ts';
import { carryOver, LogCleaner } from './log-cleaner.ts';
import { LogWriter } from './log-writer.ts';
import { networkFileSystem } from './network-file-systems.ts';
import { Retention } from './retention.ts';
import { DiskSegmentFiles, makeLogDirectory, type SegmentFiles } from './segment-files.ts';
import { SqliteActivations } from './sqlite-activations.ts';
import { SqliteDocuments } from './sqlite-documents.ts';
import { SqliteEntities } from './sqlite-entities.ts';
import { SqliteJournal } from './sqlite-journal.ts';
import { resolveStoreOptions, type SqliteStoreOptions } from './sqlite-store-options.ts';
import { openErrorCode } from './sqlite-error.ts';
import { openFailure, StoreOpenError } from './store-open-error.ts';

/**
 * Opens the store in a directory, creating what is missing in it, and brings in what an earlier process left in its log.
 * @throws {StoreOpenError}
 */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<Store> {
  const resolved = resolveStoreOptions(options);
  const { directory, logger, segmentBytes } = resolved;
  const onNetwork = await checkDirectory(directory, resolved.allowNetworkFileSystem);
  if (onNetwork) logger.warn({ directory }, 'the state directory is on a network file system: the store is slower, and only as safe as its locks');
  const files = new DiskSegmentFiles(directory);
  const live = new LiveMessages();
  const database: DatabaseThread = new DatabaseThread({
    logger,
    committed: (position) => { cleaner.committed(position, writer); },
    died: (reason) => {
      logger.error({ reason }, 'the store is lost to this process');
      writer.refuse(`The store cannot take writes: ${reason}`);
    },
  });
  const cleaner = new LogCleaner({ files, logger, live, segmentBytes, database });
  const writer: LogWriter = new LogWriter({
    files, logger, segmentBytes, queueCharacters: resolved.queueCharacters,
    advanced: (position) => { database.advance(position); },
    segmentClosed: (position) => { cleaner.segmentClosed(position); },
  });
  try {
    const recovered = await database.call('open', { directory, networkFileSystem: onNetwork });
    writer.startAfter(recovered.lastSegment);
    await renewLog(recovered, { files, live, writer, logger });
  } catch (error) {
    await writer.close();
    await database.terminate();
    throw error instanceof StoreOpenError ? error : openFailure('unavailable', directory, error);
  }
  const retention = new Retention({
    database, writer, live, logger, keepMs: resolved.keepActivationsMs, keepActivations: resolved.keepActivations,
  });
  retention.start();
  return new SqliteStore({ writer, database, cleaner, retention, live, logger }, resolved.entityCacheCharacters);
}

interface Parts {
  writer: LogWriter;
  database: DatabaseThread;
  cleaner: LogCleaner;
  retention: Retention;
  live: LiveMessages;
  logger: Logger;
}

class SqliteStore implements Store {
  readonly entities: SqliteEntities;
  readonly documents: SqliteDocuments;
  readonly activations: SqliteActivations;
  readonly journal: SqliteJournal;
  readonly #parts: Parts;
  #closing: Promise<void> | undefined;

  constructor(parts: Parts, entityCacheCharacters: number) {
    const { writer, database, live } = parts;
    this.#parts = parts;
    this.entities = new SqliteEntities(database, entityCacheCharacters);
    this.documents = new SqliteDocuments(database);
    this.activations = new SqliteActivations(writer, database, live);
    this.journal = new SqliteJournal(writer, database, live);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const { writer, database, cleaner, retention, logger } = this.#parts;
    writer.refuse('The store is closed');
    await retention.stop();
    await writer.close();
    try {
      // Only while the lock is held may segments be deleted.
      if (await database.call('finish', undefined, writer.position)) await cleaner.clean(writer);
      await database.call('close', undefined);
    } catch (error) {
      logger.warn({ error: String(error) }, "the store's database could not be brought up to date; the log keeps the rest");
    }
    await database.terminate();
  }
}

/** @returns whether it is on a network file system */
async function checkDirectory(directory: string, allowNetworkFileSystem: boolean): Promise<boolean> {
  try {
    if (!(await stat(directory)).isDirectory()) throw new StoreOpenError('directory-missing', `The state directory ${directory} is not a directory`);
  } catch (error) {
    throw error instanceof StoreOpenError ? error : openFailure('directory-missing', directory, error);
  }
  try {
    await access(directory, constants.R_OK | constants.W_OK | constants.X_OK);
    const type = await networkFileSystem(directory);
    if (type !== undefined && !allowNetworkFileSystem) {
      throw new StoreOpenError('network-file-system', `The state directory ${directory} is on a network file system (${type}), where a store can be damaged: choose one on a local disk`);
    }
    await makeLogDirectory(directory);
    return type !== undefined;
  } catch (error) {
    throw error instanceof StoreOpenError ? error : openFailure(openErrorCode(error), directory, error);
  }
}

interface Renewal {
  files: SegmentFiles;
  live: LiveMessages;
  writer: LogWriter;
  logger: Logger;
}

/** Carries the unfinished messages into a new segment, then lets the old ones go: their records are in the database. */
async function renewLog({ segments, unfinished }: Recovered, { files, live, writer, logger }: Renewal): Promise<void> {
  for (const { id, state, document } of unfinished) live.add(id, { document, state, segment: 0 });
  await carryOver(unfinished.map(({ id }) => id), live, writer);
  for (const { segment, bytes, readableBytes } of segments) {
    if (readableBytes === bytes) {
      await files.remove(segment);
      continue;
    }
    // The end of the last segment is what was being written at the crash, and nobody was told that it was.
    const torn = segment === segments.at(-1)?.segment;
    const fields = { segment, bytes, readableBytes };
    if (torn) logger.info(fields, 'the end of the log was torn by a crash and is left out');
    else logger.error(fields, 'a segment of the log is damaged: what follows in it is lost, and the file is put aside');
    await (torn ? files.remove(segment) : files.setAside(segment));
  }
}
