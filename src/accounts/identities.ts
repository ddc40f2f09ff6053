/** What the rest of the controller needs to know of accounts: answered from memory, because every request asks. */
import type { Identity } from '../domain/identity.ts';
import type { Limits } from '../domain/limits.ts';
import { DEFAULT_LIMITS, UNLIMITED } from '../domain/limits.ts';
import { sameSecret } from './same-secret.ts';

export interface Identities {
  /** Whose key this is; does not tell by its duration how much of a wrong key is right. Undefined for blocked subjects, too. */
  authenticate: (uuid: string, key: string) => Identity | undefined;
  /**
   * In whose name work of a namespace is done that no request's key stands behind: its web actions, alarms, rules. Its
   * key opens the namespace like any other. Undefined where there is no such namespace, or where all of it is blocked.
   */
  ownerOf: (namespace: string) => Identity | undefined;
  /** The platform's limits with the namespace's own over them. */
  limitsOf: (namespace: string) => Limits;
}

const NO_RATES: Limits = { ...DEFAULT_LIMITS, invocationsPerMinute: UNLIMITED, concurrentInvocations: UNLIMITED, firesPerMinute: UNLIMITED };

/** A fixed set of identities, one per namespace, with the same limits for all. For tests. */
export function fixedIdentities(identities: readonly Identity[], limits: Limits = NO_RATES): Identities {
  const byUuid = new Map(identities.map((identity) => [identity.uuid, { identity, key: Buffer.from(identity.key) }]));
  const byNamespace = new Map(identities.map((identity) => [identity.namespace, identity]));
  return {
    authenticate: (uuid, key) => {
      const known = byUuid.get(uuid);
      return known !== undefined && sameSecret(known.key, key) ? known.identity : undefined;
    },
    ownerOf: (namespace) => byNamespace.get(namespace),
    limitsOf: () => limits,
  };
}
