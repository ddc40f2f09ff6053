import type { Connection, Row } from './connection.ts';
import type { DocumentRow } from './database-messages.ts';

export class DocumentTable {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  get(collection: string, key: string): DocumentRow | undefined {
    const row = this.#connection.get('SELECT key, revision, value FROM documents WHERE collection = ? AND key = ?', collection, key);
    return row && documentRow(row);
  }

  /** @returns false when the stored revision is not the expected one */
  put(collection: string, { key, revision, value }: DocumentRow, expectedRevision: string | undefined): boolean {
    const changes = expectedRevision === undefined
      ? this.#connection.run(
        'INSERT INTO documents (collection, key, revision, value) VALUES (?, ?, ?, ?) ON CONFLICT (collection, key) DO NOTHING',
        collection, key, revision, value,
      )
      : this.#connection.run(
        'UPDATE documents SET revision = ?, value = ? WHERE collection = ? AND key = ? AND revision = ?',
        revision, value, collection, key, expectedRevision,
      );
    return changes > 0;
  }

  /** @returns false when the stored revision is not the expected one */
  delete(collection: string, key: string, expectedRevision: string): boolean {
    return this.#connection.run('DELETE FROM documents WHERE collection = ? AND key = ? AND revision = ?', collection, key, expectedRevision) > 0;
  }

  list(collection: string, prefix: string): DocumentRow[] {
    const documents: DocumentRow[] = [];
    const rows = this.#connection.iterate('SELECT key, revision, value FROM documents WHERE collection = ? AND key >= ? ORDER BY key', collection, prefix);
    for (const row of rows) {
      const document = documentRow(row);
      // Keys with one prefix stand together.
      if (!document.key.startsWith(prefix)) break;
      documents.push(document);
    }
    return documents;
  }
}

function documentRow(row: Row): DocumentRow {
  return { key: String(row['key']), revision: String(row['revision']), value: String(row['value']) };
}
