/**
 * Port of the store. Entities carry a revision for optimistic concurrency; activation records are append-only and
 * unique by activation id; the journal holds what was accepted with a promise (a 202) and has no record yet.
 *
 * Durability: `journal.accept` resolves once the message survives a loss of power (fsync); `activations.append`
 * resolves once the record survives a kill -9 of this process, and is made to survive a loss of power shortly after.
 * Appending the record of an accepted activation also settles its journal entry.
 */
import type { ActivationId, ActivationMessage, ActivationRecord, ResponseStatusCode } from '../domain/activation.ts';
import type { EntityType, EntityTypes } from '../domain/entity.ts';
import type { JsonValue } from '../domain/json.ts';

export interface Store {
  readonly entities: EntityStore;
  readonly documents: DocumentStore;
  readonly activations: ActivationStore;
  readonly journal: Journal;
  /** Flushes everything and releases files, threads and connections. */
  close(): Promise<void>;
}

/** An entity of one type together with the revision under which it is stored. What the store gives may be shared with other callers: not to be modified. */
export interface Stored<Type extends EntityType> {
  type: Type;
  entity: EntityTypes[Type];
  revision: string;
}

export type StoredEntity = { [Type in EntityType]: Stored<Type> }[EntityType];

/** `expectedRevision` undefined: creation, refused when the path is taken by an entity of whatever type. */
export type EntityChange =
  | { [Type in EntityType]: { change: 'put'; type: Type; entity: EntityTypes[Type]; expectedRevision: string | undefined } }[EntityType]
  | { change: 'delete'; path: string; expectedRevision: string };

export interface EntityFilter {
  namespace: string;
  /** Actions: those of this package; null, those of the default package. @default all */
  package?: string | null;
  /** Packages: published ones only, and no bindings. @default false */
  published?: boolean;
  /** Rules: those of this trigger, `namespace/name`. @default all */
  trigger?: string;
}

/** Actions (`namespace/[package/]name`), packages, triggers and rules (`namespace/name`) in one key space. */
export interface EntityStore {
  get(path: string): Promise<StoredEntity | undefined>;
  /**
   * Makes all changes or none, in one transaction, durable when it resolves.
   * @returns the new revision of each put, undefined for each delete
   * @throws {RevisionConflict} when a stored revision is another one, or, on creation, when there is one
   * @throws {StoreUnavailable}
   */
  write(changes: readonly EntityChange[]): Promise<(string | undefined)[]>;
  /** Newest first by `updated`. `limit` 0 means 200. Actions come without their code: `exec.code`, where they have one, is empty. */
  list<Type extends EntityType>(type: Type, filter: EntityFilter, page: { limit: number; skip: number }): Promise<Stored<Type>[]>;
  count(type: EntityType, filter: EntityFilter): Promise<number>;
}

/** Small documents of the platform's own (subjects, API definitions, alarms), by collection and key. */
export interface DocumentStore {
  get(collection: string, key: string): Promise<StoredDocument | undefined>;
  /** Creates (`expectedRevision` undefined) or replaces. @returns the new revision @throws {RevisionConflict} @throws {StoreUnavailable} */
  put(collection: string, key: string, value: JsonValue, expectedRevision: string | undefined): Promise<string>;
  /** @throws {RevisionConflict} */
  delete(collection: string, key: string, expectedRevision: string): Promise<void>;
  /** Ordered by key. @param prefix of the keys */
  list(collection: string, prefix?: string): Promise<StoredDocument[]>;
}

export interface StoredDocument {
  key: string;
  value: JsonValue;
  revision: string;
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
  /** `name`, or `package/name` where the action was in a package: the binding's where it was called through one. */
  name?: string;
  /** Epoch ms, inclusive, compared with `start`. */
  since?: number;
  upto?: number;
}

/** A record without what may be large. */
export interface ActivationSummary extends Omit<ActivationRecord, 'response' | 'logs'> {
  statusCode: ResponseStatusCode;
}

export interface ActivationStore {
  /**
   * Adds the record unless one with its id exists. See the head of this file for what its resolution means.
   * @throws {StoreUnavailable}
   */
  append(record: ActivationRecord): Promise<void>;
  /** Reads its own writes: a record whose append has resolved is found. */
  get(namespace: string, id: ActivationId): Promise<ActivationRecord | undefined>;
  /** Newest first by start. `limit` 0 means 200. @throws {StoreUnavailable} also when they are too large together to be held in memory */
  list(filter: ActivationFilter, page: { limit: number; skip: number }): Promise<ActivationRecord[]>;
  /** Like `list`, without reading what is large. */
  summaries(filter: ActivationFilter, page: { limit: number; skip: number }): Promise<ActivationSummary[]>;
  count(filter: ActivationFilter): Promise<number>;
}

export interface Journal {
  /** A message accepted again is held once. @throws {StoreUnavailable} then the message is not held, unless it was before */
  accept(message: ActivationMessage): Promise<void>;
  /**
   * Replaces what is held of an accepted message by a later state of it (how far a composition has come); nothing once
   * its record is stored. Durable when it resolves. @throws {StoreUnavailable} then the earlier state stands
   */
  checkpoint(message: ActivationMessage): Promise<void>;
  /** What was accepted and has no record, in its latest state, oldest first: read once at start. */
  unfinished(): Promise<ActivationMessage[]>;
}
