/**
 * Tells a half-open connection: one whose socket has not brought a byte in several looks. It counts looks and not time,
 * so that a stall of our own event loop (in which many bytes may have come, unread) costs one look only.
 */
import type { Socket } from 'node:net';
import { SILENCE_CHECKS } from './link-limits.ts';

export class SilenceCounter {
  readonly #socket: Socket;
  #bytesSeen = 0;
  #quietLooks = 0;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** One look. @returns whether it is `fresh` (bytes came since the last), `quiet`, or `dead` */
  look(): 'fresh' | 'quiet' | 'dead' {
    const bytes = this.#socket.bytesRead;
    if (bytes !== this.#bytesSeen) {
      this.#bytesSeen = bytes;
      this.#quietLooks = 0;
      return 'fresh';
    }
    this.#quietLooks += 1;
    return this.#quietLooks >= SILENCE_CHECKS ? 'dead' : 'quiet';
  }
}
