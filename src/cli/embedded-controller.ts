/**
 * The controller as one process: store, dispatcher, API and link on one port. Started bottom up, stopped top down:
 * the API refuses new calls first, invokers drain, then the store is closed.
 */
import { rm } from 'node:fs/promises';
import { createServer as createHttpServer, type Server } from 'node:http';
import { createServer } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { AccountError } from '../accounts/account-error.ts';
import { Accounts } from '../accounts/accounts.ts';
import { keylessJournal } from '../accounts/keyless-journal.ts';
import { LimitSettingsError } from '../accounts/limit-settings.ts';
import { Throttles } from '../accounts/throttles.ts';
import { createApi } from '../api/api.ts';
import { listenTls, type TlsListener } from '../api/listen-tls.ts';
import { systemClock } from '../clock/system-clock.ts';
import { createInvocations, type ComposedInvocations } from '../compose/create-invocations.ts';
import { Dispatcher } from '../dispatch/dispatcher.ts';
import { isSequence } from '../domain/action.ts';
import type { Limits } from '../domain/limits.ts';
import type { Logger } from '../domain/logger.ts';
import { storedRevision } from '../entities/invocable-action.ts';
import { InvocableActions } from '../entities/invocable-actions.ts';
import { resolveKind } from '../runtimes/kinds.ts';
import { System } from '../system/system.ts';
import { SYSTEM_NAMESPACE } from '../system/system-packages.ts';
import { listenWebSocket } from '../link/websocket/listen-websocket.ts';
import type { LinkListener } from '../link/link.ts';
import type { Store } from '../store/store.ts';
import { CommandError, errorText, systemCode } from './command-error.ts';
import { openStore, type StoreRetention } from './open-store.ts';
import type { CertificateAndKey } from './tls-certificate.ts';

export const LINK_PATH = '/link';
const GUEST = 'guest';

export interface ControllerOptions {
  host: string;
  port: number;
  storeDirectory: string;
  /** @default everything is kept */
  retention?: StoreRetention;
  /** Unix socket on which invokers of this machine may join, too; it costs them and us less than TCP. */
  linkSocket?: string;
  /** `uuid:key` of the namespace guest. */
  authKey: string;
  /** What keys of namespaces are derived with. */
  keySecret: string;
  /** The platform's. */
  limits: Limits;
  linkToken: string;
  adminToken: string;
  /** HTTPS beside HTTP, at the same address. */
  tls?: CertificateAndKey & { port: number };
  /** Below which namespaces have hosts of their own. */
  webDomain?: string;
  logger: Logger;
  statusExtras: () => object;
}

export class EmbeddedController {
  readonly dispatcher: Dispatcher;
  readonly #system: System;
  readonly #invocations: ComposedInvocations;
  readonly #api: FastifyInstance;
  readonly #links: readonly LinkListener[];
  readonly #local: Server | undefined;
  readonly #tls: TlsListener | undefined;
  readonly #store: Store;

  private constructor(
    store: Store, dispatcher: Dispatcher, system: System, invocations: ComposedInvocations, api: FastifyInstance,
    links: readonly LinkListener[], local: Server | undefined, tls: TlsListener | undefined,
  ) {
    this.#store = store;
    this.dispatcher = dispatcher;
    this.#system = system;
    this.#invocations = invocations;
    this.#api = api;
    this.#links = links;
    this.#local = local;
    this.#tls = tls;
  }

