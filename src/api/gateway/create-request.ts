/** What a client asks of `createApi`: one operation to add, or a whole Swagger document. Texts are OpenWhisk's. */
import { isJsonObject } from '../../domain/json.ts';
import type { JsonObject, JsonValue } from '../../domain/json.ts';
import { isEntityName } from '../../domain/names.ts';
import { ApiManagementError } from './api-management-error.ts';
import type { Endpoint } from './api-document.ts';
import { VERBS } from './api-document.ts';
import { checkBasePath, checkPathParameters } from './path-parameters.ts';

export type CreateRequest =
  | { kind: 'endpoint'; basePath: string; apiName: string | undefined; endpoint: Endpoint }
  | { kind: 'swagger'; basePath: string; document: JsonObject };

/** Extensions that web actions have. */
const RESPONSE_TYPES: readonly string[] = ['http', 'json', 'text', 'html', 'svg'];

/**
 * @param args of the call: `apidoc` and `responsetype`
 * @param caller namespace; stands for itself wherever a request says `_` or leaves it out
 * @param origin under which the platform is reached
 * @throws {ApiManagementError}
 */
export function readCreateRequest(args: JsonObject, caller: string, origin: string): CreateRequest {
  const apidoc = apidocOf(args['apidoc']);
  if (!isSet(apidoc['namespace'])) throw new ApiManagementError('apidoc is missing the namespace field');
  if (isSet(apidoc['swagger'])) return readSwagger(apidoc);
  return readEndpoint(apidoc, args['responsetype'], caller, origin);
}

function apidocOf(given: JsonValue | undefined): JsonObject {
  if (!isSet(given)) throw new ApiManagementError('apidoc is required.');
  if (typeof given === 'string') return parseObject(given, 'apidoc field cannot be parsed. Ensure it is valid JSON.');
  if (!isJsonObject(given)) throw new ApiManagementError(`apidoc field is of type ${typeof given} and should be a JSON object or a JSON string.`);
  return given;
}

function readSwagger({ swagger, gatewayBasePath }: JsonObject): CreateRequest {
  if (isSet(gatewayBasePath)) throw new ApiManagementError('swagger and gatewayBasePath are mutually exclusive and cannot be specified together.');
  const document = typeof swagger === 'string' ? parseObject(swagger, 'swagger field cannot be parsed. Ensure it is valid JSON.') : swagger;
  if (!isJsonObject(document)) throw new ApiManagementError(`swagger field is ${typeof swagger} and should be an object or a JSON string.`);
  for (const field of ['basePath', 'paths', 'info']) {
    if (!isSet(document[field])) throw new ApiManagementError(`swagger is missing the ${field} field.`);
  }
  const { basePath, paths } = document;
  if (typeof basePath !== 'string') throw new ApiManagementError('swagger is missing the basePath field.');
  if (!isJsonObject(paths)) throw new ApiManagementError('swagger is missing the paths field.');
  // Whoever declares keys means to keep others out; this gateway knows no subscribers, so that it would let everyone in.
  if (isJsonObject(document['securityDefinitions']) && Object.keys(document['securityDefinitions']).length > 0) {
    throw new ApiManagementError('API creation failure: securityDefinitions are not supported by this gateway; protect the web action with require-whisk-auth.');
  }
  for (const path of [basePath, ...Object.keys(paths)]) checkPath(path);
  checkBasePath(basePath);
  checkPathParameters(document);
  return { kind: 'swagger', basePath, document };
}

function readEndpoint(apidoc: JsonObject, responseType: JsonValue | undefined, caller: string, origin: string): CreateRequest {
  const { action } = apidoc;
  const [basePath, path, method] = ['gatewayBasePath', 'gatewayPath', 'gatewayMethod'].map((field) => {
    const value = apidoc[field];
    if (typeof value !== 'string' || value === '') throw new ApiManagementError(`apidoc is missing the ${field} field`);
    return value;
  }) as [string, string, string];
  if (!isJsonObject(action)) throw new ApiManagementError('apidoc is missing the action field.');
  const [, , namespace, name] = ['backendMethod', 'backendUrl', 'namespace', 'name', 'authkey'].map((field) => {
    const value = action[field];
    if (typeof value !== 'string' || value === '') throw new ApiManagementError(`action is missing the ${field} field.`);
    return value;
  }) as [string, string, string, string, string];
  checkPath(path);
  checkBasePath(basePath);
  const verb = VERBS.find((known) => known === method.toLowerCase());
  if (verb === undefined) throw new ApiManagementError(`API creation failure: Error: Resource verb '${method}' not supported`);
  const { apiName, pathParameters } = apidoc;
  const { secureKey } = action;
  return {
    kind: 'endpoint', basePath,
    apiName: typeof apiName === 'string' && apiName !== '' ? apiName : undefined,
    endpoint: {
      verb, path, origin, responseType: responseTypeOf(responseType),
      action: actionOf(name, namespace, apidoc['namespace'], caller),
      ...(secureKey === undefined || secureKey === null || typeof secureKey === 'object' ? {} : { secureKey: String(secureKey) }),
      ...(Array.isArray(pathParameters) ? { pathParameters } : {}),
    },
  };
}

function responseTypeOf(given: JsonValue | undefined): string {
  if (!isSet(given)) return 'json';
  const responseType = typeof given === 'string' ? given.toLowerCase() : '';
  if (!RESPONSE_TYPES.includes(responseType)) {
    throw new ApiManagementError(`API creation failure: the response type must be one of ${RESPONSE_TYPES.join(', ')}.`);
  }
  return responseType;
}

/** A name that is written `name`, `package/name` or `/namespace/package/name`. The caller's namespace as the client spells it becomes the real one. */
function actionOf(name: string, namespace: string, apidocNamespace: JsonValue | undefined, caller: string): Endpoint['action'] {
  const segments = name.split('/').filter((segment) => segment !== '');
  const [owner, packageName, simple] = segments.length > 2 ? segments as [string, string, string] : [namespace, segments.length === 2 ? segments[0] ?? '' : '', segments.at(-1) ?? ''];
  if (segments.length > 3 || ![packageName === '' ? 'default' : packageName, simple].every(isEntityName)) {
    throw new ApiManagementError(`API creation failure: '${name}' is not a valid action name.`);
  }
  return {
    namespace: owner === '_' || owner === apidocNamespace ? caller : owner,
    package: packageName === 'default' ? '' : packageName,
    name: simple,
  };
}

/** @throws {ApiManagementError} */
export function checkPath(path: string): void {
  if (!path.startsWith('/')) throw new ApiManagementError("API creation failure: Error: Resource path must begin with '/'.");
}

function isSet(value: JsonValue | undefined): value is Exclude<JsonValue, null> {
  return value !== undefined && value !== null && value !== '' && value !== false;
}

function parseObject(text: string, complaint: string): JsonObject {
  try {
    const value = JSON.parse(text) as JsonValue;
    if (isJsonObject(value)) return value;
  } catch { /* Told below. */ }
  throw new ApiManagementError(complaint);
}
