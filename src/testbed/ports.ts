import { createServer, type Server } from 'node:net';
import { TestbedError } from './testbed-error.ts';

/** Below Linux's ephemeral ports (32768 on), from which every outgoing connection takes one. */
const lowestPort = 10_000;
const highestPort = 32_000;
const attempts = 40;

/**
 * The first of `count` consecutive ports that nobody listens on now. They are held all at once while probing, so that
 * two testbeds that probe at the same time do not agree on the same ones; a loser at the later bind starts over.
 */
export async function freePortRange(count: number, random: () => number = Math.random): Promise<number> {
  for (let attempt = 0; attempt < attempts; attempt++) {
    const first = lowestPort + Math.floor(random() * (highestPort - lowestPort - count));
    if (await allFree(first, count)) return first;
  }
  throw new TestbedError('TESTBED_NO_PORTS', 'system', `found no ${count} consecutive free ports between ${lowestPort} and ${highestPort}`);
}

async function allFree(first: number, count: number): Promise<boolean> {
  const held: Server[] = [];
  try {
    for (let port = first; port < first + count; port++) held.push(await hold(port));
    return true;
  } catch {
    return false;
  } finally {
    await Promise.all(held.map((server) => new Promise((resolve) => { server.close(resolve); })));
  }
}

function hold(port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen({ port, host: '0.0.0.0', exclusive: true }, () => { resolve(server); });
  });
}
