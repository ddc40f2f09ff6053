import { pathParts } from '../domain/qualified-name.ts';
import type { Trigger } from '../domain/trigger.ts';
import type { Stored } from '../store/store.ts';

/** What OpenWhisk calls the path and name of an entity: `{path: namespace[/package], name}`. */
export function pathView(entityPath: string): { path: string; name: string } {
  const { namespace, package: packageName, name } = pathParts(entityPath);
  return { path: packageName === undefined ? namespace : `${namespace}/${packageName}`, name };
}

/** A trigger with the rules that it fires, by their paths; without any, `rules` is left out. */
export function triggerView(trigger: Trigger, rules: readonly Stored<'rule'>[]): object {
  const { namespace, name, version, publish, parameters, annotations, updated } = trigger;
  const entries = rules.map(({ entity }) => [
    `${entity.namespace}/${entity.name}`, { action: pathView(entity.action), status: entity.status },
  ] as const);
  return {
    namespace, name, version, publish, parameters, annotations, limits: {}, updated,
    ...(entries.length === 0 ? {} : { rules: Object.fromEntries(entries) }),
  };
}

/** As lists show it. */
export function triggerSummary({ namespace, name, version, publish, annotations, updated }: Trigger): object {
  return { namespace, name, version, publish, annotations, updated };
}
