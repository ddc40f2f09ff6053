/** The management actions at the URLs of web actions, `/api/v1/web/whisk.system/apimgmt/NAME[.EXTENSION]`: where `wsk` and the npm client call them. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { resourceDoesNotExist } from '../../domain/errors.ts';
import type { JsonObject } from '../../domain/json.ts';
import { MAX_REQUEST_BYTES } from '../../domain/limits.ts';
import { findIdentity } from '../authentication.ts';
import type { ApiServices } from '../options.ts';
import { corsHeaders, WEB_METHODS } from '../web-action-call.ts';
import { webArguments } from '../web-action-request.ts';
import { sendWebResult } from '../web-action-response.ts';
import { readWebAddress } from '../web-actions.ts';
import type { ApiCatalogue } from './api-catalogue.ts';
import { ApiManagementError } from './api-management-error.ts';
import type { ManagementAction, ManagementCall } from './api-management.ts';
import { managementActions, managementAnswer, managementFailure } from './api-management.ts';

const PACKAGE = '/api/v1/web/whisk.system/apimgmt';
const NO_FIXED_PARAMETERS: ReadonlySet<string> = new Set();

export function addManagementRoutes(api: FastifyInstance, { authenticate }: ApiServices, catalogue: ApiCatalogue): void {
  const actions = managementActions(catalogue);
  const callerOf = ({ headers }: FastifyRequest): string | undefined => findIdentity(headers.authorization, authenticate)?.namespace;

  const answer = async (request: FastifyRequest, reply: FastifyReply, caller: string | undefined): Promise<FastifyReply> => {
    const { action, extension, path, query } = readWebAddress(request.url);
    const run = actions.get(action.slice(action.lastIndexOf('/') + 1));
    if (run === undefined) throw resourceDoesNotExist();
    reply.headers(corsHeaders(request));
    if (request.method === 'OPTIONS') return reply.code(200).send();
    const given = { request, headers: request.headers, path, query, user: caller };
    const args = caller === undefined ? {} : webArguments(given, NO_FIXED_PARAMETERS);
    return sendWebResult(reply, extension, await answerOf(run, { args, caller, origin: originOf(request) }));
  };

  api.route({
    // A whole Swagger document is larger than a payload may be.
    method: [...WEB_METHODS], url: `${PACKAGE}/*`, bodyLimit: MAX_REQUEST_BYTES,
    // Of who has no key, nothing so large is read.
    onRequest: async (request, reply) => {
      if (callerOf(request) === undefined) await answer(request, reply, undefined);
    },
    handler: (request, reply) => answer(request, reply, callerOf(request)),
  });
}

async function answerOf(run: ManagementAction, call: ManagementCall): Promise<JsonObject> {
  try {
    return managementAnswer(await run(call));
  } catch (error) {
    if (error instanceof ApiManagementError) return managementFailure(error);
    throw error;
  }
}

/** Scheme and authority under which this client reaches the platform. */
function originOf(request: FastifyRequest): string {
  return `${request.protocol}://${request.host}`;
}
