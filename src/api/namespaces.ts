import type { FastifyInstance } from 'fastify';
import { sendJson } from './json-reply.ts';
import { addResource } from './resource.ts';
import { callerOf } from './rest-scope.ts';

/** A key opens exactly one namespace. */
export function addNamespaceRoutes(api: FastifyInstance): void {
  addResource(api, ['/'], {
    GET: { handler: (request, reply) => sendJson(reply, 200, [callerOf(request).namespace]) },
  });
}
