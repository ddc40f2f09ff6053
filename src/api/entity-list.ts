import type { FastifyReply, FastifyRequest } from 'fastify';
import type { EntityType } from '../domain/entity.ts';
import type { EntityFilter, EntityStore, Stored } from '../store/store.ts';
import { sendJson } from './json-reply.ts';
import type { Query } from './query.ts';
import { queryFlag, queryPage } from './query.ts';

/**
 * Answers a list of a collection, newest first: one page of summaries, or with `count=true` how many there are after
 * those to skip.
 * @throws {ApiError} 400
 */
export async function sendEntityList<Type extends EntityType>(
  request: FastifyRequest, reply: FastifyReply, entities: EntityStore, type: Type, filter: EntityFilter, summary: (entity: Stored<Type>['entity']) => object,
): Promise<FastifyReply> {
  const query = request.query as Query;
  const collection = `${type}s`;
  const page = queryPage(query, collection);
  if (queryFlag(query, 'count', false)) {
    return sendJson(reply, 200, { [collection]: Math.max(0, await entities.count(type, filter) - page.skip) });
  }
  const found = await entities.list(type, filter, page);
  return sendJson(reply, 200, found.map(({ entity }) => summary(entity)));
}
