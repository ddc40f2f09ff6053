/** Writes of packages and bindings. A package is deleted together with its actions, or not at all while it has some. */
import { actionPath } from '../domain/action.ts';
import {
  bindingDoesNotExist, bindingToBinding, bindingToNoPackage, notAuthorized, packageNotEmpty, resourceAlreadyExists,
} from '../domain/errors.ts';
import type { Package, PackageReference } from '../domain/package.ts';
import type { PackagePut } from '../domain/package-update.ts';
import { createPackage, updatePackage } from '../domain/package-update.ts';
import type { EntityStore } from '../store/store.ts';
import { findOfType, getOfType } from './find-of-type.ts';
import { listAll } from './list-all.ts';
import { putEntity } from './put-entity.ts';
import { retryOnConflict } from './retry-on-conflict.ts';

type PackagePlace = Pick<Package, 'namespace' | 'name'>;

/**
 * Creates a package or binding, or updates it.
 * @throws {ApiError} 400, 403, 409
 */
export async function putPackage(
  entities: EntityStore, at: PackagePlace, put: PackagePut, context: { overwrite: boolean; now: number },
): Promise<Package> {
  const isBinding = put.binding === undefined ? undefined : await checkMayBind(entities, put.binding, at.namespace);
  return putEntity(() => findOfType(entities, 'package', `${at.namespace}/${at.name}`), async (existing) => {
    if (existing !== undefined && !context.overwrite) throw resourceAlreadyExists();
    const entity = existing === undefined ? createPackage(at, put, context.now) : updatePackage(existing.entity, put, context.now);
    if (isBinding === true) throw bindingToBinding();
    await entities.write([{ change: 'put', type: 'package', entity, expectedRevision: existing?.revision }]);
    return entity;
  });
}

/**
 * @param force with its actions
 * @throws {ApiError} 404, 409
 */
export function deletePackage(entities: EntityStore, at: PackagePlace, force: boolean): Promise<Package> {
  const path = `${at.namespace}/${at.name}`;
  return retryOnConflict(async () => {
    const { entity, revision } = await getOfType(entities, 'package', path);
    const actions = entity.binding === undefined ? await listAll(entities, 'action', { namespace: at.namespace, package: at.name }) : [];
    if (actions.length > 0 && !force) throw packageNotEmpty(actions.length);
    await entities.write([
      { change: 'delete', path, expectedRevision: revision },
      ...actions.map((action) => ({ change: 'delete' as const, path: actionPath(action.entity), expectedRevision: action.revision })),
    ]);
    return entity;
  });
}

/**
 * Whether `target` may be bound to, as far as the caller may know.
 * @returns whether it is a binding itself
 * @throws {ApiError} 400 and 409 about the caller's own, 403 about what others have not published
 */
async function checkMayBind(entities: EntityStore, target: PackageReference, caller: string): Promise<boolean> {
  const path = `${target.namespace}/${target.name}`;
  const stored = await entities.get(path);
  if (target.namespace !== caller) {
    if (stored?.type !== 'package' || stored.entity.binding !== undefined || !stored.entity.publish) throw notAuthorized(path);
    return false;
  }
  if (stored === undefined) throw bindingDoesNotExist();
  if (stored.type !== 'package') throw bindingToNoPackage();
  return stored.entity.binding !== undefined;
}
