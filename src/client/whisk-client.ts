import { readFile } from 'node:fs/promises';
import { isJsonObject, type JsonObject, type JsonValue } from '../domain/json.ts';
import { apiHostUrl } from './api-host.ts';
import type { ConnectionSettings } from './connection-settings.ts';
import { exchange, type HttpReply, type HttpRequest, type TlsFiles } from './http-exchange.ts';
import type { QualifiedName } from './qualified-name.ts';
import type { ActivationResource, Collection, ManagedApi, Resources } from './resources.ts';
import { fileError, HttpStatusError, WhiskError } from './whisk-error.ts';

export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

/** What became of an invocation. */
export type InvocationOutcome =
  /** It runs; nobody waited, or nobody waits any longer. */
  | { kind: 'accepted'; activationId: string; body: JsonValue }
  /** The activation record, or with `result` its result. */
  | { kind: 'completed'; body: JsonValue }
  /** The action failed: the record or result says how. */
  | { kind: 'failed'; status: number; body: JsonValue };

/** Is shown what goes over the wire. */
export interface Trace {
  request(request: HttpRequest): void;
  reply(reply: HttpReply): void;
}

interface RequestParts { query?: Query; body?: object; anonymous?: boolean }

/** OpenWhisk's REST API, for one key on one API host. Every method throws WhiskError. */
export class WhiskClient {
  readonly settings: ConnectionSettings;
  readonly #base: URL;
  readonly #trace: Trace | undefined;
  #tls: Promise<TlsFiles> | undefined;

  constructor(settings: ConnectionSettings, trace?: Trace) {
    this.settings = settings;
    this.#base = apiHostUrl(settings.apiHost);
    this.#trace = trace;
  }

  /** `https://host[:port]`. */
  get origin(): string {
    return this.#base.href.replace(/\/$/, '');
  }

  async namespaces(): Promise<string[]> {
    return await this.#json('GET', 'namespaces') as string[];
  }

  /** The name behind `_`. */
  async namespace(): Promise<string> {
    if (this.settings.namespace !== '_') return this.settings.namespace;
    return (await this.namespaces())[0] ?? '_';
  }

  /** What the API says of itself: build, buildno. */
  async info(): Promise<JsonObject> {
    const info = await this.#json('GET', '', { anonymous: true });
    return isJsonObject(info) ? info : {};
  }

  /** @param inPackage lists the actions of that package only */
  async list<C extends Collection>(collection: C, namespace: string, query: Query, inPackage = ''): Promise<Resources[C][]> {
    const path = `namespaces/${encodeURIComponent(namespace)}/${collection}${inPackage === '' ? '' : `/${encodeURIComponent(inPackage)}/`}`;
    return await this.#json('GET', path, { query }) as unknown as Resources[C][];
  }

  async get<C extends Collection>(collection: C, name: QualifiedName, query: Query = {}): Promise<Resources[C]> {
    return await this.#json('GET', pathOf(collection, name), { query }) as unknown as Resources[C];
  }

  async put<C extends Collection>(collection: C, name: QualifiedName, body: object, overwrite: boolean): Promise<Resources[C]> {
    return await this.#json('PUT', pathOf(collection, name), { query: { overwrite }, body }) as unknown as Resources[C];
  }

  async delete<C extends Collection>(collection: C, name: QualifiedName, query: Query = {}): Promise<Resources[C]> {
    return await this.#json('DELETE', pathOf(collection, name), { query }) as unknown as Resources[C];
  }

  async invoke(name: QualifiedName, parameters: JsonObject, { blocking, result }: { blocking: boolean; result: boolean }): Promise<InvocationOutcome> {
    const reply = await this.#exchange('POST', pathOf('actions', name), { query: { blocking, result }, body: parameters });
    const body = parse(reply);
    if (reply.status === 202) return { kind: 'accepted', activationId: activationIdIn(body), body };
    // An error of the platform has a code, that of an action has not.
    if (reply.status === 502 && isJsonObject(body) && body['code'] === undefined) return { kind: 'failed', status: reply.status, body };
    if (!isSuccess(reply)) throw httpError(reply);
    return blocking ? { kind: 'completed', body } : { kind: 'accepted', activationId: activationIdIn(body), body };
  }

  /** The activation of the trigger; undefined where no active rule belongs to it. */
  async fire(name: QualifiedName, parameters: JsonObject): Promise<string | undefined> {
    const body = await this.#json('POST', pathOf('triggers', name), { body: parameters });
    return isJsonObject(body) && body['activationId'] !== undefined ? activationIdIn(body) : undefined;
  }

  async setRuleStatus(name: QualifiedName, status: 'active' | 'inactive'): Promise<void> {
    await this.#json('POST', pathOf('rules', name), { body: { status } });
  }

  async refreshPackages(namespace: string): Promise<JsonValue> {
    return this.#json('POST', `namespaces/${encodeURIComponent(namespace)}/packages/refresh`);
  }

