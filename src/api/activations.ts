/** The collection `activations`: the records of what ran. Read only. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ActivationRecord } from '../domain/activation.ts';
import {
  activationIdIllegal, activationIdLength, badEpoch, badNameFilter, docsNotAllowedWithCount, resourceDoesNotExist,
} from '../domain/errors.ts';
import { isEntityName } from '../domain/names.ts';
import type { ActivationFilter } from '../store/store.ts';
import { activationSummary, activationView, responseView } from './activation-view.ts';
import { sendJson } from './json-reply.ts';
import type { ApiServices } from './options.ts';
import type { Query } from './query.ts';
import { queryFlag, queryPage, queryText } from './query.ts';
import { addResource } from './resource.ts';
import { callerOf, ownNamespace } from './rest-scope.ts';

const ID_LENGTH = 32;
const ID = /^[0-9a-f]+$/;
const EPOCH = /^[+-]?\d{1,15}$/;

export function addActivationRoutes(api: FastifyInstance, { store: { activations } }: ApiServices): void {
  addResource(api, ['/:ns/activations', '/:ns/activations/'], {
    GET: {
      handler: async (request, reply) => {
        const namespace = ownNamespace((request.params as { ns: string }).ns, callerOf(request));
        const query = request.query as Query;
        const page = queryPage(query, 'activations');
        const count = queryFlag(query, 'count', false);
        const docs = queryFlag(query, 'docs', false);
        const filter = filterOf(namespace, query);
        if (count && docs) throw docsNotAllowedWithCount();
        if (count) return sendJson(reply, 200, { activations: Math.max(0, await activations.count(filter) - page.skip) });
        return sendJson(reply, 200, docs
          ? (await activations.list(filter, page)).map(activationView)
          : (await activations.summaries(filter, page)).map(activationSummary));
      },
    },
  });

  const find = async (request: FastifyRequest): Promise<ActivationRecord> => {
    const { ns, id } = request.params as { ns: string; id: string };
    if (id.length !== ID_LENGTH) throw activationIdLength(id.length);
    if (!ID.test(id)) throw activationIdIllegal();
    const record = await activations.get(ownNamespace(ns, callerOf(request), id), id);
    if (record === undefined) throw resourceDoesNotExist();
    return record;
  };

  addResource(api, ['/:ns/activations/:id', '/:ns/activations/:id/'], {
    GET: { handler: async (request, reply) => sendJson(reply, 200, activationView(await find(request))) },
  });
  addResource(api, ['/:ns/activations/:id/logs'], {
    GET: { handler: async (request, reply) => sendJson(reply, 200, { logs: (await find(request)).logs }) },
  });
  addResource(api, ['/:ns/activations/:id/result'], {
    GET: { handler: async (request, reply) => sendJson(reply, 200, responseView((await find(request)).response)) },
  });
}

function filterOf(namespace: string, query: Query): ActivationFilter {
  const name = nameFilter(query);
  const since = epochMs(query, 'since');
  const upto = epochMs(query, 'upto');
  return {
    namespace,
    ...(name === undefined ? {} : { name }),
    ...(since === undefined ? {} : { since }),
    ...(upto === undefined ? {} : { upto }),
  };
}

/** `name` or `package/name` */
function nameFilter(query: Query): string | undefined {
  const text = queryText(query, 'name');
  if (text === undefined || text.trim() === '') return undefined;
  const segments = text.split('/').filter((segment) => segment !== '');
  if (segments.length === 0 || segments.length > 2 || !segments.every(isEntityName)) throw badNameFilter(text);
  return segments.join('/');
}

function epochMs(query: Query, parameter: string): number | undefined {
  const text = queryText(query, parameter);
  if (text === undefined || text === '') return undefined;
  if (!EPOCH.test(text)) throw badEpoch(parameter, text);
  return Number(text);
}
