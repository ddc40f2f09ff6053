/**
 * Port of the store. Entities carry a revision for optimistic concurrency; activation records are append-only and
 * unique by activation id; the journal holds what was accepted with a promise (a 202) and has no record yet.
 *
 * Durability: `journal.accept` resolves once the message survives a loss of power (fsync); `activations.append`
 * resolves once the record survives a kill -9 of this process, and is made to survive a loss of power shortly after.
 * Appending the record of an accepted activation also settles its journal entry.
 */
import type { Action } from '../domain/action.ts';
import type { ActivationId, ActivationMessage, ActivationRecord } from '../domain/activation.ts';

export interface Store {
  readonly actions: ActionStore;
  readonly activations: ActivationStore;
  readonly journal: Journal;
  /** Flushes everything and releases files, threads and connections. */
  close(): Promise<void>;
}

/** An action together with the revision under which it is stored. */
export interface StoredAction {
  action: Action;
  revision: string;
}

export interface ActionStore {
  /** What it gives may be shared with other callers: not to be modified. @param path `namespace/[package/]name` */
  get(path: string): Promise<StoredAction | undefined>;
  /**
   * Creates (`expectedRevision` undefined) or replaces an action.
   * @returns the new revision
   * @throws {RevisionConflict} when the stored revision is another one, or, on creation, when there is one
   */
  put(action: Action, expectedRevision: string | undefined): Promise<string>;
  /** @throws {RevisionConflict} */
  delete(path: string, expectedRevision: string): Promise<void>;
  /** Newest first by `updated`. `limit` 0 means 200. */
  list(namespace: string, page: { limit: number; skip: number }): Promise<StoredAction[]>;
  count(namespace: string): Promise<number>;
}

export class RevisionConflict extends Error {
  override readonly name = 'RevisionConflict';
}

/** The store cannot take a write: disk full, read-only, I/O error. Nothing was written. */
export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable';
}

export interface ActivationFilter {
  namespace: string;
  /** Action name, or `package/name` where the path of the record has a package. */
  name?: string;
  /** Epoch ms, inclusive, compared with `start`. */
  since?: number;
  upto?: number;
}

export interface ActivationStore {
  /**
   * Adds the record unless one with its id exists. See the head of this file for what its resolution means.
   * @throws {StoreUnavailable}
   */
  append(record: ActivationRecord): Promise<void>;
  /** Reads its own writes: a record whose append has resolved is found. */
  get(namespace: string, id: ActivationId): Promise<ActivationRecord | undefined>;
  /** Newest first by start. `limit` 0 means 200. */
  list(filter: ActivationFilter, page: { limit: number; skip: number }): Promise<ActivationRecord[]>;
  count(filter: ActivationFilter): Promise<number>;
}

export interface Journal {
  /** A message accepted again is held once. @throws {StoreUnavailable} then the message is not held, unless it was before */
  accept(message: ActivationMessage): Promise<void>;
  /** What was accepted and has no record, oldest first: read once at start. */
  unfinished(): Promise<ActivationMessage[]>;
}
