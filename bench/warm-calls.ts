/** Warm blocking calls and the bare echo, in turns within one run, so that what else the machine does hits both alike. */
import { load, type LoadRequest, type LoadResult } from './load.ts';
import { BenchPlatform, startScript, stop } from './platform.ts';
import { median } from './statistics.ts';

export interface WarmCalls {
  connections: number;
  platform: LoadResult;
  echo: LoadResult;
  /** Throughput as a share of the echo's; latencies as multiples of the echo's. */
  throughputRatio: number;
  p50Ratio: number;
  p99Ratio: number;
}

const CONNECTIONS = [1, 8, 32];
/** Eight containers of 256 MB: what an invoker of the embedded default gives to functions. */
const INVOKER_MB = 2048;
const BODY = '{"name":"bench"}';

export async function benchWarmCalls(rounds: number, secondsPerTurn: number): Promise<WarmCalls[]> {
  const echo = await startScript('echo-server.ts', []);
  const platform = await BenchPlatform.start();
  try {
    await platform.startInvoker({ memoryMB: INVOKER_MB, sandbox: 'auto', prewarm: 0 });
    await platform.createAction('bench', 'nodejs:default', 'function main({name}) { return {name} }');
    const headers = { authorization: await platform.authorization(), 'content-type': 'application/json' };
    const calls: LoadRequest = { port: platform.port, method: 'POST', path: '/api/v1/namespaces/_/actions/bench?blocking=true&result=true', headers, body: BODY };
    const echoes: LoadRequest = { ...calls, port: Number(echo.line), path: '/' };
    // Every container that the invoker has room for becomes warm, and the code of both servers hot.
    for (const request of [calls, echoes]) await load(request, Math.max(...CONNECTIONS), 2_000);
    const results: WarmCalls[] = [];
    for (const connections of CONNECTIONS) {
      const turns: { platform: LoadResult; echo: LoadResult }[] = [];
      for (let round = 0; round < rounds; round++) {
        turns.push({ platform: await load(calls, connections, secondsPerTurn * 1000), echo: await load(echoes, connections, secondsPerTurn * 1000) });
      }
      results.push(summary(connections, turns));
    }
    return results;
  } finally {
    await platform.stop();
    await stop(echo.child);
  }
}

function summary(connections: number, turns: readonly { platform: LoadResult; echo: LoadResult }[]): WarmCalls {
  const of = (server: 'platform' | 'echo'): LoadResult => ({
    requestsPerSecond: median(turns.map((turn) => turn[server].requestsPerSecond)),
    p50: median(turns.map((turn) => turn[server].p50)),
    p99: median(turns.map((turn) => turn[server].p99)),
    failed: turns.reduce((sum, turn) => sum + turn[server].failed, 0),
  });
  const ratio = (figure: 'requestsPerSecond' | 'p50' | 'p99'): number => median(turns.map((turn) => turn.platform[figure] / turn.echo[figure]));
  return { connections, platform: of('platform'), echo: of('echo'), throughputRatio: ratio('requestsPerSecond'), p50Ratio: ratio('p50'), p99Ratio: ratio('p99') };
}
