/**
 * POST …/actions/NAME. A non-blocking call is answered with its id once it is journalled (202). A blocking one waits for
 * its record: 200 success, 502 the action failed, 500 the platform failed, and 202 with the id when the wait ends first.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ActivationRecord } from '../domain/activation.ts';
import { contentMalformed, parametersNotAllowed, resourceDoesNotExist } from '../domain/errors.ts';
import type { JsonObject } from '../domain/json.ts';
import { isJsonObject } from '../domain/json.ts';
import { checkEntityName } from '../domain/names.ts';
import { activationMessage, setsAnyOf } from '../entities/activation-message.ts';
import { activationView } from './activation-view.ts';
import type { InvocableActions } from '../entities/invocable-actions.ts';
import { nameActivation, sendJson } from './json-reply.ts';
import type { ApiServices } from './options.ts';
import type { Query } from './query.ts';
import { queryFlag, queryWait } from './query.ts';
import { jsonBody } from './request-body.ts';
import { callerOf, ownNamespace } from './rest-scope.ts';

export function actionInvoker({ dispatch, clock, throttles }: ApiServices, invocables: InvocableActions) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const acceptedAt = clock.now();
    const { ns, name } = request.params as { ns: string; name: string };
    const identity = callerOf(request);
    checkEntityName(name);
    // OpenWhisk counts a request before it looks whether there is such an action.
    throttles.checkInvocation(identity.namespace);
    const namespace = ownNamespace(ns, identity, name);
    const query = request.query as Query;
    const blocking = queryFlag(query, 'blocking', false);
    const resultOnly = queryFlag(query, 'result', false);
    const waitMs = queryWait(query);
    const payload = payloadOf(request);

    const action = await invocables.find(`${namespace}/${name}`, identity);
    if (action === undefined) throw resourceDoesNotExist();
    if (setsAnyOf(payload, action.finalKeys)) throw parametersNotAllowed();
    const message = activationMessage(action, { identity, payload, transactionId: request.id, acceptedAt }, blocking);
    nameActivation(reply, message.activationId);

    if (!blocking) {
      await dispatch.submit(message);
      return sendJson(reply, 202, { activationId: message.activationId });
    }
    const answer = await dispatch.call(message, waitMs);
    if (!answer.done) return sendJson(reply, 202, { activationId: message.activationId });
    return sendRecord(reply, answer.record, resultOnly);
  };
}

function sendRecord(reply: FastifyReply, record: ActivationRecord, resultOnly: boolean): FastifyReply {
  const { statusCode, result } = record.response;
  const status = statusCode === 0 ? 200 : statusCode === 3 ? 500 : 502;
  // An array is answered bare whatever was asked: OpenWhisk's way since actions may return arrays.
  return sendJson(reply, status, resultOnly || Array.isArray(result) ? result : activationView(record));
}

function payloadOf(request: FastifyRequest): JsonObject {
  const body = jsonBody(request);
  if (body === undefined) return {};
  if (!isJsonObject(body)) throw contentMalformed('Object expected');
  return body;
}
