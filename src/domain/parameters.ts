import type { KeyValue } from './action.ts';
import type { JsonObject, JsonValue } from './json.ts';

/** Bytes that OpenWhisk counts for parameters or annotations: names and values as JSON. */
export function parametersSize(entries: readonly KeyValue[]): number {
  let size = 0;
  for (const { key, value } of entries) size += Buffer.byteLength(key) + Buffer.byteLength(JSON.stringify(value));
  return size;
}

/** Later lists win over earlier ones, key by key; a key keeps the place where it first appeared. */
export function mergeParameters(...lists: readonly (readonly KeyValue[])[]): KeyValue[] {
  const merged = new Map<string, KeyValue>();
  for (const list of lists) for (const entry of list) merged.set(entry.key, entry);
  return [...merged.values()];
}

/**
 * Parameters as arguments. A null-prototype object, so that a parameter named `__proto__` is a parameter like any other.
 */
export function argumentsOf(parameters: readonly KeyValue[]): JsonObject {
  const args = Object.create(null) as JsonObject;
  for (const { key, value } of parameters) args[key] = value;
  return args;
}

/** Text of an `init` parameter in the environment: strings as they are, null empty, everything else as JSON. */
export function environmentText(value: JsonValue): string {
  if (typeof value === 'string') return value;
  return value === null ? '' : JSON.stringify(value);
}

/** OpenWhisk's truth of an annotation: true, a number other than 0, a non-empty string, any array or object. */
export function isTruthy(value: JsonValue | undefined): boolean {
  if (typeof value === 'object') return value !== null;
  return Boolean(value);
}
