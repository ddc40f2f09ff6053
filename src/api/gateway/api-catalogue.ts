/** The API definitions of all namespaces, in the store: one document per namespace and base path. */
import { isJsonObject } from '../../domain/json.ts';
import type { JsonObject } from '../../domain/json.ts';
import type { DocumentStore } from '../../store/store.ts';

const COLLECTION = 'apis';

export interface StoredApi {
  basePath: string;
  /** Swagger 2.0. */
  document: JsonObject;
  revision: string;
}

export class ApiCatalogue {
  readonly #documents: DocumentStore;

  constructor(documents: DocumentStore) {
    this.#documents = documents;
  }

  /** Ordered by base path. */
  async list(namespace: string): Promise<StoredApi[]> {
    const stored = await this.#documents.list(COLLECTION, keyOf(namespace, ''));
    return stored.flatMap(({ key, value, revision }): StoredApi[] => (
      isJsonObject(value) ? [{ basePath: key.slice(namespace.length + 1), document: value, revision }] : []
    ));
  }

  /** By base path, or by name where it does not begin with a slash. Several APIs may have one name. */
  async find(namespace: string, basePathOrName: string): Promise<StoredApi[]> {
    const all = await this.list(namespace);
    if (basePathOrName.startsWith('/')) return all.filter(({ basePath }) => basePath === basePathOrName);
    return all.filter(({ document }) => isJsonObject(document['info']) && document['info']['title'] === basePathOrName);
  }

  /** @throws {RevisionConflict} when it was changed meanwhile */
  async put(namespace: string, basePath: string, document: JsonObject, expectedRevision: string | undefined): Promise<void> {
    await this.#documents.put(COLLECTION, keyOf(namespace, basePath), document, expectedRevision);
  }

  /** @throws {RevisionConflict} */
  async delete(namespace: string, api: StoredApi): Promise<void> {
    await this.#documents.delete(COLLECTION, keyOf(namespace, api.basePath), api.revision);
  }
}

/** No namespace has a colon in its name, and no base path comes before it. */
function keyOf(namespace: string, basePath: string): string {
  return `${namespace}:${basePath}`;
}
