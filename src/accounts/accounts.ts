/**
 * Subjects, their namespaces and keys, and the limits of namespaces. Stored as documents: one of each subject
 * (collection `subjects`), one of each namespace that has limits of its own (`limits`); answered from an index in memory.
 *
 * Of a key only its SHA-256 is stored: enough for a secret of 64 random characters, of which no dictionary can be made.
 * Work that no request's key stands behind (web actions, alarms) runs with a derived key: an HMAC of the namespace under
 * a secret of this installation. It is not stored, and ends with what it is derived from: when the namespace's oldest
 * key is replaced, or its subject blocked or deleted.
 */
import { createHmac, hash, randomUUID, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../clock/clock.ts';
import type { Identity } from '../domain/identity.ts';
import { newAuthKey } from '../domain/ids.ts';
import type { JsonValue } from '../domain/json.ts';
import type { Limits } from '../domain/limits.ts';
import { isEntityName } from '../domain/names.ts';
import type { DocumentStore } from '../store/store.ts';
import { AccountError } from './account-error.ts';
import type { Identities } from './identities.ts';
import type { LimitSettings } from './limit-settings.ts';
import { checkLimitSettings, readLimitSettings, withLimitSettings } from './limit-settings.ts';
import { sameSecret } from './same-secret.ts';

const SUBJECTS = 'subjects';
const LIMITS = 'limits';
const MIN_SUBJECT_LENGTH = 5;
const AUTH = /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}):([A-Za-z0-9]{64,})$/;

/** A subject as it is stored. */
interface Subject {
  blocked: boolean;
  /** Epoch ms. */
  createdAt: number;
  namespaces: Membership[];
}

/** What a subject has of one namespace: a uuid of its own, and any number of keys. */
interface Membership {
  name: string;
  uuid: string;
  keys: { sha256: string; createdAt: number }[];
}

/** A subject as an administrator sees it. */
export interface SubjectView {
  subject: string;
  blocked: boolean;
  createdAt: number;
  namespaces: { name: string; uuid: string; keys: { createdAt: number }[]; limits?: LimitSettings }[];
}

/** A key, told once, when it is made. */
export interface IssuedKey {
  subject: string;
  namespace: string;
  /** `uuid:key` */
  auth: string;
}

interface AccountsOptions {
  documents: DocumentStore;
  /** Of this installation: what derived keys are made with. */
  secret: string;
  /** The platform's. */
  limits: Limits;
  clock: Clock;
}

interface Credential {
  identity: Omit<Identity, 'key'>;
  sha256s: Buffer[];
  /** The key that was right the last time: a hash costs ten times as much as a comparison. Gone with the next change of any account. */
  latest?: { key: Buffer; identity: Identity };
}

export class Accounts implements Identities {
  readonly #options: AccountsOptions;
  readonly #subjects = new Map<string, { subject: Subject; revision: string }>();
  readonly #limitSettings = new Map<string, { settings: LimitSettings; revision: string }>();
  #credentials = new Map<string, Credential>();
  #owners = new Map<string, Identity>();
  #limits = new Map<string, Limits>();
  /** Changes are made one after the other: each begins with what the one before has left. */
  #changing: Promise<unknown> = Promise.resolve();

  private constructor(options: AccountsOptions) {
    this.#options = options;
  }

  /** @throws {LimitSettingsError} when a stored limit is none that this version knows */
  static async open(options: AccountsOptions): Promise<Accounts> {
    const accounts = new Accounts(options);
    await accounts.refresh();
    return accounts;
  }

  /** Reads everything anew, for when somebody else has changed it. */
  async refresh(): Promise<void> {
    const { documents } = this.#options;
    const [subjects, limits] = await Promise.all([documents.list(SUBJECTS), documents.list(LIMITS)]);
    this.#subjects.clear();
    for (const { key, value, revision } of subjects) this.#subjects.set(key, { subject: value as unknown as Subject, revision });
    this.#limitSettings.clear();
    for (const { key, value, revision } of limits) this.#limitSettings.set(key, { settings: readLimitSettings(value), revision });
    this.#index();
  }

  authenticate = (uuid: string, key: string): Identity | undefined => {
    const credential = this.#credentials.get(uuid);
    if (credential === undefined) return undefined;
    const { latest } = credential;
    if (latest !== undefined && sameSecret(latest.key, key)) return latest.identity;
    const sha256 = hash('sha256', key, 'buffer');
    if (!credential.sha256s.some((known) => timingSafeEqual(known, sha256))) return undefined;
    const identity = { ...credential.identity, key };
    credential.latest = { key: Buffer.from(key), identity };
    return identity;
  };

  ownerOf = (namespace: string): Identity | undefined => this.#owners.get(namespace);

  limitsOf = (namespace: string): Limits => this.#limits.get(namespace) ?? this.#options.limits;

