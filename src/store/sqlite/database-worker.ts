/** The database's thread: answers the main thread's calls one by one, and owns the lock, the connection and the reading end of the log. */
import { parentPort } from 'node:worker_threads';
import { Database } from './database.ts';
import type { DatabaseOperation, DatabaseOperations, DatabaseReply, DatabaseRequest, EntityRowChange, Recovered } from './database-messages.ts';
import { DirectoryLock } from './directory-lock.ts';
import { LogApplier } from './log-applier.ts';
import { recoverLog } from './log-recovery.ts';
import { openErrorCode } from './sqlite-error.ts';
import { openFailure, StoreOpenError } from './store-open-error.ts';

interface Opened {
  lock: DirectoryLock;
  database: Database;
  applier: LogApplier;
}

type Handlers = {
  [Name in Exclude<DatabaseOperation, 'open'>]: (opened: Opened, input: DatabaseOperations[Name]['input']) => DatabaseOperations[Name]['output']
};

const handlers: Handlers = {
  getActivation: ({ database }, { namespace, id }) => database.activations.get(namespace, id),
  listActivations: ({ database }, { filter, page }) => database.activations.list(filter, page),
  listSummaries: ({ database }, { filter, page }) => database.activations.summaries(filter, page),
  countActivations: ({ database }, filter) => database.activations.count(filter),
  exceeds: ({ database }, limits) => database.activations.exceeds(limits),
  removeActivations: ({ applier }, { limits, after }) => applier.removeOldest(limits, after),
  withoutRecord: ({ database }, ids) => ids.filter((id) => !database.activations.has(id)),
  getEntity: ({ database }, path) => database.entities.get(path),
  writeEntities: (opened, changes) => writeEntities(opened, changes),
  listEntities: ({ database }, { type, filter, page }) => database.entities.list(type, filter, page),
  countEntities: ({ database }, { type, filter }) => database.entities.count(type, filter),
  getDocument: ({ database }, { collection, key }) => database.documents.get(collection, key),
  // A change is a transaction of its own: records that wait for their commit go first, or are read again later.
  putDocument: ({ applier, database }, { collection, row, expectedRevision }) => {
    applier.commit();
    return database.documents.put(collection, row, expectedRevision);
  },
  deleteDocument: ({ applier, database }, { collection, key, expectedRevision }) => {
    applier.commit();
    return database.documents.delete(collection, key, expectedRevision);
  },
  listDocuments: ({ database }, { collection, prefix }) => database.documents.list(collection, prefix),
  finish: ({ applier }) => applier.commit(),
  close: ({ applier, database, lock }) => {
    applier.close();
    database.rollback();
    database.close();
    lock.release();
    opened = undefined;
    return undefined;
  },
};

const READS_LOG: ReadonlySet<DatabaseOperation> = new Set<DatabaseOperation>([
  'getActivation', 'listActivations', 'listSummaries', 'countActivations', 'withoutRecord', 'finish',
]);

let opened: Opened | undefined;

function writeEntities({ applier, database }: Opened, changes: readonly EntityRowChange[]): number | undefined {
  applier.commit();
  database.begin();
  try {
    for (const [index, change] of changes.entries()) {
      if (!database.entities.change(change)) return index;
    }
    database.commit();
    return undefined;
  } finally {
    database.rollback();
  }
}

function open({ directory, networkFileSystem }: DatabaseOperations['open']['input']): Recovered {
  let lock: DirectoryLock | undefined;
  let database: Database | undefined;
  try {
    lock = DirectoryLock.take(directory);
    database = new Database({ directory, networkFileSystem });
    const recovered = recoverLog(directory, database);
    const applier = new LogApplier({
      directory, database,
      committed: (position) => { reply({ type: 'committed', position }); },
      stalled: (error) => { reply({ type: 'stalled', message: messageOf(error) }); },
      resumed: () => { reply({ type: 'resumed' }); },
    });
    opened = { lock, database, applier };
    return recovered;
  } catch (error) {
    database?.close();
    lock?.release();
    throw error instanceof StoreOpenError ? error : openFailure(openErrorCode(error), directory, error);
  }
}

function answer(request: DatabaseRequest & { type: 'call' }): unknown {
  if (request.operation === 'open') return open(request.input);
  if (opened === undefined) throw new Error('the database is closed');
  if (READS_LOG.has(request.operation)) opened.applier.apply(request.upTo);
  // The request's type ties operation and input together, which a look-up by a union of names cannot see.
  const handler = handlers[request.operation] as (opened: Opened, input: unknown) => unknown;
  return handler(opened, request.input);
}

function reply(message: DatabaseReply): void {
  parentPort?.postMessage(message);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

parentPort?.on('message', (request: DatabaseRequest) => {
  if (request.type === 'advance') {
    try {
      opened?.applier.apply(request.upTo);
    } catch {
      // The applier has said so, and tries again by itself.
    }
    return;
  }
  try {
    reply({ type: 'result', call: request.call, output: answer(request) });
  } catch (error) {
    const code = error instanceof StoreOpenError ? error.code : openErrorCode(error);
    reply({ type: 'failure', call: request.call, code, message: messageOf(error) });
  }
});
