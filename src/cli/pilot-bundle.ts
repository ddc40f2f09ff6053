/**
 * What a pilot job needs on the shared file system: the invoker as one bundled file and the action runtimes beside it.
 * A parallel file system hates thousands of small files, and start-up time is coverage.
 */
import { cp, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

/** Builds the bundle into `directory` (about 50 ms). @returns the path of the bundled invoker */
export async function buildPilotBundle(directory: string): Promise<string> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const outfile = join(directory, 'invoker.mjs');
  await build({
    entryPoints: [join(ROOT, 'src/invoker/main.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    minifySyntax: true,
    minifyWhitespace: true,
    logLevel: 'silent',
    // ws is CommonJS and asks for Node.js built-ins by require.
    banner: { js: "import { createRequire as createRequireForBundle } from 'node:module'; const require = createRequireForBundle(import.meta.url);" },
    // Optional native accelerators of ws.
    external: ['bufferutil', 'utf-8-validate'],
  });
  await cp(join(ROOT, 'runtimes'), join(directory, 'runtimes'), { recursive: true });
  return outfile;
}
