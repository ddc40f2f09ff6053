import type { FastifyInstance } from 'fastify';
import type { Limits } from '../domain/limits.ts';
import { sendJson } from './json-reply.ts';
import type { ApiServices } from './options.ts';
import { addResource } from './resource.ts';
import { callerOf, ownNamespace } from './rest-scope.ts';

const UNITS = [[1024 ** 2, 'MB'], [1024, 'KB'], [1, 'B']] as const;

/** `GET …/limits`: what the caller's namespace may not exceed. */
export function addLimitRoutes(api: FastifyInstance, { limitsOf }: ApiServices): void {
  addResource(api, ['/:ns/limits', '/:ns/limits/'], {
    GET: {
      handler: (request, reply) => {
        const namespace = ownNamespace((request.params as { ns: string }).ns, callerOf(request));
        return sendJson(reply, 200, userLimits(limitsOf(namespace)));
      },
    },
  });
}

/** OpenWhisk's UserLimits: times in ms, memory and logs in MB, sizes with their unit. */
function userLimits({ action: { timeout, memory, logs, concurrency }, ...limits }: Limits): object {
  return {
    invocationsPerMinute: limits.invocationsPerMinute,
    concurrentInvocations: limits.concurrentInvocations,
    firesPerMinute: limits.firesPerMinute,
    minActionMemory: memory.min, maxActionMemory: memory.max,
    minActionLogs: logs.min, maxActionLogs: logs.max,
    minActionTimeout: timeout.min, maxActionTimeout: timeout.max,
    minActionConcurrency: concurrency.min, maxActionConcurrency: concurrency.max,
    maxParameterSize: sizeText(limits.maxParameterBytes),
    maxPayloadSize: sizeText(limits.maxPayloadBytes),
  };
}

/** In the largest unit that it is a whole number of. */
function sizeText(bytes: number): string {
  const [size, unit] = UNITS.find(([candidate]) => bytes >= candidate && bytes % candidate === 0) ?? [1, 'B'];
  return `${bytes / size} ${unit}`;
}
