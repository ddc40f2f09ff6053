/**
 * One HTTP request and its whole reply. Over node:http and node:https, because the global fetch cannot be told, for one
 * request, to accept a certificate or to show one.
 */
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { request as httpsRequest, type RequestOptions } from 'node:https';
import { networkError } from './whisk-error.ts';

/** The longest silence: a blocking invocation may be quiet for its 60 s and a little. */
const SILENCE_MS = 120_000;

export interface HttpRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface HttpReply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

export interface TlsFiles { readonly insecure: boolean; readonly cert?: Buffer; readonly key?: Buffer; readonly ca?: Buffer }

/** @throws {WhiskError} when no reply comes */
export async function exchange({ method, url, headers, body }: HttpRequest, tls: TlsFiles): Promise<HttpReply> {
  const { insecure, ...files } = tls;
  const options: RequestOptions = {
    method, headers: body === undefined ? headers : { ...headers, 'content-length': String(Buffer.byteLength(body)) }, timeout: SILENCE_MS,
  };
  return new Promise((resolve, reject) => {
    const fail = (error: Error): void => { reject(networkError(`${method} ${url.href}: ${describe(error)}`, error)); };
    const outgoing = url.protocol === 'https:'
      ? httpsRequest(url, { ...options, ...files, rejectUnauthorized: !insecure })
      : httpRequest(url, options);
    outgoing.on('response', (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => { chunks.push(chunk); });
      incoming.on('error', fail);
      incoming.on('end', () => { resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, text: Buffer.concat(chunks).toString() }); });
    });
    outgoing.on('timeout', () => { outgoing.destroy(new Error(`no answer within ${SILENCE_MS / 1000} s`)); });
    outgoing.on('error', fail);
    outgoing.end(body);
  });
}

function describe(error: Error): string {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  // A connection tried on several addresses fails with an AggregateError, whose own message is empty.
  if (error instanceof AggregateError) return error.errors.map((one) => one instanceof Error ? one.message : String(one)).join('; ');
  // Behind a semicolon Node.js gives advice about itself.
  return /CERT|SELF_SIGNED|UNABLE_TO_VERIFY/.test(code) ? `${error.message.split(';')[0] ?? ''} (use --insecure to accept its certificate)` : error.message;
}
