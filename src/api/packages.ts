/** The collection `packages`: packages and bindings. Whoever asks may read what others have published. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { ApiError, namedResourceDoesNotExist, packageNameReserved } from '../domain/errors.ts';
import { checkKeyValueSizes } from '../domain/entity-sizes.ts';
import type { JsonValue } from '../domain/json.ts';
import type { Limits } from '../domain/limits.ts';
import { MAX_REQUEST_BYTES } from '../domain/limits.ts';
import { checkEntityName } from '../domain/names.ts';
import type { PackagePut } from '../domain/package-update.ts';
import { namespaceOrOwn } from '../domain/qualified-name.ts';
import { listAll } from '../entities/list-all.ts';
import type { OpenPackage } from '../entities/open-package.ts';
import { openPackage } from '../entities/open-package.ts';
import { deletePackage, putPackage } from '../entities/write-package.ts';
import type { EntityStore } from '../store/store.ts';
import { ENTITY_FIELDS, bodyOfShape, entityFields } from './entity-body.ts';
import { sendEntityList } from './entity-list.ts';
import { sendJson } from './json-reply.ts';
import type { ApiServices } from './options.ts';
import { packageSummary, packageView, packageWithActions } from './package-view.ts';
import type { Query } from './query.ts';
import { queryFlag } from './query.ts';
import { jsonBody } from './request-body.ts';
import { addResource } from './resource.ts';
import { callerOf, ownNamespace } from './rest-scope.ts';

/** The body of PUT …/packages/NAME. `binding` without fields is no binding. */
export const PackageBody = Type.Object({
  ...ENTITY_FIELDS,
  binding: Type.Optional(Type.Object({ namespace: Type.Optional(Type.String()), name: Type.Optional(Type.String()) })),
});
/** What it must be where it says something. */
const BINDING = Compile(Type.Object({ namespace: Type.String(), name: Type.String() }));
const SHAPE = Compile(PackageBody);

/** Stands for "no package" in the paths of web actions. */
const RESERVED_NAME = 'default';

interface PackageParams { ns: string; name: string }

export function addPackageRoutes(api: FastifyInstance, services: ApiServices): void {
  const { store: { entities }, clock, limitsOf } = services;

  addResource(api, ['/:ns/packages', '/:ns/packages/'], {
    GET: {
      handler: (request, reply) => {
        const caller = callerOf(request).namespace;
        const namespace = namespaceOrOwn((request.params as PackageParams).ns, caller);
        const filter = namespace === caller ? { namespace } : { namespace, published: true };
        return sendEntityList(request, reply, entities, 'package', filter, packageSummary);
      },
    },
  });

  addResource(api, ['/:ns/packages/:name'], {
    GET: {
      handler: async (request, reply) => {
        const caller = callerOf(request).namespace;
        const { ns, name } = request.params as PackageParams;
        const namespace = namespaceOrOwn(ns, caller);
        checkEntityName(name);
        const { named, provider } = await openForReading(entities, `${namespace}/${name}`, caller);
        const actions = await listAll(entities, 'action', { namespace: provider.entity.namespace, package: provider.entity.name });
        return sendJson(reply, 200, packageWithActions(named.entity, provider.entity, actions.map(({ entity }) => entity)));
      },
    },
    PUT: {
      bodyLimit: MAX_REQUEST_BYTES,
      handler: async (request, reply) => {
        const at = placeOf(request);
        if (at.name === RESERVED_NAME) throw packageNameReserved(at.name);
        const overwrite = queryFlag(request.query as Query, 'overwrite', false);
        const put = parsePackagePut(jsonBody(request), limitsOf(at.namespace), at.namespace);
        return sendJson(reply, 200, packageView(await putPackage(entities, at, put, { overwrite, now: clock.now() })));
      },
    },
    DELETE: {
      handler: async (request, reply) => {
        const at = placeOf(request);
        const force = queryFlag(request.query as Query, 'force', false);
        return sendJson(reply, 200, packageView(await deletePackage(entities, at, force)));
      },
    },
  });
}

/** A package that is missing, here or behind a binding, is told by the name that was asked for. @throws {ApiError} 403, 404, 409 */
async function openForReading(entities: EntityStore, path: string, caller: string): Promise<OpenPackage> {
  try {
    return await openPackage(entities, path, caller);
  } catch (error) {
    throw error instanceof ApiError && error.status === 404 ? namedResourceDoesNotExist(path) : error;
  }
}

/** @throws {ApiError} 400, 403 */
function placeOf(request: FastifyRequest): { namespace: string; name: string } {
  const { ns, name } = request.params as PackageParams;
  const caller = callerOf(request);
  const namespace = namespaceOrOwn(ns, caller.namespace);
  checkEntityName(name);
  return { namespace: ownNamespace(namespace, caller, name), name };
}

/** @throws {ApiError} 400, 413 */
function parsePackagePut(json: JsonValue | undefined, limits: Limits, caller: string): PackagePut {
  const body = bodyOfShape(SHAPE, json, ['binding']);
  const put: PackagePut = entityFields(body);
  if (body.binding !== undefined && Object.keys(body.binding).length > 0) {
    const { namespace, name } = bodyOfShape(BINDING, body.binding);
    checkEntityName(name);
    put.binding = { namespace: namespaceOrOwn(namespace, caller), name };
  }
  checkKeyValueSizes(put, limits.maxParameterBytes);
  return put;
}
