/** What the main thread and the database's thread say to each other. Documents travel as JSON text, which is cheaper to pass than objects. */
import type { ActivationId } from '../../domain/activation.ts';
import type { EntityType } from '../../domain/entity.ts';
import type { ActivationFilter, EntityFilter } from '../store.ts';
import type { LogPosition } from './segment-files.ts';
import type { StoreOpenErrorCode } from './store-open-error.ts';

export interface Page {
  limit: number;
  skip: number;
}

export interface ActivationRow {
  summary: string;
  details: string;
}

/** Records beyond these go, the oldest first. */
export interface RetentionLimits {
  /** Epoch ms. */
  startedBefore: number;
  /** Number of records. */
  keep: number;
}

/** Rows up to `through` were looked at; nothing was removed where all of these are within the limits. */
export interface Removal {
  removed: number;
  through: number;
}

export interface EntityRow {
  type: EntityType;
  revision: string;
  document: string;
  /** Code of an action, as a JSON string. */
  code?: string;
}

export interface EntityPutRow extends EntityRow {
  change: 'put';
  path: string;
  namespace: string;
  /** Package of an action, trigger of a rule, else empty. */
  parent: string;
  publish: boolean;
  updated: number;
  expectedRevision: string | undefined;
}

export type EntityRowChange = EntityPutRow | { change: 'delete'; path: string; expectedRevision: string };

export interface DocumentRow {
  key: string;
  revision: string;
  value: string;
}

/** A segment found at start: bytes in the file, and bytes of it that could be read. */
export interface RecoveredSegment {
  segment: number;
  bytes: number;
  readableBytes: number;
}

/** A message in its latest state: the `state`th after its acceptance. */
interface AcceptedDocument {
  id: ActivationId;
  state: number;
  document: string;
}

export interface Recovered {
  /** Segments up to this one were in use: their numbers must not come again. */
  lastSegment: number;
  segments: RecoveredSegment[];
  /** Messages that were accepted and have no record, in the order of their acceptance. */
  unfinished: AcceptedDocument[];
}

export interface DatabaseOperations {
  open: { input: { directory: string; networkFileSystem: boolean }; output: Recovered };
  getActivation: { input: { namespace: string; id: ActivationId }; output: ActivationRow | undefined };
  listActivations: { input: { filter: ActivationFilter; page: Page }; output: ActivationRow[] };
  listSummaries: { input: { filter: ActivationFilter; page: Page }; output: string[] };
  countActivations: { input: ActivationFilter; output: number };
  /** Whether there are records beyond the limits. */
  exceeds: { input: RetentionLimits; output: boolean };
  /** Removes some of those behind row `after`. */
  removeActivations: { input: { limits: RetentionLimits; after: number }; output: Removal };
  /** Those of the ids that have no record. */
  withoutRecord: { input: ActivationId[]; output: ActivationId[] };
  getEntity: { input: string; output: EntityRow | undefined };
  /** All or none. Output: the index of the first whose stored revision is another one, undefined when all were made. */
  writeEntities: { input: EntityRowChange[]; output: number | undefined };
  listEntities: { input: { type: EntityType; filter: EntityFilter; page: Page }; output: EntityRow[] };
  countEntities: { input: { type: EntityType; filter: EntityFilter }; output: number };
  getDocument: { input: { collection: string; key: string }; output: DocumentRow | undefined };
  /** False: the stored revision is another one. */
  putDocument: { input: { collection: string; row: DocumentRow; expectedRevision: string | undefined }; output: boolean };
  deleteDocument: { input: { collection: string; key: string; expectedRevision: string }; output: boolean };
  listDocuments: { input: { collection: string; prefix: string }; output: DocumentRow[] };
  /** Commits what the log holds; false when that failed and the log still has to be kept. */
  finish: { input: undefined; output: boolean };
  /** Closes the database and gives up the lock. */
  close: { input: undefined; output: undefined };
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
