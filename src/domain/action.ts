import type { JsonValue } from './json.ts';

/** One parameter or annotation as OpenWhisk stores it. `init: true` marks a parameter that becomes an environment variable at /init. */
export interface KeyValue {
  key: string;
  value: JsonValue;
  init?: boolean;
}

/** timeout in ms, memory in MB, logs in MB, concurrency in activations per container. */
export interface ActionLimits {
  timeout: number;
  memory: number;
  logs: number;
  concurrency: number;
  /** Containers at a time; absent where the action does not say. */
  instances?: number;
}

/** Code of an action. `binary`: `code` is base64 (a zip archive); otherwise it is source text. */
export interface CodeExec {
  kind: string;
  code: string;
  binary: boolean;
  main?: string;
}

/** An image to run the action in. Without code, the image itself is the action. */
export interface BlackboxExec {
  kind: 'blackbox';
  image: string;
  code?: string;
  binary: boolean;
  main?: string;
}

/** Actions run one after the other by the controller, as `/namespace/[package/]name`. */
export interface SequenceExec {
  kind: 'sequence';
  components: string[];
}

/** What an invoker runs. */
export type RunnableExec = CodeExec | BlackboxExec;

export type Exec = RunnableExec | SequenceExec;

/** A code exec's `kind` may be any text, so the type alone does not tell the three apart: these do. */
export function isSequence(exec: Exec): exec is SequenceExec {
  return exec.kind === 'sequence';
}

export function isBlackbox(exec: Exec): exec is BlackboxExec {
  return exec.kind === 'blackbox';
}

export interface Action {
  /** Namespace that owns it. */
  namespace: string;
  /** Package that holds it; absent for the default package. */
  package?: string;
  name: string;
  /** Semantic version `major.minor.patch`; the patch part grows with each update. */
  version: string;
  publish: boolean;
  exec: Exec;
  parameters: KeyValue[];
  annotations: KeyValue[];
  limits: ActionLimits;
  /** Epoch ms of the last change. */
  updated: number;
}

/** `namespace/[package/]name`: the key of an action in the store and the `path` annotation of its activations. */
export function actionPath(action: Pick<Action, 'namespace' | 'package' | 'name'>): string {
  return action.package === undefined
    ? `${action.namespace}/${action.name}`
    : `${action.namespace}/${action.package}/${action.name}`;
}

/** OpenWhisk treats an annotation as set when its value is true, a non-empty string, or any other truthy JSON value. */
export function annotation(annotations: readonly KeyValue[], key: string): JsonValue | undefined {
  return annotations.find((entry) => entry.key === key)?.value;
}
