/**
 * The API as its tests see it: listening on a free port, on the real SQLite store in a directory of its own, with a
 * dispatcher that runs the (JavaScript) code of actions in this process instead of sending it to invokers.
 */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import openwhisk from 'openwhisk';
import type { Identities } from '../accounts/identities.ts';
import { fixedIdentities } from '../accounts/identities.ts';
import { Throttles } from '../accounts/throttles.ts';
import type { Clock } from '../clock/clock.ts';
import { systemClock } from '../clock/system-clock.ts';
import { createInvocations } from '../compose/create-invocations.ts';
import type { BlockingAnswer, Dispatch, DispatchView } from '../dispatch/dispatch.ts';
import { isSequence } from '../domain/action.ts';
import type { ActivationMessage, ActivationRecord, ActivationResponse } from '../domain/activation.ts';
import { activationRecord } from '../domain/activation.ts';
import type { Identity } from '../domain/identity.ts';
import { authKey } from '../domain/identity.ts';
import { isJsonObject } from '../domain/json.ts';
import type { JsonObject, JsonValue } from '../domain/json.ts';
import type { Logger } from '../domain/logger.ts';
import { silentLogger } from '../domain/logger.ts';
import { InvocableActions } from '../entities/invocable-actions.ts';
import { openSqliteStore } from '../store/sqlite/sqlite-store.ts';
import type { Store } from '../store/store.ts';
import { createApi } from './api.ts';
import type { ApiOptions } from './options.ts';

export const GUEST: Identity = { subject: 'guest', namespace: 'guest', uuid: '23bc46b1-71f6-4ed5-8c54-816aa4f8c502', key: 'k'.repeat(64) };
export const OTHER: Identity = { subject: 'other', namespace: 'other', uuid: '11111111-71f6-4ed5-8c54-816aa4f8c502', key: 'o'.repeat(64) };
export const ADMIN_TOKEN = 'admin-token-of-the-test';

/** `Authorization` of GUEST. */
export const AUTH = `Basic ${Buffer.from(authKey(GUEST)).toString('base64')}`;

/** Runs activations in this process; a test can make it refuse, or wait longer than the caller. */
export class InProcessDispatch implements Dispatch {
  readonly messages: ActivationMessage[] = [];
  /** Calls wait for it before they run. */
  gate: Promise<void> | undefined;
  /** Thrown instead of accepting a call. */
  refusal: Error | undefined;
  /** Answers every blocking call with "still running". */
  slow = false;
  invokers: DispatchView['invokers'] = [];
  lastWaitMs = 0;
  /** What it says is in flight, in every namespace. */
  running = 0;
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  async submit(message: ActivationMessage): Promise<void> {
    await this.#run(message);
  }

  async call(message: ActivationMessage, waitMs: number): Promise<BlockingAnswer> {
    this.lastWaitMs = waitMs;
    const record = await this.#run(message);
    const { activationId } = message;
    return this.slow ? { activationId, done: false } : { activationId, done: true, record };
  }

  /** As the dispatcher does: in the journal until its record is stored. */
  async run(message: ActivationMessage): Promise<ActivationRecord> {
    return this.#run(message);
  }

  attach(): undefined {
    return undefined;
  }

  inFlight(): number {
    return this.running;
  }

  view(): DispatchView {
    return { invokers: this.invokers, queued: 1, rescued: 2, running: 3, counts: { accepted: 4, completed: 5, rejected: 6, returned: 7, lostInvokers: 8 } };
  }

  async #run(message: ActivationMessage): Promise<ActivationRecord> {
    if (this.refusal !== undefined) throw this.refusal;
    this.messages.push(message);
    if (this.gate !== undefined) await this.gate;
    const stored = await this.#store.entities.get(message.action.path);
    assert.ok(stored?.type === 'action', `no action ${message.action.path}`);
    const start = systemClock.now();
    const { exec } = stored.entity;
    assert.ok(!isSequence(exec));
    const response = respond(exec.code ?? '', message);
    const end = systemClock.now();
    const record = activationRecord(message, { response, start, end, duration: end - start, waitTime: 0, timedOut: false, logs: ['2026-01-02T03:04:05.678Z         stdout: hello'] });
    await this.#store.activations.append(record);
    return record;
  }
}

