/**
 * API definitions as OpenWhisk's API management keeps and shows them: one Swagger 2.0 document per base path. Beside
 * the standard's fields it has, per operation, `x-openwhisk` (which action answers), and under `x-ibm-configuration`
 * what the gateway goes by: for each operation id the URL of the web action, and headers to add to the request.
 * Documents are values here: every function gives a new one.
 */
import { isJsonObject } from '../../domain/json.ts';
import type { JsonObject, JsonValue } from '../../domain/json.ts';

export const VERBS = ['get', 'put', 'post', 'delete', 'patch', 'head', 'options'] as const;
export type Verb = (typeof VERBS)[number];

/** One operation to add to an API. */
export interface Endpoint {
  verb: Verb;
  /** Relative to the base path; begins with a slash, segments in braces are parameters. */
  path: string;
  action: { namespace: string; package: string; name: string };
  /** Scheme and authority under which the action's URL is shown. */
  origin: string;
  /** Extension of the web action's URL. */
  responseType: string;
  /** What the gateway shows to an action that asks for it (`require-whisk-auth`). */
  secureKey?: string;
  pathParameters?: JsonValue[];
}

export function newApiDocument(basePath: string, name: string): JsonObject {
  return {
    swagger: '2.0',
    info: { title: name, version: '1.0.0' },
    basePath,
    paths: {},
    'x-ibm-configuration': { assembly: { execute: [] }, cors: { enabled: true } },
  };
}

export function withEndpoint(document: JsonObject, endpoint: Endpoint): JsonObject {
  const { verb, path, action, origin, responseType, secureKey, pathParameters } = endpoint;
  const operationId = operationIdOf(document, path, verb);
  const url = `${origin}/api/v1/web/${action.namespace}/${action.package === '' ? 'default' : action.package}/${action.name}.${responseType}`;
  const resources = objectAt(document, 'paths');
  const resource = {
    ...objectAt(resources, path),
    [verb]: {
      operationId,
      ...(pathParameters === undefined || pathParameters.length === 0 ? {} : { parameters: pathParameters }),
      'x-openwhisk': { action: action.name, namespace: action.namespace, package: action.package, url },
      responses: { default: { description: 'Default response' } },
    },
  };
  // The path of the request makes sense to an action that answers as HTTP only: the other types are one value each.
  const invoke = { 'target-url': responseType === 'http' ? `${url}${REQUEST_PATH}` : url, verb: 'keep' };
  const secret = secureKey === undefined ? [] : [{ 'set-variable': { actions: [{ set: `message.headers.${SECRET_HEADER}`, value: secureKey }] } }];
  const cases = [...switchCases(document).filter((entry) => !namesOperation(entry, operationId)), { operations: [operationId], execute: [{ invoke }, ...secret] }];
  return withCases({ ...document, paths: { ...resources, [path]: resource } }, cases);
}

/** As OpenWhisk makes it, `get` of `/book/{id}` is `getBookId`; but one of its own, because the gateway goes by it. */
function operationIdOf(document: JsonObject, path: string, verb: Verb): string {
  const words = path.split(/\W+/).filter((word) => word !== '');
  const plain = `${verb}${words.map((word) => `${word[0]?.toUpperCase() ?? ''}${word.slice(1)}`).join('')}`;
  const taken = new Set(pathsOf(document).flatMap(([at, resource]) => operationsOf(resource)
    .filter(([of]) => at !== path || of !== verb).map(([, operation]) => operation['operationId'])));
  let id = plain;
  for (let copy = 2; taken.has(id); copy++) id = `${plain}_${copy}`;
  return id;
}

/**
 * Without an operation (all of the path where `verb` is undefined).
 * @returns why it cannot be, where there is none
 */
export function withoutEndpoint(document: JsonObject, path: string, verb: string | undefined): JsonObject | string {
  const resources = { ...objectAt(document, 'paths') };
  const resource = Object.hasOwn(resources, path) ? resources[path] : undefined;
  if (!isJsonObject(resource)) return verb === undefined ? `path '${path}' does not exist in the API` : operationMissing(path, verb);
  if (verb !== undefined && !Object.hasOwn(resource, verb)) return operationMissing(path, verb);
  const left = Object.fromEntries(Object.entries(resource).filter(([key]) => verb !== undefined && key !== verb));
  const removed = operationsOf(resource).filter(([key]) => !Object.hasOwn(left, key)).map(([, operation]) => operation['operationId']);
  const rest = Object.entries(resources).filter(([key]) => key !== path);
  const paths = Object.fromEntries(operationsOf(left).length === 0 ? rest : [...rest, [path, left]]);
  const cases = switchCases(document).filter((entry) => !removed.some((id) => typeof id === 'string' && namesOperation(entry, id)));
  return withCases({ ...document, paths }, cases);
}

