/**
 * The collection `triggers`. POST fires one: 202 with the id of the trigger's activation, or 204 and nothing happens
 * where no rule is active.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { checkKeyValueSizes } from '../domain/entity-sizes.ts';
import type { JsonValue } from '../domain/json.ts';
import type { Limits } from '../domain/limits.ts';
import { MAX_PAYLOAD_BYTES, MAX_REQUEST_BYTES } from '../domain/limits.ts';
import { checkEntityName } from '../domain/names.ts';
import { namespaceOrOwn } from '../domain/qualified-name.ts';
import type { TriggerPut } from '../domain/trigger-update.ts';
import { getOfType } from '../entities/find-of-type.ts';
import { deleteTrigger, putTrigger, rulesOf } from '../entities/write-rule.ts';
import { ENTITY_FIELDS, bodyOfShape, entityFields } from './entity-body.ts';
import { sendEntityList } from './entity-list.ts';
import { nameActivation, sendJson } from './json-reply.ts';
import type { ApiServices } from './options.ts';
import { payloadOf } from './payload.ts';
import type { Query } from './query.ts';
import { queryFlag } from './query.ts';
import { jsonBody } from './request-body.ts';
import { addResource } from './resource.ts';
import { callerOf, ownNamespace } from './rest-scope.ts';
import { triggerSummary, triggerView } from './trigger-view.ts';

/** The body of PUT …/triggers/NAME. */
export const TriggerBody = Type.Object(ENTITY_FIELDS);
const SHAPE = Compile(TriggerBody);

interface TriggerParams { ns: string; name: string }

export function addTriggerRoutes(api: FastifyInstance, services: ApiServices): void {
  const { store: { entities }, invocations, throttles, clock, limitsOf } = services;

  addResource(api, ['/:ns/triggers', '/:ns/triggers/'], {
    GET: {
      handler: (request, reply) => {
        const namespace = ownNamespace((request.params as TriggerParams).ns, callerOf(request));
        return sendEntityList(request, reply, entities, 'trigger', { namespace }, triggerSummary);
      },
    },
  });

  addResource(api, ['/:ns/triggers/:name'], {
    GET: {
      handler: async (request, reply) => {
        const at = placeOf(request);
        const { entity } = await getOfType(entities, 'trigger', `${at.namespace}/${at.name}`);
        return sendJson(reply, 200, triggerView(entity, await rulesOf(entities, at)));
      },
    },
    PUT: {
      bodyLimit: MAX_REQUEST_BYTES,
      handler: async (request, reply) => {
        const at = placeOf(request);
        const overwrite = queryFlag(request.query as Query, 'overwrite', false);
        const put = parseTriggerPut(jsonBody(request), limitsOf(at.namespace));
        const entity = await putTrigger(entities, at, put, { overwrite, now: clock.now() });
        return sendJson(reply, 200, triggerView(entity, await rulesOf(entities, at)));
      },
    },
    DELETE: {
      handler: async (request, reply) => {
        const at = placeOf(request);
        const rules = await rulesOf(entities, at);
        return sendJson(reply, 200, triggerView(await deleteTrigger(entities, at), rules));
      },
    },
    POST: {
      bodyLimit: MAX_PAYLOAD_BYTES,
      handler: async (request, reply) => {
        const acceptedAt = clock.now();
        const identity = callerOf(request);
        const at = placeOf(request);
        throttles.checkFire(identity.namespace);
        const payload = payloadOf(request);
        const { entity } = await getOfType(entities, 'trigger', `${at.namespace}/${at.name}`);
        const activationId = await invocations.fire(entity, { identity, payload, transactionId: request.id, acceptedAt });
        if (activationId === undefined) return reply.code(204).send();
        return sendJson(nameActivation(reply, activationId), 202, { activationId });
      },
    },
  });
}

/** @throws {ApiError} 400, 403 */
function placeOf(request: FastifyRequest): { namespace: string; name: string } {
  const { ns, name } = request.params as TriggerParams;
  const caller = callerOf(request);
  const namespace = namespaceOrOwn(ns, caller.namespace);
  checkEntityName(name);
  return { namespace: ownNamespace(namespace, caller, name), name };
}

/** @throws {ApiError} 400, 413 */
function parseTriggerPut(json: JsonValue | undefined, limits: Limits): TriggerPut {
  const put = entityFields(bodyOfShape(SHAPE, json));
  checkKeyValueSizes(put, limits.maxParameterBytes);
  return put;
}
