/**
 * Writes of actions. The package that gets a new action is written with it, unchanged but for its revision: so a package
 * that is being deleted cannot leave an action behind that nobody can reach.
 */
import type { Action, Exec } from '../domain/action.ts';
import { actionPath, isSequence } from '../domain/action.ts';
import type { ActionPut, KindCatalogue } from '../domain/action-update.ts';
import { createAction, updateAction } from '../domain/action-update.ts';
import { concurrentModification, notAllowedOnBinding, resourceAlreadyExists } from '../domain/errors.ts';
import type { Limits } from '../domain/limits.ts';
import { RevisionConflict, type EntityChange, type EntityStore, type Stored } from '../store/store.ts';
import { checkComponentsAllowed, checkSequence } from './check-sequence.ts';
import { findOfType, getOfType } from './find-of-type.ts';
import { retryOnConflict } from './retry-on-conflict.ts';

export interface ActionPutContext {
  overwrite: boolean;
  limits: Limits;
  kinds: KindCatalogue;
  /** Epoch ms. */
  now: number;
}

type ActionPlace = Pick<Action, 'namespace' | 'package' | 'name'>;

/**
 * Creates an action or updates it.
 * @throws {ApiError} 400, 403, 404, 409, 413
 */
export function putAction(entities: EntityStore, at: ActionPlace, put: ActionPut, context: ActionPutContext): Promise<Action> {
  return retryOnConflict(async () => {
    const holder = await holderOf(entities, at);
    if (put.exec !== undefined) await checkExecAllowed(entities, put.exec, at.namespace);
    const existing = await findOfType(entities, 'action', actionPath(at));
    if (existing !== undefined && !context.overwrite) throw resourceAlreadyExists();
    if (put.exec !== undefined && isSequence(put.exec)) {
      await checkSequence(entities, actionPath(at), pathsOf(put.exec.components), context.limits.sequenceLength);
    }
    const { limits, kinds, now } = context;
    const entity = existing === undefined ? createAction(at, put, limits, now) : updateAction(existing.entity, put, limits, kinds, now);
    const changes: EntityChange[] = [{ change: 'put', type: 'action', entity, expectedRevision: existing?.revision }];
    if (existing === undefined && holder !== undefined) {
      changes.push({ change: 'put', type: 'package', entity: holder.entity, expectedRevision: holder.revision });
    }
    await entities.write(changes).catch((error: unknown) => {
      // Somebody else updated this very action: the caller is to know.
      throw existing !== undefined && error instanceof RevisionConflict ? concurrentModification() : error;
    });
    return entity;
  });
}

/** @throws {ApiError} 400, 404, 409 */
export async function deleteAction(entities: EntityStore, at: ActionPlace): Promise<Action> {
  await holderOf(entities, at);
  const { entity, revision } = await getOfType(entities, 'action', actionPath(at));
  await entities.write([{ change: 'delete', path: actionPath(at), expectedRevision: revision }]);
  return entity;
}

/** The package to write in; a binding is none. */
async function holderOf(entities: EntityStore, at: ActionPlace): Promise<Stored<'package'> | undefined> {
  if (at.package === undefined) return undefined;
  const holder = await getOfType(entities, 'package', `${at.namespace}/${at.package}`);
  if (holder.entity.binding !== undefined) throw notAllowedOnBinding();
  return holder;
}

async function checkExecAllowed(entities: EntityStore, exec: Exec, caller: string): Promise<void> {
  if (isSequence(exec)) await checkComponentsAllowed(entities, pathsOf(exec.components), caller);
}

function pathsOf(components: readonly string[]): string[] {
  return components.map((component) => component.slice(1));
}
