/** The collection `rules`. POST activates or deactivates one. Lists show no status: clients read each rule. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { contentMalformed, ruleStatusUnknown } from '../domain/errors.ts';
import { checkKeyValueSizes } from '../domain/entity-sizes.ts';
import { isJsonObject } from '../domain/json.ts';
import type { JsonValue } from '../domain/json.ts';
import type { Limits } from '../domain/limits.ts';
import { MAX_REQUEST_BYTES } from '../domain/limits.ts';
import { checkEntityName } from '../domain/names.ts';
import { namespaceOrOwn, qualifiedPath } from '../domain/qualified-name.ts';
import type { Rule, RuleStatus } from '../domain/rule.ts';
import type { RulePut } from '../domain/rule-update.ts';
import { getOfType } from '../entities/find-of-type.ts';
import { deleteRule, putRule, setRuleStatus } from '../entities/write-rule.ts';
import { ENTITY_FIELDS, bodyOfShape, entityFields } from './entity-body.ts';
import { sendEntityList } from './entity-list.ts';
import { sendJson } from './json-reply.ts';
import type { ApiServices } from './options.ts';
import type { Query } from './query.ts';
import { queryFlag } from './query.ts';
import { jsonBody } from './request-body.ts';
import { addResource } from './resource.ts';
import { callerOf, ownNamespace } from './rest-scope.ts';
import { pathView } from './trigger-view.ts';

/** A name as text, or in two parts as answers give it. */
const Reference = Type.Union([Type.String(), Type.Object({ path: Type.String(), name: Type.String() })]);

/** The body of PUT …/rules/NAME. */
export const RuleBody = Type.Object({
  annotations: ENTITY_FIELDS.annotations,
  version: ENTITY_FIELDS.version,
  publish: ENTITY_FIELDS.publish,
  trigger: Type.Optional(Reference),
  action: Type.Optional(Reference),
});
const SHAPE = Compile(RuleBody);

interface RuleParams { ns: string; name: string }

export function addRuleRoutes(api: FastifyInstance, services: ApiServices): void {
  const { store: { entities }, clock, limitsOf } = services;

  addResource(api, ['/:ns/rules', '/:ns/rules/'], {
    GET: {
      handler: (request, reply) => {
        const namespace = ownNamespace((request.params as RuleParams).ns, callerOf(request));
        return sendEntityList(request, reply, entities, 'rule', { namespace }, ruleSummary);
      },
    },
  });

  addResource(api, ['/:ns/rules/:name'], {
    GET: {
      handler: async (request, reply) => {
        const { namespace, name } = placeOf(request);
        const { entity } = await getOfType(entities, 'rule', `${namespace}/${name}`);
        return sendJson(reply, 200, ruleView(entity, entity.status));
      },
    },
    PUT: {
      bodyLimit: MAX_REQUEST_BYTES,
      handler: async (request, reply) => {
        const at = placeOf(request);
        const overwrite = queryFlag(request.query as Query, 'overwrite', false);
        const put = parseRulePut(jsonBody(request), limitsOf(at.namespace), at.namespace);
        const rule = await putRule(entities, at, put, { overwrite, now: clock.now() });
        return sendJson(reply, 200, ruleView(rule, rule.status));
      },
    },
    DELETE: {
      handler: async (request, reply) => sendJson(reply, 200, ruleView(await deleteRule(entities, placeOf(request)), 'inactive')),
    },
    POST: {
      handler: async (request, reply) => {
        const at = placeOf(request);
        const status = parseStatus(jsonBody(request));
        return sendJson(reply, 200, ruleView(await setRuleStatus(entities, at, status), status));
      },
    },
  });
}

/** @throws {ApiError} 400, 403 */
function placeOf(request: FastifyRequest): { namespace: string; name: string } {
  const { ns, name } = request.params as RuleParams;
  const caller = callerOf(request);
  const namespace = namespaceOrOwn(ns, caller.namespace);
  checkEntityName(name);
  return { namespace: ownNamespace(namespace, caller, name), name };
}

/** @throws {ApiError} 400, 413 */
function parseRulePut(json: JsonValue | undefined, limits: Limits, caller: string): RulePut {
  const body = bodyOfShape(SHAPE, json);
  const put: RulePut = entityFields(body);
  if (body.trigger !== undefined) put.trigger = referredPath(body.trigger, caller);
  if (body.action !== undefined) put.action = referredPath(body.action, caller);
  checkKeyValueSizes(put, limits.maxParameterBytes);
  return put;
}

function referredPath(reference: string | { path: string; name: string }, caller: string): string {
  return qualifiedPath(typeof reference === 'string' ? reference : `${reference.path}/${reference.name}`, caller);
}

/** @throws {ApiError} 400 */
function parseStatus(json: JsonValue | undefined): RuleStatus {
  const status = isJsonObject(json) ? json['status'] : undefined;
  if (status === 'active' || status === 'inactive') return status;
  throw typeof status === 'string' ? ruleStatusUnknown(status) : contentMalformed("'status' must be 'active' or 'inactive'");
}

function ruleView(rule: Rule, status: RuleStatus): object {
  return { ...ruleSummary(rule), status };
}

function ruleSummary({ namespace, name, version, publish, annotations, trigger, action, updated }: Rule): object {
  return { namespace, name, version, publish, annotations, trigger: pathView(trigger), action: pathView(action), updated };
}
