/**
 * Runs a web action for an HTTP request and answers with what it gave, whichever way the request came (its own URL, a
 * host of its namespace, an API of the gateway). Whoever may call it, it runs in the name of the namespace that owns
 * it, and its activation is stored there. What is not exported does not exist from here.
 */
import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { sameSecret } from '../accounts/same-secret.ts';
import {
  errorProcessingRequest, propertyNotFound, resourceDoesNotExist, responseNotReady, webActionUnauthorized,
} from '../domain/errors.ts';
import type { ActivationRecord } from '../domain/activation.ts';
import type { Identity } from '../domain/identity.ts';
import { isJsonObject } from '../domain/json.ts';
import { MAX_BLOCKING_WAIT_MS } from '../domain/limits.ts';
import type { InvocableActions, WebExport } from '../entities/invocable-actions.ts';
import { findIdentity } from './authentication.ts';
import { nameActivation } from './json-reply.ts';
import type { ApiServices } from './options.ts';
import { rawWebArguments, webArguments } from './web-action-request.ts';
import type { WebExtension } from './web-action-response.ts';
import { sendWebResult } from './web-action-response.ts';

export interface WebActionCall {
  /** Namespace that owns the action, or the binding through which it is called. */
  namespace: string;
  /** `namespace/[package/]name` */
  action: string;
  extension: WebExtension;
  /** Passed to the action: what follows its name in the path, and what follows `?`, both as they were sent. */
  path: string;
  query: string;
  headers: IncomingHttpHeaders;
  /** The platform itself answers what browsers ask of other origins, unless the action wants to. */
  answersCors: boolean;
}

export type WebActionCaller = (request: FastifyRequest, reply: FastifyReply, call: WebActionCall) => Promise<FastifyReply>;

export const WEB_METHODS = ['OPTIONS', 'GET', 'DELETE', 'POST', 'PUT', 'HEAD', 'PATCH'] as const;
const CORS_HEADERS = { 'access-control-allow-origin': '*', 'access-control-allow-methods': WEB_METHODS.join(', ') };
const CORS_ALLOWED_HEADERS = 'Authorization, Origin, X-Requested-With, Content-Type, Accept, User-Agent';

/** Headers that let a browser of any origin go on, whatever headers it asked for. */
export function corsHeaders(request: FastifyRequest): Record<string, string> {
  return { ...CORS_HEADERS, 'access-control-allow-headers': request.headers['access-control-request-headers'] ?? CORS_ALLOWED_HEADERS };
}

/** @returns a caller that throws {ApiError} where the action cannot be called or its result not be sent */
export function webActionCaller(services: ApiServices, invocables: InvocableActions): WebActionCaller {
  const { invocations, clock, throttles, authenticate, ownerOf } = services;

  return async (request, reply, call) => {
    const acceptedAt = clock.now();
    const owner = ownerOf(call.namespace);
    const action = owner === undefined ? undefined : await invocables.findForWeb(call.action);
    if (owner === undefined || action?.web === undefined) throw resourceDoesNotExist();
    const { web } = action;

    if (!web.customOptions && call.answersCors) {
      reply.headers(corsHeaders(request));
      if (request.method === 'OPTIONS') return reply.code(200).send();
    }
    const caller = findIdentity(call.headers.authorization, authenticate);
    // Browsers ask OPTIONS without credentials.
    if (request.method !== 'OPTIONS' && !mayCall(web, call.headers, caller)) throw webActionUnauthorized();

    const given = { request, headers: call.headers, path: call.path, query: call.query, user: caller?.namespace };
    const payload = web.rawHttp ? rawWebArguments(given) : webArguments(given, action.finalKeys);
    throttles.checkInvocation(owner.namespace);
    const answer = await invocations.call(action, { identity: owner, payload, transactionId: request.id, acceptedAt }, MAX_BLOCKING_WAIT_MS);
    nameActivation(reply, answer.activationId);
    if (!answer.done) throw responseNotReady();
    return sendRecord(reply, call.extension, answer.record);
  };
}

function sendRecord(reply: FastifyReply, extension: WebExtension, { response }: ActivationRecord): FastifyReply {
  switch (response.statusCode) {
    case 0:
      return sendWebResult(reply, extension, response.result);
    case 1: {
      // What the action put under `error` is the response: so can an action answer 404.
      const error = isJsonObject(response.result) ? response.result['error'] : undefined;
      if (error === undefined) throw propertyNotFound();
      return sendWebResult(reply, extension, error);
    }
    case 2:
    case 3:
      throw errorProcessingRequest();
  }
}

function mayCall({ requiredAuth }: WebExport, headers: IncomingHttpHeaders, caller: Identity | undefined): boolean {
  if (requiredAuth === undefined) return true;
  if (typeof requiredAuth === 'boolean') return requiredAuth && caller !== undefined;
  const given = headers['x-require-whisk-auth'];
  return typeof given === 'string' && sameSecret(Buffer.from(requiredAuth), given);
}
