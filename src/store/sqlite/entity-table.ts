import type { SQLInputValue } from 'node:sqlite';
import type { EntityType } from '../../domain/entity.ts';
import type { EntityFilter } from '../store.ts';
import type { Connection, Row } from './connection.ts';
import type { EntityRow, EntityRowChange, Page } from './database-messages.ts';

const DEFAULT_LIMIT = 200;

/** Actions, packages, triggers and rules: their paths are unique among all of them. */
export class EntityTable {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  get(path: string): EntityRow | undefined {
    const row = this.#connection.get('SELECT type, revision, document, code FROM entities WHERE path = ?', path);
    return row && { ...entityRow(row), ...(row['code'] === null ? {} : { code: String(row['code']) }) };
  }

  /** To be called within a transaction. @returns false when the stored revision is not the expected one */
  change(change: EntityRowChange): boolean {
    if (change.change === 'delete') {
      return this.#connection.run('DELETE FROM entities WHERE path = ? AND revision = ?', change.path, change.expectedRevision) > 0;
    }
    const { path, type, namespace, parent, publish, updated, revision, document, code = null, expectedRevision } = change;
    const values = [type, namespace, parent, publish ? 1 : 0, updated, revision, document, code, path];
    const changes = expectedRevision === undefined
      ? this.#connection.run(
        `INSERT INTO entities (type, namespace, parent, publish, updated, revision, document, code, path)
          VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (path) DO NOTHING`,
        ...values,
      )
      : this.#connection.run(
        `UPDATE entities SET type = ?, namespace = ?, parent = ?, publish = ?, updated = ?, revision = ?, document = ?, code = ?
          WHERE path = ? AND revision = ?`,
        ...values, expectedRevision,
      );
    return changes > 0;
  }

  /** Without the code of actions. */
  list(type: EntityType, filter: EntityFilter, { limit, skip }: Page): EntityRow[] {
    const { where, values } = entitiesWhere(type, filter);
    const sql = `SELECT type, revision, document FROM entities WHERE ${where} ORDER BY updated DESC, seq DESC LIMIT ? OFFSET ?`;
    return this.#connection.all(sql, ...values, limit === 0 ? DEFAULT_LIMIT : limit, skip).map(entityRow);
  }

  count(type: EntityType, filter: EntityFilter): number {
    const { where, values } = entitiesWhere(type, filter);
    return Number(this.#connection.get(`SELECT count(*) AS count FROM entities WHERE ${where}`, ...values)?.['count']);
  }
}

function entityRow(row: Row): EntityRow {
  // The column holds what a put wrote.
  return { type: row['type'] as EntityType, revision: String(row['revision']), document: String(row['document']) };
}

function entitiesWhere(type: EntityType, filter: EntityFilter): { where: string; values: SQLInputValue[] } {
  const conditions = ['namespace = ?', 'type = ?'];
  const values: SQLInputValue[] = [filter.namespace, type];
  const parent = parentOf(type, filter);
  if (parent !== undefined) {
    conditions.push('parent = ?');
    values.push(parent);
  }
  if (type === 'package' && filter.published === true) conditions.push('publish = 1');
  return { where: conditions.join(' AND '), values };
}

function parentOf(type: EntityType, filter: EntityFilter): string | undefined {
  if (type === 'action') return filter.package === null ? '' : filter.package;
  return type === 'rule' ? filter.trigger : undefined;
}
