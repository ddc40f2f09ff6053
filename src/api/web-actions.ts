/**
 * Web actions: ANY /api/v1/web/NAMESPACE/PACKAGE|default/ACTION[.EXTENSION][/PATH]. Whoever may call them, they run in
 * the name of the namespace that owns them, and their activations are stored there. What is not exported does not
 * exist from here. Unless the action answers OPTIONS itself, the platform allows requests from every origin.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest, HTTPMethods } from 'fastify';
import { sameSecret } from '../accounts/same-secret.ts';
import {
  errorProcessingRequest, methodNotAllowed, propertyNotFound, resourceDoesNotExist, responseNotReady,
  routeNotFound, urlMalformed, webActionUnauthorized,
} from '../domain/errors.ts';
import type { Identity } from '../domain/identity.ts';
import { isJsonObject } from '../domain/json.ts';
import type { ActivationRecord } from '../domain/activation.ts';
import { MAX_BLOCKING_WAIT_MS, MAX_PAYLOAD_BYTES } from '../domain/limits.ts';
import { isEntityName } from '../domain/names.ts';
import { activationMessage } from '../entities/activation-message.ts';
import { findIdentity } from './authentication.ts';
import type { InvocableActions, WebExport } from '../entities/invocable-actions.ts';
import { nameActivation } from './json-reply.ts';
import type { ApiServices } from './options.ts';
import { rawWebArguments, webArguments } from './web-action-request.ts';
import type { WebExtension } from './web-action-response.ts';
import { WEB_EXTENSIONS, sendWebResult } from './web-action-response.ts';

const PREFIX = '/api/v1/web/';
const METHODS = ['OPTIONS', 'GET', 'DELETE', 'POST', 'PUT', 'HEAD', 'PATCH'] as const satisfies readonly HTTPMethods[];

const CORS_HEADERS = { 'access-control-allow-origin': '*', 'access-control-allow-methods': METHODS.join(', ') };
const CORS_ALLOWED_HEADERS = 'Authorization, Origin, X-Requested-With, Content-Type, Accept, User-Agent';

interface WebAddress {
  namespace: string;
  /** `namespace/[package/]name` */
  action: string;
  extension: WebExtension;
  /** What follows the action, beginning with a slash, and what follows `?`; both as they were sent. */
  rest: string;
  query: string;
}

export function addWebActionRoutes(api: FastifyInstance, services: ApiServices, invocables: InvocableActions): void {
  const { dispatch, clock, authenticate, ownerOf } = services;

  const handler = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const acceptedAt = clock.now();
    const address = webAddress(request.url);
    const owner = ownerOf(address.namespace);
    const action = owner === undefined ? undefined : await invocables.find(address.action);
    if (owner === undefined || action?.web === undefined) throw resourceDoesNotExist();
    const { web } = action;

    if (!web.customOptions) {
      reply.headers(CORS_HEADERS).header('access-control-allow-headers', request.headers['access-control-request-headers'] ?? CORS_ALLOWED_HEADERS);
      if (request.method === 'OPTIONS') return reply.code(200).send();
    }
    const caller = findIdentity(request.headers.authorization, authenticate);
    // Browsers ask OPTIONS without credentials.
    if (request.method !== 'OPTIONS' && !mayCall(web, request, caller)) throw webActionUnauthorized();

    const given = { request, path: address.rest, query: address.query, user: caller?.namespace };
    const payload = web.rawHttp ? rawWebArguments(given) : webArguments(given, action.finalKeys);
    const message = activationMessage(action, { identity: owner, payload, transactionId: request.id, acceptedAt, blocking: true });
    nameActivation(reply, message.activationId);
    const answer = await dispatch.call(message, MAX_BLOCKING_WAIT_MS);
    if (!answer.done) throw responseNotReady();
    return sendAnswer(reply, address.extension, answer.record);
  };

  api.route({ method: [...METHODS], url: `${PREFIX}*`, bodyLimit: MAX_PAYLOAD_BYTES, handler });
  api.route({ method: 'TRACE', url: `${PREFIX}*`, handler: () => { throw methodNotAllowed(METHODS); } });
}

function sendAnswer(reply: FastifyReply, extension: WebExtension, { response }: ActivationRecord): FastifyReply {
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

function mayCall({ requiredAuth }: WebExport, request: FastifyRequest, caller: Identity | undefined): boolean {
  if (requiredAuth === undefined) return true;
  if (typeof requiredAuth === 'boolean') return requiredAuth && caller !== undefined;
  const given = request.headers['x-require-whisk-auth'];
  return typeof given === 'string' && sameSecret(Buffer.from(requiredAuth), given);
}

/** @throws {ApiError} 404 it does not name an action, 400 it is no URL */
function webAddress(url: string): WebAddress {
  const mark = url.indexOf('?');
  const path = mark < 0 ? url : url.slice(0, mark);
  const query = mark < 0 ? '' : url.slice(mark + 1);
  const [rawNamespace = '', rawPackage = '', rawName = '', ...rest] = path.slice(PREFIX.length).split('/');
  const namespace = decoded(rawNamespace);
  const packageName = decoded(rawPackage);
  const [name, extension] = splitExtension(decoded(rawName));
  if (![namespace, packageName, name].every(isEntityName)) throw routeNotFound();
  return {
    namespace,
    action: packageName === 'default' ? `${namespace}/${name}` : `${namespace}/${packageName}/${name}`,
    extension,
    rest: rest.map((segment) => `/${segment}`).join(''),
    query,
  };
}

function decoded(segment: string): string {
  if (!segment.includes('%')) return segment;
  try {
    return decodeURIComponent(segment);
  } catch {
    throw urlMalformed();
  }
}

/** Only known extensions are extensions; anything else after a dot belongs to the name. */
function splitExtension(name: string): [name: string, extension: WebExtension] {
  const dot = name.lastIndexOf('.');
  const extension = dot < 0 ? undefined : WEB_EXTENSIONS.find((known) => known === name.slice(dot + 1));
  return extension === undefined ? [name, 'http'] : [name.slice(0, dot), extension];
}
