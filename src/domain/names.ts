import { entityNameIllegal, nameTooLong, namespaceIllegal } from './errors.ts';

/** Characters that an entity, package or namespace name may have. */
const NAME_MAX_LENGTH = 256;
const NAME = /^(?:\w|\w[\w@ .&-]{0,254}[\w@.&-])$/;

export function isEntityName(name: string): boolean {
  return NAME.test(name);
}

/** @throws {ApiError} 400 */
export function checkEntityName(name: string): void {
  if (NAME.test(name)) return;
  throw name.length > NAME_MAX_LENGTH ? nameTooLong('Name segement', name.length, NAME_MAX_LENGTH) : entityNameIllegal();
}

/** @throws {ApiError} 400 */
export function checkNamespaceName(name: string): void {
  if (NAME.test(name)) return;
  throw name.length > NAME_MAX_LENGTH ? nameTooLong('Namespace', name.length, NAME_MAX_LENGTH) : namespaceIllegal();
}