  /**
   * Creates a subject, or gives one that exists a further namespace. A namespace may have several subjects.
   * @param auth `uuid:key` instead of a random one
   * @throws {AccountError}
   */
  create(name: string, { namespace = name, auth }: { namespace?: string; auth?: string } = {}): Promise<IssuedKey> {
    return this.#change(async () => {
      if (!isEntityName(name) || name.length < MIN_SUBJECT_LENGTH) {
        throw new AccountError('EUSAGE', `a subject has at least ${MIN_SUBJECT_LENGTH} letters, digits or characters of _@.-: '${name}' has not`);
      }
      if (!isEntityName(namespace)) throw new AccountError('EUSAGE', `'${namespace}' is no name for a namespace`);
      const now = this.#options.clock.now();
      const stored = this.#subjects.get(name);
      const subject = stored?.subject ?? { blocked: false, createdAt: now, namespaces: [] };
      if (subject.namespaces.some((entry) => entry.name === namespace)) {
        throw new AccountError('EEXISTS', `${name} has the namespace ${namespace} already; rotate-key gives it another key`);
      }
      const [uuid, key] = this.#newAuth(auth, randomUUID());
      const membership = { name: namespace, uuid, keys: [{ sha256: hash('sha256', key), createdAt: now }] };
      await this.#put(name, { ...subject, namespaces: [...subject.namespaces, membership] });
      return { subject: name, namespace, auth: `${uuid}:${key}` };
    });
  }

  /**
   * Gives a subject another key for a namespace (its first one by default); those it had stop to work, unless they are kept.
   * @throws {AccountError}
   */
  rotateKey(name: string, { namespace, auth, keep = false }: { namespace?: string; auth?: string; keep?: boolean } = {}): Promise<IssuedKey> {
    return this.#change(async () => {
      const { subject } = this.#existing(name);
      const membership = membershipOf(name, subject, namespace);
      const [uuid, key] = this.#newAuth(auth, membership.uuid, membership.uuid);
      const made = { sha256: hash('sha256', key), createdAt: this.#options.clock.now() };
      const changed = { ...membership, uuid, keys: keep ? [...membership.keys, made] : [made] };
      await this.#put(name, { ...subject, namespaces: subject.namespaces.map((entry) => (entry === membership ? changed : entry)) });
      return { subject: name, namespace: membership.name, auth: `${uuid}:${key}` };
    });
  }

  /** Blocked, none of a subject's keys opens anything. @throws {AccountError} */
  setBlocked(name: string, blocked: boolean): Promise<SubjectView> {
    return this.#change(async () => {
      await this.#put(name, { ...this.#existing(name).subject, blocked });
      return this.get(name);
    });
  }

  /** Takes a namespace from a subject, or all and the subject itself. What stands in the namespace stays; its own limits go with its last subject. @throws {AccountError} */
  delete(name: string, namespace?: string): Promise<void> {
    return this.#change(async () => {
      const { subject, revision } = this.#existing(name);
      const gone = namespace === undefined ? subject.namespaces : [membershipOf(name, subject, namespace)];
      const rest = subject.namespaces.filter((entry) => !gone.includes(entry));
      if (rest.length > 0) {
        await this.#put(name, { ...subject, namespaces: rest });
      } else {
        await this.#options.documents.delete(SUBJECTS, name, revision);
        this.#subjects.delete(name);
      }
      for (const entry of gone) if (this.list(entry.name).length === 0) await this.#dropLimits(entry.name);
    });
  }

  /** Sets limits of a namespace; null for what is to be the platform's again. @throws {AccountError} @throws {LimitSettingsError} */
  setLimits(namespace: string, changes: Readonly<Record<string, JsonValue>>): Promise<LimitSettings> {
    return this.#change(async () => {
      this.#members(namespace);
      const stored = this.#limitSettings.get(namespace);
      const all: Record<string, JsonValue> = { ...stored?.settings, ...changes };
      const merged = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== null));
      const settings = readLimitSettings(merged);
      checkLimitSettings(this.#options.limits, settings);
      const revision = await this.#options.documents.put(LIMITS, namespace, settings, stored?.revision);
      this.#limitSettings.set(namespace, { settings, revision });
      return settings;
    });
  }

  /** What is set for a namespace. @throws {AccountError} where there is no such namespace */
  limitSettings(namespace: string): LimitSettings {
    this.#members(namespace);
    return this.#limitSettings.get(namespace)?.settings ?? {};
  }

  /** @throws {AccountError} */
  get(name: string): SubjectView {
    const { subject } = this.#existing(name);
    return {
      subject: name, blocked: subject.blocked, createdAt: subject.createdAt,
      namespaces: subject.namespaces.map(({ name: namespace, uuid, keys }) => {
        const limits = this.#limitSettings.get(namespace)?.settings;
        return { name: namespace, uuid, keys: keys.map(({ createdAt }) => ({ createdAt })), ...(limits === undefined ? {} : { limits }) };
      }),
    };
  }

  /** All subjects, or those of a namespace, by name. */
  list(namespace?: string): SubjectView[] {
    const names = [...this.#subjects].filter(([, { subject }]) => namespace === undefined || subject.namespaces.some(({ name }) => name === namespace));
    return names.map(([name]) => this.get(name)).sort((a, b) => (a.subject < b.subject ? -1 : 1));
  }

  /** Makes sure that this key opens the namespace `name` of the subject `name`: for the key that lies in a file. */
  async ensure(name: string, auth: string): Promise<void> {
    const [uuid, key] = readAuth(auth);
    const stored = this.#subjects.get(name)?.subject;
    const membership = stored?.namespaces.find((entry) => entry.name === name);
    if (membership === undefined) await this.create(name, { auth });
    else if (membership.uuid !== uuid || membership.keys.every(({ sha256 }) => sha256 !== hash('sha256', key))) await this.rotateKey(name, { namespace: name, auth });
  }

  /** Makes sure that there is a namespace to which nobody has a key, for what belongs to the platform. */
  async ensureKeyless(name: string): Promise<void> {
    if (this.#subjects.has(name)) return;
    await this.#change(() => this.#put(name, {
      blocked: false, createdAt: this.#options.clock.now(), namespaces: [{ name, uuid: randomUUID(), keys: [] }],
    }));
  }

  /** @param own uuid that may be in use, since it is the key's own */
  #newAuth(auth: string | undefined, uuid: string, own?: string): [uuid: string, key: string] {
    if (auth === undefined) return [uuid, newAuthKey()];
    const given = readAuth(auth);
    const taken = [...this.#subjects.values()].some(({ subject }) => subject.namespaces.some((entry) => entry.uuid === given[0] && entry.uuid !== own));
    if (taken) throw new AccountError('EEXISTS', `the UUID ${given[0]} is that of another key`);
    return given;
  }

  #existing(name: string): { subject: Subject; revision: string } {
    const found = this.#subjects.get(name);
    if (found === undefined) throw new AccountError('ENOENT', `there is no subject ${name}`);
    return found;
  }

  #members(namespace: string): void {
    for (const { subject } of this.#subjects.values()) if (subject.namespaces.some(({ name }) => name === namespace)) return;
    throw new AccountError('ENOENT', `there is no namespace ${namespace}`);
  }

  async #put(name: string, subject: Subject): Promise<void> {
    const revision = await this.#options.documents.put(SUBJECTS, name, subject as unknown as JsonValue, this.#subjects.get(name)?.revision);
    this.#subjects.set(name, { subject, revision });
  }

  async #dropLimits(namespace: string): Promise<void> {
    const stored = this.#limitSettings.get(namespace);
    if (stored === undefined) return;
    await this.#options.documents.delete(LIMITS, namespace, stored.revision);
    this.#limitSettings.delete(namespace);
  }

  #change<Result>(change: () => Promise<Result>): Promise<Result> {
    const result = this.#changing.then(async () => {
      const made = await change();
      this.#index();
      return made;
    });
    this.#changing = result.catch(() => undefined);
    return result;
  }

  /** Works out what requests are answered from. */
  #index(): void {
    const credentials = new Map<string, Credential>();
    const owners = new Map<string, Identity>();
    const oldestFirst = [...this.#subjects].sort(([, a], [, b]) => a.subject.createdAt - b.subject.createdAt);
    for (const [name, { subject }] of oldestFirst) {
      if (subject.blocked) continue;
      for (const { name: namespace, uuid, keys } of subject.namespaces) {
        const identity = { subject: name, namespace, uuid };
        const sha256s = keys.map(({ sha256 }) => Buffer.from(sha256, 'hex'));
        if (!owners.has(namespace)) {
          const key = this.#derivedKey(namespace, uuid, keys[0]?.sha256 ?? '');
          owners.set(namespace, { ...identity, key });
          sha256s.push(hash('sha256', key, 'buffer'));
        }
        credentials.set(uuid, { identity, sha256s });
      }
    }
    this.#credentials = credentials;
    this.#owners = owners;
    this.#limits = new Map([...this.#limitSettings].map(([namespace, { settings }]) => [namespace, withLimitSettings(this.#options.limits, settings)]));
  }

  /** 64 hex digits. */
  #derivedKey(namespace: string, uuid: string, oldestKey: string): string {
    return createHmac('sha256', this.#options.secret).update(`${namespace}\n${uuid}\n${oldestKey}`).digest('hex');
  }
}

function membershipOf(name: string, subject: Subject, namespace: string | undefined): Membership {
  const found = namespace === undefined ? subject.namespaces[0] : subject.namespaces.find((entry) => entry.name === namespace);
  if (found === undefined) throw new AccountError('ENOENT', `${name} has no namespace ${namespace ?? ''}`.trim());
  return found;
}

/** @throws {AccountError} */
function readAuth(auth: string): [uuid: string, key: string] {
  const [, uuid, key] = AUTH.exec(auth) ?? [];
  if (uuid === undefined || key === undefined) {
    throw new AccountError('EAUTH', 'a key must be UUID:KEY with a lower-case UUID and a key of at least 64 letters and digits');
  }
  return [uuid, key];
}
