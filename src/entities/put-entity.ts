import { concurrentModification } from '../domain/errors.ts';
import { retryOnConflict } from './retry-on-conflict.ts';

interface Updatable { entity: { updated: number } }

/**
 * A PUT, tried again as long as its entity is what it was: another write may have touched it without changing it (a
 * package that gets an action, a trigger that gets a rule). That somebody else updated it the caller is to know.
 * @param attempt is given what is there now, and throws a RevisionConflict where that has changed
 * @throws {ApiError} 409
 */
export function putEntity<Existing extends Updatable, Result>(
  find: () => Promise<Existing | undefined>, attempt: (existing: Existing | undefined) => Promise<Result>,
): Promise<Result> {
  let seen: number | undefined;
  return retryOnConflict(async () => {
    const existing = await find();
    if (seen !== undefined && existing?.entity.updated !== seen) throw concurrentModification();
    seen = existing?.entity.updated;
    return attempt(existing);
  });
}
