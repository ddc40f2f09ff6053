import { sameSecret } from '../accounts/same-secret.ts';
import { adminTokenInvalid, authenticationInvalid, authenticationMissing } from '../domain/errors.ts';
import type { Identity } from '../domain/identity.ts';

const BEARER = /^bearer +(\S+)$/i;

type Authenticate = (uuid: string, key: string) => Identity | undefined;

/**
 * The identity behind an `Authorization` header.
 * @throws {ApiError} 401
 */
export function requireIdentity(header: string | undefined, authenticate: Authenticate): Identity {
  const token = basicToken(header);
  if (token === undefined) throw authenticationMissing();
  const identity = identityOf(token, authenticate);
  if (identity === undefined) throw authenticationInvalid();
  return identity;
}

/** The identity where one is proven, undefined otherwise: web actions can be called by anyone. */
export function findIdentity(header: string | undefined, authenticate: Authenticate): Identity | undefined {
  const token = basicToken(header);
  return token === undefined ? undefined : identityOf(token, authenticate);
}

/** What follows `Basic `, whose spelling some clients take lightly. */
function basicToken(header: string | undefined): string | undefined {
  if (header === undefined || header.charCodeAt(5) !== 0x20 || header.slice(0, 5).toLowerCase() !== 'basic') return undefined;
  return header.slice(6).trim();
}

function identityOf(token: string, authenticate: Authenticate): Identity | undefined {
  const credentials = Buffer.from(token, 'base64').toString();
  const colon = credentials.indexOf(':');
  return colon < 0 ? undefined : authenticate(credentials.slice(0, colon), credentials.slice(colon + 1));
}

/** @returns a check of an `Authorization` header for the administrator's token, which throws {ApiError} 401 */
export function adminGuard(adminToken: string): (header: string | undefined) => void {
  const expected = Buffer.from(adminToken);
  return (header) => {
    const token = BEARER.exec(header ?? '')?.[1];
    if (token === undefined || !sameSecret(expected, token)) throw adminTokenInvalid();
  };
}
