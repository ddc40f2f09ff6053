import { Type } from 'typebox';
import { Compile } from 'typebox/compile';
import type { Exec } from '../domain/action.ts';
import type { ActionPut, KindCatalogue } from '../domain/action-update.ts';
import { checkActionSizes, resolveBlackboxExec, resolveCodeExec } from '../domain/action-update.ts';
import { contentMalformed } from '../domain/errors.ts';
import { isJsonObject } from '../domain/json.ts';
import type { JsonValue } from '../domain/json.ts';
import type { Limits } from '../domain/limits.ts';
import { qualifiedPath } from '../domain/qualified-name.ts';
import { RUNTIME_KINDS, resolveKind } from '../runtimes/kinds.ts';
import { ENTITY_FIELDS, bodyOfShape, entityFields } from './entity-body.ts';

const ExecBody = Type.Object({
  kind: Type.String(),
  code: Type.Optional(Type.Unknown()),
  main: Type.Optional(Type.String()),
  binary: Type.Optional(Type.Unknown()),
  image: Type.Optional(Type.Unknown()),
  components: Type.Optional(Type.Array(Type.String())),
});

/** The body of PUT …/actions/NAME. */
export const ActionBody = Type.Object({
  ...ENTITY_FIELDS,
  exec: Type.Optional(ExecBody),
  delAnnotations: Type.Optional(Type.Array(Type.String())),
  limits: Type.Optional(Type.Object({
    timeout: Type.Optional(Type.Integer()),
    memory: Type.Optional(Type.Integer()),
    logs: Type.Optional(Type.Integer()),
    concurrency: Type.Optional(Type.Integer()),
    instances: Type.Optional(Type.Integer()),
  })),
});
const SHAPE = Compile(ActionBody);

export const KINDS: KindCatalogue = { resolve: resolveKind, names: RUNTIME_KINDS.map(({ kind }) => kind) };

/**
 * Reads what a request says of an action.
 * @param caller namespace for which `_` stands in the names of components
 * @throws {ApiError} 400, 413
 */
export function parseActionPut(json: JsonValue | undefined, limits: Limits, caller: string): ActionPut {
  if (isJsonObject(json) && isJsonObject(json['exec']) && typeof json['exec']['kind'] !== 'string') throw contentMalformed("'kind' must be a string defined in 'exec'");
  const body = bodyOfShape(SHAPE, json, ['exec', 'limits']);
  const { exec, delAnnotations } = body;
  const put: ActionPut = {
    ...entityFields(body),
    ...(exec === undefined ? {} : { exec: resolveExec(exec, caller) }),
    ...(delAnnotations === undefined ? {} : { delAnnotations }),
    ...(body.limits === undefined ? {} : { limits: pickLimits(body.limits) }),
  };
  checkActionSizes(put, limits);
  return put;
}

interface ExecFields { kind: string; code?: unknown; main?: string | undefined; binary?: unknown; image?: unknown; components?: string[] | undefined }

function resolveExec({ kind, code, main, binary, image, components }: ExecFields, caller: string): Exec {
  switch (kind.trim().toLowerCase()) {
    case 'sequence':
      if (components === undefined) throw contentMalformed("'components' must be defined for sequence kind");
      return { kind: 'sequence', components: components.map((name) => `/${qualifiedPath(name, caller)}`) };
    case 'blackbox':
      return resolveBlackboxExec({ image, code, main });
    default:
      return resolveCodeExec({ kind, code, main, binary }, KINDS);
  }
}

type GivenLimits = NonNullable<ActionPut['limits']>;

function pickLimits({ timeout, memory, logs, concurrency, instances }: { [limit in keyof GivenLimits]: number | undefined }): GivenLimits {
  return {
    ...(timeout === undefined ? {} : { timeout }),
    ...(memory === undefined ? {} : { memory }),
    ...(logs === undefined ? {} : { logs }),
    ...(concurrency === undefined ? {} : { concurrency }),
    ...(instances === undefined ? {} : { instances }),
  };
}
