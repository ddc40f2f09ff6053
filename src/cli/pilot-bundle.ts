/**
 * What a pilot job needs on the shared file system: the invoker as one bundled file and the action runtimes beside it.
 * A parallel file system hates thousands of small files, and start-up time is coverage.
 */
import { existsSync } from 'node:fs';
import { cp, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { parse } from 'yaml';
import { InvalidImages, readImages } from '../runtimes/images.ts';
import { RUNTIME_KINDS } from '../runtimes/kinds.ts';
import { nodePackageProgram } from '../runtimes/launch.ts';
import { CommandError, errorText } from './command-error.ts';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

/**
 * Builds the bundle into `directory` (about 50 ms).
 * @param imagesFile YAML or JSON file of the images that actions may name, see docs/reference/kinds.md
 * @returns the path of the bundled invoker
 * @throws {CommandError} EIMAGES
 */
export async function buildPilotBundle(directory: string, imagesFile?: string): Promise<string> {
  const images = imagesFile === undefined ? undefined : await checkedImages(imagesFile);
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
  await bundleClient(join(directory, 'runtimes/nodejs/modules/openwhisk.js'));
  await linkNodePrograms(join(directory, 'runtimes/nodejs'));
  await (images === undefined ? rm(join(directory, 'images.json'), { force: true }) : writeFile(join(directory, 'images.json'), JSON.stringify(images)));
  return outfile;
}

/** Actions may require OpenWhisk's npm client, as in its own images: conductors that a composer made do. */
async function bundleClient(outfile: string): Promise<void> {
  let entryPoint: string;
  try {
    entryPoint = createRequire(import.meta.url).resolve('openwhisk');
  } catch {
    return;
  }
  await build({ entryPoints: [entryPoint], outfile, bundle: true, platform: 'node', format: 'cjs', target: 'node20', minifySyntax: true, minifyWhitespace: true, logLevel: 'silent' });
}

/**
 * Pilots run Node.js from the checkout anyway, so its other versions (100 MB each) are linked there and not copied. One
 * that is not installed is left out; the calls of its kind say so.
 */
async function linkNodePrograms(directory: string): Promise<void> {
  for (const { family, version } of RUNTIME_KINDS) {
    if (family !== 'nodejs') continue;
    const program = join(ROOT, nodePackageProgram(version));
    const link = join(directory, `node${version}`);
    await rm(link, { force: true });
    if (existsSync(program)) await symlink(program, link);
  }
}

/** What the file says, after it was found to make sense. */
async function checkedImages(file: string): Promise<unknown> {
  try {
    const parsed: unknown = parse(await readFile(file, 'utf8'));
    readImages(parsed);
    return parsed;
  } catch (error) {
    throw new CommandError('EIMAGES', error instanceof InvalidImages ? `${file}: ${error.message}` : `${file} cannot be read: ${errorText(error).split('\n', 1)[0] ?? ''}`, 64, { cause: error });
  }
}
