import type { JsonValue } from '../../domain/json.ts';
import { RevisionConflict, type DocumentStore, type StoredDocument } from '../store.ts';
import type { DocumentRow } from './database-messages.ts';
import type { DatabaseThread } from './database-thread.ts';
import { nextRevision } from './revision.ts';

export class SqliteDocuments implements DocumentStore {
  readonly #database: DatabaseThread;

  constructor(database: DatabaseThread) {
    this.#database = database;
  }

  async get(collection: string, key: string): Promise<StoredDocument | undefined> {
    const row = await this.#database.call('getDocument', { collection, key });
    return row && storedDocument(row);
  }

  async put(collection: string, key: string, value: JsonValue, expectedRevision: string | undefined): Promise<string> {
    const revision = nextRevision(expectedRevision);
    const row = { key, revision, value: JSON.stringify(value) };
    if (!await this.#database.call('putDocument', { collection, row, expectedRevision })) {
      throw new RevisionConflict(`${key} of ${collection} ${expectedRevision === undefined ? 'exists already' : 'has changed meanwhile'}`);
    }
    return revision;
  }

  async delete(collection: string, key: string, expectedRevision: string): Promise<void> {
    if (!await this.#database.call('deleteDocument', { collection, key, expectedRevision })) {
      throw new RevisionConflict(`${key} of ${collection} has changed meanwhile`);
    }
  }

  async list(collection: string, prefix = ''): Promise<StoredDocument[]> {
    return (await this.#database.call('listDocuments', { collection, prefix })).map(storedDocument);
  }
}

function storedDocument({ key, revision, value }: DocumentRow): StoredDocument {
  return { key, value: JSON.parse(value) as JsonValue, revision };
}
