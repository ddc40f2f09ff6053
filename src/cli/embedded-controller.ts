/**
 * The controller as one process: store, dispatcher, API and link on one port. Started bottom up, stopped top down:
 * the API refuses new calls first, invokers drain, then the store is closed.
 */
import { rm } from 'node:fs/promises';
import { createServer as createHttpServer, type Server } from 'node:http';
import { createServer } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { fixedIdentities } from '../accounts/identities.ts';
import { Throttles } from '../accounts/throttles.ts';
import { createApi } from '../api/api.ts';
import { systemClock } from '../clock/system-clock.ts';
import { Dispatcher } from '../dispatch/dispatcher.ts';
import { isSequence } from '../domain/action.ts';
import type { Identity } from '../domain/identity.ts';
import type { Logger } from '../domain/logger.ts';
import { listenWebSocket } from '../link/websocket/listen-websocket.ts';
import type { LinkListener } from '../link/link.ts';
import { openSqliteStore } from '../store/sqlite/sqlite-store.ts';
import { StoreOpenError } from '../store/sqlite/store-open-error.ts';
import type { Store } from '../store/store.ts';
import { CommandError, errorText, systemCode } from './command-error.ts';

export const LINK_PATH = '/link';
const GUEST = 'guest';

export interface ControllerOptions {
  host: string;
  port: number;
  storeDirectory: string;
  /** Unix socket on which invokers of this machine may join, too; it costs them and us less than TCP. */
  linkSocket?: string;
  /** `uuid:key` of the namespace guest. */
  authKey: string;
  linkToken: string;
  adminToken: string;
  logger: Logger;
  statusExtras: () => object;
}

export class EmbeddedController {
  readonly dispatcher: Dispatcher;
  readonly #api: FastifyInstance;
  readonly #links: readonly LinkListener[];
  readonly #local: Server | undefined;
  readonly #store: Store;

  private constructor(store: Store, dispatcher: Dispatcher, api: FastifyInstance, links: readonly LinkListener[], local: Server | undefined) {
    this.#store = store;
    this.dispatcher = dispatcher;
    this.#api = api;
    this.#links = links;
    this.#local = local;
  }

  /** @throws {CommandError} when the port is taken or the store cannot be opened; nothing is left running then */
  static async start(options: ControllerOptions): Promise<EmbeddedController> {
    const { logger } = options;
    const store = await openStore(options.storeDirectory, logger);
    const dispatcher = new Dispatcher({
      store, clock: systemClock, random: Math.random, logger,
      code: async (path, revision) => {
        const stored = await store.actions.get(path);
        if (stored?.revision !== revision || isSequence(stored.action.exec)) return undefined;
        return stored.action.exec;
      },
    });
    const identities = fixedIdentities([guest(options.authKey)]);
    const throttles = new Throttles({ limitsOf: identities.limitsOf, inFlight: (namespace) => dispatcher.inFlight(namespace), clock: systemClock });
    const api = createApi({
      store, dispatch: dispatcher, clock: systemClock, logger, throttles, ...identities,
      options: { adminToken: options.adminToken, statusExtras: options.statusExtras },
    });
    let local: Server | undefined;
    try {
      await dispatcher.start();
      const listen = (server: Server): LinkListener => listenWebSocket({ server, path: LINK_PATH, token: options.linkToken, handler: dispatcher, logger });
      const links = [listen(api.server)];
      if (options.linkSocket !== undefined) {
        local = await listenOnSocket(options.linkSocket);
        links.push(listen(local));
      }
      await api.listen({ host: options.host, port: options.port });
      return new EmbeddedController(store, dispatcher, api, links, local);
    } catch (error) {
      local?.close();
      await api.close();
      await dispatcher.stop();
      await store.close();
      throw listenError(error, options);
    }
  }

  /** Waits at most `drainMs` for the invokers to leave. */
  async stop(drainMs: number): Promise<void> {
    await this.dispatcher.stop(drainMs);
    await Promise.all(this.#links.map((link) => link.close()));
    this.#local?.close();
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

async function openStore(directory: string, logger: Logger): Promise<Store> {
  try {
    return await openSqliteStore({ directory, logger });
  } catch (error) {
    if (error instanceof StoreOpenError) {
      const advice = error.code === 'network-file-system' ? ' Name a directory on a local disk with --store.' : '';
      throw new CommandError('ESTORE', `${error.message}${advice}`, 73, { cause: error });
    }
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

/** The one identity of the embedded default. */
function guest(authKey: string): Identity {
  const separator = authKey.indexOf(':');
  return { namespace: GUEST, subject: GUEST, uuid: authKey.slice(0, separator), key: authKey.slice(separator + 1) };
}
