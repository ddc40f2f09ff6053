/**
 * HTTPS beside HTTP. Requests, upgrades (the link to invokers) and what is no HTTP at all are handed to the API's own
 * server, so that both listeners answer alike.
 */
import type { Server as HttpServer } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';

export interface TlsListenerOptions {
  host: string;
  port: number;
  /** PEM: the certificate and those that it was signed with; its private key. */
  cert: string;
  key: string;
}

export interface TlsListener {
  readonly port: number;
  /** Takes no new connections, and resolves when those that are open have ended. */
  close(): Promise<void>;
}

/** Passed on as they come, arguments and all, where the other server listens to them. */
const EVENTS = ['request', 'checkContinue', 'clientError'] as const;

/** @throws what OpenSSL says of certificate and key, and what listen(2) does */
export async function listenTls(server: HttpServer, { host, port, cert, key }: TlsListenerOptions): Promise<TlsListener> {
  const { keepAliveTimeout, requestTimeout, headersTimeout } = server;
  const secure = createServer({ cert, key, minVersion: 'TLSv1.2', keepAliveTimeout, requestTimeout, headersTimeout });
  for (const event of EVENTS) {
    if (server.listenerCount(event) > 0) secure.on(event, (...given: unknown[]) => { server.emit(event, ...given); });
  }
  // The link may come later than this listener.
  secure.on('upgrade', (request, socket, head) => {
    if (!server.emit('upgrade', request, socket, head)) socket.destroy();
  });
  // Somebody who talks no TLS, or leaves in the middle of the handshake.
  secure.on('tlsClientError', (_error, socket) => { socket.destroy(); });
  await new Promise<void>((resolve, reject) => {
    secure.once('error', reject);
    secure.listen({ host, port }, () => {
      secure.off('error', reject);
      resolve();
    });
  });
  return {
    port: (secure.address() as AddressInfo).port,
    close: () => new Promise((resolve) => {
      secure.close(() => { resolve(); });
      secure.closeIdleConnections();
    }),
  };
}
