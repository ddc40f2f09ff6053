/** Parameters and annotations as requests bring them: shapes, and what is kept of each entry. */
import { Type } from 'typebox';
import type { KeyValue } from '../domain/action.ts';
import type { JsonValue } from '../domain/json.ts';

export const KeyValues = Type.Array(Type.Object({
  key: Type.String(),
  value: Type.Unsafe<JsonValue>({}),
  init: Type.Optional(Type.Boolean()),
}));

type Given = readonly { key: string; value: JsonValue; init?: boolean | undefined }[];

export function parametersOf(given: Given): KeyValue[] {
  return given.map(({ key, value, init }) => ({ key, value, ...(init === true ? { init } : {}) }));
}

export function annotationsOf(given: Given): KeyValue[] {
  return given.map(({ key, value }) => ({ key, value }));
}
