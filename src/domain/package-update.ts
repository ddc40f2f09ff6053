/**
 * What a PUT makes of a package or a binding. Parameters and annotations are replaced as a whole. A binding shows what
 * it is bound to in the annotation `binding`, too, which the platform alone sets. A package never becomes a binding.
 */
import type { KeyValue } from './action.ts';
import { laterThan } from './action-update.ts';
import { packageCannotBecomeBinding } from './errors.ts';
import type { Package, PackageReference } from './package.ts';
import { mergeParameters } from './parameters.ts';
import { FIRST_VERSION, nextPatch } from './version.ts';

/** A package as a request describes it; absent means "not said". */
export interface PackagePut {
  binding?: PackageReference;
  parameters?: KeyValue[];
  annotations?: KeyValue[];
  version?: string;
  publish?: boolean;
}

/** @param now epoch ms */
export function createPackage(at: Pick<Package, 'namespace' | 'name'>, put: PackagePut, now: number): Package {
  return {
    ...at,
    version: put.version ?? FIRST_VERSION,
    publish: put.publish ?? false,
    parameters: mergeParameters(put.parameters ?? []),
    annotations: annotationsOf(put.annotations ?? [], put.binding),
    ...(put.binding === undefined ? {} : { binding: put.binding }),
    updated: now,
  };
}

/**
 * @param now epoch ms
 * @throws {ApiError} 409 a binding is asked for and `old` is a package
 */
export function updatePackage(old: Package, put: PackagePut, now: number): Package {
  if (put.binding !== undefined && old.binding === undefined) throw packageCannotBecomeBinding();
  const binding = put.binding ?? old.binding;
  return {
    ...old,
    version: put.version ?? nextPatch(old.version),
    publish: put.publish ?? old.publish,
    parameters: put.parameters === undefined ? old.parameters : mergeParameters(put.parameters),
    annotations: annotationsOf(put.annotations ?? old.annotations, binding),
    ...(binding === undefined ? {} : { binding }),
    updated: laterThan(old.updated, now),
  };
}

function annotationsOf(given: readonly KeyValue[], binding: PackageReference | undefined): KeyValue[] {
  const own = mergeParameters(given).filter(({ key }) => key !== 'binding');
  return binding === undefined ? own : [...own, { key: 'binding', value: { namespace: binding.namespace, name: binding.name } }];
}