function operationMissing(path: string, verb: string): string {
  return `path '${path}' with operation '${verb}' does not exist in the API`;
}

/** Where an operation's web action is, and which headers go with the request to it. */
export interface Target {
  url: string;
  /** The path of the request is appended to the URL. */
  withPath: boolean;
  headers: [name: string, value: string][];
}

/** At the end of a target's URL: the path of the request is appended to it. */
export const REQUEST_PATH = '$(request.path)';
const SECRET_HEADER = 'X-Require-Whisk-Auth';
const HEADER_VARIABLE = 'message.headers.';

/** What the gateway's configuration says of the operation, else its `x-openwhisk`; undefined where neither says anything. */
export function targetOf(document: JsonObject, operation: JsonObject): Target | undefined {
  const common = executeSteps(document);
  const own = stepsOf(document, operation);
  const given = targetUrlOf(document, operation) ?? objectAt(operation, 'x-openwhisk')['url'];
  if (typeof given !== 'string') return undefined;
  const withPath = given.endsWith(REQUEST_PATH);
  return {
    url: withPath ? given.slice(0, -REQUEST_PATH.length) : given, withPath,
    headers: [...common, ...own].flatMap(headersOf),
  };
}

/** What the gateway's configuration has for the operation, with `REQUEST_PATH`. */
export function targetUrlOf(document: JsonObject, operation: JsonObject): string | undefined {
  return [...stepsOf(document, operation), ...executeSteps(document)].map((step) => objectAt(step, 'invoke')['target-url']).find((url) => typeof url === 'string');
}

function stepsOf(document: JsonObject, operation: JsonObject): JsonObject[] {
  const id = operation['operationId'];
  const entry = switchCases(document).find((candidate) => typeof id === 'string' && namesOperation(candidate, id));
  return arrayAt(entry, 'execute').filter(isJsonObject);
}

function headersOf(step: JsonObject): [string, string][] {
  return arrayAt(objectAt(step, 'set-variable'), 'actions').filter(isJsonObject).flatMap(({ set, value }): [string, string][] => {
    if (typeof set !== 'string' || !set.startsWith(HEADER_VARIABLE) || value === null || typeof value === 'object' || value === undefined) return [];
    return [[set.slice(HEADER_VARIABLE.length).toLowerCase(), String(value)]];
  });
}

/** Operations of one path; the other fields of it (`parameters`) are none. */
export function operationsOf(resource: JsonObject): [Verb, JsonObject][] {
  return VERBS.flatMap((verb): [Verb, JsonObject][] => {
    const operation = Object.hasOwn(resource, verb) ? resource[verb] : undefined;
    return isJsonObject(operation) ? [[verb, operation]] : [];
  });
}

export function pathsOf(document: JsonObject): [string, JsonObject][] {
  return Object.entries(objectAt(document, 'paths')).flatMap(([path, resource]): [string, JsonObject][] => (isJsonObject(resource) ? [[path, resource]] : []));
}

/** Every origin may call, unless the document says otherwise. */
export function allowsEveryOrigin(document: JsonObject): boolean {
  return objectAt(objectAt(document, CONFIGURATION), 'cors')['enabled'] !== false;
}

const CONFIGURATION = 'x-ibm-configuration';

function executeSteps(document: JsonObject): JsonObject[] {
  return arrayAt(objectAt(objectAt(document, CONFIGURATION), 'assembly'), 'execute').filter(isJsonObject);
}

function switchCases(document: JsonObject): JsonObject[] {
  return executeSteps(document).flatMap((step) => arrayAt(objectAt(step, 'operation-switch'), 'case')).filter(isJsonObject);
}

function withCases(document: JsonObject, cases: JsonObject[]): JsonObject {
  const configuration = objectAt(document, CONFIGURATION);
  const others = executeSteps(document).filter((step) => !('operation-switch' in step));
  const execute = [...others, { 'operation-switch': { case: cases } }];
  return { ...document, [CONFIGURATION]: { ...configuration, assembly: { ...objectAt(configuration, 'assembly'), execute } } };
}

function namesOperation(entry: JsonObject, operationId: string): boolean {
  return arrayAt(entry, 'operations').includes(operationId);
}

function objectAt(object: JsonObject, key: string): JsonObject {
  const value = Object.hasOwn(object, key) ? object[key] : undefined;
  return isJsonObject(value) ? value : {};
}

function arrayAt(object: JsonObject | undefined, key: string): JsonValue[] {
  const value = object !== undefined && Object.hasOwn(object, key) ? object[key] : undefined;
  return Array.isArray(value) ? value : [];
}
