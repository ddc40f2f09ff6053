/**
 * The gateway: ANY /api/NAMESPACE/PATH, where the APIs that a namespace has created are served. It finds the operation
 * and calls its web action; nothing else can be behind an operation, so that nobody gets to send requests from here.
 * No key is needed: who made the API wanted it called. The gateway shows the action the word it asks for
 * (`require-whisk-auth`) where the API was created with it.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { methodNotAllowed, noGatewayBackend, routeNotFound } from '../../domain/errors.ts';
import { MAX_PAYLOAD_BYTES } from '../../domain/limits.ts';
import type { WebActionCaller } from '../web-action-call.ts';
import { WEB_METHODS } from '../web-action-call.ts';
import type { ApiCatalogue, StoredApi } from './api-catalogue.ts';
import type { Verb } from './api-document.ts';
import { VERBS } from './api-document.ts';
import { readGatewayPath } from './gateway-path.ts';
import type { Match } from './route-table.ts';
import { RouteTable } from './route-table.ts';

/** More tables than this in use at once only cost making them again. */
const TABLES_LIMIT = 1_000;

/** @param answerNotFound for what is none of the gateway's: throws */
export function addGatewayRoutes(api: FastifyInstance, catalogue: ApiCatalogue, callWebAction: WebActionCaller, answerNotFound: (request: FastifyRequest) => never): void {
  const tables = new RouteTables(catalogue);
  const handler = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const asked = readGatewayPath(request.url);
    if (asked === undefined) return answerNotFound(request);
    const match = (await tables.of(asked.namespace)).find(asked.path);
    if (match === undefined) throw routeNotFound();
    const { backends, everyOrigin } = match.route;
    if (everyOrigin) reply.headers(originHeaders(request, match));
    const verb = VERBS.find((known) => known === request.method.toLowerCase());
    if (verb === undefined || !backends.has(verb)) {
      if (verb === 'options' && everyOrigin) return reply.code(200).send();
      throw methodNotAllowed(verbsOf(match));
    }
    const backend = backends.get(verb);
    if (backend === undefined) throw noGatewayBackend();
    return callWebAction(request, reply, {
      namespace: backend.namespace, action: backend.action, extension: backend.extension,
      path: backend.withPath ? asked.path : match.rest,
      query: asked.query,
      headers: { ...request.headers, ...Object.fromEntries(backend.headers) },
      answersCors: false,
    });
  };
  api.route({ method: [...WEB_METHODS], url: '/api/*', bodyLimit: MAX_PAYLOAD_BYTES, handler });
}

/** The tables of namespaces, made anew when one of the APIs has changed: each request asks the store for their revisions. */
class RouteTables {
  readonly #catalogue: ApiCatalogue;
  readonly #known = new Map<string, { revisions: string; table: RouteTable }>();

  constructor(catalogue: ApiCatalogue) {
    this.#catalogue = catalogue;
  }

  async of(namespace: string): Promise<RouteTable> {
    const apis = await this.#catalogue.list(namespace);
    const revisions = revisionsOf(apis);
    const known = this.#known.get(namespace);
    if (known?.revisions === revisions) return known.table;
    if (this.#known.size >= TABLES_LIMIT) this.#known.clear();
    const table = new RouteTable(apis);
    if (apis.length > 0) this.#known.set(namespace, { revisions, table });
    return table;
  }
}

function revisionsOf(apis: readonly StoredApi[]): string {
  return JSON.stringify(apis.map(({ basePath, revision }) => [basePath, revision]));
}

function originHeaders(request: FastifyRequest, match: Match): Record<string, string> {
  const asked = request.headers['access-control-request-headers'];
  return {
    'access-control-allow-origin': '*',
    'access-control-allow-methods': [...new Set([...verbsOf(match), 'OPTIONS'])].join(', '),
    ...(asked === undefined ? {} : { 'access-control-allow-headers': asked }),
  };
}

function verbsOf({ route: { backends } }: Match): string[] {
  return [...backends.keys()].map((verb: Verb) => verb.toUpperCase());
}
