import { type Action } from '../../domain/action.ts';
import type { ActionStore, EntityStore, Stored, StoredAction } from '../store.ts';
import type { Page } from './database-messages.ts';

/** The actions among the entities. */
export class SqliteActions implements ActionStore {
  readonly #entities: EntityStore;

  constructor(entities: EntityStore) {
    this.#entities = entities;
  }

  async get(path: string): Promise<StoredAction | undefined> {
    const stored = await this.#entities.get(path);
    return stored?.type === 'action' ? storedAction(stored) : undefined;
  }

  async put(action: Action, expectedRevision: string | undefined): Promise<string> {
    const [revision] = await this.#entities.write([{ change: 'put', type: 'action', entity: action, expectedRevision }]);
    return revision ?? '';
  }

  async delete(path: string, expectedRevision: string): Promise<void> {
    await this.#entities.write([{ change: 'delete', path, expectedRevision }]);
  }

  async list(namespace: string, page: Page): Promise<StoredAction[]> {
    return (await this.#entities.list('action', { namespace }, page)).map(storedAction);
  }

  count(namespace: string): Promise<number> {
    return this.#entities.count('action', { namespace });
  }
}

function storedAction({ entity, revision }: Stored<'action'>): StoredAction {
  return { action: entity, revision };
}
