/**
 * What a PUT makes of an action. A creation fills what is missing with standards; an update (`overwrite=true`) keeps
 * what the request leaves out: limits merge field by field, annotations key by key, parameters and exec as a whole,
 * and the version's patch part grows unless one is given. The platform adds the annotation `exec` (the kind) always,
 * and `provide-api-key: false` to new actions that do not say.
 */
import type { Action, ActionLimits, CodeExec, KeyValue } from './action.ts';
import { isBinaryCode, isZip } from './code.ts';
import { codeIsNoZip, contentMalformed, entityTooBig, execUndefined, runtimeDeprecated, runtimeUnknown } from './errors.ts';
import type { ActionLimitRanges } from './limits.ts';
import { MAX_CODE_BYTES, MAX_PARAMETER_BYTES, resolveLimits, standardLimits } from './limits.ts';
import { mergeParameters, parametersSize } from './parameters.ts';
import { FIRST_VERSION, nextPatch } from './version.ts';

/** An action as a request describes it; absent means "not said". */
export interface ActionPut {
  exec?: CodeExec;
  parameters?: KeyValue[];
  annotations?: KeyValue[];
  /** Keys of annotations to remove on an update. */
  delAnnotations?: string[];
  limits?: Partial<ActionLimits>;
  version?: string;
  publish?: boolean;
}

/** What an update needs to know of a kind. */
interface KnownKind {
  kind: string;
  deprecated: boolean;
  requireMain: boolean;
}

export interface KindCatalogue {
  /** Resolves `family:default`. */
  resolve(kind: string): KnownKind | undefined;
  readonly names: readonly string[];
}

/**
 * @param fields of the request's `exec`
 * @throws {ApiError} 400 unknown or deprecated kind, code missing, binary code that is no archive
 */
export function resolveExec(fields: { kind: string; code: unknown; main?: string | undefined }, kinds: KindCatalogue): CodeExec {
  const known = kinds.resolve(fields.kind.trim().toLowerCase());
  if (known === undefined) throw runtimeUnknown(fields.kind, kinds.names);
  if (known.deprecated) throw runtimeDeprecated(known.kind);
  const { code, main } = fields;
  if (typeof code !== 'string') throw contentMalformed(`'code' must be a string or attachment object defined in 'exec' for '${known.kind}' actions`);
  if (known.requireMain && main === undefined) throw contentMalformed(`'main' must be a string defined in 'exec' for '${known.kind}' actions`);
  const binary = isBinaryCode(code);
  if (binary && !isZip(code)) throw codeIsNoZip();
  return { kind: known.kind, code, binary, ...(main === undefined ? {} : { main }) };
}

/** @throws {ApiError} 413 */
export function checkSizes(put: ActionPut): void {
  if (put.exec !== undefined) checkSize('exec', Buffer.byteLength(put.exec.code) + Buffer.byteLength(put.exec.main ?? ''), MAX_CODE_BYTES);
  if (put.parameters !== undefined) checkSize('parameters', parametersSize(put.parameters), MAX_PARAMETER_BYTES);
  if (put.annotations !== undefined) checkSize('annotations', parametersSize(put.annotations), MAX_PARAMETER_BYTES);
}

/**
 * @param now epoch ms
 * @throws {ApiError} 400
 */
export function createAction(
  at: Pick<Action, 'namespace' | 'package' | 'name'>, put: ActionPut, ranges: ActionLimitRanges, now: number,
): Action {
  if (put.exec === undefined) throw execUndefined();
  return {
    ...at,
    version: put.version ?? FIRST_VERSION,
    publish: put.publish ?? false,
    exec: put.exec,
    parameters: mergeParameters(put.parameters ?? []),
    annotations: mergeParameters([{ key: 'provide-api-key', value: false }], put.annotations ?? [], [{ key: 'exec', value: put.exec.kind }]),
    limits: resolveLimits(put.limits ?? {}, standardLimits(ranges), ranges),
    updated: now,
  };
}

/**
 * @param now epoch ms
 * @throws {ApiError} 400, also 413 where old and new annotations together are too large
 */
export function updateAction(old: Action, put: ActionPut, ranges: ActionLimitRanges, now: number): Action {
  const exec = put.exec ?? old.exec;
  const removed = new Set(put.delAnnotations ?? []);
  const kept = mergeParameters(old.annotations, put.annotations ?? []).filter(({ key }) => !removed.has(key));
  if (put.annotations !== undefined) checkSize('annotations', parametersSize(kept), MAX_PARAMETER_BYTES);
  const annotations = mergeParameters(kept, [{ key: 'exec', value: exec.kind }]);
  return {
    ...old,
    version: put.version ?? nextPatch(old.version),
    publish: put.publish ?? old.publish,
    exec,
    parameters: put.parameters === undefined ? old.parameters : mergeParameters(put.parameters),
    annotations,
    limits: put.limits === undefined ? old.limits : resolveLimits(put.limits, old.limits, ranges),
    // Two updates within one millisecond still differ, so that the order of a list by time is the order of changes.
    updated: Math.max(now, old.updated + 1),
  };
}

function checkSize(field: string, is: number, allowed: number): void {
  if (is > allowed) throw entityTooBig(field, is, allowed);
}
