import type { ActionLimits, KeyValue } from './action.ts';
import type { Composition } from './composition.ts';
import type { JsonObject, JsonValue } from './json.ts';

/** 32 lower-case hex digits; the first 12 are the epoch ms of its creation, so that ids sort by time. */
export type ActivationId = string;

/** What an invoker is asked to run: an action at one revision with its merged arguments. */
export interface ActivationMessage {
  activationId: ActivationId;
  /** Transaction id of the request (`X-Request-ID`). */
  transactionId: string;
  action: ActionReference;
  /** Namespace that calls (and in which the record is stored); containers are never shared between two of them. */
  namespace: string;
  /** Subject that calls, as it stands in the record. */
  subject: string;
  /** Merged arguments without the `init` parameters; an array only as the result of one component of a sequence that goes into the next. */
  args: JsonObject | JsonValue[];
  /** `init` parameters, stringified, for the environment at /init. */
  env: Record<string, string>;
  /** The caller's `uuid:key`, present only where the action asks for it (`provide-api-key`). */
  apiKey?: string;
  /** Epoch ms at which the request was accepted; waitTime counts from here. */
  acceptedAt: number;
  /** Somebody waits for the answer. */
  blocking: boolean;
  /** Id of the activation that caused this one, for components of a composition. */
  cause?: ActivationId;
  /** Present where the controller itself runs it: how far it has come. */
  composition?: Composition;
}

/** The action as far as dispatcher and invoker need it; its code travels apart, once per invoker (see link). */
export interface ActionReference {
  /** `namespace/[package/]name`. */
  path: string;
  name: string;
  version: string;
  /** Changes with every update of the action; a warm container serves one revision only. */
  revision: string;
  kind: string;
  /** Of a blackbox action. */
  image?: string;
  limits: ActionLimits;
  /** The annotation `at-most-once`: never run again after an interruption. */
  atMostOnce?: boolean;
  /** Path of the binding through which it was called. */
  binding?: string;
}

/** 0 success, 1 application error, 2 action developer error, 3 whisk internal error. */
export type ResponseStatusCode = 0 | 1 | 2 | 3;

export const RESPONSE_STATUS = ['success', 'application error', 'action developer error', 'whisk internal error'] as const;

export interface ActivationResponse {
  statusCode: ResponseStatusCode;
  result: JsonValue;
  /** Bytes of the result as JSON. */
  size: number;
}

/** What became of one run, as the invoker (or, where none can say, the dispatcher) reports it. Times are epoch ms, durations ms. */
export interface ActivationOutcome {
  response: ActivationResponse;
  /** When /init (cold) or /run (warm) began, and when /run ended. */
  start: number;
  end: number;
  /** Duration of /init plus /run. */
  duration: number;
  /** Only when an /init happened. */
  initTime?: number;
  /** From acceptance to the start of /init or /run. */
  waitTime: number;
  /** The time limit was hit. */
  timedOut: boolean;
  /** `2026-01-02T03:04:05.678Z         stdout: text` */
  logs: string[];
}

/** The one stored record of an activation. */
export interface ActivationRecord {
  namespace: string;
  name: string;
  subject: string;
  activationId: ActivationId;
  start: number;
  end: number;
  duration: number;
  response: ActivationResponse;
  logs: string[];
  version: string;
  publish: boolean;
  annotations: KeyValue[];
  cause?: ActivationId;
}

/** Composes the record from what was asked and what became of it. */
export function activationRecord(message: ActivationMessage, outcome: ActivationOutcome): ActivationRecord {
  const annotations: KeyValue[] = [
    { key: 'path', value: message.action.path },
    { key: 'waitTime', value: outcome.waitTime },
    { key: 'kind', value: message.action.kind },
    { key: 'timeout', value: outcome.timedOut },
    { key: 'limits', value: { ...message.action.limits } },
  ];
  if (outcome.initTime !== undefined) annotations.push({ key: 'initTime', value: outcome.initTime });
  if (message.action.binding !== undefined) annotations.push({ key: 'binding', value: message.action.binding });
  if (message.cause !== undefined) annotations.push({ key: 'causedBy', value: 'sequence' });
  return {
    namespace: message.namespace,
    name: message.action.name,
    subject: message.subject,
    activationId: message.activationId,
    start: outcome.start,
    end: outcome.end,
    duration: outcome.duration,
    response: outcome.response,
    logs: outcome.logs,
    version: message.action.version,
    publish: false,
    annotations,
    ...(message.cause === undefined ? {} : { cause: message.cause }),
  };
}

/** A record's response for an error of the platform or of the action (`{error: text}`). Times are epoch ms. */
export function errorOutcome(
  statusCode: ResponseStatusCode, error: string, message: ActivationMessage, now: number,
): ActivationOutcome {
  const result = { error };
  return {
    response: { statusCode, result, size: Buffer.byteLength(JSON.stringify(result)) },
    start: now, end: now, duration: 0, waitTime: Math.max(0, now - message.acceptedAt), timedOut: false, logs: [],
  };
}
