/**
 * Which web action answers a path of an API. All APIs of a namespace are one table. A path is matched as OpenWhisk's
 * gateway does it: exactly; else segment by segment, where `{name}` stands for any one segment; else with its last
 * segments cut off one after the other, so that an operation serves what lies below its path, too.
 */
import type { JsonObject } from '../../domain/json.ts';
import { isEntityName } from '../../domain/names.ts';
import type { WebExtension } from '../web-action-response.ts';
import { WEB_EXTENSIONS } from '../web-action-response.ts';
import type { Verb } from './api-document.ts';
import { allowsEveryOrigin, operationsOf, pathsOf, targetOf } from './api-document.ts';
import { decodedSegment } from './gateway-path.ts';

export interface Backend {
  namespace: string;
  /** `namespace/[package/]name` */
  action: string;
  extension: WebExtension;
  /** The action gets the whole path below the namespace; else only what follows the operation's own path. */
  withPath: boolean;
  headers: readonly (readonly [name: string, value: string])[];
}

interface Route {
  segments: readonly (string | RegExp)[];
  /** Undefined: the operation's target is no web action of this platform. */
  backends: ReadonlyMap<Verb, Backend | undefined>;
  everyOrigin: boolean;
}

export interface Match {
  route: Pick<Route, 'backends' | 'everyOrigin'>;
  /** What follows the operation's own path, as it was sent. */
  rest: string;
}

export class RouteTable {
  /** By number of segments; in each, literal ones before those with parameters. */
  readonly #byLength = new Map<number, Route[]>();

  constructor(apis: readonly { basePath: string; document: JsonObject }[]) {
    for (const { basePath, document } of apis) {
      const everyOrigin = allowsEveryOrigin(document);
      for (const [path, resource] of pathsOf(document)) {
        const backends = new Map(operationsOf(resource).map(([verb, operation]) => [verb, backendOf(document, operation)]));
        const segments = split(basePath + path).map(pattern);
        const same = this.#byLength.get(segments.length) ?? [];
        this.#byLength.set(segments.length, same);
        same.push({ segments, backends, everyOrigin });
      }
    }
    for (const routes of this.#byLength.values()) routes.sort((a, b) => parameters(a) - parameters(b));
  }

  /** @param path as it was sent, beginning with a slash */
  find(path: string): Match | undefined {
    const sent = path.split('/').slice(1);
    const decoded = sent.map(decodedSegment);
    if (decoded.includes(undefined)) return undefined;
    // A slash at the end is no segment of its own, but it is passed on.
    const length = decoded.at(-1) === '' ? decoded.length - 1 : decoded.length;
    for (let taken = length; taken >= 0; taken--) {
      const route = this.#byLength.get(taken)?.find(({ segments }) => segments.every((expected, at) => fits(expected, decoded[at] ?? '')));
      if (route !== undefined) return { route, rest: sent.slice(taken).map((segment) => `/${segment}`).join('') };
    }
    return undefined;
  }
}

function split(path: string): string[] {
  return path.split('/').filter((segment) => segment !== '');
}

const PARAMETER = /\{[^{}/]+\}/;

function pattern(segment: string): string | RegExp {
  if (!PARAMETER.test(segment)) return segment;
  const literals = segment.split(/\{[^{}/]+\}/).map((literal) => literal.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`));
  return new RegExp(`^${literals.join('[^/]+')}$`, 's');
}

function fits(expected: string | RegExp, segment: string): boolean {
  return typeof expected === 'string' ? expected === segment : expected.test(segment);
}

function parameters({ segments }: Route): number {
  return segments.filter((segment) => typeof segment !== 'string').length;
}

const WEB_ACTION_URL = /^(?:https?:\/\/[^/?#]+)?\/api\/v1\/web\/([^/?#]+)\/([^/?#]+)\/([^/?#]+)$/;

function backendOf(document: JsonObject, operation: JsonObject): Backend | undefined {
  const target = targetOf(document, operation);
  const parts = WEB_ACTION_URL.exec(target?.url ?? '')?.slice(1).map(decodedSegment);
  if (target === undefined || parts === undefined) return undefined;
  const [namespace = '', packageName = '', file = ''] = parts;
  const extension = WEB_EXTENSIONS.find((known) => file.endsWith(`.${known}`));
  const name = extension === undefined ? file : file.slice(0, -extension.length - 1);
  if (![namespace, packageName, name].every(isEntityName)) return undefined;
  return {
    namespace, action: packageName === 'default' ? `${namespace}/${name}` : `${namespace}/${packageName}/${name}`,
    extension: extension ?? 'http', withPath: target.withPath, headers: target.headers,
  };
}
