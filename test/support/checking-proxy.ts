/** A proxy in front of a platform that has every answer of its REST API judged by OpenWhisk's document. */
import { createServer, request as httpRequest, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { OpenWhiskDocument } from './openwhisk-document.ts';

const PREFIX = '/api/v1';
const MAX_COMPLAINTS = 20;

export class CheckingProxy {
  readonly complaints: string[] = [];
  readonly #document: OpenWhiskDocument;
  readonly #upstream: number;
  readonly #server: Server;

  private constructor(document: OpenWhiskDocument, upstream: number) {
    this.#document = document;
    this.#upstream = upstream;
    this.#server = createServer((incoming, outgoing) => { this.#forward(incoming, outgoing); });
    // As the platform's own, so that a client sees the same connection behaviour.
    this.#server.keepAliveTimeout = 70_000;
    // A test that ends without stopping its platform has to end all the same.
    this.#server.unref();
  }

  /** @param upstream port of the platform on 127.0.0.1 */
  static async start(documentFile: string, upstream: number): Promise<CheckingProxy> {
    const proxy = new CheckingProxy(new OpenWhiskDocument(documentFile), upstream);
    await new Promise<void>((resolve) => { proxy.#server.listen(0, '127.0.0.1', resolve); });
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Where OpenWhisk departs from its document, as far as it was seen. */
  get departures(): string[] {
    return [...this.#document.seen];
  }

  stop(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  #forward(incoming: IncomingMessage, outgoing: ServerResponse): void {
    const upstream = httpRequest({
      host: '127.0.0.1', port: this.#upstream, method: incoming.method, path: incoming.url, headers: incoming.headers,
    }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => { chunks.push(chunk); });
      response.on('end', () => {
        const body = Buffer.concat(chunks);
        this.#check(incoming, response, body);
        outgoing.writeHead(response.statusCode ?? 500, response.rawHeaders);
        outgoing.end(body);
      });
      response.on('error', () => { incoming.socket.destroy(); });
    });
    // A platform that is killed leaves its callers without an answer: so does this.
    upstream.on('error', () => { incoming.socket.destroy(); });
    incoming.on('error', () => { upstream.destroy(); });
    incoming.pipe(upstream);
  }

  #check(incoming: IncomingMessage, response: IncomingMessage, body: Buffer): void {
    const url = new URL(incoming.url ?? '/', 'http://platform');
    if (!url.pathname.startsWith(`${PREFIX}/namespaces`) || response.headers['content-encoding'] !== undefined) return;
    const complaint = this.#document.complaint({
      method: incoming.method ?? '', path: url.pathname.slice(PREFIX.length), query: url.searchParams, status: response.statusCode ?? 0,
      contentType: response.headers['content-type'] ?? '', body: body.toString(),
    });
    if (complaint !== undefined && this.complaints.length < MAX_COMPLAINTS) this.complaints.push(complaint);
  }
}
