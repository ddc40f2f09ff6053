/**
 * What one side has to say in one turn of its event loop leaves as one frame: a JSON array of messages. The flush is a
 * setImmediate, not a microtask: it runs after all sockets that were readable in this turn have been served, so that
 * thirty requests that came together leave together. Messages are serialised when they are sent, not when they leave:
 * the caller may change them afterwards.
 *
 * A message that can wait a little (an acknowledgement) takes the next frame, or one of its own after a few ms: under
 * load it costs no frame, no system call and no wake-up of the other side.
 */
import type { WebSocket } from 'ws';
import { FRAME_CHARS, MAX_BUFFERED_BYTES, MAX_FRAME_BYTES } from './link-limits.ts';

const BYTES_PER_CHAR = 3;
/** Short enough that an invoker that waits for its last acknowledgement does not hold its node for it. */
const PATIENCE_MS = 5;

export class Outbox {
  readonly #socket: WebSocket;
  readonly #overflow: (reason: string) => void;
  #messages: string[] = [];
  #chars = 0;
  #scheduled = false;
  #patience: NodeJS.Timeout | undefined;

  /** @param overflow called when the peer does not take what is sent; the connection is to be given up */
  constructor(socket: WebSocket, overflow: (reason: string) => void) {
    this.#socket = socket;
    this.#overflow = overflow;
  }

  /** @param canWait it need not go out in this turn */
  send(message: object, canWait = false): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    const text = JSON.stringify(message);
    if (text.length * BYTES_PER_CHAR > MAX_FRAME_BYTES && Buffer.byteLength(text) + 2 > MAX_FRAME_BYTES) {
      this.#overflow(`a message of ${text.length} characters is too large for the link`);
      return;
    }
    if (this.#chars > 0 && this.#chars + text.length > FRAME_CHARS) this.flush();
    this.#messages.push(text);
    this.#chars += text.length;
    if (this.#scheduled) return;
    if (canWait) {
      this.#patience ??= setTimeout(() => { this.flush(); }, PATIENCE_MS);
      return;
    }
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.flush();
    });
  }

  /** Sends now what waits for the end of the turn. */
  flush(): void {
    if (this.#messages.length === 0) return;
    clearTimeout(this.#patience);
    this.#patience = undefined;
    const frame = `[${this.#messages.join(',')}]`;
    this.#messages = [];
    this.#chars = 0;
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    this.#socket.send(frame);
    if (this.#socket.bufferedAmount > MAX_BUFFERED_BYTES) this.#overflow('the peer does not read');
  }
}
