/**
 * Turns whatever went wrong into OpenWhisk's error answer: `{"error": text, "code": transaction id}` with the status
 * of the condition. It covers what handlers throw, what fastify refuses before any handler runs (broken URLs, content
 * types), paths and methods that do not exist, and requests that are not HTTP at all.
 */
import type { Socket } from 'node:net';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Overloaded } from '../dispatch/dispatch.ts';
import {
  ApiError, concurrentModification, contentTypeNotSupported, internalError, platformOverloaded, storeUnavailable, urlMalformed,
} from '../domain/errors.ts';
import { newTransactionId } from '../domain/ids.ts';
import type { Logger } from '../domain/logger.ts';
import { RevisionConflict, StoreUnavailable } from '../store/store.ts';

function sendError(request: FastifyRequest, reply: FastifyReply, error: ApiError): FastifyReply {
  return reply
    .code(error.status)
    .headers(error.headers)
    .header('x-request-id', request.id)
    .header('content-type', 'application/json')
    .send(errorBody(error.message, request.id));
}

function errorBody(text: string, transactionId: string): string {
  return JSON.stringify({ error: text, code: transactionId });
}

/** Makes every error of `api` an OpenWhisk error, and logs those that are our fault. */
export function mapErrors(api: FastifyInstance, logger: Logger): void {
  api.setErrorHandler((error, request, reply) => sendMapped(error, request, reply, logger));
}

/** For fastify's `frameworkErrors`: refusals that pass by every hook and handler. */
export function sendMapped(error: unknown, request: FastifyRequest, reply: FastifyReply, logger: Logger): FastifyReply {
  const answer = toApiError(error, request);
  if (answer.status === 500) {
    logger.error({ err: error, transactionId: request.id, method: request.method, path: pathOf(request) }, 'request failed');
  } else if (error instanceof StoreUnavailable) {
    // Overload is not logged call by call: it is counted, and a log line for each would add to it.
    logger.warn({ err: error, transactionId: request.id, path: pathOf(request) }, 'the store refused a write');
  }
  return sendError(request, reply, answer);
}

function toApiError(error: unknown, request: FastifyRequest): ApiError {
  if (error instanceof ApiError) return error;
  if (error instanceof Overloaded) return platformOverloaded(error.retryAfterSeconds);
  if (error instanceof StoreUnavailable) return storeUnavailable(error);
  if (error instanceof RevisionConflict) return concurrentModification();
  return isFrameworkRefusal(error) ? refusal(error, request) : internalError(error);
}

interface FrameworkRefusal { code: string; statusCode: number; message: string }

function isFrameworkRefusal(error: unknown): error is FrameworkRefusal {
  if (!(error instanceof Error)) return false;
  const { code, statusCode } = error as Partial<FrameworkRefusal>;
  return typeof code === 'string' && code.startsWith('FST_') && typeof statusCode === 'number' && statusCode < 500;
}

function refusal(error: FrameworkRefusal, request: FastifyRequest): ApiError {
  switch (error.code) {
    case 'FST_ERR_BAD_URL':
    case 'FST_ERR_MAX_PARAM_LENGTH':
      return urlMalformed();
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return contentTypeNotSupported(request.headers['content-type']);
    default:
      return new ApiError(error.statusCode, error.message);
  }
}

function pathOf(request: FastifyRequest): string {
  return request.url.split('?', 1)[0] ?? '';
}

/** Answers what the HTTP parser could not read, then closes the connection. */
export function answerBrokenRequest(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const [status, reason, text] = brokenRequest(error.code);
  const id = newTransactionId();
  const body = errorBody(text, id);
  socket.end(`HTTP/1.1 ${status} ${reason}\r\nX-Request-ID: ${id}\r\nContent-Type: application/json\r\n`
    + `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`);
}

function brokenRequest(code: string | undefined): [status: number, reason: string, text: string] {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return [431, 'Request Header Fields Too Large', 'The request\'s headers are too large.'];
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return [408, 'Request Timeout', 'The request was not complete in time.'];
    default:
      return [400, 'Bad Request', 'The request is not valid HTTP.'];
  }
}
