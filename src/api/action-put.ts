import { Type } from 'typebox';
import { Compile } from 'typebox/compile';
import type { ActionPut, KindCatalogue } from '../domain/action-update.ts';
import { checkSizes, resolveExec } from '../domain/action-update.ts';
import { contentMalformed } from '../domain/errors.ts';
import { isJsonObject } from '../domain/json.ts';
import type { JsonObject, JsonValue } from '../domain/json.ts';
import { parseVersion } from '../domain/version.ts';
import { RUNTIME_KINDS, resolveKind } from '../runtimes/kinds.ts';

const KeyValues = Type.Array(Type.Object({
  key: Type.String(),
  value: Type.Unsafe<JsonValue>({}),
  init: Type.Optional(Type.Boolean()),
}));

/** The body of PUT …/actions/NAME. Fields that are not named here (such as `name` and `updated` of an action read before) are ignored. */
const Body = Compile(Type.Object({
  exec: Type.Optional(Type.Object({ kind: Type.String(), code: Type.Optional(Type.Unknown()), main: Type.Optional(Type.String()) })),
  parameters: Type.Optional(KeyValues),
  annotations: Type.Optional(KeyValues),
  delAnnotations: Type.Optional(Type.Array(Type.String())),
  limits: Type.Optional(Type.Object({
    timeout: Type.Optional(Type.Integer()),
    memory: Type.Optional(Type.Integer()),
    logs: Type.Optional(Type.Integer()),
    concurrency: Type.Optional(Type.Integer()),
  })),
  version: Type.Optional(Type.String()),
  publish: Type.Optional(Type.Boolean()),
}));

const KINDS: KindCatalogue = { resolve: resolveKind, names: RUNTIME_KINDS.map(({ kind }) => kind) };

/**
 * Reads what a request says of an action.
 * @throws {ApiError} 400, 413
 */
export function parseActionPut(json: JsonValue): ActionPut {
  if (!isJsonObject(json)) throw contentMalformed('Object expected');
  const body: unknown = withoutNulls({
    ...json,
    ...(isJsonObject(json['exec']) ? { exec: withoutNulls(json['exec']) } : {}),
    ...(isJsonObject(json['limits']) ? { limits: withoutNulls(json['limits']) } : {}),
  });
  if (!Body.Check(body)) throw contentMalformed(firstComplaint(body));
  const { exec, parameters, annotations, delAnnotations, limits, version, publish } = body;
  const put: ActionPut = {
    ...(exec === undefined ? {} : { exec: resolveExec({ kind: exec.kind, code: exec.code, main: exec.main }, KINDS) }),
    ...(parameters === undefined ? {} : { parameters: parameters.map(({ key, value, init }) => ({ key, value, ...(init === true ? { init } : {}) })) }),
    ...(annotations === undefined ? {} : { annotations: annotations.map(({ key, value }) => ({ key, value })) }),
    ...(delAnnotations === undefined ? {} : { delAnnotations }),
    ...(limits === undefined ? {} : { limits: pickLimits(limits) }),
    ...(version === undefined ? {} : { version: parseVersion(version) }),
    ...(publish === undefined ? {} : { publish }),
  };
  checkSizes(put);
  return put;
}

/** A field that is null is a field that is not there. */
function withoutNulls(object: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== null));
}

type Limits = NonNullable<ActionPut['limits']>;

function pickLimits({ timeout, memory, logs, concurrency }: { [limit in keyof Limits]: number | undefined }): Limits {
  return {
    ...(timeout === undefined ? {} : { timeout }),
    ...(memory === undefined ? {} : { memory }),
    ...(logs === undefined ? {} : { logs }),
    ...(concurrency === undefined ? {} : { concurrency }),
  };
}

/** `limits.memory must be integer` */
function firstComplaint(body: unknown): string {
  const [first] = Body.Errors(body);
  if (first === undefined) return 'not an action';
  const path = first.instancePath.slice(1).replaceAll('/', '.');
  return path === '' ? first.message : `${path} ${first.message}`;
}
