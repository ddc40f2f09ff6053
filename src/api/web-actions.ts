/**
 * Web actions by their URL: ANY /api/v1/web/NAMESPACE/PACKAGE|default/ACTION[.EXTENSION][/PATH]. An address that no
 * action can have is told from a missing action by its text only.
 */
import type { FastifyInstance } from 'fastify';
import { methodNotAllowed, routeNotFound, urlMalformed } from '../domain/errors.ts';
import { MAX_PAYLOAD_BYTES } from '../domain/limits.ts';
import { isEntityName } from '../domain/names.ts';
import type { WebActionCaller } from './web-action-call.ts';
import { WEB_METHODS } from './web-action-call.ts';
import type { WebExtension } from './web-action-response.ts';
import { WEB_EXTENSIONS } from './web-action-response.ts';

const PREFIX = '/api/v1/web/';

interface WebAddress {
  namespace: string;
  /** `namespace/[package/]name` */
  action: string;
  extension: WebExtension;
  /** What follows the action, beginning with a slash, and what follows `?`; both as they were sent. */
  path: string;
  query: string;
}

export function addWebActionRoutes(api: FastifyInstance, callWebAction: WebActionCaller): void {
  api.route({
    method: [...WEB_METHODS], url: `${PREFIX}*`, bodyLimit: MAX_PAYLOAD_BYTES,
    handler: (request, reply) => callWebAction(request, reply, { ...readWebAddress(request.url), headers: request.headers, answersCors: true }),
  });
  api.route({ method: 'TRACE', url: `${PREFIX}*`, config: { refuses: true }, handler: () => { throw methodNotAllowed(WEB_METHODS); } });
}

/** @throws {ApiError} 404 it does not name an action, 400 it is no URL */
export function readWebAddress(url: string): WebAddress {
  const mark = url.indexOf('?');
  const whole = mark < 0 ? url : url.slice(0, mark);
  const query = mark < 0 ? '' : url.slice(mark + 1);
  const [rawNamespace = '', rawPackage = '', rawName = '', ...rest] = whole.slice(PREFIX.length).split('/');
  const namespace = decoded(rawNamespace);
  const packageName = decoded(rawPackage);
  const [name, extension] = splitExtension(decoded(rawName));
  if (![namespace, packageName, name].every(isEntityName)) throw routeNotFound();
  return {
    namespace,
    action: packageName === 'default' ? `${namespace}/${name}` : `${namespace}/${packageName}/${name}`,
    extension,
    path: rest.map((segment) => `/${segment}`).join(''),
    query,
  };
}

function decoded(segment: string): string {
  if (!segment.includes('%')) return segment;
  try {
    return decodeURIComponent(segment);
  } catch {
    throw urlMalformed();
  }
}

/** Only known extensions are extensions; anything else after a dot belongs to the name. */
function splitExtension(name: string): [name: string, extension: WebExtension] {
  const dot = name.lastIndexOf('.');
  const extension = dot < 0 ? undefined : WEB_EXTENSIONS.find((known) => known === name.slice(dot + 1));
  return extension === undefined ? [name, 'http'] : [name.slice(0, dot), extension];
}
