import type { FastifyReply } from 'fastify';
import { sendBody } from './compression.ts';

/** Sends `value` as JSON, printed once. */
export function sendJson(reply: FastifyReply, status: number, value: unknown): FastifyReply {
  return sendBody(reply.code(status).header('content-type', 'application/json'), JSON.stringify(value));
}

/** Names the activation that a request caused, in the header that clients look for. */
export function nameActivation(reply: FastifyReply, activationId: string): FastifyReply {
  return reply.header('x-openwhisk-activation-id', activationId);
}
