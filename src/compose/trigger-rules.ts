import type { ActivationMessage } from '../domain/activation.ts';
import type { FiredRule } from '../domain/composition.ts';
import type { Trigger } from '../domain/trigger.ts';
import type { EntityStore } from '../store/store.ts';

const PAGE = 200;

/** The rules of a trigger, whatever their number. */
export async function firedRules(entities: EntityStore, { namespace, name }: Trigger): Promise<FiredRule[]> {
  const rules: FiredRule[] = [];
  for (;;) {
    const page = await entities.list('rule', { namespace, trigger: `${namespace}/${name}` }, { limit: PAGE, skip: rules.length });
    rules.push(...page.map(({ entity }) => ({ rule: `${entity.namespace}/${entity.name}`, action: entity.action, active: entity.status === 'active' })));
    if (page.length < PAGE) return rules;
  }
}

/** A trigger where the record of an activation names its action. */
export function triggerReference({ namespace, name, version }: Trigger): ActivationMessage['action'] {
  return {
    path: `${namespace}/${name}`, name, version, revision: '', kind: 'trigger',
    limits: { timeout: 0, memory: 0, logs: 0, concurrency: 1 },
  };
}
