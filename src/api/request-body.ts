/**
 * Reads request bodies ourselves rather than by fastify's parsers: as bytes whatever the content type (web actions take
 * anything), with the exact size in the answer when there are too many, and to the end even then, so that the client
 * has read the answer before the connection closes.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { contentMalformed, contentTypeNotSupported, entityTooBig } from '../domain/errors.ts';
import type { JsonValue } from '../domain/json.ts';
import { MAX_PAYLOAD_BYTES, MAX_REQUEST_BYTES } from '../domain/limits.ts';

/** How much of a body that is too large is read and thrown away before the connection is cut. */
const MAX_DISCARDED_BYTES = 2 * MAX_REQUEST_BYTES;
/** As deep as OpenWhisk's JSON parser goes; what is deeper would exhaust the stack of whoever prints it again. */
const MAX_JSON_DEPTH = 1000;

const NO_BODY = Buffer.alloc(0);

/** @param payloadLimitOf what holds for the payload of an activation, in bytes: the routes that take one have MAX_PAYLOAD_BYTES as their limit */
export function readBodiesAsBytes(api: FastifyInstance, payloadLimitOf: (request: FastifyRequest) => number): void {
  api.removeAllContentTypeParsers();
  // Web actions are given what comes with GET, too.
  api.addHttpMethod('GET', { hasBody: true, overrideExisting: true });
  api.addContentTypeParser('*', (request, stream, done) => {
    const { bodyLimit } = request.routeOptions;
    const limit = bodyLimit === MAX_PAYLOAD_BYTES ? payloadLimitOf(request) : bodyLimit;
    const chunks: Buffer[] = [];
    let size = 0;
    stream.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= limit) chunks.push(chunk);
      else if (chunks.length > 0) chunks.length = 0;
      if (size > MAX_DISCARDED_BYTES) stream.destroy(entityTooBig('Request', size, limit));
    });
    stream.on('error', done);
    stream.on('end', () => {
      if (size > limit) done(entityTooBig('Request', size, limit));
      else done(null, chunks.length === 1 ? chunks[0] : Buffer.concat(chunks, size));
    });
  });
}

export function bodyBytes(request: FastifyRequest): Buffer {
  return Buffer.isBuffer(request.body) ? request.body : NO_BODY;
}

/**
 * The JSON in a request's body; undefined where there is none.
 * @throws {ApiError} 400 no JSON, 415 another content type
 */
export function jsonBody(request: FastifyRequest): JsonValue | undefined {
  const bytes = bodyBytes(request);
  if (bytes.length === 0) return undefined;
  const contentType = request.headers['content-type'];
  if (contentType === undefined || !isJson(contentType)) throw contentTypeNotSupported(contentType);
  return parseJson(bytes);
}

function isJson(contentType: string): boolean {
  return contentType === 'application/json' || mediaTypeOf(contentType) === 'application/json';
}

/** `Text/HTML; charset=utf-8` is `text/html`. */
export function mediaTypeOf(contentType: string): string {
  const semicolon = contentType.indexOf(';');
  return (semicolon < 0 ? contentType : contentType.slice(0, semicolon)).trim().toLowerCase();
}

/** @throws {ApiError} 400 */
export function parseJson(bytes: Buffer): JsonValue {
  if (isTooDeep(bytes)) throw contentMalformed(`JSON input was nested more deeply than the set limit of maxNesting = ${MAX_JSON_DEPTH}`);
  try {
    return JSON.parse(bytes.toString()) as JsonValue;
  } catch (error) {
    throw contentMalformed(error instanceof Error ? error.message : 'not JSON');
  }
}

function isTooDeep(bytes: Buffer): boolean {
  // Each level takes two bytes, so that common payloads are not looked at.
  if (bytes.length < 2 * MAX_JSON_DEPTH) return false;
  let depth = 0;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at];
    if (byte === 0x22 /* " */) {
      at = endOfString(bytes, at);
      if (at < 0) return false;
    } else if (byte === 0x5b /* [ */ || byte === 0x7b /* { */) {
      depth++;
      if (depth > MAX_JSON_DEPTH) return true;
    } else if (byte === 0x5d /* ] */ || byte === 0x7d /* } */) {
      depth--;
    }
  }
  return false;
}

/** Position of the quote that ends the string that begins at `start`; -1 without one. */
function endOfString(bytes: Buffer, start: number): number {
  for (let quote = bytes.indexOf(0x22, start + 1); quote >= 0; quote = bytes.indexOf(0x22, quote + 1)) {
    let backslashes = 0;
    while (bytes[quote - 1 - backslashes] === 0x5c) backslashes++;
    if (backslashes % 2 === 0) return quote;
  }
  return -1;
}
