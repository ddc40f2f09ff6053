import type { SQLInputValue } from 'node:sqlite';
import type { ActivationId } from '../../domain/activation.ts';
import type { ActivationFilter } from '../store.ts';
import type { Connection } from './connection.ts';
import type { Page } from './database-messages.ts';
import type { LogEntry } from './log-entry.ts';

const DEFAULT_LIMIT = 200;

/** Activation records, as JSON documents beside the columns that they are looked up by. */
export class ActivationTable {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Keeps the record that is there when there is one with this id. */
  insert({ id, namespace, name, start, document }: LogEntry & { kind: 'record' }): void {
    this.#connection.run(
      'INSERT INTO activations (id, namespace, name, start, document) VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING',
      id, namespace, name, start, document,
    );
  }

  has(id: ActivationId): boolean {
    return this.#connection.get('SELECT 1 FROM activations WHERE id = ?', id) !== undefined;
  }

  get(namespace: string, id: ActivationId): string | undefined {
    const row = this.#connection.get('SELECT document FROM activations WHERE id = ? AND namespace = ?', id, namespace);
    return row && String(row['document']);
  }

  list(filter: ActivationFilter, page: Page): string[] {
    const { sql, values } = activationsQuery(filter, page);
    return this.#connection.all(sql, ...values).map((row) => String(row['document']));
  }

  count(filter: ActivationFilter): number {
    const { index, where, values } = activationsWhere(filter);
    return Number(this.#connection.get(`SELECT count(*) AS count FROM activations INDEXED BY ${index} WHERE ${where}`, ...values)?.['count']);
  }
}

export function activationsQuery(filter: ActivationFilter, { limit, skip }: Page): { sql: string; values: SQLInputValue[] } {
  const { index, where, values } = activationsWhere(filter);
  return {
    sql: `SELECT document FROM activations INDEXED BY ${index} WHERE ${where} ORDER BY start DESC, seq DESC LIMIT ? OFFSET ?`,
    values: [...values, limit === 0 ? DEFAULT_LIMIT : limit, skip],
  };
}

interface Where {
  index: string;
  where: string;
  values: SQLInputValue[];
}

/** Bounds are always given, so that every filter is one range of one index: named, for without statistics SQLite may take the other. */
function activationsWhere({ namespace, name, since, upto }: ActivationFilter): Where {
  const range = [since ?? -Infinity, upto ?? Infinity];
  return name === undefined
    ? { index: 'activations_by_start', where: 'namespace = ? AND start >= ? AND start <= ?', values: [namespace, ...range] }
    : { index: 'activations_by_name', where: 'namespace = ? AND name = ? AND start >= ? AND start <= ?', values: [namespace, name, ...range] };
}
