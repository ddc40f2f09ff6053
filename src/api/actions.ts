/**
 * The collection `actions`, in the default package (`actions/NAME`) and in others (`actions/PACKAGE/NAME`): create,
 * update, read, list and delete. Invocation stands in invoke.ts. Read and invoked is also what is in a published
 * package of somebody else's, and through a binding what is in the package behind it; written is only at home.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Action } from '../domain/action.ts';
import { actionPath } from '../domain/action.ts';
import type { Identity } from '../domain/identity.ts';
import { routeNotFound } from '../domain/errors.ts';
import { MAX_PAYLOAD_BYTES, MAX_REQUEST_BYTES } from '../domain/limits.ts';
import { checkEntityName } from '../domain/names.ts';
import { namespaceOrOwn } from '../domain/qualified-name.ts';
import { getOfType } from '../entities/find-of-type.ts';
import type { InvocableActions } from '../entities/invocable-actions.ts';
import { mergedParameters } from '../entities/invocable-action.ts';
import { openPackage } from '../entities/open-package.ts';
import { deleteAction, putAction } from '../entities/write-action.ts';
import { KINDS, parseActionPut } from './action-put.ts';
import { actionSummary, actionView } from './action-view.ts';
import { sendEntityList } from './entity-list.ts';
import { actionInvoker } from './invoke.ts';
import { sendJson } from './json-reply.ts';
import type { ApiServices } from './options.ts';
import type { Query } from './query.ts';
import { queryFlag } from './query.ts';
import { jsonBody } from './request-body.ts';
import { addResource } from './resource.ts';
import { callerOf, ownNamespace } from './rest-scope.ts';

interface ActionParams { ns: string; package?: string; name: string }
type ActionPlace = Pick<Action, 'namespace' | 'package' | 'name'>;

export function addActionRoutes(api: FastifyInstance, services: ApiServices, invocables: InvocableActions): void {
  const { store: { entities }, clock, limitsOf } = services;

  addResource(api, ['/:ns/actions', '/:ns/actions/'], {
    GET: {
      handler: (request, reply) => {
        const namespace = ownNamespace((request.params as ActionParams).ns, callerOf(request));
        return sendEntityList(request, reply, entities, 'action', { namespace }, actionSummary);
      },
    },
  });

  api.get('/:ns/actions/:package/', async (request, reply) => {
    const { ns, package: name = '' } = request.params as ActionParams;
    const caller = callerOf(request);
    const namespace = namespaceOrOwn(ns, caller.namespace);
    checkEntityName(name);
    const { provider } = await openPackage(entities, `${namespace}/${name}`, caller.namespace);
    const filter = { namespace: provider.entity.namespace, package: provider.entity.name };
    return sendEntityList(request, reply, entities, 'action', filter, actionSummary);
  });
  api.route({
    method: ['PUT', 'POST', 'DELETE', 'PATCH', 'TRACE'], url: '/:ns/actions/:package/', config: { refuses: true },
    // As OpenWhisk has it: with a slash at its end the path names a list, which no other method finds.
    handler: () => { throw routeNotFound(); },
  });

  const get = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const caller = callerOf(request);
    const at = placeOf(request, caller);
    const withCode = queryFlag(request.query as Query, 'code', true);
    if (at.package === undefined) {
      ownNamespace(at.namespace, caller, at.name);
      return sendJson(reply, 200, actionView((await getOfType(entities, 'action', actionPath(at))).entity, withCode));
    }
    const opened = await openPackage(entities, `${at.namespace}/${at.package}`, caller.namespace);
    const { namespace, name } = opened.provider.entity;
    const { entity } = await getOfType(entities, 'action', `${namespace}/${name}/${at.name}`);
    const binding = opened.named.entity.binding === undefined ? undefined : `${at.namespace}/${at.package}`;
    return sendJson(reply, 200, actionView({ ...entity, parameters: mergedParameters(entity, opened) }, withCode, binding));
  };

  const put = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const at = ownPlaceOf(request);
    const overwrite = queryFlag(request.query as Query, 'overwrite', false);
    const limits = limitsOf(at.namespace);
    const changes = parseActionPut(jsonBody(request), limits, at.namespace);
    const action = await putAction(entities, at, changes, { overwrite, limits, kinds: KINDS, now: clock.now() });
    return sendJson(reply, 200, actionView(action, true));
  };

  const remove = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> =>
    sendJson(reply, 200, actionView(await deleteAction(entities, ownPlaceOf(request)), true));

  addResource(api, ['/:ns/actions/:name', '/:ns/actions/:package/:name'], {
    GET: { handler: get },
    PUT: { handler: put, bodyLimit: MAX_REQUEST_BYTES },
    DELETE: { handler: remove },
    POST: { handler: actionInvoker(services, invocables), bodyLimit: MAX_PAYLOAD_BYTES },
  });
}

/** Where a request's action stands. The order of checks decides which of several errors is told. */
function placeOf(request: FastifyRequest, caller: Identity): ActionPlace {
  const { ns, package: packageName, name } = request.params as ActionParams;
  const namespace = namespaceOrOwn(ns, caller.namespace);
  if (packageName !== undefined) checkEntityName(packageName);
  checkEntityName(name);
  return packageName === undefined ? { namespace, name } : { namespace, package: packageName, name };
}

/** @throws {ApiError} 400, 403 */
function ownPlaceOf(request: FastifyRequest): ActionPlace {
  const caller = callerOf(request);
  const at = placeOf(request, caller);
  ownNamespace(at.namespace, caller, at.package === undefined ? at.name : `${at.package}/${at.name}`);
  return at;
}
