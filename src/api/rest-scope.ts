import type { FastifyInstance, FastifyRequest } from 'fastify';
import { notAuthorized } from '../domain/errors.ts';
import type { Identity } from '../domain/identity.ts';
import { checkNamespaceName } from '../domain/names.ts';
import { requireIdentity } from './authentication.ts';
import type { ApiServices } from './options.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who calls; set for every request below `/api/v1/namespaces`. */
    identity: Identity | null;
  }
}

/** What browsers on other origins may do with the REST API. Web actions answer for themselves. */
export const REST_CORS_HEADERS = {
  'access-control-allow-origin': '*',
  'access-control-allow-headers': 'Authorization, Origin, X-Requested-With, Content-Type, Accept, User-Agent',
  'access-control-allow-methods': 'GET, DELETE, POST, PUT, HEAD',
} as const;

/** Lets only authenticated requests into `api`, before anything of their body is read. */
export function requireAuthentication(api: FastifyInstance, { authenticate }: ApiServices): void {
  api.addHook('onRequest', (request, _reply, done) => {
    request.identity = requireIdentity(request.headers.authorization, authenticate);
    done();
  });
}

/** @throws {Error} when the route stands outside the authenticated scope: a mistake of ours */
export function callerOf(request: FastifyRequest): Identity {
  if (request.identity === null) throw new Error('route without authentication');
  return request.identity;
}

/**
 * The namespace in a request's path, which must be the caller's own; `_` means just that.
 * @param name what is asked for in it, as the refusal names it
 * @throws {ApiError} 400 no namespace's name, 403 somebody else's
 */
export function ownNamespace(namespace: string, caller: Identity, name?: string): string {
  if (namespace === '_' || namespace === caller.namespace) return caller.namespace;
  checkNamespaceName(namespace);
  throw notAuthorized(name === undefined ? namespace : `${namespace}/${name}`);
}
