import type { FastifyRequest } from 'fastify';
import { contentMalformed } from '../domain/errors.ts';
import type { JsonObject } from '../domain/json.ts';
import { isJsonObject } from '../domain/json.ts';
import { jsonBody } from './request-body.ts';

/** What an invocation is given: no body is an empty object. @throws {ApiError} 400, 415 */
export function payloadOf(request: FastifyRequest): JsonObject {
  const body = jsonBody(request);
  if (body === undefined) return {};
  if (!isJsonObject(body)) throw contentMalformed('Object expected');
  return body;
}
