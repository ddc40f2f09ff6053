/** The real store for tests of this room, in a directory of its own. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Action } from '../domain/action.ts';
import { silentLogger } from '../domain/logger.ts';
import type { Package } from '../domain/package.ts';
import { openSqliteStore } from '../store/sqlite/sqlite-store.ts';
import type { EntityStore } from '../store/store.ts';

export interface EntitiesUnderTest {
  entities: EntityStore;
  /** Puts an action or package as it is, whatever was there. */
  action: (path: string, more?: Partial<Action>) => Promise<void>;
  package: (path: string, more?: Partial<Package>) => Promise<void>;
  close: () => Promise<void>;
}

const NEW = { version: '0.0.1', publish: false, parameters: [], annotations: [], updated: 1 };

export async function startEntities(): Promise<EntitiesUnderTest> {
  const directory = await mkdtemp(join(tmpdir(), 'hpcwhisk-entities-'));
  const store = await openSqliteStore({ directory, logger: silentLogger });
  const { entities } = store;
  const revisionAt = async (path: string): Promise<string | undefined> => (await entities.get(path))?.revision;
  return {
    entities,
    action: async (path, more = {}) => {
      const [namespace = '', second = '', third] = path.split('/');
      const entity: Action = {
        ...NEW, namespace, name: third ?? second, ...(third === undefined ? {} : { package: second }),
        exec: { kind: 'nodejs:24', code: 'function main() {}', binary: false },
        limits: { timeout: 60_000, memory: 256, logs: 10, concurrency: 1 }, ...more,
      };
      await entities.write([{ change: 'put', type: 'action', entity, expectedRevision: await revisionAt(path) }]);
    },
    package: async (path, more = {}) => {
      const [namespace = '', name = ''] = path.split('/');
      await entities.write([{ change: 'put', type: 'package', entity: { ...NEW, namespace, name, ...more }, expectedRevision: await revisionAt(path) }]);
    },
    close: async () => {
      await store.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
