/**
 * Port of the link. The controller's side listens and tells of connections; the invoker's side dials, and dials again
 * when the connection is lost. Neither side knows how messages travel.
 */
import type { InvokerDescription, ToController, ToInvoker } from './messages.ts';

/** One invoker's connection, seen from the controller. */
export interface InvokerConnection {
  readonly description: InvokerDescription;
  send(message: ToInvoker): void;
  close(): void;
}

/** What the controller does with what it hears. Called one at a time, in the order of arrival per connection. */
export interface LinkHandler {
  joined(connection: InvokerConnection): void;
  received(connection: InvokerConnection, message: Exclude<ToController, { type: 'join' }>): void;
  /** The connection is gone, with or without a `leave` before. Called once per joined connection. */
  closed(connection: InvokerConnection): void;
}

export interface LinkListener {
  close(): Promise<void>;
}

/** The invoker's side. */
export interface LinkClient {
  /** Sends now, or throws away when there is no connection: what must not be lost is sent again on `connected`. */
  send(message: ToController): void;
  close(): Promise<void>;
}

export interface LinkClientHandler {
  /** A new connection is open; returns the join to send on it. */
  connected(): InvokerDescription;
  received(message: ToInvoker): void;
  /** The connection is lost; the client dials again by itself. */
  disconnected(): void;
}