  async activations(query: Query, namespace = '_'): Promise<ActivationResource[]> {
    return await this.#json('GET', `namespaces/${encodeURIComponent(namespace)}/activations`, { query }) as unknown as ActivationResource[];
  }

  async activation(id: string): Promise<ActivationResource> {
    return await this.#json('GET', `namespaces/_/activations/${encodeURIComponent(id)}`) as unknown as ActivationResource;
  }

  async activationLogs(id: string): Promise<string[]> {
    return (await this.#json('GET', `namespaces/_/activations/${encodeURIComponent(id)}/logs`) as { logs?: string[] }).logs ?? [];
  }

  async activationResult(id: string): Promise<JsonValue> {
    return (await this.#json('GET', `namespaces/_/activations/${encodeURIComponent(id)}/result`) as JsonObject)['result'] ?? null;
  }

  /** @param apidoc see OpenWhisk's createApi: one path of a base path, or a whole swagger document */
  async createApi(apidoc: object, responseType: string): Promise<ManagedApi> {
    return await this.#json('POST', 'web/whisk.system/apimgmt/createApi.http', { query: { ...this.#gateway(), responsetype: responseType }, body: { apidoc } }) as unknown as ManagedApi;
  }

  async apis(query: Query): Promise<ManagedApi[]> {
    const body = await this.#json('GET', 'web/whisk.system/apimgmt/getApi.http', { query: { ...this.#gateway(), ...query } });
    return ((body as { apis?: { value: ManagedApi }[] }).apis ?? []).map(({ value }) => value);
  }

  async deleteApi(query: Query): Promise<void> {
    await this.#json('DELETE', 'web/whisk.system/apimgmt/deleteApi.http', { query: { ...this.#gateway(), ...query } });
  }

  #gateway(): Query {
    return { accesstoken: this.settings.gatewayToken, spaceguid: this.settings.auth.split(':')[0] };
  }

  async #json(method: string, path: string, parts: RequestParts = {}): Promise<JsonValue> {
    const reply = await this.#exchange(method, path, parts);
    if (!isSuccess(reply)) throw httpError(reply);
    return parse(reply);
  }

  async #exchange(method: string, path: string, { query = {}, body, anonymous = false }: RequestParts): Promise<HttpReply> {
    if (!anonymous && this.settings.auth === '') {
      throw new WhiskError('Authorization key is not configured (--auth is required)', { exitCode: 2, showUsage: true });
    }
    const url = new URL(`${this.origin}/api/${this.settings.apiVersion}${path === '' ? '' : `/${path}`}`);
    for (const [name, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(name, String(value));
    const request: HttpRequest = {
      method, url,
      headers: {
        'user-agent': 'hpcwhisk', accept: 'application/json',
        ...(anonymous ? {} : { authorization: `Basic ${Buffer.from(this.settings.auth).toString('base64')}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    };
    this.#trace?.request(request);
    const reply = await exchange(request, await (this.#tls ??= this.#readTlsFiles()));
    this.#trace?.reply(reply);
    return reply;
  }

  async #readTlsFiles(): Promise<TlsFiles> {
    const read = async (name: 'cert' | 'key' | 'ca', file: string): Promise<object> =>
      file === '' ? {} : { [name]: await readFile(file).catch((error: unknown) => { throw fileError(file, error); }) };
    const { insecure, cert, key, cacert } = this.settings;
    return { insecure, ...await read('cert', cert), ...await read('key', key), ...await read('ca', cacert) };
  }
}

function pathOf(collection: Collection, name: QualifiedName): string {
  return `namespaces/${encodeURIComponent(name.namespace)}/${collection}/${name.name.split('/').map(encodeURIComponent).join('/')}`;
}

function isSuccess(reply: HttpReply): boolean {
  return reply.status >= 200 && reply.status <= 299;
}

function parse(reply: HttpReply): JsonValue {
  if (reply.text === '') return null;
  try {
    return JSON.parse(reply.text) as JsonValue;
  } catch (error) {
    if (!isSuccess(reply)) return null;
    throw new WhiskError(`The API host answered with something that is not JSON (HTTP status code ${reply.status})`, { cause: error });
  }
}

function httpError(reply: HttpReply): HttpStatusError {
  const body = parse(reply);
  if (isJsonObject(body) && body['error'] !== undefined && body['code'] !== undefined) {
    const { error, code } = body;
    return new HttpStatusError(reply.status, `${typeof error === 'string' ? error : JSON.stringify(error)} (code ${typeof code === 'string' ? code : JSON.stringify(code)})`);
  }
  // The management actions are web actions: what they say is under `error` alone.
  const said = isJsonObject(body) && typeof body['error'] === 'string' ? body['error'] : undefined;
  return new HttpStatusError(reply.status, said ?? `The connection failed, or timed out. (HTTP status code ${reply.status})`);
}

function activationIdIn(body: JsonValue): string {
  const id = isJsonObject(body) ? body['activationId'] : undefined;
  return typeof id === 'string' ? id : '';
}
