/**
 * POST …/actions/[PACKAGE/]NAME. A non-blocking call is answered with its id once it is journalled (202). A blocking one waits for
 * its record: 200 success, 502 the action failed, 500 the platform failed, and 202 with the id when the wait ends first.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ActivationId, ActivationRecord } from '../domain/activation.ts';
import { parametersNotAllowed, resourceDoesNotExist } from '../domain/errors.ts';
import { checkEntityName } from '../domain/names.ts';
import { namespaceOrOwn } from '../domain/qualified-name.ts';
import { setsAnyOf } from '../entities/activation-message.ts';
import type { InvocableActions } from '../entities/invocable-actions.ts';
import { activationView } from './activation-view.ts';
import { nameActivation, sendJson } from './json-reply.ts';
import type { ApiServices } from './options.ts';
import { payloadOf } from './payload.ts';
import type { Query } from './query.ts';
import { queryFlag, queryWait } from './query.ts';
import { callerOf } from './rest-scope.ts';

export function actionInvoker({ invocations, clock, throttles }: ApiServices, invocables: InvocableActions) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const acceptedAt = clock.now();
    const { ns, package: packageName, name } = request.params as { ns: string; package?: string; name: string };
    const identity = callerOf(request);
    const namespace = namespaceOrOwn(ns, identity.namespace);
    if (packageName !== undefined) checkEntityName(packageName);
    checkEntityName(name);
    // OpenWhisk counts a request before it looks whether there is such an action.
    throttles.checkInvocation(identity.namespace);
    const query = request.query as Query;
    const blocking = queryFlag(query, 'blocking', false);
    const resultOnly = queryFlag(query, 'result', false);
    const waitMs = queryWait(query);
    const payload = payloadOf(request);

    const action = await invocables.find(packageName === undefined ? `${namespace}/${name}` : `${namespace}/${packageName}/${name}`, identity);
    if (action === undefined) throw resourceDoesNotExist();
    if (setsAnyOf(payload, action.finalKeys)) throw parametersNotAllowed();
    const invocation = { identity, payload, transactionId: request.id, acceptedAt };

    if (!blocking) return sendId(reply, await invocations.submit(action, invocation));
    const answer = await invocations.call(action, invocation, waitMs);
    if (!answer.done) return sendId(reply, answer.activationId);
    return sendRecord(nameActivation(reply, answer.activationId), answer.record, resultOnly);
  };
}

function sendId(reply: FastifyReply, activationId: ActivationId): FastifyReply {
  return sendJson(nameActivation(reply, activationId), 202, { activationId });
}

function sendRecord(reply: FastifyReply, record: ActivationRecord, resultOnly: boolean): FastifyReply {
  const { statusCode, result } = record.response;
  const status = statusCode === 0 ? 200 : statusCode === 3 ? 500 : 502;
  // An array is answered bare whatever was asked: OpenWhisk's way since actions may return arrays.
  return sendJson(reply, status, resultOnly || Array.isArray(result) ? result : activationView(record));
}
