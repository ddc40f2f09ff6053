/** The annotations that make an action a web action, as wsk's flags --web and --web-secure mean them. */
import { randomInt } from 'node:crypto';
import type { JsonValue } from '../domain/json.ts';
import { valueOf, type KeyValue } from './parameter-values.ts';
import { usageError } from './whisk-error.ts';

const SECURE = 'require-whisk-auth';
/** What randomInt can give; API gateways take whole numbers that a double holds. */
const MAX_SECRET = 2 ** 48 - 1;

/** @param mode yes, true, raw, no or false @throws {WhiskError} usage */
export function webAnnotations(mode: string): KeyValue[] {
  switch (mode.toLowerCase()) {
    case 'yes': case 'true': return annotations(true, false);
    case 'raw': return annotations(true, true);
    case 'no': case 'false': return annotations(false, false);
    default: throw usageError(`Invalid argument '${mode}' for --web flag. Valid input consist of 'yes', 'true', 'raw', 'false', or 'no'.`);
  }
}

function annotations(exported: boolean, raw: boolean): KeyValue[] {
  return [{ key: 'web-export', value: exported }, { key: 'raw-http', value: raw }, { key: 'final', value: exported }];
}

export function isWebAction(entries: readonly KeyValue[] | undefined): boolean {
  return valueOf(entries, 'web-export') === true;
}

/** What --web-secure asks for: an annotation to set, or one to take away. */
export type WebSecurity = { set: KeyValue } | { remove: typeof SECURE };

/**
 * @param secret true for a random number (the one that is there already is kept), false for none, or the secret itself
 * @param now the annotations of the action as they will be @throws {WhiskError} usage: it is no web action
 */
export function webSecurity(secret: string, now: readonly KeyValue[], existing: readonly KeyValue[] | undefined): WebSecurity {
  if (!isWebAction(now)) throw usageError('The --web-secure option is only valid when the --web option is enabled.');
  if (secret.toLowerCase() === 'false') return { remove: SECURE };
  const kept = valueOf(existing, SECURE);
  const value: JsonValue = secret.toLowerCase() !== 'true' ? secret : typeof kept === 'number' ? kept : randomInt(MAX_SECRET);
  return { set: { key: SECURE, value } };
}

/** Later entries win; the order of first mention stays. */
export function mergeAnnotations(...lists: readonly (readonly KeyValue[])[]): KeyValue[] {
  const merged = new Map<string, KeyValue>();
  for (const entry of lists.flat()) merged.set(entry.key, entry);
  return [...merged.values()];
}
