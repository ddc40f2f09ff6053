/** Who calls: one key of one namespace. */
export interface Identity {
  /** Name of the user as it stands in activation records. */
  subject: string;
  namespace: string;
  /** The user part of Basic authentication. */
  uuid: string;
  /** The password part: a secret. */
  key: string;
}

/** `uuid:key`, the form in which clients and actions hold their key. */
export function authKey(identity: Identity): string {
  return `${identity.uuid}:${identity.key}`;
}
