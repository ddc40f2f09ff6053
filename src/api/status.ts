import type { FastifyInstance } from 'fastify';
import { adminGuard } from './authentication.ts';
import { sendJson } from './json-reply.ts';
import type { ApiServices, ResolvedApiOptions } from './options.ts';
import { addResource } from './resource.ts';

/** `GET /status`, ours and not OpenWhisk's: what `hpcwhisk status` shows, for whoever holds the admin token. */
export function addStatusRoute(api: FastifyInstance, { dispatch }: ApiServices, { adminToken, statusExtras }: ResolvedApiOptions): void {
  const requireAdmin = adminGuard(adminToken);
  addResource(api, ['/status'], {
    GET: {
      handler: (request, reply) => {
        requireAdmin(request.headers.authorization);
        return sendJson(reply, 200, { ...dispatch.view(), ...statusExtras() });
      },
    },
  });
}
