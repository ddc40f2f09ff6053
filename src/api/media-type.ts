import { mediaTypeOf } from './request-body.ts';

const MEDIA_TYPE = /^[!#$%&'*+.^_`|~0-9a-z-]+\/[!#$%&'*+.^_`|~0-9a-z-]+$/;

/** Types outside `text/` that are text all the same. */
const TEXTUAL: ReadonlySet<string> = new Set([
  'application/json', 'application/javascript', 'application/xml', 'application/xhtml+xml', 'application/atom+xml',
  'application/rss+xml', 'application/soap+xml', 'application/json-patch+json', 'application/merge-patch+json',
  'application/problem+json', 'application/problem+xml', 'application/x-www-form-urlencoded', 'application/graphql',
]);

/** @param mediaType lower case, without parameters */
export function isJsonMedia(mediaType: string): boolean {
  return mediaType === 'application/json' || mediaType.endsWith('+json');
}

/** `type/subtype` of a content type, lower case; undefined where it is none. */
export function parseMediaType(contentType: string): string | undefined {
  const mediaType = mediaTypeOf(contentType);
  return MEDIA_TYPE.test(mediaType) ? mediaType : undefined;
}

/** Whether the bytes of this content type may be anything: neither text by its type nor by a charset. No type is binary. */
export function isBinaryMedia(contentType: string): boolean {
  const mediaType = mediaTypeOf(contentType);
  return !(mediaType.startsWith('text/') || TEXTUAL.has(mediaType) || /;\s*charset\s*=/i.test(contentType));
}
