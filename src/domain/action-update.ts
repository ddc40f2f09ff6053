/**
 * What a PUT makes of an action. A creation fills what is missing with standards; an update (`overwrite=true`) keeps
 * what the request leaves out: limits merge field by field, annotations key by key (after `delAnnotations` have gone),
 * parameters and exec as a whole, and the version's patch part grows unless one is given. The platform adds the
 * annotation `exec` (the kind) always, and `provide-api-key: false` to new actions that do not say.
 *
 * A sequence has one parameter, `_actions`, with its components: whatever a request says of parameters is dropped,
 * and what a sequence had does not live on in the action of another kind that replaces it.
 */
import type { Action, ActionLimits, BlackboxExec, CodeExec, Exec, KeyValue } from './action.ts';
import { isSequence } from './action.ts';
import { isArchive, isBinaryCode } from './code.ts';
import { checkKeyValueSizes, checkSize } from './entity-sizes.ts';
import { codeIsNoArchive, contentMalformed, execUndefined, runtimeDeprecated, runtimeUnknown } from './errors.ts';
import type { Limits } from './limits.ts';
import { resolveLimits, standardLimits } from './limits.ts';
import { mergeParameters } from './parameters.ts';
import { FIRST_VERSION, nextPatch } from './version.ts';

/** An action as a request describes it; absent means "not said". */
export interface ActionPut {
  exec?: Exec;
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
 * @throws {ApiError} 400 unknown or deprecated kind, code missing, or said to be binary and no archive
 */
export function resolveCodeExec(fields: { kind: string; code: unknown; main?: string | undefined; binary?: unknown }, kinds: KindCatalogue): CodeExec {
  const known = kinds.resolve(fields.kind.trim().toLowerCase());
  if (known === undefined) throw runtimeUnknown(fields.kind, kinds.names);
  if (known.deprecated) throw runtimeDeprecated(known.kind);
  const { code, main } = fields;
  if (typeof code !== 'string') throw contentMalformed(`'code' must be a string or attachment object defined in 'exec' for '${known.kind}' actions`);
  if (known.requireMain && main === undefined) throw contentMalformed(`'main' must be a string defined in 'exec' for '${known.kind}' actions`);
  const binary = isBinaryCode(code);
  // Text may be base64 by chance, and OpenWhisk takes it; who says that it is an archive had better hear now that it is none.
  if (fields.binary === true && binary && !isArchive(code)) throw codeIsNoArchive();
  return { kind: known.kind, code, binary, ...(main === undefined ? {} : { main }) };
}

/** Registry host, path and tag or digest, as container tools write them. */
const IMAGE = /^[\w][\w.-]*(?::\d+)?(?:\/[\w][\w.-]*)*(?::[\w][\w.-]{0,127})?(?:@[\w+.-]+:[0-9a-fA-F]{32,})?$/;

/**
 * An action that is an image, with or without code for it.
 * @throws {ApiError} 400 no image, or not the name of one
 */
export function resolveBlackboxExec(fields: { image: unknown; code: unknown; main?: string | undefined }): BlackboxExec {
  const { image, code, main } = fields;
  if (typeof image !== 'string') throw contentMalformed("'image' must be a string defined in 'exec' for 'blackbox' actions");
  if (!IMAGE.test(image)) throw contentMalformed(`'${image}' is not the name of an image`);
  if (code !== undefined && typeof code !== 'string') throw contentMalformed("'code' must be a string or attachment object defined in 'exec' for 'blackbox' actions");
  const more = main === undefined ? {} : { main };
  if (code === undefined || code.trim() === '') return { kind: 'blackbox', image, binary: false, ...more };
  return { kind: 'blackbox', image, code, binary: isBinaryCode(code), ...more };
}

/** @throws {ApiError} 413 */
export function checkActionSizes(put: ActionPut, limits: Limits): void {
  if (put.exec !== undefined) checkSize('exec', execSize(put.exec), limits.maxCodeBytes);
  checkKeyValueSizes(put, limits.maxParameterBytes);
}

/**
 * @param now epoch ms
 * @throws {ApiError} 400
 */
export function createAction(at: Pick<Action, 'namespace' | 'package' | 'name'>, put: ActionPut, limits: Limits, now: number): Action {
  const { exec } = put;
  if (exec === undefined) throw execUndefined();
  return {
    ...at,
    version: put.version ?? FIRST_VERSION,
    publish: put.publish ?? false,
    exec,
    parameters: isSequence(exec) ? componentsParameter(exec.components) : mergeParameters(put.parameters ?? []),
    annotations: newAnnotations(put.annotations ?? [], exec.kind),
    limits: resolveLimits(put.limits ?? {}, standardLimits(limits.action), limits.action),
    updated: now,
  };
}

/**
 * @param kinds says whether the kind that the action has by now is still supported
 * @param now epoch ms
 * @throws {ApiError} 400, also 413 where old and new annotations together are too large
 */
export function updateAction(old: Action, put: ActionPut, limits: Limits, kinds: KindCatalogue, now: number): Action {
  const exec = put.exec ?? old.exec;
  if (put.exec === undefined && kinds.resolve(exec.kind)?.deprecated === true) throw runtimeDeprecated(exec.kind);
  // As OpenWhisk has it, a PUT of a sequence removes no annotations.
  const removed = new Set(put.exec !== undefined && isSequence(put.exec) ? [] : put.delAnnotations ?? []);
  const annotations = mergeParameters(
    old.annotations.filter(({ key }) => !removed.has(key)), put.annotations ?? [], [{ key: 'exec', value: exec.kind }],
  );
  if (put.annotations !== undefined) checkKeyValueSizes({ annotations }, limits.maxParameterBytes);
  return {
    ...old,
    version: put.version ?? nextPatch(old.version),
    publish: put.publish ?? old.publish,
    exec,
    parameters: updatedParameters(old, put),
    annotations,
    limits: put.limits === undefined ? old.limits : resolveLimits(put.limits, old.limits, limits.action),
    updated: laterThan(old.updated, now),
  };
}

/** Two updates within one millisecond still differ, so that the order of a list by time is the order of changes. */
export function laterThan(before: number, now: number): number {
  return Math.max(now, before + 1);
}

function updatedParameters(old: Action, put: ActionPut): KeyValue[] {
  const exec = put.exec ?? old.exec;
  if (isSequence(exec)) return componentsParameter(exec.components);
  if (put.parameters !== undefined) return mergeParameters(put.parameters);
  return isSequence(old.exec) ? [] : old.parameters;
}

/** What the platform adds comes last, as clients that look at the order expect it. */
function newAnnotations(given: readonly KeyValue[], kind: string): KeyValue[] {
  const annotations = mergeParameters(given);
  const withoutKey = annotations.every(({ key }) => key !== 'provide-api-key');
  return mergeParameters(annotations, withoutKey ? [{ key: 'provide-api-key', value: false }] : [], [{ key: 'exec', value: kind }]);
}

function componentsParameter(components: readonly string[]): KeyValue[] {
  return [{ key: '_actions', value: [...components] }];
}

function execSize(exec: Exec): number {
  if (isSequence(exec)) return exec.components.reduce((size, component) => size + Buffer.byteLength(component), 0);
  return Buffer.byteLength(exec.code ?? '') + Buffer.byteLength(exec.main ?? '');
}
