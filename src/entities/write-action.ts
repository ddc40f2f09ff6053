/**
 * Writes of actions. The package that gets a new action is written with it, unchanged but for its revision: so a package
 * that is being deleted cannot leave an action behind that nobody can reach.
 */
import type { Action, Exec } from '../domain/action.ts';
import { actionPath, isSequence } from '../domain/action.ts';
import type { ActionPut, KindCatalogue } from '../domain/action-update.ts';
import { createAction, updateAction } from '../domain/action-update.ts';
import { notAllowedOnBinding, resourceAlreadyExists } from '../domain/errors.ts';
import type { Limits } from '../domain/limits.ts';
import type { EntityChange, EntityStore, Stored } from '../store/store.ts';
import { checkComponentsAllowed, checkSequence } from './check-sequence.ts';
import { findOfType, getOfType } from './find-of-type.ts';
import { putEntity } from './put-entity.ts';

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
  const components = put.exec === undefined ? undefined : componentsOf(put.exec);
  const find = async (): Promise<Stored<'action'> | undefined> => {
    // Whether there is a place to write in is told before what is in the way there.
    await holderOf(entities, at);
    if (components !== undefined) await checkComponentsAllowed(entities, components, at.namespace);
    return findOfType(entities, 'action', actionPath(at));
  };
  return putEntity(find, async (existing) => {
    const holder = await holderOf(entities, at);
    if (existing !== undefined && !context.overwrite) throw resourceAlreadyExists();
    if (components !== undefined) await checkSequence(entities, actionPath(at), components, context.limits.sequenceLength);
    const { limits, kinds, now } = context;
    const entity = existing === undefined ? createAction(at, put, limits, now) : updateAction(existing.entity, put, limits, kinds, now);
    const changes: EntityChange[] = [{ change: 'put', type: 'action', entity, expectedRevision: existing?.revision }];
    if (existing === undefined && holder !== undefined) {
      changes.push({ change: 'put', type: 'package', entity: holder.entity, expectedRevision: holder.revision });
    }
    await entities.write(changes);
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

/** Paths of a sequence's components. */
function componentsOf(exec: Exec): string[] | undefined {
  return isSequence(exec) ? exec.components.map((component) => component.slice(1)) : undefined;
}
