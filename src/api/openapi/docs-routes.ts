import type { FastifyInstance } from 'fastify';
import { sendBody } from '../compression.ts';
import { sendJson } from '../json-reply.ts';
import type { ResolvedApiOptions } from '../options.ts';
import { addResource } from '../resource.ts';
import { REST_CORS_HEADERS } from '../rest-scope.ts';
import { docsPage } from './docs-page.ts';
import type { OpenApiDocument, Route } from './document.ts';
import { openApiDocument } from './document.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The route only refuses its method: there is nothing to document. */
    refuses?: boolean;
  }
}

/** `/api/v1/api-docs` and `/api/v1/docs`. To be called before any route is added, because it listens to which there are. */
export function addDocsRoutes(api: FastifyInstance, { build }: ResolvedApiOptions): void {
  const routes: Route[] = [];
  api.addHook('onRoute', ({ method, url, config }) => {
    if (config?.refuses === true) return;
    for (const name of [method].flat()) routes.push({ method: name, url });
  });
  let made: OpenApiDocument | undefined;
  const document = (): OpenApiDocument => made ??= openApiDocument(routes, build.number);
  addResource(api, ['/api/v1/api-docs'], {
    GET: { handler: (_request, reply) => sendJson(reply.headers(REST_CORS_HEADERS), 200, document()) },
  });
  addResource(api, ['/api/v1/docs'], {
    GET: {
      handler: (_request, reply) => sendBody(
        reply.headers({ 'content-type': 'text/html; charset=UTF-8', 'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'" }), docsPage(document()),
      ),
    },
  });
}
