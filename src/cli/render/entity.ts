/** How one entity is shown: what became of it, the whole of it, a field of it, or a summary for people. */
import { isJsonObject } from '../../domain/json.ts';
import { valueOf, type KeyValue } from '../../client/parameter-values.ts';
import type { ActivationResource, PackageResource, RuleResource } from '../../client/resources.ts';
import { WhiskError } from '../../client/whisk-error.ts';
import { fullNameOf } from './entity-rows.ts';
import type { Output } from './output.ts';

interface Named { namespace: string; name: string; annotations?: KeyValue[]; parameters?: KeyValue[] }

const COMMON = ['namespace', 'name', 'version', 'publish', 'annotations'];
const FIELDS = {
  action: [...COMMON, 'exec', 'delAnnotations', 'parameters', 'limits', 'error', 'code', 'updated'],
  package: [...COMMON, 'parameters', 'binding', 'actions', 'feeds', 'updated'],
  trigger: [...COMMON, 'activationId', 'parameters', 'limits', 'rules', 'updated'],
  rule: [...COMMON, 'status', 'trigger', 'action', 'updated'],
  activation: [...COMMON, 'subject', 'activationId', 'cause', 'start', 'end', 'duration', 'statusCode', 'response', 'logs'],
} as const;

export type EntityKind = keyof typeof FIELDS;

/** The field that a filter means, whatever its case. @throws {WhiskError} there is no such field */
export function fieldNamed(kind: EntityKind, filter: string): string {
  const field = FIELDS[kind].find((name) => name.toLowerCase() === filter.toLowerCase());
  if (field === undefined) throw new WhiskError(`Invalid field filter '${filter}'.`, { showUsage: true });
  return field;
}

/** Tells what was done to an entity: `ok: created action a`, or for scripts the entity or its name. */
export function printDone(out: Output, done: string, name: string, entity: Pick<Named, 'namespace' | 'name'>): void {
  if (out.format === 'json') out.json(entity);
  else if (out.format === 'name') out.line(fullNameOf(entity));
  else out.ok(`${done} ${out.bold(name)}`);
}

/** @param label how the entity is called in the line above it @param field undefined for the whole entity */
export function printGot(out: Output, kind: EntityKind, label: string, entity: Named | ActivationResource, field: string | undefined): void {
  if (out.format === 'name') {
    out.line('activationId' in entity ? entity.activationId : fullNameOf(entity));
    return;
  }
  out.ok(`got ${kind} ${out.bold(label)}${field === undefined ? '' : `, displaying field ${out.bold(field)}`}`);
  out.json(field === undefined ? entity : (entity as unknown as Record<string, unknown>)[field] ?? null);
}

export function printSummary(out: Output, kind: 'action' | 'package' | 'trigger', entity: Named): void {
  summaryLine(out, kind.padStart(kind === 'action' ? 6 : 7), fullNameOf(entity), entity);
  if (kind !== 'package') return;
  const { actions = [], feeds = [] } = entity as PackageResource;
  for (const action of actions) summaryLine(out, ' action', `${fullNameOf(entity)}/${action.name}`, action);
  for (const feed of feeds) summaryLine(out, 'feed  '.padStart(7), `${fullNameOf(entity)}/${feed.name}`, feed);
}

export function printRuleSummary(out: Output, rule: RuleResource): void {
  out.line(`${out.bold('rule')} ${fullNameOf(rule)}`);
  out.line(`   (${out.bold('status')}: ${rule.status ?? ''})`);
}

function summaryLine(out: Output, head: string, name: string, { annotations = [], parameters = [] }: Pick<Named, 'annotations' | 'parameters'>): void {
  const names = parameterNames(annotations, parameters);
  const given = valueOf(annotations, 'description');
  const description = typeof given === 'string' && given !== '' ? given : descriptionOf(names.map(({ name: parameter }) => parameter));
  out.line(`${out.bold(head)} ${name}${description === '' ? '' : `: ${description}`}`);
  out.line(`   (${out.bold('parameters')}: ${names.length === 0 ? 'none defined' : names.map(({ mark, name: parameter }) => `${mark}${parameter}`).join(', ')})`);
}

/** Those that are bound, with `*` (`**` where an invocation may not change them), and those that annotations tell of. */
function parameterNames(annotations: readonly KeyValue[], parameters: readonly KeyValue[]): { name: string; mark: string }[] {
  const mark = valueOf(annotations, 'final') === true ? '**' : '*';
  const bound = new Set(parameters.map(({ key }) => key));
  const described = valueOf(annotations, 'parameters');
  const told = Array.isArray(described) ? described.flatMap((one) => isJsonObject(one) && typeof one['name'] === 'string' ? [one['name']] : []) : [];
  return [...new Set([...bound, ...told])].sort().map((name) => ({ name, mark: bound.has(name) ? mark : '' }));
}

function descriptionOf(names: readonly string[]): string {
  const last = names.at(-1);
  if (last === undefined) return '';
  return names.length === 1 ? `Returns a result based on parameter ${last}` : `Returns a result based on parameters ${names.slice(0, -1).join(', ')} and ${last}`;
}
