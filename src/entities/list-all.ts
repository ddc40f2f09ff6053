import type { EntityType } from '../domain/entity.ts';
import { RevisionConflict, type EntityFilter, type EntityStore, type Stored } from '../store/store.ts';

const PAGE = 200;

/**
 * All entities that pass the filter, page by page, newest first.
 * @throws {RevisionConflict} when changes between the pages leave it unsure whether all are there
 */
export async function listAll<Type extends EntityType>(entities: EntityStore, type: Type, filter: EntityFilter): Promise<Stored<Type>[]> {
  const found = await entities.list(type, filter, { limit: PAGE, skip: 0 });
  if (found.length < PAGE) return found;
  const seen = new Map(found.map((stored) => [stored.revision, stored]));
  for (let skip = PAGE; ; skip += PAGE) {
    const page = await entities.list(type, filter, { limit: PAGE, skip });
    for (const stored of page) seen.set(stored.revision, stored);
    if (page.length < PAGE) break;
  }
  if (seen.size !== await entities.count(type, filter)) throw new RevisionConflict(`${type}s of ${filter.namespace} changed while they were listed`);
  return [...seen.values()];
}
