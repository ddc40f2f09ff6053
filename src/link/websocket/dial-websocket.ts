/**
 * The invoker's side of the link. It is always in one of three states: dialling, connected, or pausing before it dials
 * again; only `close` ends that. The pause grows from 50 ms to 1 s with jitter and starts over once the controller has
 * answered a join, so that a controller that refuses is not hammered. As long as it is not closed it keeps the process
 * alive: a lost controller is no reason for an invoker to end.
 */
import type { Socket } from 'node:net';
import { WebSocket, type RawData } from 'ws';
import type { LinkClient, LinkClientHandler } from '../link.ts';
import { parseToInvoker } from '../message-shapes.ts';
import { LINK_VERSION, type ToController } from '../messages.ts';
import {
  CLOSE_TIMEOUT_MS, HANDSHAKE_TIMEOUT_MS, MAX_FRAME_BYTES, REDIAL_FIRST_MS, REDIAL_MAX_MS, SILENCE_CHECKS, SILENCE_MS,
} from './link-limits.ts';
import { machineTimers, type LinkTimers } from './link-timers.ts';
import { Outbox } from './outbox.ts';
import { SilenceCounter } from './silence.ts';

const LONGEST_TIMER_MS = 2 ** 31 - 1;

export interface DialOptions {
  /** `ws://host:port/link` */
  url: string;
  token: string;
  handler: LinkClientHandler;
  /** A clock, or the machine's timers. */
  clock?: LinkTimers;
  /** Between 0 and 1, for the jitter. */
  random?: () => number;
  /** @default SILENCE_MS */
  silenceMs?: number;
  /** Hears why a connection could not be made or was given up: at most one line per attempt. */
  onTrouble?: (reason: string) => void;
}

class DiallingClient implements LinkClient {
  readonly #options: DialOptions;
  readonly #timers: LinkTimers;
  readonly #keepAlive = setInterval(() => undefined, LONGEST_TIMER_MS);
  #socket: WebSocket | undefined;
  #outbox: Outbox | undefined;
  #cancelTimer: () => void = () => undefined;
  #pauseMs = REDIAL_FIRST_MS;
  #closing = false;

  constructor(options: DialOptions) {
    this.#options = options;
    this.#timers = options.clock ?? machineTimers;
    this.#dial();
  }

  send(message: ToController): void {
    if (!this.#closing) this.#outbox?.send(message);
  }

  async close(): Promise<void> {
    if (!this.#closing) {
      this.#closing = true;
      clearInterval(this.#keepAlive);
      this.#cancelTimer();
      this.#outbox?.flush();
    }
    const socket = this.#socket;
    if (socket === undefined) return;
    await new Promise<void>((resolve) => {
      const cancel = this.#timers.after(CLOSE_TIMEOUT_MS, () => { socket.terminate(); });
      socket.once('close', () => { cancel(); resolve(); });
      if (socket.readyState === socket.OPEN) socket.close(1000);
      else if (socket.readyState === socket.CONNECTING) socket.terminate();
    });
  }

  #dial(): void {
    const socket = new WebSocket(this.#options.url, {
      headers: { authorization: `Bearer ${this.#options.token}` },
      perMessageDeflate: false, handshakeTimeout: HANDSHAKE_TIMEOUT_MS, maxPayload: MAX_FRAME_BYTES, skipUTF8Validation: true,
      // Masks protect proxies from browsers; a mask of zeros spares both sides the work.
      generateMask: (mask) => { mask.fill(0); },
    });
    this.#socket = socket;
    let stopListening: () => void = () => undefined;
    let tcp: Socket | undefined;
    socket.once('upgrade', (response) => { tcp = response.socket; });
    socket.once('unexpected-response', (_request, response) => {
      const reason = response.statusCode === 401
        ? 'the controller does not accept the token of this invoker' : `the controller answers ${response.statusCode ?? '?'}`;
      socket.removeAllListeners('error').on('error', () => undefined);
      this.#options.onTrouble?.(reason);
      if (response.statusCode === 401 && !this.#closing) this.#options.handler.received({ type: 'refuse', reason });
      socket.terminate();
    });
    socket.once('open', () => {
      if (this.#closing) return;
      stopListening = this.#opened(socket, tcp);
    });
    socket.on('error', (error) => { this.#options.onTrouble?.(error.message); });
    socket.once('close', () => {
      stopListening();
      this.#closed(socket);
    });
  }

  /** @returns what ends the watch over this connection */
  #opened(socket: WebSocket, tcp: Socket | undefined): () => void {
    this.#outbox = new Outbox(socket, (reason) => { this.#giveUp(socket, reason); });
    socket.on('message', (data) => { this.#receive(socket, data); });
    this.#outbox.send({ type: 'join', version: LINK_VERSION, ...this.#options.handler.connected() } satisfies ToController);
    this.#outbox.flush();
    if (tcp === undefined) return () => undefined;
    const silence = new SilenceCounter(tcp);
    return this.#timers.every((this.#options.silenceMs ?? SILENCE_MS) / SILENCE_CHECKS, () => {
      if (silence.look() === 'dead') this.#giveUp(socket, 'the controller is silent');
      // Always, not only in a quiet time of the controller's: it listens for us, too.
      else socket.ping();
    });
  }

  #receive(socket: WebSocket, data: RawData): void {
    const messages = Buffer.isBuffer(data) ? parseToInvoker(data.toString()) : undefined;
    if (messages === undefined) {
      this.#giveUp(socket, 'malformed frame');
      return;
    }
    for (const message of messages) {
      if (this.#closing) return;
      if (message.type !== 'refuse') this.#pauseMs = REDIAL_FIRST_MS;
      this.#options.handler.received(message);
    }
  }

  #giveUp(socket: WebSocket, reason: string): void {
    this.#options.onTrouble?.(reason);
    socket.terminate();
  }

  #closed(socket: WebSocket): void {
    const wasOpen = this.#outbox !== undefined;
    if (this.#socket === socket) this.#socket = undefined;
    this.#outbox = undefined;
    if (this.#closing) return;
    const { random = Math.random, handler } = this.#options;
    const pause = this.#pauseMs * (0.5 + random() / 2);
    this.#pauseMs = Math.min(this.#pauseMs * 2, REDIAL_MAX_MS);
    this.#cancelTimer = this.#timers.after(pause, () => { this.#dial(); });
    if (wasOpen) handler.disconnected();
  }
}

/** Dials at once, and again whenever the connection is lost, until closed. */
export function dialWebSocket(options: DialOptions): LinkClient {
  return new DiallingClient(options);
}
