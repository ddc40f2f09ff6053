import { timingSafeEqual } from 'node:crypto';
import type { Identity } from '../domain/identity.ts';

/** A fixed set of identities, one per namespace: what a controller with its keys in files has. */
export interface Identities {
  authenticate: (uuid: string, key: string) => Identity | undefined;
  ownerOf: (namespace: string) => Identity | undefined;
}

export function fixedIdentities(identities: readonly Identity[]): Identities {
  const byUuid = new Map(identities.map((identity) => [identity.uuid, { identity, key: Buffer.from(identity.key) }]));
  const byNamespace = new Map(identities.map((identity) => [identity.namespace, identity]));
  return {
    authenticate: (uuid, key) => {
      const known = byUuid.get(uuid);
      return known !== undefined && sameSecret(known.key, key) ? known.identity : undefined;
    },
    ownerOf: (namespace) => byNamespace.get(namespace),
  };
}

/** Compares in a time that depends on the length only. */
export function sameSecret(expected: Buffer, given: string): boolean {
  const bytes = Buffer.from(given);
  return bytes.length === expected.length && timingSafeEqual(bytes, expected);
}
