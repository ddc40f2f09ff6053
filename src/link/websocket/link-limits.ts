/** The tunables of the WebSocket link, each with its reason. */

/** A frame is closed at this many characters, so that a burst of 1 MB payloads does not become one frame of gigabytes. */
export const FRAME_CHARS = 8 * 1024 * 1024;

/** Largest frame: code of 48 MB is 64 MB as base64, or up to twice its size as escaped source text. */
export const MAX_FRAME_BYTES = 128 * 1024 * 1024;

/** What may wait for a peer that does not read; beyond it the connection is given up. Two largest frames. */
export const MAX_BUFFERED_BYTES = 2 * MAX_FRAME_BYTES;

/** A connection that has not joined after this long is not one of ours. */
export const JOIN_TIMEOUT_MS = 5_000;

/** Not a byte for this long: the connection is half open. A few times what a busy event loop may stall. */
export const SILENCE_MS = 6_000;

/** How often within SILENCE_MS one looks; the client pings as often, so that both sides hear something. */
export const SILENCE_CHECKS = 3;

/** What a close may take before the socket is destroyed. */
export const CLOSE_TIMEOUT_MS = 1_000;

/** An upgrade that is not answered: the controller hangs, or something else listens there. */
export const HANDSHAKE_TIMEOUT_MS = 5_000;

/** First pause before dialling again: a controller that restarts is back within a few hundred ms. */
export const REDIAL_FIRST_MS = 50;

/** Longest pause: an invoker without controller wastes its lease. */
export const REDIAL_MAX_MS = 1_000;
