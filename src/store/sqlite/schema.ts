/** The tables, and how databases of earlier versions of this program get them. */
import { COUNT_LEVELS } from './activation-counts.ts';
import type { Connection } from './connection.ts';
import { StoreOpenError } from './store-open-error.ts';

const SCHEMA_VERSION = 2;
/**
 * The unique index is on ids that grow with time, so it is appended to rather than inserted into. Rowids end every
 * index, which makes them serve "newest first, later appended first" without sorting; they grow by one with each record, so
 * the lowest are the oldest. `details` (response and logs) comes last, so that SQLite need not read it for a summary.
 *
 * `activation_counts`: how many records of a namespace and name (of all names: '') start in which bucket of time.
 * `progress`: up to where the log was filed, and how many records there are.
 */
const ACTIVATIONS = `
  CREATE TABLE activations (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, namespace TEXT NOT NULL, name TEXT NOT NULL, start INTEGER NOT NULL,
    summary TEXT NOT NULL, details TEXT NOT NULL
  );
  CREATE INDEX activations_by_start ON activations (namespace, start);
  CREATE INDEX activations_by_name ON activations (namespace, name, start);
  CREATE TABLE activation_counts (
    namespace TEXT NOT NULL, name TEXT NOT NULL, level INTEGER NOT NULL, bucket INTEGER NOT NULL, count INTEGER NOT NULL,
    PRIMARY KEY (namespace, name, level, bucket)
  ) WITHOUT ROWID;
  CREATE TABLE progress (segment INTEGER NOT NULL, end INTEGER NOT NULL, activations INTEGER NOT NULL);
  INSERT INTO progress VALUES (0, 0, 0);
`;
/**
 * `parent`: an action's package, a rule's trigger, else empty. The code of an action, as a JSON string, stands apart from
 * its document and behind it, so that a list does not read it.
 */
const ENTITIES = `
  CREATE TABLE entities (
    seq INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE, type TEXT NOT NULL, namespace TEXT NOT NULL, parent TEXT NOT NULL,
    publish INTEGER NOT NULL, updated INTEGER NOT NULL, revision TEXT NOT NULL, document TEXT NOT NULL, code TEXT
  );
  CREATE INDEX entities_by_updated ON entities (namespace, type, updated);
  CREATE INDEX entities_by_parent ON entities (namespace, type, parent, updated);
  CREATE TABLE documents (
    collection TEXT NOT NULL, key TEXT NOT NULL, revision TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (collection, key)
  ) WITHOUT ROWID;
`;
const SET_ASIDE_VERSION_1 = `
  DROP INDEX activations_by_start;
  DROP INDEX activations_by_name;
  ALTER TABLE activations RENAME TO activations_1;
`;
const ACTIVATIONS_OF_VERSION_1 = `
  INSERT INTO activations (seq, id, namespace, name, start, summary, details)
    SELECT seq, id, namespace, name, start,
      json_set(json_remove(document, '$.response', '$.logs'), '$.statusCode', document -> '$.response.statusCode'),
      json_object('response', json_remove(document -> '$.response', '$.statusCode'), 'logs', document -> '$.logs') FROM activations_1 ORDER BY seq;
  ${COUNT_LEVELS.map((level) => `
    INSERT INTO activation_counts SELECT namespace, name, ${level}, start >> ${level}, count(*) FROM activations GROUP BY 1, 2, 4;
    INSERT INTO activation_counts SELECT namespace, '', ${level}, start >> ${level}, count(*) FROM activations GROUP BY 1, 4;
  `).join('')}
  UPDATE progress SET activations = (SELECT count(*) FROM activations);
  DROP TABLE activations_1;
`;
const ACTIONS_OF_VERSION_1 = `
  INSERT INTO entities (seq, path, type, namespace, parent, publish, updated, revision, document, code)
    SELECT seq, path, 'action', namespace, coalesce(document ->> '$.package', ''), document ->> '$.publish', updated, revision,
      json_set(document, '$.exec.code', ''), document -> '$.exec.code' FROM actions ORDER BY seq;
  DROP TABLE actions;
`;

const FROM_VERSION_1 = [SET_ASIDE_VERSION_1, ACTIVATIONS, ACTIVATIONS_OF_VERSION_1, ENTITIES, ACTIONS_OF_VERSION_1];

/** Brings the database of `connection`, at `path`, to the present schema, in one transaction. @throws {StoreOpenError} or SQLite's error */
export function migrate(connection: Connection, path: string): void {
  const version = Number(connection.get('PRAGMA user_version')?.['user_version'] ?? 0);
  if (version > SCHEMA_VERSION) {
    throw new StoreOpenError('newer-version', `${path} was written by a newer version of this program (schema ${version}, known is ${SCHEMA_VERSION})`);
  }
  const steps = version === 0 ? [ACTIVATIONS, ENTITIES] : version === 1 ? FROM_VERSION_1 : [];
  if (steps.length === 0) return;
  connection.exec(`BEGIN IMMEDIATE; ${steps.join('')} PRAGMA user_version = ${SCHEMA_VERSION}; COMMIT`);
}
