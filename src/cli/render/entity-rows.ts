/** How wsk lays out a line of each list: the full name in 70 columns, then what it is. */
import { valueOf } from '../../client/parameter-values.ts';
import type { ActionResource, PackageResource, RuleResource, TriggerResource } from '../../client/resources.ts';
import { printList, sortedBy } from './list.ts';
import type { Output } from './output.ts';

const NAME_COLUMNS = 70;
const RULE_SCOPE_COLUMNS = 20;

type Entity = Pick<ActionResource, 'namespace' | 'name' | 'version' | 'updated'>;

export function fullNameOf({ namespace, name }: Pick<Entity, 'namespace' | 'name'>): string {
  return `/${namespace}/${name}`;
}

export function printActions(out: Output, actions: readonly ActionResource[], sorted: boolean): void {
  // Those in packages come behind those that are in none.
  const key = ({ namespace, name }: ActionResource): string => namespace.includes('/') ? `1${namespace}${name}`.toLowerCase() : `0${name}`;
  printList(out, sorted ? sortedBy(actions, key) : actions, {
    header: 'actions', name: fullNameOf, more: wideColumns,
    row: (action) => `${nameColumn(action)} private ${text(valueOf(action.annotations, 'exec'))}`,
  });
}

export function printPackages(out: Output, packages: readonly PackageResource[], sorted: boolean): void {
  printList(out, inOrder(packages, sorted), {
    header: 'packages', name: fullNameOf, more: wideColumns,
    row: (one) => `${nameColumn(one)} ${one.publish === true ? 'shared' : 'private'}`,
  });
}

export function printTriggers(out: Output, triggers: readonly TriggerResource[], sorted: boolean): void {
  printList(out, inOrder(triggers, sorted), { header: 'triggers', name: fullNameOf, more: wideColumns, row: (trigger) => `${nameColumn(trigger)} private` });
}

export function printRules(out: Output, rules: readonly RuleResource[], sorted: boolean): void {
  printList(out, inOrder(rules, sorted), {
    header: 'rules', name: fullNameOf, more: wideColumns,
    row: (rule) => `${nameColumn(rule)} ${'private'.padEnd(RULE_SCOPE_COLUMNS)} ${rule.status ?? ''}`.trimEnd(),
  });
}

function inOrder<T extends Entity>(entities: readonly T[], sorted: boolean): readonly T[] {
  return sorted ? sortedBy(entities, (entity) => fullNameOf(entity).toLowerCase()) : entities;
}

function nameColumn(entity: Entity): string {
  return fullNameOf(entity).padEnd(NAME_COLUMNS);
}

function wideColumns({ version, updated }: Entity): string {
  return `${version}${updated === undefined ? '' : ` ${new Date(updated).toISOString()}`}`;
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
