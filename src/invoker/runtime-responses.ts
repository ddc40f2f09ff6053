/** What a runtime's answer means for the activation: the response of its record, in OpenWhisk's codes and texts. */
import type { ActivationResponse, ResponseStatusCode } from '../domain/activation.ts';
import type { JsonValue } from '../domain/json.ts';
import { isJsonObject } from '../domain/json.ts';
import type { RuntimeReply } from './runtime-connection.ts';

/** How much of a result that is too long stands in the record. */
export const TRUNCATED_RESULT_BYTES = 1024;

export const TEXTS = {
  abnormalInit: 'The action did not initialize and exited unexpectedly.',
  abnormalRun: 'The action did not produce a valid response and exited unexpectedly.',
  memoryExhausted: 'The action exhausted its memory and was aborted.',
  notProvisioned: 'Failed to provision resources to run the action.',
  actionGone: 'Action could not be found or may have been deleted.',
  initTimedOut: (timeoutMs: number): string => `The action exceeded its time limits of ${timeoutMs} milliseconds during initialization.`,
  runTimedOut: (timeoutMs: number): string => `The action exceeded its time limits of ${timeoutMs} milliseconds.`,
} as const;

/** A response that is an error; `result` is `{error}`. */
export function errorResponse(statusCode: ResponseStatusCode, error: JsonValue): ActivationResponse {
  const result = { error };
  return { statusCode, result, size: Buffer.byteLength(JSON.stringify(result)) };
}

/** @returns undefined when the action is initialized */
/** @param maxBytes for the text of an answer that was cut off */
export function initResponse(reply: RuntimeReply, maxBytes: number): ActivationResponse | undefined {
  if (reply.status === 200) return undefined;
  if (reply.truncated) return errorResponse(2, tooLong(reply, maxBytes));
  const body = parsed(reply.body);
  if (isJsonObject(body) && body['error'] !== undefined) return errorResponse(2, body['error']);
  return errorResponse(2, `The action failed during initialization${quoted(reply.body)}`);
}

export function runResponse(reply: RuntimeReply, maxBytes: number): ActivationResponse {
  if (reply.truncated) return errorResponse(1, tooLong(reply, maxBytes));
  const body = parsed(reply.body);
  const ok = reply.status === 200;
  if (isJsonObject(body)) {
    const error = body['error'];
    if (error !== undefined) return { statusCode: ok ? 1 : 2, result: { error }, size: reply.bytes };
    if (ok) return { statusCode: 0, result: body, size: reply.bytes };
  } else if (Array.isArray(body) && ok) {
    return { statusCode: 0, result: body, size: reply.bytes };
  }
  return { ...errorResponse(2, `The action did not produce a valid JSON or JSON Array response${quoted(reply.body)}`), size: reply.bytes };
}

function parsed(text: string): JsonValue | undefined {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return undefined;
  }
}

function quoted(body: string): string {
  return body === '' ? '.' : `: ${body}`;
}

function tooLong(reply: RuntimeReply, maxBytes: number): string {
  return `The action produced a response that exceeded the allowed length: ${reply.bytes} > ${maxBytes} bytes. The truncated response was: ${reply.body}`;
}
