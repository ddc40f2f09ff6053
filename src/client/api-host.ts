import { WhiskError } from './whisk-error.ts';

/** The base URL of an API host as users write it: `host`, `host:port` or a URL; https where no scheme is named. @throws {WhiskError} */
export function apiHostUrl(host: string): URL {
  const text = /^https?:\/\//i.test(host) ? host : `https://${host}`;
  if (host !== '' && URL.canParse(text)) return new URL(text);
  throw new WhiskError(host === '' ? 'The API host is not valid: An API host must be provided.' : `The API host is not valid: '${host}' is neither a host name nor a URL.`);
}
