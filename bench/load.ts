/**
 * A closed-loop load of one fixed HTTP/1.1 request over keep-alive connections. Own code, because the generators on npm
 * saturate at a quarter of what the bare echo server answers and would hide what is measured.
 * Only what our two servers send is understood: a status line, a Content-Length, a body.
 */
import { connect } from 'node:net';

export interface LoadRequest {
  port: number;
  method: string;
  path: string;
  headers: Readonly<Record<string, string>>;
  body: string;
}

export interface LoadResult {
  requestsPerSecond: number;
  /** ms */
  p50: number;
  p99: number;
  /** Answers with a status other than 200. */
  failed: number;
}

export async function load(request: LoadRequest, connections: number, durationMs: number): Promise<LoadResult> {
  const bytes = requestBytes(request);
  const latencies: number[] = [];
  const started = performance.now();
  const failures = await Promise.all(Array.from({ length: connections }, () => runConnection(request.port, bytes, started + durationMs, latencies)));
  const elapsed = (performance.now() - started) / 1000;
  latencies.sort((a, b) => a - b);
  return {
    requestsPerSecond: latencies.length / elapsed,
    p50: quantile(latencies, 0.5),
    p99: quantile(latencies, 0.99),
    failed: failures.reduce((sum, count) => sum + count, 0),
  };
}

/** @param sorted ascending */
export function quantile(sorted: readonly number[], q: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? NaN;
}

function requestBytes({ port, method, path, headers, body }: LoadRequest): Buffer {
  const lines = [`${method} ${path} HTTP/1.1`, `Host: 127.0.0.1:${port}`, `Content-Length: ${Buffer.byteLength(body)}`];
  for (const [name, value] of Object.entries(headers)) lines.push(`${name}: ${value}`);
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n${body}`);
}

function runConnection(port: number, request: Buffer, until: number, latencies: number[]): Promise<number> {
  return new Promise((resolve, reject) => {
    let failed = 0;
    let sentAt = 0;
    let rest = '';
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    const send = (): void => {
      sentAt = performance.now();
      socket.write(request);
    };
    socket.setEncoding('latin1');
    socket.on('connect', send);
    socket.on('error', reject);
    socket.on('data', (chunk: string) => {
      rest = rest === '' ? chunk : rest + chunk;
      const headEnd = rest.indexOf('\r\n\r\n');
      if (headEnd === -1) return;
      const length = /content-length: *(\d+)/i.exec(rest)?.[1];
      if (length === undefined) {
        socket.destroy(new Error(`an answer without Content-Length: ${rest.slice(0, 100)}`));
        return;
      }
      if (rest.length < headEnd + 4 + Number(length)) return;
      const now = performance.now();
      latencies.push(now - sentAt);
      if (!rest.startsWith('HTTP/1.1 200')) failed += 1;
      rest = '';
      if (now < until) send();
      else socket.end(() => { resolve(failed); });
    });
  });
}
