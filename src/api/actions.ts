/** The collection `actions`: create, update, read, list and delete. Invocation stands in invoke.ts. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Action } from '../domain/action.ts';
import { createAction, updateAction } from '../domain/action-update.ts';
import {
  contentMalformed, namedResourceDoesNotExist, resourceAlreadyExists, resourceDoesNotExist,
} from '../domain/errors.ts';
import { MAX_PAYLOAD_BYTES, MAX_REQUEST_BYTES } from '../domain/limits.ts';
import { checkEntityName } from '../domain/names.ts';
import { KINDS, parseActionPut } from './action-put.ts';
import { actionSummary, actionView } from './action-view.ts';
import { actionInvoker } from './invoke.ts';
import type { InvocableActions } from '../entities/invocable-actions.ts';
import { sendJson } from './json-reply.ts';
import type { ApiServices } from './options.ts';
import type { Query } from './query.ts';
import { queryFlag, queryPage } from './query.ts';
import { jsonBody } from './request-body.ts';
import { addResource } from './resource.ts';
import { callerOf, ownNamespace } from './rest-scope.ts';

interface ActionPath { ns: string; name: string }
interface PackagedPath extends ActionPath { package: string }

export function addActionRoutes(
  api: FastifyInstance, services: ApiServices, invocables: InvocableActions,
): void {
  const { store: { actions }, clock } = services;

  addResource(api, ['/:ns/actions', '/:ns/actions/'], {
    GET: {
      handler: async (request, reply) => {
        const namespace = ownNamespace((request.params as ActionPath).ns, callerOf(request));
        const query = request.query as Query;
        const page = queryPage(query, 'actions');
        if (queryFlag(query, 'count', false)) {
          return sendJson(reply, 200, { actions: Math.max(0, await actions.count(namespace) - page.skip) });
        }
        const found = await actions.list(namespace, page);
        return sendJson(reply, 200, found.map(({ action }) => actionSummary(action)));
      },
    },
  });

  const get = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const at = actionPathOf(request);
    const withCode = queryFlag(request.query as Query, 'code', true);
    const found = await actions.get(`${at.namespace}/${at.name}`);
    if (found === undefined) throw resourceDoesNotExist();
    return sendJson(reply, 200, actionView(found.action, withCode));
  };

  const put = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const at = actionPathOf(request);
    const overwrite = queryFlag(request.query as Query, 'overwrite', false);
    const body = jsonBody(request);
    if (body === undefined) throw contentMalformed('Object expected');
    const limits = services.limitsOf(at.namespace);
    const changes = parseActionPut(body, limits, at.namespace);
    const existing = await actions.get(`${at.namespace}/${at.name}`);
    if (existing !== undefined && !overwrite) throw resourceAlreadyExists();
    const action: Action = existing === undefined
      ? createAction(at, changes, limits, clock.now())
      : updateAction(existing.action, changes, limits, KINDS, clock.now());
    await actions.put(action, existing?.revision);
    return sendJson(reply, 200, actionView(action, true));
  };

  const remove = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const at = actionPathOf(request);
    const path = `${at.namespace}/${at.name}`;
    const existing = await actions.get(path);
    if (existing === undefined) throw resourceDoesNotExist();
    await actions.delete(path, existing.revision);
    return sendJson(reply, 200, actionView(existing.action, true));
  };

  addResource(api, ['/:ns/actions/:name'], {
    GET: { handler: get },
    PUT: { handler: put, bodyLimit: MAX_REQUEST_BYTES },
    DELETE: { handler: remove },
    POST: { handler: actionInvoker(services, invocables), bodyLimit: MAX_PAYLOAD_BYTES },
  });

  addPackagedRoutes(api);
}

/** Where a request's action stands; the order of checks decides which of several errors is told. */
function actionPathOf(request: FastifyRequest): { namespace: string; name: string } {
  const { ns, name } = request.params as ActionPath;
  checkEntityName(name);
  return { namespace: ownNamespace(ns, callerOf(request), name), name };
}

/** There are no packages yet, so that no action can be in one: the answers are those for a package that does not exist. */
function addPackagedRoutes(api: FastifyInstance): void {
  const readMissing = (request: FastifyRequest): never => { throw namedResourceDoesNotExist(packagePathOf(request)); };
  const writeMissing = (request: FastifyRequest): never => {
    packagePathOf(request);
    throw resourceDoesNotExist();
  };
  addResource(api, ['/:ns/actions/:package/'], { GET: { handler: readMissing } });
  addResource(api, ['/:ns/actions/:package/:name'], {
    GET: { handler: readMissing },
    PUT: { handler: writeMissing, bodyLimit: MAX_REQUEST_BYTES },
    DELETE: { handler: writeMissing },
    POST: { handler: readMissing, bodyLimit: MAX_PAYLOAD_BYTES },
  });
}

function packagePathOf(request: FastifyRequest): string {
  const { ns, package: packageName, name } = request.params as Partial<PackagedPath>;
  checkEntityName(packageName ?? '');
  if (name !== undefined) checkEntityName(name);
  const namespace = ownNamespace(ns ?? '', callerOf(request), name === undefined ? packageName : `${packageName ?? ''}/${name}`);
  return `${namespace}/${packageName ?? ''}`;
}
