/** Starts: of functions, cold and from a stem cell, and of the invoker itself. Compared with what the bare interpreter takes to start. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { BenchPlatform } from './platform.ts';
import { median } from './statistics.ts';

const run = promisify(execFile);

export interface FunctionStart {
  kind: string;
  start: 'cold' | 'prewarmed';
  sandbox: string;
  /** Median ms by which a first call takes longer than a warm one of the same action: what the start costs a caller. */
  startMs: number;
  /** Median ms from the request to the answer of a first call, client, controller and link included. */
  answerMs: number;
  /** Median ms of /init alone, as the activation's record has it. */
  initMs: number;
  /** startMs as a multiple of the bare interpreter's start and exit. */
  ratio: number;
}

export interface InvokerStart { registeredMs: number; ratio: number }

const MAIN: Record<string, string> = {
  'nodejs:default': 'function main() { return {} }',
  'python:default': 'def main(args):\n    return {}',
};
const INTERPRETER: Record<string, { command: string; args: string[] }> = {
  'nodejs:default': { command: process.execPath, args: ['-e', '0'] },
  'python:default': { command: '/usr/bin/python3', args: ['-I', '-S', '-c', '0'] },
};
const SETTLE_MS = 700;
const WARM_CALLS = 5;

export async function benchFunctionStarts(samples: number): Promise<FunctionStart[]> {
  const platform = await BenchPlatform.start();
  const results: FunctionStart[] = [];
  try {
    for (const start of ['cold', 'prewarmed'] as const) {
      // Enough memory that no container of an earlier sample must go first.
      await platform.startInvoker({ memoryMB: 256 * (2 * samples + 4), sandbox: 'bubblewrap', prewarm: start === 'cold' ? 0 : 1 });
      for (const kind of Object.keys(MAIN)) results.push(await firstCalls(platform, kind, start, samples));
      await platform.stopInvokers();
    }
    return results;
  } finally {
    await platform.stop();
  }
}

async function firstCalls(platform: BenchPlatform, kind: string, start: 'cold' | 'prewarmed', samples: number): Promise<FunctionStart> {
  const starts: number[] = [];
  const answers: number[] = [];
  const inits: number[] = [];
  const bare: number[] = [];
  for (let n = 0; n < samples; n++) {
    const name = `${start}-${kind.replace(':', '-')}-${n}`;
    await platform.createAction(name, kind, MAIN[kind] ?? '');
    // A stem cell that was taken is replaced in the meantime.
    if (start === 'prewarmed') await new Promise((resolve) => { setTimeout(resolve, SETTLE_MS); });
    const { ms, initTime } = await platform.call(name);
    if (initTime === undefined) throw new Error(`${name} was warm`);
    answers.push(ms);
    const warm: number[] = [];
    for (let call = 0; call < WARM_CALLS; call++) warm.push((await platform.call(name)).ms);
    starts.push(ms - median(warm));
    inits.push(initTime);
    bare.push(await bareStart(kind));
  }
  return { kind, start, sandbox: 'bubblewrap', startMs: median(starts), answerMs: median(answers), initMs: median(inits), ratio: median(starts) / median(bare) };
}

async function bareStart(kind: string): Promise<number> {
  const { command, args } = INTERPRETER[kind] ?? { command: 'true', args: [] };
  const began = performance.now();
  await run(command, args);
  return performance.now() - began;
}

export async function benchInvokerStart(samples: number): Promise<InvokerStart> {
  const platform = await BenchPlatform.start();
  try {
    const registered: number[] = [];
    const bare: number[] = [];
    for (let n = 0; n < samples; n++) {
      registered.push(await platform.startInvoker({ memoryMB: 512, sandbox: 'auto', prewarm: 0 }));
      bare.push(await bareStart('nodejs:default'));
      await platform.stopInvokers();
    }
    return { registeredMs: median(registered), ratio: median(registered) / median(bare) };
  } finally {
    await platform.stop();
  }
}
