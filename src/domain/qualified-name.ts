/**
 * Names of entities as other entities refer to them: `/namespace/[package/]name` or the same without the first slash,
 * where the namespace `_` stands for the caller's. What they resolve to is the path under which the store keeps the
 * entity: `namespace/[package/]name`.
 */
import { contentMalformed } from './errors.ts';
import { checkEntityName, checkNamespaceName, isEntityName } from './names.ts';

const SHORT_NAME = 'requirement failed: The fully qualified name of the entity must contain at least the namespace and the name of the entity.';

/**
 * The path that a qualified name means.
 * @param caller the caller's namespace
 * @throws {ApiError} 400 without a namespace, with more than three segments, or with characters that no name has
 */
export function qualifiedPath(name: string, caller: string): string {
  const [namespace, ...rest] = name.split('/').filter((segment) => segment !== '');
  if (namespace === undefined || rest.length === 0) throw contentMalformed(SHORT_NAME);
  if (rest.length > 2) throw contentMalformed(`'${name}' is not the name of an entity`);
  for (const segment of rest) checkEntityName(segment);
  return [namespaceOrOwn(namespace, caller), ...rest].join('/');
}

/** `_` means the caller's namespace. @throws {ApiError} 400 */
export function namespaceOrOwn(namespace: string, caller: string): string {
  if (namespace === '_') return caller;
  checkNamespaceName(namespace);
  return namespace;
}

/** Whether a text names a feed: `name`, `package/name` or `/namespace/[package/]name`. */
export function isFeedName(text: string): boolean {
  const segments = text.startsWith('/') ? text.slice(1).split('/') : text.split('/');
  return segments.length <= 3 && segments.every(isEntityName);
}

/** The parts of a path. */
export interface PathParts {
  namespace: string;
  /** Absent in the default package. */
  package?: string;
  name: string;
}

/** @param path `namespace/[package/]name` */
export function pathParts(path: string): PathParts {
  const [namespace = '', second = '', third] = path.split('/');
  return third === undefined ? { namespace, name: second } : { namespace, package: second, name: third };
}
