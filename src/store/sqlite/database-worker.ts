/** The database's thread: answers the main thread's calls one by one, and owns the lock, the connection and the reading end of the log. */
import { parentPort } from 'node:worker_threads';
import { Database } from './database.ts';
import type { DatabaseOperation, DatabaseOperations, DatabaseReply, DatabaseRequest, Recovered } from './database-messages.ts';
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
  getActivation: ({ database }, { namespace, id }) => database.getActivation(namespace, id),
  listActivations: ({ database }, { filter, page }) => database.listActivations(filter, page),
  countActivations: ({ database }, filter) => database.countActivations(filter),
  withoutRecord: ({ database }, ids) => ids.filter((id) => !database.hasActivation(id)),
  getAction: ({ database }, path) => database.getAction(path),
  // An action's change is a transaction of its own: records that wait for their commit go first, or are read again later.
  putAction: ({ applier, database }, row) => {
    applier.commit();
    return database.putAction(row);
  },
  deleteAction: ({ applier, database }, { path, expectedRevision }) => {
    applier.commit();
    return database.deleteAction(path, expectedRevision);
  },
  listActions: ({ database }, { namespace, page }) => database.listActions(namespace, page),
  countActions: ({ database }, namespace) => database.countActions(namespace),
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
  'getActivation', 'listActivations', 'countActivations', 'withoutRecord', 'finish',
]);

let opened: Opened | undefined;

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
