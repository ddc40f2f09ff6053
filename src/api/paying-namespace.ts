import { decodedSegment } from './gateway/gateway-path.ts';

/**
 * Whose limits hold for a request without a key, by its URL: the namespace of a web action (`/api/v1/web/NAMESPACE/…`)
 * or of an API (`/api/NAMESPACE/…`). It need not exist.
 */
export function payingNamespace(url: string): string | undefined {
  const [, root, first, second, third] = url.split('?', 1)[0]?.split('/', 5) ?? [];
  if (root !== 'api' || first === undefined) return undefined;
  if (first !== 'v1') return decodedSegment(first);
  return second === 'web' && third !== undefined ? decodedSegment(third) : undefined;
}
