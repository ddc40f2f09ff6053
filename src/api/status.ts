import type { FastifyInstance } from 'fastify';
import { sameSecret } from '../accounts/same-secret.ts';
import { adminTokenInvalid } from '../domain/errors.ts';
import { sendJson } from './json-reply.ts';
import type { ApiServices, ResolvedApiOptions } from './options.ts';
import { addResource } from './resource.ts';

const BEARER = /^bearer +(\S+)$/i;

/** `GET /status`, ours and not OpenWhisk's: what `hpcwhisk status` shows, for whoever holds the admin token. */
export function addStatusRoute(api: FastifyInstance, { dispatch }: ApiServices, { adminToken, statusExtras }: ResolvedApiOptions): void {
  const expected = Buffer.from(adminToken);
  addResource(api, ['/status'], {
    GET: {
      handler: (request, reply) => {
        const token = BEARER.exec(request.headers.authorization ?? '')?.[1];
        if (token === undefined || !sameSecret(expected, token)) throw adminTokenInvalid();
        return sendJson(reply, 200, { ...dispatch.view(), ...statusExtras() });
      },
    },
  });
}
