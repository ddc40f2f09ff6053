import type { ActivationResponse, ResponseStatusCode } from '../domain/activation.ts';
import type { JsonValue } from '../domain/json.ts';
import { isJsonObject } from '../domain/json.ts';

export function response(statusCode: ResponseStatusCode, result: JsonValue): ActivationResponse {
  return { statusCode, result, size: Buffer.byteLength(JSON.stringify(result)) };
}

/** @param statusCode 1: the composition is to blame; 3: the platform is */
export function errorResponse(statusCode: 1 | 3, error: string): ActivationResponse {
  return response(statusCode, { error });
}

/** What makes a result an error, and ends a sequence. */
export function hasError(result: JsonValue): boolean {
  return isJsonObject(result) && Object.hasOwn(result, 'error');
}
