import type { FastifyInstance, HTTPMethods, RouteHandlerMethod } from 'fastify';
import { methodNotAllowed } from '../domain/errors.ts';

const METHODS = ['GET', 'PUT', 'POST', 'DELETE', 'PATCH', 'HEAD', 'TRACE'] as const satisfies readonly HTTPMethods[];

type Method = 'GET' | 'PUT' | 'POST' | 'DELETE';

interface Operation {
  handler: RouteHandlerMethod;
  /** Bytes of the request's body. */
  bodyLimit?: number;
}

/**
 * Serves the methods of one resource at one or more paths; the other methods get 405 with the list of those that exist.
 */
export function addResource(api: FastifyInstance, urls: readonly string[], operations: Partial<Record<Method, Operation>>): void {
  const allowed = Object.keys(operations);
  for (const url of urls) {
    for (const [method, operation] of Object.entries(operations)) api.route({ method, url, ...operation });
    api.route({
      // HEAD comes with GET by itself.
      method: METHODS.filter((method) => !allowed.includes(method) && !(method === 'HEAD' && allowed.includes('GET'))),
      url,
      config: { refuses: true },
      handler: () => { throw methodNotAllowed(allowed); },
    });
  }
}
