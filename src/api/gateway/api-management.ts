/**
 * What `wsk api` calls: createApi, getApi and deleteApi of the package /whisk.system/apimgmt, done by the platform
 * itself. They take the arguments of a web action and give the answer's value.
 */
import type { JsonObject, JsonValue } from '../../domain/json.ts';
import { isJsonObject } from '../../domain/json.ts';
import { RevisionConflict } from '../../store/store.ts';
import type { ApiCatalogue, StoredApi } from './api-catalogue.ts';
import { newApiDocument, pathsOf, withEndpoint, withoutEndpoint } from './api-document.ts';
import { ApiManagementError } from './api-management-error.ts';
import type { CreateRequest } from './create-request.ts';
import { checkPath, readCreateRequest } from './create-request.ts';
import { gatewayUrl } from './gateway-path.ts';

export interface ManagementCall {
  /** Query and body of the request. */
  args: JsonObject;
  /** Namespace of the caller; undefined where none is proven. */
  caller: string | undefined;
  /** Scheme and authority under which the client reaches the platform. */
  origin: string;
}

export type ManagementAction = (call: ManagementCall) => Promise<JsonValue>;

/** How often a change is tried again when somebody else changed the API meanwhile. */
const MAX_TRIES = 5;

/** By name of the action. Each @throws {ApiManagementError} */
export function managementActions(catalogue: ApiCatalogue): ReadonlyMap<string, ManagementAction> {
  return new Map<string, ManagementAction>([
    ['createApi', async ({ args, caller, origin }) => {
      const namespace = known(caller, 'A valid auth key is required.');
      const request = readCreateRequest(args, namespace, origin);
      return againOnConflict(async () => {
        const { basePath, document } = await save(catalogue, namespace, request);
        return apiView(namespace, basePath, document, origin);
      });
    }],
    ['getApi', async ({ args, caller, origin }) => {
      const namespace = known(caller, 'Invalid authentication.');
      const wanted = textOf(args, 'basepath');
      const found = wanted === undefined ? await catalogue.list(namespace) : await catalogue.find(namespace, wanted);
      return {
        apis: found.map(({ basePath, document }) => ({
          id: `API:${namespace}:${basePath}`, key: `/${namespace}${basePath}`, value: apiView(namespace, basePath, document, origin),
        })),
      };
    }],
    ['deleteApi', async ({ args, caller }) => {
      const namespace = known(caller, '__ow_user is required.');
      const basePath = textOf(args, 'basepath');
      if (basePath === undefined) throw new ApiManagementError('basepath is required.');
      const [path, verb] = [textOf(args, 'relpath'), textOf(args, 'operation')?.toLowerCase()];
      if (path === undefined && verb !== undefined) throw new ApiManagementError('When specifying an operation, the path is required.');
      return againOnConflict(async () => {
        await remove(catalogue, namespace, basePath, path, verb);
        return {};
      });
    }],
  ]);
}

async function save(catalogue: ApiCatalogue, namespace: string, request: CreateRequest): Promise<{ basePath: string; document: JsonObject }> {
  const existing = await one(catalogue, namespace, request.basePath);
  if (request.kind === 'swagger') {
    await catalogue.put(namespace, request.basePath, request.document, existing?.revision);
    return request;
  }
  // A name instead of a base path is for APIs that are there already.
  if (existing === undefined) checkPath(request.basePath);
  const basePath = existing?.basePath ?? request.basePath;
  const document = withEndpoint(existing?.document ?? newApiDocument(basePath, request.apiName ?? basePath), request.endpoint);
  await catalogue.put(namespace, basePath, document, existing?.revision);
  return { basePath, document };
}

async function remove(catalogue: ApiCatalogue, namespace: string, basePath: string, path: string | undefined, verb: string | undefined): Promise<void> {
  const api = await one(catalogue, namespace, basePath);
  if (api === undefined) throw new ApiManagementError(`API deletion failure: API '${basePath}' does not exist.`);
  const left = path === undefined ? undefined : withoutEndpoint(api.document, path, verb);
  if (typeof left === 'string') throw new ApiManagementError(`API deletion failure: ${left}`);
  // An API without paths is none.
  if (left === undefined || pathsOf(left).length === 0) await catalogue.delete(namespace, api);
  else await catalogue.put(namespace, api.basePath, left, api.revision);
}

async function one(catalogue: ApiCatalogue, namespace: string, basePathOrName: string): Promise<StoredApi | undefined> {
  const found = await catalogue.find(namespace, basePathOrName);
  if (found.length > 1) throw new ApiManagementError(`Internal error. Multiple APIs found for namespace ${namespace} with basepath ${basePathOrName}`);
  return found[0];
}

function apiView(namespace: string, basePath: string, document: JsonObject, origin: string): JsonObject {
  return { namespace, gwApiUrl: gatewayUrl(origin, namespace, basePath), gwApiActivated: true, tenantId: namespace, apidoc: document };
}

async function againOnConflict<Result>(attempt: () => Promise<Result>): Promise<Result> {
  for (let tries = 1; ; tries++) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof RevisionConflict) || tries >= MAX_TRIES) throw error;
    }
  }
}

function known(caller: string | undefined, complaint: string): string {
  if (caller === undefined) throw new ApiManagementError(complaint);
  return caller;
}

function textOf(args: JsonObject, name: string): string | undefined {
  const value = args[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** The management actions' way to fail: HTTP 502 with the reason as JSON, which clients take for an application error. */
export function managementFailure(error: ApiManagementError): JsonObject {
  return httpAnswer(502, { error: error.message });
}

export function managementAnswer(value: JsonValue): JsonObject {
  return httpAnswer(200, isJsonObject(value) ? value : {});
}

function httpAnswer(statusCode: number, body: JsonObject): JsonObject {
  return { statusCode, headers: { 'Content-Type': 'application/json' }, body };
}
