/**
 * Hosts of namespaces: where the platform's web domain is `faas.example.org`, everything at `guest.faas.example.org` is
 * that namespace's web actions. `/pkg/action.ext/path` is its action, and `/` is `public/index.html`. The REST API is
 * there, too: paths below `/api/` mean the same on every host.
 */
import type { IncomingMessage } from 'node:http';

/** What a namespace's name may look like to be a label of a host's name. */
const LABEL = /^[0-9a-z-]+$/i;

/** @param domain lower case, without a port @returns the URL that is meant by the one that was sent */
export function webDomainRewriter(domain: string): (request: Pick<IncomingMessage, 'url' | 'headers'>) => string {
  const suffix = `.${domain.toLowerCase()}`;
  return ({ url = '/', headers }) => {
    const namespace = namespaceOf(headers.host, suffix);
    if (namespace === undefined || url.startsWith('/api/')) return url;
    const mark = url.indexOf('?');
    const path = mark < 0 ? url : url.slice(0, mark);
    const query = mark < 0 ? '' : url.slice(mark);
    return `/api/v1/web/${namespace}${path === '/' || path === '' ? '/public/index.html' : path}${query}`;
  };
}

function namespaceOf(host: string | undefined, suffix: string): string | undefined {
  const name = host?.replace(/:\d+$/, '') ?? '';
  if (!name.toLowerCase().endsWith(suffix)) return undefined;
  const label = name.slice(0, -suffix.length);
  return LABEL.test(label) ? label : undefined;
}
