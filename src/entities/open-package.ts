/**
 * Who may use a package. A package is open to its owner, and to everybody once it is published. A binding is open to
 * its owner alone, and only as long as the package behind it is open to them, too. Whoever may use a package may read
 * and invoke all actions in it. Strangers are told the same (403) of a package that is not published and of one that
 * does not exist.
 */
import { notAuthorized, notInThisCollection, resourceDoesNotExist } from '../domain/errors.ts';
import type { EntityStore, Stored } from '../store/store.ts';

export interface OpenPackage {
  /** The package or binding that was named. */
  readonly named: Stored<'package'>;
  /** The package that holds the actions: the one that was named, or the one that it is bound to. */
  readonly provider: Stored<'package'>;
}

/**
 * @param path `namespace/name`
 * @param caller namespace that asks
 * @throws {ApiError} 403; 404 and 409 (something else has the name) to the owner
 */
export async function openPackage(entities: EntityStore, path: string, caller: string): Promise<OpenPackage> {
  const isOwner = path.startsWith(caller) && path[caller.length] === '/';
  const named = await entities.get(path);
  if (named?.type !== 'package') throw isOwner ? missing(path, named !== undefined) : notAuthorized(path);
  const { binding } = named.entity;
  if (binding === undefined) {
    if (!isOwner && !named.entity.publish) throw notAuthorized(path);
    return { named, provider: named };
  }
  if (!isOwner) throw notAuthorized(path);
  const providerPath = `${binding.namespace}/${binding.name}`;
  const provider = await entities.get(providerPath);
  const ownsProvider = binding.namespace === caller;
  if (provider?.type !== 'package') throw ownsProvider ? missing(providerPath, provider !== undefined) : notAuthorized(path);
  if (!ownsProvider && !provider.entity.publish) throw notAuthorized(path);
  // A package cannot become a binding, but one that was deleted can be made anew as one.
  if (provider.entity.binding !== undefined) throw ownsProvider ? missing(providerPath, false) : notAuthorized(path);
  return { named, provider };
}

function missing(path: string, isSomethingElse: boolean): Error {
  return isSomethingElse ? notInThisCollection() : resourceDoesNotExist();
}
