import { isEntityName } from '../domain/names.ts';
import type { JsonValue } from '../domain/json.ts';

/**
 * The action that a conductor names: `name` and `package/name` of the caller's namespace, `/namespace/name`, or three
 * segments with or without the first slash; the namespace `_` is the caller's.
 * @returns `namespace/[package/]name`; undefined when it is no name
 */
export function componentPath(name: JsonValue, caller: string): string | undefined {
  if (typeof name !== 'string') return undefined;
  const leadingSlash = name.startsWith('/');
  const segments = name.split('/').filter((segment) => segment !== '');
  if (segments.length === 0 || segments.length > 3 || !segments.every(isEntityName)) return undefined;
  if (leadingSlash && segments.length === 1) return undefined;
  if (!leadingSlash && segments.length < 3) return [caller, ...segments].join('/');
  const [namespace, ...rest] = segments;
  return [namespace === '_' ? caller : namespace, ...rest].join('/');
}
