import type { KeyValue } from './action.ts';
import { entityTooBig } from './errors.ts';
import { parametersSize } from './parameters.ts';

/**
 * @param field as the refusal names it; sizes in bytes
 * @throws {ApiError} 413
 */
export function checkSize(field: string, is: number, allowed: number): void {
  if (is > allowed) throw entityTooBig(field, is, allowed);
}

/**
 * Parameters and annotations of any entity, each on its own.
 * @param allowed bytes
 * @throws {ApiError} 413
 */
export function checkKeyValueSizes(put: { parameters?: readonly KeyValue[]; annotations?: readonly KeyValue[] }, allowed: number): void {
  if (put.parameters !== undefined) checkSize('parameters', parametersSize(put.parameters), allowed);
  if (put.annotations !== undefined) checkSize('annotations', parametersSize(put.annotations), allowed);
}
