/**
 * Writes of rules and triggers, which hang together: a rule is active only while its trigger exists. Whoever makes a
 * rule active or gives it a trigger writes the trigger with it, unchanged but for its revision; who deletes a trigger
 * makes its rules inactive in the same write. So neither can miss the other. A rule without its trigger stays, and is
 * inactive until somebody activates it with a trigger of that name there again.
 */
import { notAuthorized, resourceAlreadyExists, ruleRefersToMissing, ruleWithoutTrigger } from '../domain/errors.ts';
import type { Rule, RuleStatus } from '../domain/rule.ts';
import type { RulePut } from '../domain/rule-update.ts';
import { createRule, updateRule } from '../domain/rule-update.ts';
import type { Trigger } from '../domain/trigger.ts';
import type { TriggerPut } from '../domain/trigger-update.ts';
import { createTrigger, updateTrigger } from '../domain/trigger-update.ts';
import type { EntityChange, EntityStore, Stored } from '../store/store.ts';
import { checkComponentsAllowed } from './check-sequence.ts';
import { findOfType, getOfType } from './find-of-type.ts';
import { listAll } from './list-all.ts';
import { resolveAction } from './resolve-action.ts';
import { putEntity } from './put-entity.ts';
import { retryOnConflict } from './retry-on-conflict.ts';

type Place = Pick<Rule, 'namespace' | 'name'>;

const pathOf = ({ namespace, name }: Place): string => `${namespace}/${name}`;

/**
 * Creates a rule or updates it.
 * @throws {ApiError} 400, 403, 404, 409
 */
export async function putRule(
  entities: EntityStore, at: Place, put: RulePut, context: { overwrite: boolean; now: number },
): Promise<Rule> {
  if (put.trigger !== undefined && !put.trigger.startsWith(`${at.namespace}/`)) throw notAuthorized(put.trigger);
  if (put.action !== undefined) await checkComponentsAllowed(entities, [put.action], at.namespace);
  return putEntity(() => findOfType(entities, 'rule', pathOf(at)), async (existing) => {
    if (existing !== undefined && !context.overwrite) throw resourceAlreadyExists();
    const entity = existing === undefined ? createRule(at, put, context.now) : updateRule(existing.entity, put, context.now);
    const trigger = await entities.get(entity.trigger);
    if (trigger?.type !== 'trigger') throw ruleRefersToMissing('trigger', entity.trigger);
    if (await resolveAction(entities, entity.action) === undefined) throw ruleRefersToMissing('action', entity.action);
    await entities.write([{ change: 'put', type: 'rule', entity, expectedRevision: existing?.revision }, untouched(trigger)]);
    return entity;
  });
}

/**
 * Activates a rule or deactivates it; nothing happens where it is so already.
 * @throws {ApiError} 404, 409
 */
export function setRuleStatus(entities: EntityStore, at: Place, status: RuleStatus): Promise<Rule> {
  return retryOnConflict(async () => {
    const rule = await getOfType(entities, 'rule', pathOf(at));
    if (rule.entity.status === status) return rule.entity;
    const entity: Rule = { ...rule.entity, status };
    const changes: EntityChange[] = [{ change: 'put', type: 'rule', entity, expectedRevision: rule.revision }];
    if (status === 'active') {
      const trigger = await entities.get(entity.trigger);
      if (trigger?.type !== 'trigger') throw ruleWithoutTrigger();
      changes.push(untouched(trigger));
    }
    await entities.write(changes);
    return entity;
  });
}

/** @throws {ApiError} 404, 409 */
export async function deleteRule(entities: EntityStore, at: Place): Promise<Rule> {
  const { entity, revision } = await getOfType(entities, 'rule', pathOf(at));
  await entities.write([{ change: 'delete', path: pathOf(at), expectedRevision: revision }]);
  return entity;
}

/**
 * Creates a trigger or updates it.
 * @throws {ApiError} 400, 409
 */
export function putTrigger(
  entities: EntityStore, at: Place, put: TriggerPut, context: { overwrite: boolean; now: number },
): Promise<Trigger> {
  return putEntity(() => findOfType(entities, 'trigger', pathOf(at)), async (existing) => {
    if (existing !== undefined && !context.overwrite) throw resourceAlreadyExists();
    const entity = existing === undefined ? createTrigger(at, put, context.now) : updateTrigger(existing.entity, put, context.now);
    await entities.write([{ change: 'put', type: 'trigger', entity, expectedRevision: existing?.revision }]);
    return entity;
  });
}

/** @throws {ApiError} 404, 409 */
export function deleteTrigger(entities: EntityStore, at: Place): Promise<Trigger> {
  return retryOnConflict(async () => {
    const { entity, revision } = await getOfType(entities, 'trigger', pathOf(at));
    const rules = await rulesOf(entities, at);
    await entities.write([
      { change: 'delete', path: pathOf(at), expectedRevision: revision },
      ...rules.filter((rule) => rule.entity.status === 'active').map((rule) => ({
        change: 'put' as const, type: 'rule' as const, entity: { ...rule.entity, status: 'inactive' as const }, expectedRevision: rule.revision,
      })),
    ]);
    return entity;
  });
}

/** The rules of a trigger, active or not. */
export function rulesOf(entities: EntityStore, trigger: Place): Promise<Stored<'rule'>[]> {
  return listAll(entities, 'rule', { namespace: trigger.namespace, trigger: pathOf(trigger) });
}

function untouched({ entity, revision }: Stored<'trigger'>): EntityChange {
  return { change: 'put', type: 'trigger', entity, expectedRevision: revision };
}
