import {
  invalidTimeout, listLimitOutOfRange, listSkipOutOfRange, notABoolean, notAnInteger,
} from '../domain/errors.ts';
import { DEFAULT_LIST_LIMIT, MAX_BLOCKING_WAIT_MS, MAX_LIST_LIMIT } from '../domain/limits.ts';

/** As fastify parses it: a parameter given twice is an array. */
export type Query = Readonly<Record<string, string | string[] | undefined>>;

const INTEGER = /^[+-]?\d{1,10}$/;
const MAX_INT = 2 ** 31 - 1;

/** The parameter's first value; undefined where it is missing. */
export function queryText(query: Query, name: string): string | undefined {
  const value = query[name];
  return Array.isArray(value) ? value[0] : value;
}

/**
 * `true`, `yes`, `on`, `1` and their opposites, in any case.
 * @throws {ApiError} 400
 */
export function queryFlag(query: Query, name: string, standard: boolean): boolean {
  const text = queryText(query, name);
  if (text === undefined || text === '') return standard;
  switch (text.toLowerCase()) {
    case 'true': case 'yes': case 'on': case '1': return true;
    case 'false': case 'no': case 'off': case '0': return false;
    default: throw notABoolean(name, text);
  }
}

/**
 * `limit` and `skip` of a list.
 * @param collection as it stands in the texts: `actions`, `activations`, …
 * @throws {ApiError} 400
 */
export function queryPage(query: Query, collection: string): { limit: number; skip: number } {
  const limit = queryInteger(query, 'limit', collection) ?? DEFAULT_LIST_LIMIT;
  if (limit < 0 || limit > MAX_LIST_LIMIT) throw listLimitOutOfRange(limit, MAX_LIST_LIMIT, collection);
  const skip = queryInteger(query, 'skip', collection) ?? 0;
  if (skip < 0) throw listSkipOutOfRange(skip, collection);
  return { limit: limit === 0 ? MAX_LIST_LIMIT : limit, skip };
}

/**
 * How long a blocking call waits, ms.
 * @throws {ApiError} 400
 */
export function queryWait(query: Query): number {
  const text = queryText(query, 'timeout');
  if (text === undefined || text === '') return MAX_BLOCKING_WAIT_MS;
  const wait = INTEGER.test(text) ? Number(text) : 0;
  if (wait <= 0 || wait > MAX_BLOCKING_WAIT_MS) throw invalidTimeout(MAX_BLOCKING_WAIT_MS);
  return wait;
}

function queryInteger(query: Query, name: string, collection: string): number | undefined {
  const text = queryText(query, name);
  if (text === undefined || text === '') return undefined;
  const value = INTEGER.test(text) ? Number(text) : Number.NaN;
  if (!(Math.abs(value) <= MAX_INT)) throw notAnInteger(name, text, collection);
  return value;
}