/** Code that calls `fail(text)` gives a platform error, code that throws a developer error. */
function respond(code: string, message: ActivationMessage): ActivationResponse {
  let statusCode: ActivationResponse['statusCode'] = 0;
  let result: JsonValue;
  try {
    let platformFailed = false as boolean;
    const fail = (text: string): JsonObject => { platformFailed = true; return { error: text }; };
    // eslint-disable-next-line @typescript-eslint/no-implied-eval, @typescript-eslint/no-unsafe-call -- the tests' own actions
    const main = new Function('fail', `${code}\nreturn main;`)(fail) as (args: JsonObject, message: ActivationMessage) => JsonValue;
    result = JSON.parse(JSON.stringify(main(JSON.parse(JSON.stringify(message.args)) as JsonObject, message))) as JsonValue;
    if (isJsonObject(result) && 'error' in result) statusCode = platformFailed ? 3 : 1;
  } catch (error) {
    statusCode = 2;
    result = { error: `An error has occurred: ${String(error)}` };
  }
  return { statusCode, result, size: JSON.stringify(result).length };
}

interface Answer {
  status: number;
  /** Null where there is none. */
  body: JsonValue;
  headers: Headers;
}

export interface ApiUnderTest {
  url: string;
  /** The npm client, with the key of GUEST. */
  client: openwhisk.Client;
  store: Store;
  dispatch: InProcessDispatch;
  /** What was logged as an error: empty unless something is wrong with the API itself. */
  errors: object[];
  /** Calls below /api/v1/namespaces/_ with GUEST's key, JSON in and out. */
  request: (method: string, path: string, body?: unknown) => Promise<Answer>;
  /** Calls below /api/v1/namespaces/ with the key of anyone. */
  requestAs: (identity: Identity, method: string, path: string, body?: unknown) => Promise<Answer>;
  /** Creates an action of GUEST whose code is this function, named `main`. */
  action: (name: string, code: string, more?: object) => Promise<void>;
  server: Server;
  /** Refuses what comes from now on. */
  drain: () => void;
  close: () => Promise<void>;
}

export interface ApiSurroundings {
  /** Of every namespace. @default OpenWhisk's without throttles */
  limitsOf?: Identities['limitsOf'];
  /** Time of the throttles. @default the machine's */
  clock?: Clock;
}

export async function startApi(more: Partial<ApiOptions> = {}, surroundings: ApiSurroundings = {}): Promise<ApiUnderTest> {
  const directory = await mkdtemp(join(tmpdir(), 'hpcwhisk-api-'));
  const store = await openSqliteStore({ directory, logger: silentLogger });
  const dispatch = new InProcessDispatch(store);
  const errors: object[] = [];
  const logger: Logger = { ...silentLogger, error: (fields) => { errors.push(fields); } };
  const fixed = fixedIdentities([GUEST, OTHER]);
  const identities = { ...fixed, limitsOf: surroundings.limitsOf ?? fixed.limitsOf };
  const throttles = new Throttles({ limitsOf: identities.limitsOf, inFlight: () => dispatch.inFlight(), clock: surroundings.clock ?? systemClock });
  const invocations = createInvocations({
    store, dispatch, actions: new InvocableActions(store.entities), builtins: new Map(), clock: systemClock, logger,
    sequenceLimit: (namespace) => identities.limitsOf(namespace).sequenceLength,
    checkInvocation: (namespace) => { throttles.checkInvocation(namespace); },
  });
  const api = createApi({
    store, dispatch, invocations, clock: systemClock, logger, throttles, ...identities,
    options: { adminToken: ADMIN_TOKEN, statusExtras: () => ({ pilots: [] }), ...more },
  });
  await api.listen({ host: '127.0.0.1', port: 0 });
  const url = `http://127.0.0.1:${(api.server.address() as AddressInfo).port}`;

  const requestAs: ApiUnderTest['requestAs'] = async (identity, method, path, body) => {
    const response = await fetch(`${url}/api/v1/namespaces/${path}`, {
      method,
      headers: { authorization: `Basic ${Buffer.from(authKey(identity)).toString('base64')}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: text === '' ? null : JSON.parse(text) as JsonValue, headers: response.headers };
  };
  const request: ApiUnderTest['request'] = (method, path, body) => requestAs(GUEST, method, `_${path}`, body);
  return {
    url, store, dispatch, errors, request, requestAs, server: api.server,
    drain: () => { api.drain(); },
    client: openwhisk({ apihost: url, api_key: authKey(GUEST) }),
    action: async (name, code, fields = {}) => {
      const { status, body } = await request('PUT', `/actions/${encodeURIComponent(name)}?overwrite=true`, { exec: { kind: 'nodejs:default', code }, ...fields });
      assert.equal(status, 200, JSON.stringify(body));
    },
    close: async () => {
      invocations.stop();
      await api.close();
      await store.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
