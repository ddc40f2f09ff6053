/** What an invocation needs to know of an action, worked out once for each revision of it and of its package. */
import type { Action, KeyValue } from '../domain/action.ts';
import { actionPath, annotation, isBlackbox, isSequence } from '../domain/action.ts';
import type { ActionReference } from '../domain/activation.ts';
import type { JsonObject, JsonValue } from '../domain/json.ts';
import { argumentsOf, isTruthy, mergeParameters } from '../domain/parameters.ts';
import type { Stored } from '../store/store.ts';
import type { OpenPackage } from './open-package.ts';

export interface InvocableAction {
  readonly reference: ActionReference;
  /** Its parameters as arguments (those of package and binding under them), `init` ones included. */
  readonly defaults: JsonObject;
  readonly hasDefaults: boolean;
  /** Keys of `init` parameters: they go to the environment. */
  readonly initKeys: readonly string[];
  /** Keys that a caller may not set (annotation `final`). */
  readonly finalKeys: ReadonlySet<string>;
  readonly runs: RunBy;
  /** The action gets the key of whoever runs it. */
  readonly takesApiKey: boolean;
  /** Undefined unless it is a web action. */
  readonly web: WebExport | undefined;
}

/** Who runs an action. Components are paths: `namespace/[package/]name`. Built-ins are functions of the platform itself, known by name. */
export type RunBy =
  | { by: 'invoker' }
  | { by: 'controller'; as: 'sequence'; components: readonly string[] }
  | { by: 'controller'; as: 'conductor' }
  | { by: 'controller'; as: 'builtin'; builtin: string };

export interface WebExport {
  readonly rawHttp: boolean;
  /** Absent: anyone may call. True: whoever has a key. Text: whoever knows it. False: nobody. */
  readonly requiredAuth: boolean | string | undefined;
  /** The action answers OPTIONS itself. */
  readonly customOptions: boolean;
}

/** The platform's own namespace; an action in it with the annotation `builtin` is run by the controller. */
const SYSTEM_NAMESPACE = 'whisk.system';
const BUILTIN = 'builtin';

const BY_INVOKER: RunBy = { by: 'invoker' };
const AS_CONDUCTOR: RunBy = { by: 'controller', as: 'conductor' };

/** @param opened the package through which the action was named, if it is in one */
export function invocableAction({ entity: action, revision }: Stored<'action'>, opened?: OpenPackage): InvocableAction {
  const { annotations } = action;
  const parameters = opened === undefined ? action.parameters : mergedParameters(action, opened);
  const atMostOnce = isTruthy(annotation(annotations, 'at-most-once'));
  const provideApiKey = annotation(annotations, 'provide-api-key');
  return {
    reference: {
      path: actionPath(action), name: action.name, version: action.version,
      revision: opened === undefined ? revision : revisionWith(revision, action, opened),
      kind: action.exec.kind, limits: action.limits,
      ...(isBlackbox(action.exec) ? { image: action.exec.image } : {}),
      ...(atMostOnce ? { atMostOnce } : {}),
      ...(opened?.named.entity.binding === undefined ? {} : { binding: `${opened.named.entity.namespace}/${opened.named.entity.name}` }),
    },
    defaults: argumentsOf(parameters),
    hasDefaults: parameters.length > 0,
    initKeys: parameters.filter(({ init }) => init === true).map(({ key }) => key),
    finalKeys: new Set(annotation(annotations, 'final') === true ? definedKeys(parameters) : []),
    runs: runBy(action),
    // Actions from before the annotation existed get the key.
    takesApiKey: provideApiKey === undefined || isTruthy(provideApiKey),
    web: webExport(action),
  };
}

/** An action's parameters as it is read or invoked through a package or binding: package < binding < action. */
export function mergedParameters(action: Action, { named, provider }: OpenPackage): KeyValue[] {
  return mergeParameters(provider.entity.parameters, named.entity.parameters, action.parameters);
}

/**
 * The revision under which the action itself is stored.
 * @param revision as an ActionReference has it
 */
export function storedRevision(revision: string): string {
  const plus = revision.indexOf('+');
  return plus < 0 ? revision : revision.slice(0, plus);
}

/**
 * `init` parameters are in the environment of a container, and a container serves one revision: where the package adds
 * some, its revision becomes part of the action's.
 */
function revisionWith(revision: string, action: Action, { named, provider }: OpenPackage): string {
  const own = new Set(action.parameters.map(({ key }) => key));
  const adds = [...provider.entity.parameters, ...named.entity.parameters].some(({ key, init }) => init === true && !own.has(key));
  return adds ? `${revision}+${provider.revision}+${named.revision}` : revision;
}

function runBy({ namespace, exec, annotations }: Action): RunBy {
  if (isSequence(exec)) return { by: 'controller', as: 'sequence', components: exec.components.map((component) => component.slice(1)) };
  const builtin = namespace === SYSTEM_NAMESPACE ? annotation(annotations, BUILTIN) : undefined;
  if (typeof builtin === 'string') return { by: 'controller', as: 'builtin', builtin };
  return isTruthy(annotation(annotations, 'conductor')) ? AS_CONDUCTOR : BY_INVOKER;
}

function definedKeys(parameters: readonly KeyValue[]): string[] {
  return parameters.filter(({ value }) => value !== null).map(({ key }) => key);
}

function webExport({ annotations }: Action): WebExport | undefined {
  if (annotation(annotations, 'web-export') !== true) return undefined;
  return {
    rawHttp: annotation(annotations, 'raw-http') === true,
    requiredAuth: requiredAuth(annotation(annotations, 'require-whisk-auth')),
    customOptions: annotation(annotations, 'web-custom-options') === true,
  };
}

function requiredAuth(value: JsonValue | undefined): WebExport['requiredAuth'] {
  if (value === undefined || value === true || typeof value === 'string') return value;
  if (value === false) return undefined;
  // Whatever else stands there was meant to protect the action.
  return typeof value === 'number' ? String(value) : false;
}
