/**
 * The paper's load: so many calls a second, in turn to so many functions that work for 10 ms, as web actions. Open
 * loop: a call goes out when it is due, whatever became of those before, and its response time counts from then.
 */
import { performance } from 'node:perf_hooks';
import { isJsonObject, type JsonValue } from '../../domain/json.ts';
import { outcomeOf, type Call } from './calls.ts';
import type { ControllerClient } from './controller-client.ts';

export interface LoadOptions {
  /** Calls per second. */
  readonly rate: number;
  readonly functions: number;
  /** Epoch ms of the begin of the window; calls are due from `warmUpMs` before it. */
  readonly begin: number;
  readonly warmUpMs: number;
  /** ms */
  readonly length: number;
  readonly client: ControllerClient;
  readonly onCall: (call: Call) => void;
  readonly signal: AbortSignal;
}

/** A call that was not answered within this time has timed out, as in the paper. */
const CALL_TIMEOUT_MS = 60_000;
/** The client goes on waiting for a while: a late answer still tells the activation id. */
const GIVE_UP_MS = CALL_TIMEOUT_MS + 15_000;
export const FUNCTION_KIND = 'nodejs:default';
export const FUNCTION_CODE = `function main() {
  const end = performance.now() + 10;
  while (performance.now() < end);
  return { worked: 10 };
}
`;

export function functionName(index: number): string {
  return `replay-${index + 1}`;
}

/** Sends all calls and resolves when each has its answer or was given up. Calls of the warm-up have a negative `due`. */
export async function runLoad(options: LoadOptions): Promise<void> {
  const { rate, begin, warmUpMs, length, signal } = options;
  const first = -Math.floor((warmUpMs / 1000) * rate);
  const last = Math.floor((length / 1000) * rate);
  // performance.now() does not jump when somebody sets the clock.
  const zero = performance.now() + (begin - Date.now());
  const open = new Set<Promise<void>>();
  for (let index = first; index < last && !signal.aborted; index++) {
    const due = (index * 1000) / rate;
    const wait = zero + due - performance.now();
    if (wait > 1) await new Promise((resolve) => { setTimeout(resolve, wait); });
    const call = sendCall(options, index - first, due, zero).finally(() => { open.delete(call); });
    open.add(call);
  }
  await Promise.all(open);
}

async function sendCall(options: LoadOptions, number: number, due: number, zero: number): Promise<void> {
  const path = `/api/v1/web/guest/default/${functionName(number % options.functions)}.json`;
  const answer = await options.client.send({ method: 'GET', path, timeoutMs: GIVE_UP_MS });
  const responseMs = performance.now() - zero - due;
  const id = answer.headers['x-openwhisk-activation-id'];
  // Nobody listened: the call cannot have been accepted. Without any answer it may have been.
  const status = answer.reason === 'refused' ? 503 : answer.status;
  const outcome = answer.reason === 'timeout' ? 'timed-out' : outcomeOf({ status, right: isRight(answer.body), responseMs }, CALL_TIMEOUT_MS);
  options.onCall({ due, outcome, responseMs, status: answer.status, ...(typeof id === 'string' ? { activationId: id } : {}) });
}

function isRight(body: string): boolean {
  try {
    const result = JSON.parse(body) as JsonValue;
    return isJsonObject(result) && result['worked'] === 10;
  } catch {
    return false;
  }
}
