/**
 * The controller's side of the link. It hangs on the `upgrade` event of an HTTP server that it shares with the API.
 *
 * A connection is a stranger until its upgrade request carried the token (else 401), then a guest until its first
 * message was a join of our version (else it is refused, or closed when it says nothing), then it is joined: only then
 * the handler hears of it, and hears once more when it is gone.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type RawData, type WebSocket } from 'ws';
import type { Logger } from '../../domain/logger.ts';
import type { InvokerConnection, LinkHandler, LinkListener } from '../link.ts';
import { parseToController, versionOfJoin } from '../message-shapes.ts';
import { LINK_VERSION, type InvokerDescription, type ToController, type ToInvoker } from '../messages.ts';
import { CLOSE_TIMEOUT_MS, JOIN_TIMEOUT_MS, MAX_FRAME_BYTES, SILENCE_CHECKS, SILENCE_MS } from './link-limits.ts';
import { machineTimers, type LinkTimers } from './link-timers.ts';
import { Outbox } from './outbox.ts';
import { SilenceCounter } from './silence.ts';

export interface ListenOptions {
  /** Listening or not yet; it stays its owner's: closing the link leaves it open. */
  server: Server;
  /** @default /link */
  path?: string;
  /** What invokers show as `Authorization: Bearer TOKEN`. */
  token: string;
  handler: LinkHandler;
  logger: Logger;
  /** @default JOIN_TIMEOUT_MS */
  joinTimeoutMs?: number;
  /** @default SILENCE_MS */
  silenceMs?: number;
  timers?: LinkTimers;
}

interface Context {
  readonly handler: LinkHandler;
  readonly logger: Logger;
  readonly timers: LinkTimers;
  readonly joinTimeoutMs: number;
}

class ServerConnection implements InvokerConnection {
  readonly #socket: WebSocket;
  readonly #context: Context;
  readonly #outbox: Outbox;
  readonly #silence: SilenceCounter;
  readonly #remote: string;
  readonly #cancelJoinTimer: () => void;
  #description: InvokerDescription | undefined;
  #closing = false;

