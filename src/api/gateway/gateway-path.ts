/** Where the APIs of a namespace are served: `/api/NAMESPACE/BASEPATH/RELPATH`. */
const GATEWAY_PREFIX = '/api';

/** A namespace of this name could not be told from the REST API. */
const REST_VERSION = 'v1';

/** @param origin scheme and authority */
export function gatewayUrl(origin: string, namespace: string, basePath: string): string {
  return `${origin}${GATEWAY_PREFIX}/${encodeURIComponent(namespace)}${basePath === '/' ? '' : basePath}`;
}

/** @returns what is asked of whose APIs, the path as it was sent and without the query; undefined where the path is the REST API's or none */
export function readGatewayPath(url: string): { namespace: string; path: string; query: string } | undefined {
  const mark = url.indexOf('?');
  const whole = mark < 0 ? url : url.slice(0, mark);
  const start = GATEWAY_PREFIX.length + 1;
  const slash = whole.indexOf('/', start);
  const encoded = slash < 0 ? whole.slice(start) : whole.slice(start, slash);
  const namespace = decodedSegment(encoded);
  if (namespace === undefined || namespace === '' || namespace === REST_VERSION) return undefined;
  return { namespace, path: slash < 0 ? '/' : whole.slice(slash), query: mark < 0 ? '' : url.slice(mark + 1) };
}

export function decodedSegment(segment: string): string | undefined {
  if (!segment.includes('%')) return segment;
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}
