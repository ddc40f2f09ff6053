/**
 * Sends a body, compressed where that pays: for a client that says it can read it, and not below a few kilobytes, so
 * that the answers of most calls are not looked at.
 */
import { constants, createBrotliCompress, createGzip } from 'node:zlib';
import type { FastifyReply } from 'fastify';

/** Less saves no packet worth the work. */
const COMPRESS_FROM_BYTES = 4096;
/** Beyond it, brotli takes many times as long for a few percent. */
const BROTLI_QUALITY = 4;
const COMPRESSIBLE = /^(?:text\/|image\/svg|application\/(?:json|javascript|xml|[\w.-]+\+(?:json|xml)))/i;

export function sendBody(reply: FastifyReply, body: string | Buffer): FastifyReply {
  if (body.length < COMPRESS_FROM_BYTES) return reply.send(body);
  return sendLarge(reply, body);
}

function sendLarge(reply: FastifyReply, body: string | Buffer): FastifyReply {
  if (reply.hasHeader('content-encoding') || !COMPRESSIBLE.test(String(reply.getHeader('content-type') ?? ''))) return reply.send(body);
  if (!reply.hasHeader('vary')) reply.header('vary', 'Accept-Encoding');
  const encoding = chosenEncoding(reply.request.headers['accept-encoding']);
  if (encoding === undefined || reply.request.method === 'HEAD') return reply.send(body);
  const size = Buffer.byteLength(body);
  const compressor = encoding === 'br'
    ? createBrotliCompress({ params: { [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY, [constants.BROTLI_PARAM_SIZE_HINT]: size } })
    : createGzip();
  reply.header('content-encoding', encoding);
  compressor.end(body);
  return reply.send(compressor);
}

type Encoding = 'br' | 'gzip';

/** @param header `gzip, br;q=0.5, *;q=0` */
export function chosenEncoding(header: string | string[] | undefined): Encoding | undefined {
  if (header === undefined) return undefined;
  const weights = new Map<string, number>();
  for (const item of String(header).toLowerCase().split(',')) {
    const [name = '', ...parameters] = item.split(';').map((part) => part.trim());
    const weight = Number(parameters.find((parameter) => parameter.startsWith('q='))?.slice(2) ?? 1);
    weights.set(name, Number.isNaN(weight) ? 0 : weight);
  }
  const weightOf = (encoding: Encoding): number => weights.get(encoding) ?? weights.get('*') ?? 0;
  const [br, gzip] = [weightOf('br'), weightOf('gzip')];
  if (br <= 0 && gzip <= 0) return undefined;
  return br >= gzip ? 'br' : 'gzip';
}
