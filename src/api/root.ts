/** What a client can ask without a key: what this platform is and whether it can work. */
import type { FastifyInstance } from 'fastify';
import type { DispatchView } from '../dispatch/dispatch.ts';
import type { Limits } from '../domain/limits.ts';
import { RUNTIME_KINDS } from '../runtimes/kinds.ts';
import { sendJson } from './json-reply.ts';
import type { ApiServices, ResolvedApiOptions } from './options.ts';
import { addResource } from './resource.ts';
import { REST_CORS_HEADERS } from './rest-scope.ts';

const MB = 1024 * 1024;

export function addRootRoutes(api: FastifyInstance, { dispatch }: ApiServices, options: ResolvedApiOptions): void {
  const description = platformDescription(options.limits);
  addResource(api, ['/'], { GET: { handler: (_request, reply) => sendJson(reply, 200, description) } });
  addResource(api, ['/api/v1', '/api/v1/'], {
    GET: { handler: (_request, reply) => sendJson(reply.headers(REST_CORS_HEADERS), 200, versionDescription(options)) },
  });
  addResource(api, ['/ping'], { GET: { handler: (_request, reply) => reply.header('content-type', 'text/plain; charset=UTF-8').send('pong') } });
  addResource(api, ['/invokers', '/invokers/'], {
    GET: { handler: (_request, reply) => sendJson(reply, 200, invokerStates(dispatch.view())) },
  });
  addResource(api, ['/invokers/healthy/count'], {
    GET: { handler: (_request, reply) => sendJson(reply, 200, healthyInvokers(dispatch.view())) },
  });
  addResource(api, ['/invokers/ready'], {
    GET: {
      handler: (_request, reply) => {
        const view = dispatch.view();
        const healthy = healthyInvokers(view);
        const total = view.invokers.length;
        if (healthy > 0) return sendJson(reply, 200, { healthy: `${healthy}/${total}` });
        return sendJson(reply, 500, { unhealthy: `${total - healthy}/${total}` });
      },
    },
  });
}

function healthyInvokers(view: DispatchView): number {
  return view.invokers.filter(({ state }) => state === 'healthy').length;
}

/** Our states in OpenWhisk's words: one that drains takes no work, one that is silent is gone until it speaks. */
function invokerStates(view: DispatchView): Record<string, string> {
  const words = { healthy: 'up', draining: 'unhealthy', silent: 'down' } as const;
  return Object.fromEntries(view.invokers.map(({ id, node, state }) => [`${id}/${node}`, words[state]]));
}

/** Clients show the limits and check against them before they deploy. */
function platformDescription(limits: Limits): object {
  const { timeout, memory, logs } = limits.action;
  const quotas = {
    actions_per_minute: limits.invocationsPerMinute, triggers_per_minute: limits.firesPerMinute,
    concurrent_actions: limits.concurrentInvocations, sequence_length: limits.sequenceLength,
  };
  const runtimes: Record<string, object[]> = {};
  for (const { family, kind, image, deprecated, default: standard, requireMain } of RUNTIME_KINDS) {
    (runtimes[family] ??= []).push({ kind, image, deprecated, default: standard, attached: true, requireMain });
  }
  const ranges = {
    min_action_duration: timeout.min, max_action_duration: timeout.max,
    min_action_memory: memory.min * MB, max_action_memory: memory.max * MB,
    min_action_logs: logs.min * MB, max_action_logs: logs.max * MB,
  };
  const sameForNamespaces = Object.fromEntries(Object.entries(ranges).map(([name, value]) => [`default_${name}`, value]));
  return {
    description: 'OpenWhisk',
    support: { github: 'https://github.com/apache/openwhisk/issues', slack: 'http://slack.openwhisk.org' },
    api_paths: ['/api/v1'],
    limits: { ...quotas, ...ranges, ...sameForNamespaces },
    runtimes,
  };
}

function versionDescription({ build }: ResolvedApiOptions): object {
  return {
    description: 'OpenWhisk API',
    api_version: '1.0.0',
    api_version_path: 'v1',
    build: build.date,
    buildno: build.number,
    swagger_paths: { ui: '/docs', 'api-docs': '/api-docs' },
  };
}