  constructor(socket: WebSocket, tcp: Socket, context: Context) {
    this.#socket = socket;
    this.#context = context;
    this.#remote = `${tcp.remoteAddress ?? '?'}:${tcp.remotePort ?? '?'}`;
    this.#outbox = new Outbox(socket, (reason) => { this.#giveUp(reason); });
    this.#silence = new SilenceCounter(tcp);
    this.#cancelJoinTimer = context.timers.after(context.joinTimeoutMs, () => { this.#giveUp('no join in time'); });
    socket.on('message', (data) => { this.#receive(data); });
    socket.on('error', (error) => { this.#log('link error', { error: error.message }); });
    socket.once('close', () => { this.#closed(); });
  }

  get description(): InvokerDescription {
    if (this.#description === undefined) throw new Error('a connection that has not joined has no description');
    return this.#description;
  }

  send(message: ToInvoker): void {
    if (!this.#closing) this.#outbox.send(message, message.type === 'ack');
  }

  close(): void {
    if (this.#closing) return;
    this.#closing = true;
    this.#outbox.flush();
    this.#socket.close(1000);
    const cancel = this.#context.timers.after(CLOSE_TIMEOUT_MS, () => { this.#socket.terminate(); });
    this.#socket.once('close', cancel);
  }

  /** Gives the connection up when it has been silent for too long. */
  lookForLife(): void {
    if (this.#silence.look() === 'dead') this.#giveUp('silent');
  }

  #receive(data: RawData): void {
    if (this.#closing) return;
    const text = textOf(data);
    if (this.#description === undefined) {
      this.#firstFrame(text);
      return;
    }
    this.#deliver(parseToController(text));
  }

  #firstFrame(text: string): void {
    const version = versionOfJoin(text);
    if (version !== undefined && version !== LINK_VERSION) {
      this.#log('invoker of another version refused', { version });
      this.#outbox.send({ type: 'refuse', reason: `this controller speaks version ${LINK_VERSION} of the link, not ${version}` } satisfies ToInvoker);
      this.close();
      return;
    }
    const messages = parseToController(text);
    const join = messages?.shift();
    if (join?.type !== 'join') {
      this.#giveUp('the first message is not a join');
      return;
    }
    this.#cancelJoinTimer();
    this.#description = join;
    this.#guarded(() => { this.#context.handler.joined(this); });
    this.#deliver(messages);
  }

  #deliver(messages: ToController[] | undefined): void {
    if (messages === undefined) {
      this.#giveUp('malformed frame');
      return;
    }
    for (const message of messages) {
      if (this.#closing) return;
      if (message.type === 'join') {
        this.#giveUp('a second join');
        return;
      }
      this.#guarded(() => { this.#context.handler.received(this, message); });
    }
  }

  /** A fault of ours in one conversation must not end the others. */
  #guarded(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.#context.logger.error({ err: error, invoker: this.#description?.invokerId }, 'link handler failed');
      this.#giveUp('internal error');
    }
  }

  #giveUp(reason: string): void {
    this.#log('link connection given up', { reason });
    this.#closing = true;
    this.#socket.terminate();
  }

  #closed(): void {
    this.#closing = true;
    this.#cancelJoinTimer();
    if (this.#description !== undefined) this.#guarded(() => { this.#context.handler.closed(this); });
  }

  #log(text: string, fields: object): void {
    this.#context.logger.warn({ ...fields, invoker: this.#description?.invokerId, remote: this.#remote }, text);
  }
}

export function listenWebSocket(options: ListenOptions): LinkListener {
  const { server, token, handler, logger, path = '/link', timers = machineTimers } = options;
  const expected = digest(token);
  const context: Context = { handler, logger, timers, joinTimeoutMs: options.joinTimeoutMs ?? JOIN_TIMEOUT_MS };
  const webSockets = new WebSocketServer({
    noServer: true, clientTracking: false, perMessageDeflate: false, maxPayload: MAX_FRAME_BYTES, skipUTF8Validation: true,
  });
  const connections = new Set<ServerConnection>();

  const upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    if (request.url?.split('?', 1)[0] !== path) {
      // Another listener's path perhaps; but somebody has to answer.
      if (server.listenerCount('upgrade') === 1) answer(socket, '404 Not Found');
      return;
    }
    if (!timingSafeEqual(digest(bearerOf(request)), expected)) {
      logger.warn({ remote: request.socket.remoteAddress }, 'link upgrade with a wrong token refused');
      answer(socket, '401 Unauthorized');
      return;
    }
    webSockets.handleUpgrade(request, socket, head, (webSocket) => {
      const connection = new ServerConnection(webSocket, request.socket, context);
      connections.add(connection);
      webSocket.once('close', () => { connections.delete(connection); });
    });
  };
  server.on('upgrade', upgrade);
  const cancelSweep = timers.every((options.silenceMs ?? SILENCE_MS) / SILENCE_CHECKS, () => {
    for (const connection of connections) connection.lookForLife();
  });

  return {
    close: async () => {
      server.off('upgrade', upgrade);
      cancelSweep();
      for (const connection of connections) connection.close();
      while (connections.size > 0) await new Promise<void>((resolve) => { timers.after(5, resolve); });
    },
  };
}

/** All frames are text; ws hands them over as one Buffer (its default `binaryType`). */
function textOf(data: RawData): string {
  return Buffer.isBuffer(data) ? data.toString() : '';
}

/** Digests have one length, so that comparing them tells nothing of the token's. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

function bearerOf(request: IncomingMessage): string {
  return /^bearer +(\S+) *$/iu.exec(request.headers.authorization ?? '')?.[1] ?? '';
}

function answer(socket: Duplex, status: string): void {
  socket.on('error', () => undefined);
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}
