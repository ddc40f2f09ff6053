/** Names as a command line has them: `hello`, `pkg/hello`, `/ns/hello`, `/ns/pkg/hello`, `ns/pkg/hello`, `/ns`. */
import { WhiskError } from './whisk-error.ts';

export interface QualifiedName {
  readonly namespace: string;
  /** Empty where the name has none. */
  readonly package: string;
  /** The last part; empty where only a namespace is named. */
  readonly entity: string;
  /** `[package/]entity`, as wsk prints it. */
  readonly name: string;
}

const MAX_PARTS = 3;

/** @throws {WhiskError} usage */
export function parseQualifiedName(text: string, defaultNamespace: string): QualifiedName {
  const absolute = text.startsWith('/') || (!text.startsWith('/') && text.split('/').length === MAX_PARTS);
  const parts = text.replace(/^\//, '').split('/');
  if (parts.length > MAX_PARTS || parts.some((part) => part === '' || part === '.')) throw notQualified(text);
  const [namespace = '', ...path] = absolute ? parts : [defaultNamespace, ...parts];
  const entity = path.at(-1) ?? '';
  return { namespace, package: path.length === 2 ? path[0] ?? '' : '', entity, name: path.join('/') };
}

/** As parseQualifiedName, for what must name more than a namespace. @throws {WhiskError} usage */
export function parseEntityName(text: string, defaultNamespace: string): QualifiedName {
  const name = parseQualifiedName(text, defaultNamespace);
  if (name.entity === '') throw notQualified(text);
  return name;
}

/** A namespace alone, `/ns`. @throws {WhiskError} usage */
export function parseNamespace(text: string, defaultNamespace: string): string {
  const name = parseQualifiedName(text, defaultNamespace);
  if (name.entity !== '') {
    throw new WhiskError(`An entity name, '${name.name}', was provided instead of a namespace. Valid namespaces are of the following format: /NAMESPACE.`, { showUsage: true });
  }
  return name.namespace;
}

export function fullName(name: QualifiedName): string {
  return name.name === '' ? `/${name.namespace}` : `/${name.namespace}/${name.name}`;
}

function notQualified(text: string): WhiskError {
  return new WhiskError(`'${text}' is not a valid qualified name: A valid qualified name must be specified.`, { showUsage: true });
}
