/** Activation records, as JSON beside the columns that they are looked up by. */
import type { SQLInputValue } from 'node:sqlite';
import type { ActivationId } from '../../domain/activation.ts';
import type { ActivationFilter } from '../store.ts';
import { ActivationCounts } from './activation-counts.ts';
import type { Connection } from './connection.ts';
import type { ActivationRow, Page, Removal, RetentionLimits } from './database-messages.ts';
import type { LogEntry } from './log-entry.ts';
import type { LogPosition } from './segment-files.ts';

const DEFAULT_LIMIT = 200;
/** Records of one page that are held in memory at once; larger pages are refused. */
const PAGE_BYTES = 64 * 1024 * 1024;
/** What is removed at a time: a few milliseconds' work. To free a large record, SQLite has to read it. */
const REMOVED_RECORDS = 200;
const REMOVED_BYTES = 8 * 1024 * 1024;

export class ActivationTable {
  readonly #connection: Connection;
  readonly #counts: ActivationCounts;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#counts = new ActivationCounts(connection);
  }

  /** Within a transaction. Keeps the record that is there when there is one with this id. */
  insert({ id, namespace, name, start, summary, details }: LogEntry & { kind: 'record' }): void {
    const inserted = this.#connection.run(
      'INSERT INTO activations (id, namespace, name, start, summary, details) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING',
      id, namespace, name, start, summary, details,
    );
    if (inserted > 0) this.#counts.add(namespace, name, start, 1);
  }

  /** Up to where the log has been filed. */
  position(): LogPosition {
    const row = this.#connection.get('SELECT segment, end FROM progress');
    return { segment: Number(row?.['segment']), end: Number(row?.['end']) };
  }

  /** To be called before a transaction is committed. */
  finish(filed: LogPosition | undefined): void {
    this.#counts.flush();
    if (filed !== undefined) this.#connection.run('UPDATE progress SET segment = ?, end = ?', filed.segment, filed.end);
  }

  /** To be called when a transaction was rolled back. */
  forget(): void {
    this.#counts.clear();
  }

  has(id: ActivationId): boolean {
    return this.#connection.get('SELECT 1 FROM activations WHERE id = ?', id) !== undefined;
  }

  get(namespace: string, id: ActivationId): ActivationRow | undefined {
    const row = this.#connection.get('SELECT summary, details FROM activations WHERE id = ? AND namespace = ?', id, namespace);
    return row && { summary: String(row['summary']), details: String(row['details']) };
  }

  /** @throws {Error} when they are too large together */
  list(filter: ActivationFilter, page: Page): ActivationRow[] {
    const { sql, values } = activationsQuery('summary, details', filter, page);
    const found: ActivationRow[] = [];
    let size = 0;
    for (const row of this.#connection.iterate(sql, ...values)) {
      const [summary, details] = [String(row['summary']), String(row['details'])];
      size += summary.length + details.length;
      if (size > PAGE_BYTES) throw new Error(`the records of this page are larger than ${PAGE_BYTES} bytes together: ask for fewer`);
      found.push({ summary, details });
    }
    return found;
  }

  summaries(filter: ActivationFilter, page: Page): string[] {
    const { sql, values } = activationsQuery('summary', filter, page);
    return this.#connection.all(sql, ...values).map((row) => String(row['summary']));
  }

  count(filter: ActivationFilter): number {
    return this.#counts.count(filter, (rest) => {
      const { index, where, values } = activationsWhere({ ...filter, ...rest });
      return Number(this.#connection.get(`SELECT count(*) AS count FROM activations INDEXED BY ${index} WHERE ${where}`, ...values)?.['count']);
    });
  }

  /** Whether there is something to remove. */
  exceeds({ startedBefore, keep }: RetentionLimits): boolean {
    return this.#counts.total() > keep || this.#storedAfter(0).some(({ start }) => start < startedBefore);
  }

  /**
   * Within a transaction: goes through some of the records in the order in which they were stored, from behind row `after`,
   * and removes those that are beyond the limits.
   */
  removeOldest({ startedBefore, keep }: RetentionLimits, after: number): Removal {
    const excess = this.#counts.total() - keep;
    const removal = { removed: 0, through: after };
    let bytes = 0;
    for (const { seq, namespace, name, start, detailsBytes } of this.#storedAfter(after)) {
      removal.through = seq;
      if (removal.removed >= excess && start >= startedBefore) continue;
      this.#connection.run('DELETE FROM activations WHERE seq = ?', seq);
      this.#counts.add(namespace, name, start, -1);
      removal.removed++;
      bytes += detailsBytes;
      if (bytes > REMOVED_BYTES) break;
    }
    return removal;
  }

  /** The size is known without reading them. */
  #storedAfter(after: number): { seq: number; namespace: string; name: string; start: number; detailsBytes: number }[] {
    return this.#connection
      .all('SELECT seq, namespace, name, start, octet_length(details) AS bytes FROM activations WHERE seq > ? ORDER BY seq LIMIT ?', after, REMOVED_RECORDS)
      .map((row) => ({
        seq: Number(row['seq']), namespace: String(row['namespace']), name: String(row['name']), start: Number(row['start']),
        detailsBytes: Number(row['bytes']),
      }));
  }
}

export function activationsQuery(columns: string, filter: ActivationFilter, { limit, skip }: Page): { sql: string; values: SQLInputValue[] } {
  const { index, where, values } = activationsWhere(filter);
  return {
    sql: `SELECT ${columns} FROM activations INDEXED BY ${index} WHERE ${where} ORDER BY start DESC, seq DESC LIMIT ? OFFSET ?`,
    values: [...values, limit === 0 ? DEFAULT_LIMIT : limit, skip],
  };
}

interface Where {
  index: string;
  where: string;
  values: SQLInputValue[];
}

/** What a filter means, with undefined for what does not matter. */
type Range = { [Key in keyof ActivationFilter]: ActivationFilter[Key] | undefined } & Pick<ActivationFilter, 'namespace'>;

/** Bounds are always given, so that every filter is one range of one index: named, for without statistics SQLite may take the other. */
function activationsWhere({ namespace, name, since, upto }: Range): Where {
  const range = [since ?? -Infinity, upto ?? Infinity];
  return name === undefined
    ? { index: 'activations_by_start', where: 'namespace = ? AND start >= ? AND start <= ?', values: [namespace, ...range] }
    : { index: 'activations_by_name', where: 'namespace = ? AND name = ? AND start >= ? AND start <= ?', values: [namespace, name, ...range] };
}
