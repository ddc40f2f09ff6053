import { execFile } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import type { RuntimeKind } from './kinds.ts';

const run = promisify(execFile);

/** How to start the runtime of a kind: `program` and `files` are shown read-only where a box has its own file tree. */
export interface Launch {
  /** Builds the command, given where each host path is to be found inside. */
  command(inside: (path: LaunchPath) => string, memoryMB: number): string[];
  env: Readonly<Record<string, string>>;
  readOnly: readonly LaunchPath[];
}

interface LaunchPath { readonly host: string; readonly inside: string }

/** Starts the runtime of each kind, or says in one line why this machine cannot. */
export type KindLauncher = (kind: RuntimeKind) => Promise<Launch | { missing: string }>;

const SYSTEM_PYTHON = '/usr/bin/python3';
const RUNTIME_MB = 48;
const LEAST_HEAP_MB = 64;
const PROBE_MS = 10_000;

/** @param assets directory that holds `nodejs/runtime.cjs` and `python/runtime.py` */
export function kindLauncher(assets: string): KindLauncher {
  const python = once(findPython);
  return async (kind) => {
    switch (kind.family) {
      case 'nodejs': return nodeLaunch(assets);
      case 'python': {
        const found = await python();
        return found === undefined ? { missing: 'No Python 3 on this machine (on Debian: apt-get install python3).' } : pythonLaunch(assets, found);
      }
    }
  };
}

function nodeLaunch(assets: string): Launch {
  // The program alone, not the tree it was installed in.
  const program = { host: realpathSync(process.execPath), inside: '/runtime/node' };
  const runtime = { host: join(assets, 'nodejs/runtime.cjs'), inside: '/runtime/runtime.cjs' };
  return {
    command: (inside, memoryMB) => [inside(program), `--max-old-space-size=${Math.max(LEAST_HEAP_MB, memoryMB - RUNTIME_MB)}`, inside(runtime)],
    env: {},
    readOnly: [program, runtime],
  };
}

interface Python { program: string; home?: string }

function pythonLaunch(assets: string, python: Python): Launch {
  const runtime = { host: join(assets, 'python/runtime.py'), inside: '/runtime/runtime.py' };
  return {
    command: (inside) => [python.program, '-I', '-S', '-X', 'utf8', inside(runtime)],
    env: {},
    // A Python outside /usr finds its library by its own path, so it keeps that inside.
    readOnly: python.home === undefined ? [runtime] : [{ host: python.home, inside: python.home }, runtime],
  };
}

/** The system's Python, else the first on PATH; a shim (pyenv and the like) is asked for the real one. */
async function findPython(): Promise<Python | undefined> {
  if (existsSync(SYSTEM_PYTHON)) return { program: SYSTEM_PYTHON };
  for (const directory of (process.env['PATH'] ?? '').split(delimiter)) {
    const candidate = join(directory, 'python3');
    if (directory === '' || !existsSync(candidate)) continue;
    try {
      const { stdout } = await run(candidate, ['-c', 'import sys; print(sys.executable); print(sys.base_prefix)'], { timeout: PROBE_MS });
      const [program = '', home = ''] = stdout.trim().split('\n');
      if (program === '') continue;
      return program.startsWith('/usr/') && !program.startsWith('/usr/local/') ? { program } : { program: realpathSync(program), home };
    } catch {
      // A shim without a version behind it.
    }
  }
  return undefined;
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => (made ??= make());
}
