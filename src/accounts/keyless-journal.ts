/**
 * The journal without keys: what it keeps on disk is read by whoever reads the disk, and may lie there for days. Whose
 * work it was stays; when it is taken up again, it goes on with the derived key of its namespace.
 */
import type { ActivationMessage } from '../domain/activation.ts';
import type { Identity } from '../domain/identity.ts';
import { authKey } from '../domain/identity.ts';
import { isJsonObject } from '../domain/json.ts';
import type { Journal } from '../store/store.ts';
import type { Identities } from './identities.ts';

/** The key that clients send to feeds; those of the platform do not need it. */
const FEED_KEY = 'authKey';

export function keylessJournal(journal: Journal, ownerOf: Identities['ownerOf']): Journal {
  return {
    accept: (message) => journal.accept(withoutKeys(message)),
    checkpoint: (message) => journal.checkpoint(withoutKeys(message)),
    unfinished: async () => (await journal.unfinished()).map((message) => withKeys(message, ownerOf(message.namespace))),
  };
}

function withoutKeys(message: ActivationMessage): ActivationMessage {
  const { apiKey, composition, args } = message;
  if (apiKey === undefined && composition === undefined) return message;
  const isFeed = composition?.type === 'builtin' && isJsonObject(args) && FEED_KEY in args;
  return {
    ...message,
    ...(isFeed ? { args: { ...args, [FEED_KEY]: '' } } : {}),
    ...(apiKey === undefined ? {} : { apiKey: '' }),
    ...(composition === undefined ? {} : { composition: { ...composition, caller: { ...composition.caller, key: '' } } }),
  };
}

/** A namespace that has no key any more (its subject is blocked) goes on without: what was accepted is finished, but can call nothing. */
function withKeys(message: ActivationMessage, owner: Identity | undefined): ActivationMessage {
  const { apiKey, composition } = message;
  return {
    ...message,
    ...(apiKey === undefined || owner === undefined ? {} : { apiKey: authKey(owner) }),
    ...(composition === undefined || owner === undefined
      ? {}
      : { composition: { ...composition, caller: { ...composition.caller, uuid: owner.uuid, key: owner.key } } }),
  };
}
