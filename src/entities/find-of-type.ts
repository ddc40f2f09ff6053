import type { EntityType } from '../domain/entity.ts';
import { notInThisCollection, resourceDoesNotExist } from '../domain/errors.ts';
import type { EntityStore, Stored } from '../store/store.ts';

/** @throws {ApiError} 409 when the name is held by an entity of another kind */
export async function findOfType<Type extends EntityType>(entities: EntityStore, type: Type, path: string): Promise<Stored<Type> | undefined> {
  const stored = await entities.get(path);
  if (stored === undefined) return undefined;
  if (stored.type !== type) throw notInThisCollection();
  // The types are the same; that they belong together the compiler does not see for a type that is a parameter.
  return stored as unknown as Stored<Type>;
}

/** @throws {ApiError} 404, 409 */
export async function getOfType<Type extends EntityType>(entities: EntityStore, type: Type, path: string): Promise<Stored<Type>> {
  const stored = await findOfType(entities, type, path);
  if (stored === undefined) throw resourceDoesNotExist();
  return stored;
}
