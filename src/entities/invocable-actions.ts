import type { Action, KeyValue } from '../domain/action.ts';
import { actionPath, annotation } from '../domain/action.ts';
import type { ActionReference } from '../domain/activation.ts';
import type { JsonObject, JsonValue } from '../domain/json.ts';
import { argumentsOf, isTruthy } from '../domain/parameters.ts';
import type { ActionStore, StoredAction } from '../store/store.ts';

/** An action as an invocation needs it: everything that depends on its revision only, worked out once. */
export interface InvocableAction {
  readonly reference: ActionReference;
  /** Its parameters as arguments, `init` ones included. */
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

/** Who runs an action. Built-ins are functions of the platform itself, known by name. */
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

/** More than this many actions in use at once only costs working them out again. */
const CACHE_LIMIT = 10_000;

/** Finds actions for invocation, remembering what was worked out as long as the revision stays. */
export class InvocableActions {
  readonly #actions: ActionStore;
  readonly #known = new Map<string, InvocableAction>();

  constructor(actions: ActionStore) {
    this.#actions = actions;
  }

  /** @param path `namespace/[package/]name` */
  async find(path: string): Promise<InvocableAction | undefined> {
    const stored = await this.#actions.get(path);
    if (stored === undefined) {
      this.#known.delete(path);
      return undefined;
    }
    const known = this.#known.get(path);
    if (known?.reference.revision === stored.revision) return known;
    if (this.#known.size >= CACHE_LIMIT) this.#known.clear();
    const invocable = invocableAction(stored);
    this.#known.set(path, invocable);
    return invocable;
  }
}

function invocableAction({ action, revision }: StoredAction): InvocableAction {
  const { annotations, parameters } = action;
  const atMostOnce = isTruthy(annotation(annotations, 'at-most-once'));
  const provideApiKey = annotation(annotations, 'provide-api-key');
  return {
    reference: {
      path: actionPath(action), name: action.name, version: action.version, revision, kind: action.exec.kind, limits: action.limits,
      ...(atMostOnce ? { atMostOnce } : {}),
    },
    defaults: argumentsOf(parameters),
    hasDefaults: parameters.length > 0,
    initKeys: parameters.filter(({ init }) => init === true).map(({ key }) => key),
    finalKeys: new Set(annotation(annotations, 'final') === true ? definedKeys(parameters) : []),
    runs: isTruthy(annotation(annotations, 'conductor')) ? { by: 'controller', as: 'conductor' } : { by: 'invoker' },
    // Actions from before the annotation existed get the key.
    takesApiKey: provideApiKey === undefined || isTruthy(provideApiKey),
    web: webExport(action),
  };
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
  // Whatever else stands there was meant to protect the action.
  return typeof value === 'number' ? String(value) : false;
}
