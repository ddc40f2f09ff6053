import type { IncomingMessage } from 'node:http';
import { newTransactionId } from '../domain/ids.ts';

/** Ids beginning so are the platform's own; a request may not claim one. */
const SYSTEM_PREFIX = 'sid_';
/** Longer ones are replaced: the id goes into every log line and every message of the request. */
const MAX_LENGTH = 256;

/** The transaction id of a request: its `X-Request-ID`, else a new one of 32 characters. */
export function transactionIdOf(request: IncomingMessage): string {
  const given = request.headers['x-request-id'];
  if (typeof given === 'string' && given !== '' && given.length <= MAX_LENGTH && !given.startsWith(SYSTEM_PREFIX)) return given;
  return newTransactionId();
}
