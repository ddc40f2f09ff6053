/** What the bodies of PUT requests of all four collections have in common. */
import { Type } from 'typebox';
import type { Static } from 'typebox';
import type { KeyValue } from '../domain/action.ts';
import { contentMalformed } from '../domain/errors.ts';
import { isJsonObject } from '../domain/json.ts';
import type { JsonObject, JsonValue } from '../domain/json.ts';
import { parseVersion } from '../domain/version.ts';
import { KeyValues, annotationsOf, parametersOf } from './key-values.ts';

/** Fields that every entity has. Others that an entity read before has (such as `name` and `updated`) are ignored. */
export const ENTITY_FIELDS = {
  parameters: Type.Optional(KeyValues),
  annotations: Type.Optional(KeyValues),
  version: Type.Optional(Type.String()),
  publish: Type.Optional(Type.Boolean()),
};

interface EntityFields {
  parameters?: KeyValue[];
  annotations?: KeyValue[];
  version?: string;
  publish?: boolean;
}

/** @throws {ApiError} 400 */
export function entityFields(body: Static<ReturnType<typeof Type.Object<typeof ENTITY_FIELDS>>>): EntityFields {
  const { parameters, annotations, version, publish } = body;
  return {
    ...(parameters === undefined ? {} : { parameters: parametersOf(parameters) }),
    ...(annotations === undefined ? {} : { annotations: annotationsOf(annotations) }),
    ...(version === undefined ? {} : { version: parseVersion(version) }),
    ...(publish === undefined ? {} : { publish }),
  };
}

/** A compiled schema, as far as it is used here. */
interface Shape<Body> {
  Check(value: unknown): value is Body;
  Errors(value: unknown): Iterable<{ instancePath: string; message: string }>;
}

/**
 * A body of this shape, in which null is as good as absent.
 * @param parts fields that are objects in which the same holds
 * @throws {ApiError} 400 saying what is wrong: `limits.memory must be integer`
 */
export function bodyOfShape<Body>(shape: Shape<Body>, json: JsonValue | undefined, parts: readonly string[] = []): Body {
  if (!isJsonObject(json)) throw contentMalformed('Object expected');
  const given = withoutNulls(json);
  for (const part of parts) {
    const value = given[part];
    if (isJsonObject(value)) given[part] = withoutNulls(value);
  }
  const body: unknown = given;
  if (!shape.Check(body)) throw contentMalformed(firstComplaint(shape, body));
  return body;
}

function withoutNulls(object: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== null));
}

function firstComplaint(shape: Shape<unknown>, body: unknown): string {
  const [first] = shape.Errors(body);
  if (first === undefined) return 'not an entity of this collection';
  const path = first.instancePath.slice(1).replaceAll('/', '.');
  return path === '' ? first.message : `${path} ${first.message}`;
}
