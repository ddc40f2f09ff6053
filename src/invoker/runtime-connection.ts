/**
 * HTTP/1.1 client of one action runtime over its channel: one request at a time on a connection that is kept, or several
 * that are named by a header `Call` and answered in any order, where the runtime understands that. Written by
 * hand because the runtime's answers are small and simple and a general client costs more than everything else that the
 * invoker does for a warm call. It tells the runtime that sentinels are not needed, as each of them would wake this process
 * once more before the answer does: who knows that header leaves them out and says so. A body above the limit is read to its end, but only its beginning is kept.
 */
import type { Duplex } from 'node:stream';

export interface RuntimeReply {
  status: number;
  /** The whole body, or its first bytes when it is longer than the limit. */
  body: string;
  /** Bytes of the whole body. */
  bytes: number;
  truncated: boolean;
  /** The runtime wrote no sentinels: what was printed has been written before this answer. */
  withoutSentinels: boolean;
}

/** The runtime closed the channel, or said something that is no HTTP response. */
export const CONNECTION_LOST = 'connection-lost';

const HEAD_END = Buffer.from('\r\n\r\n');
const MAX_HEAD_BYTES = 65_536;
const CONTINUE = 100;
const WITHOUT_SENTINELS = '\r\nSentinels: none';

interface Exchange {
  settle(reply: RuntimeReply | typeof CONNECTION_LOST): void;
  onContinue: (() => void) | undefined;
}

/** A response whose head is read and whose body is on its way. */
interface Incoming { call: string | undefined; withoutSentinels: boolean; status: number; length: number; read: number; kept: Buffer[]; keptBytes: number }

export class RuntimeConnection {
  readonly #channel: Duplex;
  readonly #maxBodyBytes: number;
  readonly #truncateToBytes: number;
  #exchange: Exchange | undefined;
  readonly #calls = new Map<string, Exchange>();
  #head: Buffer | undefined;
  #incoming: Incoming | undefined;
  #lost = false;

  constructor(channel: Duplex, limits: { maxBodyBytes: number; truncateToBytes: number }) {
    this.#channel = channel;
    this.#maxBodyBytes = limits.maxBodyBytes;
    this.#truncateToBytes = limits.truncateToBytes;
    channel.on('data', (chunk: Buffer) => { this.#received(chunk); });
    channel.once('close', () => { this.#lose(); });
    channel.once('end', () => { this.#lose(); });
    channel.once('error', () => { this.#lose(); });
  }

  /**
   * One request; no other may be under way, but for those that have another `call`. Never rejects.
   * `onContinue` asks for an interim answer (100) and hears when the runtime has taken the request up.
   */
  post(
    path: '/init' | '/run', json: string, { onContinue, call }: { onContinue?: (() => void) | undefined; call?: string | undefined } = {},
  ): Promise<RuntimeReply | typeof CONNECTION_LOST> {
    if (this.#lost) return Promise.resolve(CONNECTION_LOST);
    const expect = onContinue === undefined ? '' : 'Expect: 100-continue\r\n';
    return new Promise((resolve) => {
      if (call === undefined) this.#exchange = { settle: resolve, onContinue };
      else this.#calls.set(call, { settle: resolve, onContinue });
      this.#channel.write(
        `POST ${path} HTTP/1.1\r\nHost: action\r\nContent-Type: application/json\r\n${expect}${call === undefined ? 'Sentinels: unneeded\r\n' : `Call: ${call}\r\n`}Content-Length: ${Buffer.byteLength(json)}\r\n\r\n${json}`,
      );
    });
  }

  #received(chunk: Buffer): void {
    let rest: Buffer | undefined = chunk;
    while (rest !== undefined && rest.length > 0) rest = this.#incoming === undefined ? this.#readHead(rest) : this.#readBody(this.#incoming, rest);
  }

  /** @returns what follows the head, or undefined when it is not complete */
  #readHead(chunk: Buffer): Buffer | undefined {
    const data = this.#head === undefined ? chunk : Buffer.concat([this.#head, chunk]);
    const end = data.indexOf(HEAD_END);
    if (end < 0) {
      this.#head = data;
      if (data.length > MAX_HEAD_BYTES) this.#lose();
      return undefined;
    }
    this.#head = undefined;
    const head = data.toString('latin1', 0, end);
    const status = Number(head.slice(9, 12));
    if (!head.startsWith('HTTP/1.') || Number.isNaN(status) || (this.#exchange === undefined && this.#calls.size === 0)) {
      this.#lose();
      return undefined;
    }
    const rest = data.subarray(end + HEAD_END.length);
    if (status === CONTINUE) {
      this.#exchange?.onContinue?.();
      return rest;
    }
    // As in OpenWhisk, an answer that does not tell its length is none.
    const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
    if (length === undefined) {
      this.#lose();
      return undefined;
    }
    const call = this.#calls.size === 0 ? undefined : /\r\ncall: *(\w+)/i.exec(head)?.[1];
    this.#incoming = { call, withoutSentinels: head.includes(WITHOUT_SENTINELS), status, length: Number(length), read: 0, kept: [], keptBytes: 0 };
    if (this.#incoming.length === 0) this.#finish(this.#incoming);
    return rest;
  }

  #readBody(incoming: Incoming, chunk: Buffer): Buffer | undefined {
    const missing = incoming.length - incoming.read;
    const part = chunk.length > missing ? chunk.subarray(0, missing) : chunk;
    incoming.read += part.length;
    const room = (incoming.length > this.#maxBodyBytes ? this.#truncateToBytes : this.#maxBodyBytes) - incoming.keptBytes;
    if (room > 0) {
      const kept = part.length > room ? part.subarray(0, room) : part;
      incoming.kept.push(kept);
      incoming.keptBytes += kept.length;
    }
    if (incoming.read === incoming.length) this.#finish(incoming);
    return chunk.length > missing ? chunk.subarray(missing) : undefined;
  }

  #finish(incoming: Incoming): void {
    this.#incoming = undefined;
    const [only] = incoming.kept;
    const body = incoming.kept.length === 1 && only !== undefined ? only.toString() : Buffer.concat(incoming.kept).toString();
    this.#settle({ status: incoming.status, body, bytes: incoming.length, truncated: incoming.length > this.#maxBodyBytes, withoutSentinels: incoming.withoutSentinels }, incoming.call);
  }

  #lose(): void {
    if (this.#lost) return;
    this.#lost = true;
    this.#channel.destroy();
    this.#settle(CONNECTION_LOST, undefined);
    for (const call of [...this.#calls.keys()]) this.#settle(CONNECTION_LOST, call);
  }

  #settle(reply: RuntimeReply | typeof CONNECTION_LOST, call: string | undefined): void {
    const exchange = call === undefined ? this.#exchange : this.#calls.get(call);
    if (call === undefined) this.#exchange = undefined;
    else this.#calls.delete(call);
    exchange?.settle(reply);
  }
}
