import type { EntityType } from '../domain/entity.ts';
import type { EntityFilter, EntityStore, Stored } from '../store/store.ts';

/** More than anybody has. In pages it would not be one moment's list: what changes between two of them is seen twice or never. */
const ALL = { limit: 1_000_000, skip: 0 };

/** All entities that pass the filter, newest first. */
export function listAll<Type extends EntityType>(entities: EntityStore, type: Type, filter: EntityFilter): Promise<Stored<Type>[]> {
  return entities.list(type, filter, ALL);
}
