/** What a manifest asks for, step by step, in the order in which it can be made; taking away goes the other way round. */
import type { JsonObject } from '../../domain/json.ts';
import type { KeyValue } from '../parameter-values.ts';
import type { Exec, Limits } from '../resources.ts';

interface Described { parameters?: KeyValue[]; annotations?: KeyValue[] }

export type ProjectStep =
  | { kind: 'package'; name: string; body: Described & { publish?: boolean } }
  | { kind: 'binding'; name: string; body: Described & { binding: { namespace: string; name: string } } }
  /** A sequence is one of them. `name` is `[package/]action`. */
  | { kind: 'action'; name: string; body: Described & { exec: Exec; limits?: Limits } }
  | { kind: 'trigger'; name: string; body: Described; feed?: { name: string; parameters: JsonObject } }
  | { kind: 'rule'; name: string; body: { trigger: string; action: string; annotations?: KeyValue[] } }
  | { kind: 'api'; name: string; basePath: string; path: string; verb: string; action: string; responseType: string };

export interface ProjectPlan {
  readonly steps: readonly ProjectStep[];
  /** What the reader of the manifest should know. */
  readonly warnings: readonly string[];
}
