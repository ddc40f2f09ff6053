/** What the main thread and the database's thread say to each other. Documents travel as JSON text, which is cheaper to pass than objects. */
import type { ActivationId } from '../../domain/activation.ts';
import type { ActivationFilter } from '../store.ts';
import type { LogPosition } from './segment-files.ts';
import type { StoreOpenErrorCode } from './store-open-error.ts';

export interface Page {
  limit: number;
  skip: number;
}

export interface StoredDocument {
  document: string;
  revision: string;
}

/** A segment found at start: bytes in the file, and bytes of it that could be read. */
export interface RecoveredSegment {
  segment: number;
  bytes: number;
  readableBytes: number;
}

interface AcceptedDocument {
  id: ActivationId;
  document: string;
}

export interface Recovered {
  segments: RecoveredSegment[];
  /** Messages that were accepted and have no record, in the order of their acceptance. */
  unfinished: AcceptedDocument[];
}

/** `undefined` as output of a put or delete: the stored revision is another one. */
export interface DatabaseOperations {
  open: { input: { directory: string; networkFileSystem: boolean }; output: Recovered };
  getActivation: { input: { namespace: string; id: ActivationId }; output: string | undefined };
  listActivations: { input: { filter: ActivationFilter; page: Page }; output: string[] };
  countActivations: { input: ActivationFilter; output: number };
  /** Those of the ids that have no record. */
  withoutRecord: { input: ActivationId[]; output: ActivationId[] };
  getAction: { input: string; output: StoredDocument | undefined };
  putAction: { input: ActionRow; output: boolean };
  deleteAction: { input: { path: string; expectedRevision: string }; output: boolean };
  listActions: { input: { namespace: string; page: Page }; output: StoredDocument[] };
  countActions: { input: string; output: number };
  /** Commits what the log holds; false when that failed and the log still has to be kept. */
  finish: { input: undefined; output: boolean };
  /** Closes the database and gives up the lock. */
  close: { input: undefined; output: undefined };
}

export interface ActionRow {
  path: string;
  namespace: string;
  updated: number;
  document: string;
  revision: string;
  expectedRevision: string | undefined;
}

export type DatabaseOperation = keyof DatabaseOperations;

/** Everything up to `upTo` in the log is to be seen by the call; `call` undefined: no answer is expected. */
export type DatabaseRequest = {
  [Name in DatabaseOperation]: { type: 'call'; call: number; upTo: LogPosition; operation: Name; input: DatabaseOperations[Name]['input'] }
}[DatabaseOperation] | { type: 'advance'; upTo: LogPosition };

export type DatabaseReply =
  | { type: 'result'; call: number; output: unknown }
  | { type: 'failure'; call: number; code: StoreOpenErrorCode; message: string }
  /** Records up to here are durable in the database. */
  | { type: 'committed'; position: LogPosition }
  /** The database does not take records now; the log keeps them, and they are tried again. */
  | { type: 'stalled'; message: string }
  | { type: 'resumed' };