  /** @throws {CommandError} when the port is taken or the store cannot be opened; nothing is left running then */
  static async start(options: ControllerOptions): Promise<EmbeddedController> {
    const { logger } = options;
    const store = await openStore(options.storeDirectory, logger, options.retention);
    const accounts = await openAccounts(store, options);
    const kept = { entities: store.entities, activations: store.activations, journal: keylessJournal(store.journal, accounts.ownerOf) };
    const dispatcher = new Dispatcher({
      store: kept, clock: systemClock, random: Math.random, logger, options: { maxResultBytes: options.limits.maxResultBytes },
      code: async (path, revision) => {
        const stored = await store.entities.get(path);
        if (stored?.type !== 'action' || stored.revision !== storedRevision(revision) || isSequence(stored.entity.exec)) return undefined;
        return stored.entity.exec;
      },
    });
    const throttles = new Throttles({ limitsOf: accounts.limitsOf, inFlight: (namespace) => dispatcher.inFlight(namespace), clock: systemClock });
    const system = new System({ store, identities: accounts, throttles, kind: resolveKind('nodejs:default')?.kind ?? 'nodejs', clock: systemClock, logger });
    const invocations = createInvocations({
      store: kept, dispatch: dispatcher, actions: new InvocableActions(store.entities), builtins: new Map(system.builtins), clock: systemClock, logger,
      sequenceLimit: (namespace) => accounts.limitsOf(namespace).sequenceLength,
      checkInvocation: (namespace) => { throttles.checkInvocation(namespace); },
    });
    const api = createApi({
      store, dispatch: dispatcher, invocations, clock: systemClock, logger, throttles, accounts,
      authenticate: accounts.authenticate, ownerOf: accounts.ownerOf, limitsOf: accounts.limitsOf,
      options: { limits: options.limits, adminToken: options.adminToken, statusExtras: options.statusExtras, webDomain: options.webDomain },
    });
    let local: Server | undefined;
    let tls: TlsListener | undefined;
    try {
      const unfinished = await kept.journal.unfinished();
      await dispatcher.start(unfinished);
      invocations.start(unfinished);
      await system.start((...trigger) => invocations.fire(...trigger));
      const listen = (server: Server): LinkListener => listenWebSocket({ server, path: LINK_PATH, token: options.linkToken, handler: dispatcher, logger });
      const links = [listen(api.server)];
      if (options.linkSocket !== undefined) {
        local = await listenOnSocket(options.linkSocket);
        links.push(listen(local));
      }
      if (options.tls !== undefined) tls = await listenTls(api.server, { host: options.host, ...options.tls });
      await api.listen({ host: options.host, port: options.port });
      return new EmbeddedController(store, dispatcher, system, invocations, api, links, local, tls);
    } catch (error) {
      local?.close();
      await tls?.close();
      await api.close();
      await system.stop();
      invocations.stop();
      await dispatcher.stop();
      await store.close();
      throw listenError(error, options);
    }
  }

  /** From now on new requests are refused; what is under way goes on. */
  refuseRequests(): void {
    this.#api.drain();
  }

  /** Waits at most `drainMs` for the invokers to leave. */
  async stop(drainMs: number): Promise<void> {
    this.refuseRequests();
    await this.#system.stop();
    this.#invocations.stop();
    await this.dispatcher.stop(drainMs);
    await Promise.all(this.#links.map((link) => link.close()));
    this.#local?.close();
    await this.#tls?.close();
    await this.#api.close();
    await this.#store.close();
  }
}

/** The store's lock says that no other controller is at this directory, so a socket file there is one that was killed. */
async function listenOnSocket(path: string): Promise<Server> {
  await rm(path, { force: true });
  const server = createHttpServer((_request, response) => { response.writeHead(404).end(); });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
  return server;
}

/** Finds out whether the port can be had, before anything is created. @throws {CommandError} */
export async function checkPort(host: string, port: number): Promise<void> {
  const probe = createServer();
  await new Promise<void>((resolve, reject) => {
    probe.once('error', (error) => { reject(listenError(error, { host, port })); });
    probe.listen({ host, port, exclusive: true }, () => { probe.close(() => { resolve(); }); });
  });
}

/** @throws {CommandError} when accounts cannot be read; the store is closed then */
async function openAccounts(store: Store, { keySecret, limits, authKey }: ControllerOptions): Promise<Accounts> {
  try {
    const accounts = await Accounts.open({ documents: store.documents, secret: keySecret, limits, clock: systemClock });
    await accounts.ensure(GUEST, authKey);
    await accounts.ensureKeyless(SYSTEM_NAMESPACE);
    return accounts;
  } catch (error) {
    await store.close();
    if (error instanceof LimitSettingsError) throw new CommandError('ELIMITS', `stored limits of a namespace cannot be read: ${error.message}`, 78, { cause: error });
    if (error instanceof AccountError) throw new CommandError(error.code, error.message, 78, { cause: error });
    throw error;
  }
}

function listenError(error: unknown, { host, port }: { host: string; port: number }): Error {
  switch (systemCode(error)) {
    case 'EADDRINUSE':
      return new CommandError('EPORT', `port ${port} of ${host} is in use; stop what listens there or choose another with --port`, 69, { cause: error });
    case 'EACCES':
      return new CommandError('EPORT', `port ${port} may not be used by this user: ${errorText(error)}`, 77, { cause: error });
    case 'EADDRNOTAVAIL': case 'ENOTFOUND': case 'EAI_AGAIN':
      return new CommandError('EHOST', `${host} is no address of this machine`, 64, { cause: error });
    case undefined: default:
      return error instanceof Error ? error : new Error(String(error));
  }
}
