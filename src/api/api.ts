/**
 * The HTTP API: OpenWhisk's REST API v1 and what its controller serves beside it. A request passes here in this order:
 * transaction id, length of its URL, authentication (below /api/v1/namespaces), body, then the handler of its
 * collection; whatever is thrown on the way becomes `{error, code}` in error-mapping.ts.
 */
import Fastify from 'fastify';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { routeNotFound, urlTooLong } from '../domain/errors.ts';
import { MAX_PAYLOAD_BYTES } from '../domain/limits.ts';
import { addAccountsRoute } from './admin-accounts.ts';
import { addActionRoutes } from './actions.ts';
import { addActivationRoutes } from './activations.ts';
import { requireIdentity } from './authentication.ts';
import { addDrain } from './drain.ts';
import { answerBrokenRequest, mapErrors, sendMapped } from './error-mapping.ts';
import { ApiCatalogue } from './gateway/api-catalogue.ts';
import { addGatewayRoutes } from './gateway/gateway-routes.ts';
import { addManagementRoutes } from './gateway/management-routes.ts';
import { InvocableActions } from '../entities/invocable-actions.ts';
import { addLimitRoutes } from './limits.ts';
import { addDocsRoutes } from './openapi/docs-routes.ts';
import { addNamespaceRoutes } from './namespaces.ts';
import type { ApiServices } from './options.ts';
import { addPackageRoutes } from './packages.ts';
import { payingNamespace } from './paying-namespace.ts';
import { resolveApiOptions } from './options.ts';
import { readBodiesAsBytes } from './request-body.ts';
import { REST_CORS_HEADERS, requireAuthentication } from './rest-scope.ts';
import { addRootRoutes } from './root.ts';
import { addRuleRoutes } from './rules.ts';
import { addStatusRoute } from './status.ts';
import { transactionIdOf } from './transaction-id.ts';
import { addTriggerRoutes } from './triggers.ts';
import { webActionCaller } from './web-action-call.ts';
import { addWebActionRoutes } from './web-actions.ts';
import { webDomainRewriter } from './web-domain.ts';

/** Longer than the 60 s that a blocking call may wait, so that its connection is not closed under it. */
const KEEP_ALIVE_MS = 70_000;
/** For a whole request to arrive. */
const REQUEST_TIMEOUT_MS = 75_000;
const MAX_URL_LENGTH = 8192;

/** Builds the API, not yet listening: `await api.listen({ host, port })`. `api.server` takes WebSocket upgrades beside it. */
export function createApi(services: ApiServices): FastifyInstance {
  const options = resolveApiOptions(services.options);
  const { logger } = services;
  const api = Fastify({
    genReqId: transactionIdOf,
    requestIdHeader: false,
    bodyLimit: MAX_PAYLOAD_BYTES,
    keepAliveTimeout: KEEP_ALIVE_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    routerOptions: { maxParamLength: MAX_URL_LENGTH },
    exposeHeadRoutes: true,
    return503OnClosing: false,
    ...(options.webDomain === undefined ? {} : { rewriteUrl: webDomainRewriter(options.webDomain) }),
    frameworkErrors: (error, request, reply) => { sendMapped(error, request, reply, logger); },
    clientErrorHandler: answerBrokenRequest,
  });
  api.decorateRequest('identity', null);
  const payloadLimitOf = ({ identity, url }: FastifyRequest): number => {
    const namespace = identity?.namespace ?? payingNamespace(url);
    return (namespace === undefined ? options.limits : services.limitsOf(namespace)).maxPayloadBytes;
  };
  readBodiesAsBytes(api, payloadLimitOf);
  mapErrors(api, logger);
  const refusalOf = addDrain(api);
  api.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id);
    done(request.url.length > MAX_URL_LENGTH ? urlTooLong(MAX_URL_LENGTH) : refusalOf(request.url));
  });

  addDocsRoutes(api, options);

  const answerNotFound = (request: FastifyRequest): never => {
    // Who has no key is not told which paths exist.
    if (request.url.startsWith('/api/v1/')) requireIdentity(request.headers.authorization, services.authenticate);
    throw routeNotFound();
  };
  const invocables = new InvocableActions(services.store.entities);
  addRootRoutes(api, services, options);
  addStatusRoute(api, services, options);
  if (services.accounts !== undefined) addAccountsRoute(api, services.accounts, options);
  const callWebAction = webActionCaller(services, invocables);
  addWebActionRoutes(api, callWebAction);
  const catalogue = new ApiCatalogue(services.store.documents);
  addManagementRoutes(api, services, catalogue);
  addGatewayRoutes(api, catalogue, callWebAction, answerNotFound);
  for (const url of ['/', '/*', '/api/v1', '/api/v1/*']) api.options(url, (_request, reply) => reply.headers(REST_CORS_HEADERS).code(200).send());
  void api.register((rest, _options, done) => {
    rest.addHook('onRequest', (_request, reply, next) => {
      reply.headers(REST_CORS_HEADERS);
      next();
    });
    requireAuthentication(rest, services);
    addNamespaceRoutes(rest);
    addLimitRoutes(rest, services);
    addActionRoutes(rest, services, invocables);
    addPackageRoutes(rest, services);
    addTriggerRoutes(rest, services);
    addRuleRoutes(rest, services);
    addActivationRoutes(rest, services);
    done();
  }, { prefix: '/api/v1/namespaces' });
  api.setNotFoundHandler(answerNotFound);
  return api;
}
