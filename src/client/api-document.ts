/** What `createApi` is sent, for a path given on the command line or in a manifest, or for a whole document. */
import { readFile } from 'node:fs/promises';
import { parse as parseYaml } from 'yaml';
import { isJsonObject, type JsonObject } from '../domain/json.ts';
import { valueOf } from './parameter-values.ts';
import type { QualifiedName } from './qualified-name.ts';
import type { ActionResource } from './resources.ts';
import type { WhiskClient } from './whisk-client.ts';
import { isWebAction } from './web-annotations.ts';
import { attempting, fileError, WhiskError } from './whisk-error.ts';

const VERBS = ['GET', 'PUT', 'POST', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS'];

export interface ApiPath {
  readonly basePath: string;
  readonly relativePath: string;
  readonly verb: string;
  readonly action: QualifiedName;
  /** Title of the collection; the base path unless given. */
  readonly apiName?: string;
}

/** @returns the verb in upper case @throws {WhiskError} usage */
export function apiVerb(verb: string): string {
  if (VERBS.includes(verb.toUpperCase())) return verb.toUpperCase();
  throw new WhiskError(`'${verb}' is not a valid API verb.  Valid values are: ${VERBS.join(', ')}`, { showUsage: true });
}

/** @throws {WhiskError} usage */
export function apiPath(path: string): string {
  if (path.startsWith('/')) return path;
  throw new WhiskError(`'${path}' must begin with '/'.`, { showUsage: true });
}

export function pathParameters(path: string): string[] {
  return [...new Set(path.split('/').flatMap((segment) => /^\{(.+)\}$/.exec(segment)?.[1] ?? []))];
}

/** The document of one path. The action must be a web action. @throws {WhiskError} */
export async function pathDocument(client: WhiskClient, { basePath, relativePath, verb, action, apiName }: ApiPath): Promise<JsonObject> {
  const full = `/${action.namespace}/${action.name}`;
  const resource: ActionResource = await attempting(`Unable to get action '${full}'`, () => client.get('actions', action, { code: false }));
  if (!isWebAction(resource.annotations)) {
    throw new WhiskError(`Action '${full}' is not a web action. Issue 'hpcwhisk action update "${full}" --web true' to convert the action to a web action.`, { showUsage: true });
  }
  const namespace = action.namespace === '_' ? await client.namespace() : action.namespace;
  const secureKey = valueOf(resource.annotations, 'require-whisk-auth');
  const names = pathParameters(relativePath);
  return {
    namespace: await client.namespace(), gatewayBasePath: basePath, gatewayPath: relativePath, gatewayMethod: verb,
    id: `API:${await client.namespace()}:${basePath}`,
    ...(apiName === undefined ? {} : { apiName }),
    action: {
      name: action.name, namespace, backendMethod: verb, authkey: client.settings.auth,
      backendUrl: `${client.origin}/api/v1/web/${namespace}/${action.package === '' ? 'default' : action.package}/${action.entity}.http`,
      ...(secureKey === undefined || secureKey === false ? {} : { secureKey }),
    },
    ...(names.length === 0 ? {} : { pathParameters: names.map((name) => ({ name, in: 'path', required: true, type: 'string', description: `Default description for '${name}'` })) }),
  };
}

/** A swagger 2.0 document in JSON or YAML. @throws {WhiskError} */
export async function readApiDocument(file: string): Promise<JsonObject> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => { throw new WhiskError(`Error reading swagger file '${file}': ${fileError(file, error).message}`); });
  let document: unknown;
  try {
    document = /\.ya?ml$/.test(file) ? parseYaml(text) : JSON.parse(text);
  } catch (error) {
    throw new WhiskError(`Error parsing swagger file '${file}': ${error instanceof Error ? error.message : String(error)}`, { showUsage: true });
  }
  if (!isJsonObject(document) || ['basePath', 'info', 'paths', 'swagger'].some((field) => document[field] === undefined)) {
    throw new WhiskError('Swagger file is invalid (missing basePath, info, paths, or swagger fields)', { showUsage: true });
  }
  if (typeof document['basePath'] !== 'string' || !document['basePath'].startsWith('/')) {
    throw new WhiskError('Swagger file basePath must start with a leading slash (/)', { showUsage: true });
  }
  return document;
}
