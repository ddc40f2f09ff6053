/** Makes `whisk.system` contain what this version brings: what is missing is created, what differs gets a new version, all in one write. */
import { isDeepStrictEqual } from 'node:util';
import type { Action, ActionLimits, KeyValue } from '../domain/action.ts';
import { actionPath } from '../domain/action.ts';
import { laterThan } from '../domain/action-update.ts';
import type { JsonValue } from '../domain/json.ts';
import type { Package } from '../domain/package.ts';
import { FIRST_VERSION, nextPatch } from '../domain/version.ts';
import type { EntityChange, EntityStore, StoredEntity } from '../store/store.ts';
import type { ParameterDescription, SystemPackage } from './system-packages.ts';
import { SYSTEM_NAMESPACE, SYSTEM_PACKAGES } from './system-packages.ts';

interface InstallOptions {
  entities: EntityStore;
  /** The kind of their code, `family:version`. */
  kind: string;
  /** What an action gets that does not say. */
  limits: ActionLimits;
  /** Epoch ms. */
  now: number;
}

const BUILTIN_CODE = 'function main() { return { error: "This action is run by the platform itself." }; }\n';

/** @returns how many packages and actions were written */
export async function installSystemPackages(options: InstallOptions, packages: readonly SystemPackage[] = SYSTEM_PACKAGES): Promise<number> {
  const { entities } = options;
  const wanted = packages.flatMap((described) => [packageOf(described, options), ...actionsOf(described, options)]);
  const changes: EntityChange[] = [];
  for (const entity of wanted) {
    const stored = await entities.get('exec' in entity ? actionPath(entity) : `${entity.namespace}/${entity.name}`);
    if (!differs(stored, entity)) continue;
    const renewed = stored === undefined ? {} : { version: nextPatch(stored.entity.version), updated: laterThan(stored.entity.updated, entity.updated) };
    const expectedRevision = stored?.revision;
    changes.push('exec' in entity
      ? { change: 'put', type: 'action', entity: { ...entity, ...renewed }, expectedRevision }
      : { change: 'put', type: 'package', entity: { ...entity, ...renewed }, expectedRevision });
  }
  if (changes.length > 0) await entities.write(changes);
  return changes.length;
}

function differs(stored: StoredEntity | undefined, wanted: Action | Package): boolean {
  if (stored === undefined) return true;
  const { version, updated } = stored.entity;
  return !isDeepStrictEqual(JSON.parse(JSON.stringify(stored.entity)), JSON.parse(JSON.stringify({ ...wanted, version, updated })));
}

function packageOf({ name, description, parameters = [] }: SystemPackage, { now }: InstallOptions): Package {
  return {
    namespace: SYSTEM_NAMESPACE, name, version: FIRST_VERSION, publish: true, parameters: [], updated: now,
    annotations: annotations({ description, ...described(parameters) }),
  };
}

function actionsOf({ name: packageName, actions }: SystemPackage, { kind, limits, now }: InstallOptions): Action[] {
  return actions.map(({ name, description, code, feed, parameters = [], sampleInput, sampleOutput }) => ({
    namespace: SYSTEM_NAMESPACE, package: packageName, name, version: FIRST_VERSION, publish: false,
    exec: { kind, code: code ?? BUILTIN_CODE, binary: false }, parameters: [], limits, updated: now,
    annotations: annotations({
      'provide-api-key': false, description, ...described(parameters),
      ...(feed === undefined ? {} : { feed }),
      ...(code === undefined ? { builtin: `${packageName}/${name}` } : {}),
      ...(sampleInput === undefined ? {} : { sampleInput }),
      ...(sampleOutput === undefined ? {} : { sampleOutput }),
      exec: kind,
    }),
  }));
}

function described(parameters: readonly ParameterDescription[]): Record<string, JsonValue> {
  return parameters.length === 0 ? {} : { parameters: parameters.map((parameter) => ({ ...parameter })) };
}

function annotations(values: Record<string, JsonValue>): KeyValue[] {
  return Object.entries(values).map(([key, value]) => ({ key, value }));
}
