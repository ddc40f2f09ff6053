/** The yardstick: a bare node:http server that reads a JSON body and an Authorization header and sends the body back. Prints its port. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => { chunks.push(chunk); });
  request.on('end', () => {
    const user = Buffer.from((request.headers.authorization ?? '').slice('Basic '.length), 'base64').toString();
    const body = JSON.stringify({ ...(JSON.parse(Buffer.concat(chunks).toString()) as object), known: user.includes(':') });
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
    response.end(body);
  });
});
server.listen(0, '127.0.0.1', () => { console.log((server.address() as AddressInfo).port); });
