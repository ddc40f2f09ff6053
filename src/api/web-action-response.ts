/**
 * What an HTTP client is given of a web action's result. The extension of the action's name says how the result is
 * read: `.http` (also without one) as a whole HTTP response `{statusCode, headers, body}`, the others as one value of
 * that type, found in the result's `body` or in the field named like the extension.
 */
import { STATUS_CODES, validateHeaderName, validateHeaderValue } from 'node:http';
import type { FastifyReply } from 'fastify';
import {
  invalidMedia, propertyNotFound, responseContentTypeMismatch, responseNotAcceptable, unknownResponseContentType,
} from '../domain/errors.ts';
import type { JsonObject, JsonValue } from '../domain/json.ts';
import { isJsonObject } from '../domain/json.ts';
import { accepts } from './accept.ts';
import { sendBody } from './compression.ts';
import { isBinaryMedia, isJsonMedia, parseMediaType } from './media-type.ts';
import { mediaTypeOf } from './request-body.ts';

export const WEB_EXTENSIONS = ['http', 'json', 'html', 'svg', 'text'] as const;
export type WebExtension = (typeof WEB_EXTENSIONS)[number];

/** @throws {ApiError} where the result does not fit the extension */
export function sendWebResult(reply: FastifyReply, extension: WebExtension, result: JsonValue): FastifyReply {
  switch (extension) {
    case 'http': return sendAsHttp(reply, result);
    case 'json': return sendAsJson(reply, result);
    case 'html': return sendTyped(reply, 'text/html; charset=UTF-8', requireText(project(result, 'html'), 'text/html'));
    case 'svg': return sendTyped(reply, 'image/svg+xml', requireText(project(result, 'svg'), 'image/svg+xml'));
    case 'text': return sendAsText(reply, result);
  }
}

/** @throws {ApiError} 406 the client does not take this type */
function sendTyped(reply: FastifyReply, contentType: string, content: string | Buffer, status = 200, headers: HttpResult['headers'] = {}): FastifyReply {
  if (!accepts(reply.request.headers.accept, mediaTypeOf(contentType))) throw responseNotAcceptable(contentType);
  // Bytes, because fastify changes the content type of strings.
  return sendBody(reply.headers(headers).code(status).header('content-type', contentType), typeof content === 'string' ? Buffer.from(content) : content);
}

function sendAsJson(reply: FastifyReply, result: JsonValue): FastifyReply {
  if (typeof result !== 'object' || result === null) throw invalidMedia('application/json');
  return sendTyped(reply, 'application/json', JSON.stringify(result));
}

function sendAsText(reply: FastifyReply, result: JsonValue): FastifyReply {
  const value = project(result, 'text');
  if (value === undefined) throw propertyNotFound();
  const text = typeof value === 'string' ? value : JSON.stringify(value, undefined, 2);
  return sendTyped(reply, 'text/plain; charset=UTF-8', text);
}

function project(result: JsonValue, field: string): JsonValue | undefined {
  if (!isJsonObject(result)) return result;
  return Object.hasOwn(result, 'body') ? result['body'] : result[field];
}

function requireText(value: JsonValue | undefined, mediaType: string): string {
  if (typeof value !== 'string') throw invalidMedia(mediaType);
  return value;
}

// .http

interface HttpResult {
  /** Undefined: 200 with a body, 204 without. */
  status: number | undefined;
  headers: Record<string, string | string[]>;
  contentType: string | undefined;
  body: JsonValue;
}

function sendAsHttp(reply: FastifyReply, result: JsonValue): FastifyReply {
  if (!isJsonObject(result)) throw invalidMedia('message/http');
  const { status, headers, contentType, body } = readHttpResult(result);
  if (body === null || body === '') return reply.headers(headers).code(status ?? 204).send();
  const [type, content] = typeof body === 'string' ? textContent(contentType, body) : jsonContent(contentType, body);
  return sendTyped(reply, type, content, status, headers);
}

/** @throws {ApiError} 400 a status or header that HTTP does not know */
function readHttpResult(result: JsonObject): HttpResult {
  const headers = responseHeaders(result['headers']);
  const given = headers['content-type'];
  delete headers['content-type'];
  return {
    status: statusCode(result['statusCode']),
    headers,
    contentType: Array.isArray(given) ? given[0] : given,
    body: result['body'] ?? null,
  };
}

function statusCode(value: JsonValue | undefined): number | undefined {
  if (value === undefined) return undefined;
  const status = typeof value === 'string' && /^\d{3}$/.test(value) ? Number(value) : value;
  // 1xx would leave the client waiting for the real answer.
  if (typeof status !== 'number' || status < 200 || STATUS_CODES[status] === undefined) throw invalidMedia('message/http');
  return status;
}

/** Those that frame the message are the server's own. */
const FRAMING: ReadonlySet<string> = new Set(['content-length', 'transfer-encoding', 'connection', 'keep-alive', 'upgrade', 'trailer']);

function responseHeaders(value: JsonValue | undefined): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = {};
  if (value === undefined) return headers;
  if (!isJsonObject(value)) throw invalidMedia('message/http');
  for (const [name, content] of Object.entries(value)) {
    const values = headerValues(content);
    try {
      validateHeaderName(name);
      for (const text of values) validateHeaderValue(name, text);
    } catch {
      throw invalidMedia('message/http');
    }
    const key = name.toLowerCase();
    if (!FRAMING.has(key) && values.length > 0) headers[key] = values.length === 1 ? values[0] ?? '' : values;
  }
  return headers;
}

function headerValues(content: JsonValue): string[] {
  if (Array.isArray(content)) return content.flatMap(headerValues);
  if (content === null || typeof content === 'object') throw invalidMedia('message/http');
  return [String(content)];
}

function jsonContent(contentType: string | undefined, body: JsonValue): [type: string, content: string] {
  if (contentType === undefined) return ['application/json', JSON.stringify(body)];
  const mediaType = parseMediaType(contentType);
  if (mediaType === undefined || !isJsonMedia(mediaType)) throw responseContentTypeMismatch();
  return [contentType, JSON.stringify(body)];
}

/** A string is text, unless its content type is binary: then it is base64. JSON may be either, as old actions do it. */
function textContent(contentType: string | undefined, body: string): [type: string, content: string | Buffer] {
  if (contentType === undefined) return ['text/html; charset=UTF-8', body];
  const mediaType = parseMediaType(contentType);
  if (mediaType === undefined) throw unknownResponseContentType();
  if (isJsonMedia(mediaType)) return [contentType, decodeBase64(body) ?? body];
  if (!isBinaryMedia(contentType)) return [withCharset(contentType), body];
  const bytes = decodeBase64(body);
  if (bytes !== undefined) return [contentType, bytes];
  // SVG and its like count as binary, but nobody encodes them.
  if (mediaType.endsWith('+xml')) return [contentType, body];
  throw responseContentTypeMismatch();
}

function withCharset(contentType: string): string {
  return /;\s*charset\s*=/i.test(contentType) ? contentType : `${contentType}; charset=UTF-8`;
}

function decodeBase64(text: string): Buffer | undefined {
  const padded = text.trim();
  if (padded.length % 4 !== 0 || /[^A-Za-z0-9+/]/.test(padded.replace(/={1,2}$/, ''))) return undefined;
  return Buffer.from(padded, 'base64');
}
