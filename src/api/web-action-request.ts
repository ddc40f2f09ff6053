/** What a web action is given of the HTTP request that called it. */
import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyRequest } from 'fastify';
import { parametersNotAllowed } from '../domain/errors.ts';
import type { JsonObject, JsonValue } from '../domain/json.ts';
import { isJsonObject } from '../domain/json.ts';
import { setsAnyOf } from '../entities/activation-message.ts';
import { isBinaryMedia, isJsonMedia } from './media-type.ts';
import { bodyBytes, mediaTypeOf, parseJson } from './request-body.ts';

/** Names under which a request's own properties are passed; a request may not set them. */
const RESERVED: ReadonlySet<string> = new Set(['__ow_method', '__ow_headers', '__ow_path', '__ow_user', '__ow_query', '__ow_body']);

/** Turns extra logging on; between client and platform only. */
const EXTRA_LOGGING = 'x-ow-extra-logging';

interface WebRequest {
  request: FastifyRequest;
  /** The request's own, or what a gateway made of them. */
  headers: IncomingHttpHeaders;
  /** What follows the action's name in the path, as it was sent. */
  path: string;
  /** What follows `?`, as it was sent. */
  query: string;
  /** Namespace of the caller, where one is proven. */
  user: string | undefined;
}

/**
 * Query and body become arguments; body wins over query.
 * @param finalKeys parameters that the action has fixed
 * @throws {ApiError} 400 broken JSON, or a reserved or fixed name is set
 */
export function webArguments(web: WebRequest, finalKeys: ReadonlySet<string>): JsonObject {
  const fromQuery = Object.fromEntries(new URLSearchParams(web.query));
  const body = interpretedBody(web);
  const fromBody = isJsonObject(body) ? body : {};
  for (const given of [fromQuery, fromBody]) {
    if (setsAnyOf(given, RESERVED) || setsAnyOf(given, finalKeys)) throw parametersNotAllowed();
  }
  const opaque: JsonObject = body === undefined || isJsonObject(body) ? {} : { __ow_body: body };
  return { ...requestProperties(web), ...fromQuery, ...fromBody, ...opaque };
}

/** `raw-http`: the action gets query and body as they came and reads them itself. */
export function rawWebArguments(web: WebRequest): JsonObject {
  return { ...requestProperties(web), __ow_query: web.query, __ow_body: rawBody(web) };
}

function requestProperties({ request, headers, path, user }: WebRequest): JsonObject {
  const passed: JsonObject = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined && name !== EXTRA_LOGGING) passed[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return {
    __ow_method: request.method.toLowerCase(),
    __ow_headers: passed,
    __ow_path: path,
    ...(user === undefined ? {} : { __ow_user: user }),
  };
}

function interpretedBody(web: WebRequest): JsonValue | undefined {
  const bytes = bodyBytes(web.request);
  if (bytes.length === 0) return undefined;
  const mediaType = mediaTypeOf(web.headers['content-type'] ?? '');
  if (isJsonMedia(mediaType)) return parseJson(bytes);
  if (mediaType === 'application/x-www-form-urlencoded') return Object.fromEntries(new URLSearchParams(bytes.toString()));
  return rawBody(web);
}

/** Text as it is; what may not be text in base64, and, for the sake of old actions, JSON too. */
function rawBody({ request, headers }: WebRequest): string {
  const contentType = headers['content-type'] ?? '';
  const encoded = isBinaryMedia(contentType) || mediaTypeOf(contentType) === 'application/json';
  return bodyBytes(request).toString(encoded ? 'base64' : 'utf8');
}
