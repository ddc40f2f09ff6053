import { execFile } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { findImage, nativeImage } from './images.ts';
import type { ConfiguredImage, ImageCatalogue } from './images.ts';
import { resolveKind } from './kinds.ts';

const run = promisify(execFile);

/** How to start a runtime: `program` and `files` are shown read-only where a box has its own file tree. */
export interface Launch {
  /** Builds the command, given where each host path is to be found inside. */
  command(inside: (path: LaunchPath) => string, memoryMB: number): string[];
  env: Readonly<Record<string, string>>;
  readOnly: readonly LaunchPath[];
  /** The image whose files it sees, where it does not see the machine's. */
  image?: { readonly path: string; readonly ownNetwork?: boolean };
}

interface LaunchPath { readonly host: string; readonly inside: string }

/** Why this machine cannot start a runtime, in one line. `byAction`: it is the action that asks for what does not exist. */
interface Missing { missing: string; byAction?: boolean }

/** The runtime that an activation needs cannot be started. */
export class RuntimeMissing extends Error {
  override readonly name = 'RuntimeMissing';
  readonly byAction: boolean;

  constructor({ missing, byAction }: Missing) {
    super(missing);
    this.byAction = byAction ?? false;
  }
}

/** Starts a runtime by its name (see `runtimeName`), or says why this machine cannot. */
export type RuntimeLauncher = (runtime: string) => Promise<Launch | Missing>;

const SYSTEM_PYTHON = '/usr/bin/python3';
const RUNTIME_MB = 48;
const LEAST_HEAP_MB = 64;
const PROBE_MS = 10_000;
const BLACKBOX = 'blackbox/';

/** What an action runs in: its kind, for a blackbox action its image as well. Containers of one name are alike before /init. */
export function runtimeName({ kind, image }: { kind: string; image?: string }): string {
  return kind === 'blackbox' ? `${BLACKBOX}${image ?? ''}` : kind;
}

/**
 * @param assets directory that holds `nodejs/runtime.cjs` and the other runtimes
 * @param images asked for when the first action in an image comes
 */
export function runtimeLauncher(assets: string, images: () => Promise<ImageCatalogue> = () => Promise.resolve(new Map())): RuntimeLauncher {
  const pythons = new Map<string, Promise<Python | undefined>>();
  return async (name) => {
    if (name.startsWith(BLACKBOX)) return imageLaunch(assets, name.slice(BLACKBOX.length), images);
    const kind = resolveKind(name);
    if (kind === undefined) return { missing: `This invoker has no runtime for the kind ${name}.` };
    switch (kind.family) {
      case 'nodejs': return nodeLaunch(assets, kind.version);
      case 'python': {
        const { version } = kind;
        let python = pythons.get(version);
        if (python === undefined) pythons.set(version, python = findPython(version));
        const found = await python;
        return found === undefined ? { missing: `There is no Python ${version} on this node${version === '3' ? ' (on Debian: apt-get install python3)' : ''}.` } : pythonLaunch(assets, found);
      }
    }
  };
}

// Node.js

/** The client that actions are given calls `url.parse`, of which newer Node.js warns, in the log of whoever uses it. */
const QUIET_URL_PARSE = '--disable-warning=DEP0169';

function nodeLaunch(assets: string, version: string): Launch | Missing {
  const host = nodeProgram(assets, version);
  if (host === undefined) return { missing: `There is no Node.js ${version} on this node: its program is looked for at ${join(assets, `nodejs/node${version}`)}.` };
  // The program alone, not the tree it was installed in.
  const program = { host, inside: '/runtime/node' };
  const [runtime, archive] = nodeRuntime(assets);
  return {
    command: (inside, memoryMB) => [inside(program), `--max-old-space-size=${Math.max(LEAST_HEAP_MB, memoryMB - RUNTIME_MB)}`, QUIET_URL_PARSE, inside(runtime)],
    env: {},
    readOnly: [program, runtime, archive, ...nodeModules(assets)],
  };
}

/** The npm client that OpenWhisk's images have for actions to require; without it where the assets are a bare checkout's. */
function nodeModules(assets: string): LaunchPath[] {
  const host = join(assets, 'nodejs/modules/openwhisk.js');
  return existsSync(host) ? [{ host, inside: '/runtime/modules/openwhisk.js' }] : [];
}

function nodeRuntime(assets: string): [runtime: LaunchPath, archive: LaunchPath] {
  return [
    { host: join(assets, 'nodejs/runtime.cjs'), inside: '/runtime/runtime.cjs' },
    { host: join(assets, 'nodejs/archive.cjs'), inside: '/runtime/archive.cjs' },
  ];
}

/** The invoker's own, or one beside the runtimes (a link that the pilot bundle makes), or the checkout's npm package. */
function nodeProgram(assets: string, version: string): string | undefined {
  if (process.versions.node.startsWith(`${version}.`)) return realpathSync(process.execPath);
  const candidates = [join(assets, `nodejs/node${version}`), join(assets, '..', nodePackageProgram(version))];
  const found = candidates.find((path) => existsSync(path));
  return found === undefined ? undefined : realpathSync(found);
}

/** Where the npm package of this major version has its program, from the root of the checkout. */
export function nodePackageProgram(version: string): string {
  return `node_modules/node${version === '24' ? '' : version}-linux-${process.arch}/bin/node`;
}

// Images

async function imageLaunch(assets: string, name: string, images: () => Promise<ImageCatalogue>): Promise<Launch | Missing> {
  const image = findImage(await images(), name);
  if (image === undefined) return nativeImage(name) ? nativeLaunch(assets) : { missing: `Failed to pull container image '${name}'.`, byAction: true };
  if (!existsSync(image.charliecloud)) return { missing: `The image ${name} is not on this node: there is no ${image.charliecloud}.` };
  return { ...launchIn(image, assets), image: { path: image.charliecloud, ...(image.runtime === 'server' ? { ownNetwork: true } : {}) } };
}

function launchIn({ runtime, command = [] }: ConfiguredImage, assets: string): Launch {
  switch (runtime) {
    case 'python': return pythonLaunch(assets, { program: 'python3' });
    case 'native': return nativeLaunch(assets);
    case 'nodejs': {
      const [front, archive] = nodeRuntime(assets);
      return { command: (inside) => ['node', inside(front)], env: {}, readOnly: [front, archive] };
    }
    case 'server': {
      const server = { host: join(assets, 'server/server.cjs'), inside: '/runtime/server.cjs' };
      return { ...frontedLaunch(assets, server), env: { HPCWHISK_SERVER: JSON.stringify(command) } };
    }
  }
}

/** Executables of this machine's architecture. */
function nativeLaunch(assets: string): Launch {
  return frontedLaunch(assets, { host: join(assets, 'native/native.cjs'), inside: '/runtime/native.cjs' });
}

/** The Node.js runtime's HTTP front with another way to init and run. */
function frontedLaunch(assets: string, way: LaunchPath): Launch {
  const program = { host: realpathSync(process.execPath), inside: '/runtime/node' };
  const [runtime, archive] = nodeRuntime(assets);
  return {
    command: (inside) => [inside(program), `--max-old-space-size=${LEAST_HEAP_MB}`, inside(runtime), inside(way)],
    env: {},
    readOnly: [program, runtime, archive, way],
  };
}

// Python

interface Python { program: string; home?: string }

function pythonLaunch(assets: string, python: Python): Launch {
  const runtime = { host: join(assets, 'python/runtime.py'), inside: '/runtime/runtime.py' };
  const archive = { host: join(assets, 'python/archive.py'), inside: '/runtime/archive.py' };
  return {
    command: (inside) => [python.program, '-I', '-S', '-X', 'utf8', inside(runtime)],
    env: {},
    // A Python outside /usr finds its library by its own path, so it keeps that inside.
    readOnly: [...(python.home === undefined ? [] : [{ host: python.home, inside: python.home }]), runtime, archive],
  };
}

/**
 * A version as `3` is the system's Python, else the first on PATH; one as `3.11` is that version exactly, under its own
 * name or as the system's. A shim (pyenv and the like) is asked for the real one.
 */
async function findPython(version: string): Promise<Python | undefined> {
  const directories = (process.env['PATH'] ?? '').split(delimiter).filter((directory) => directory !== '');
  if (version === '3') {
    if (existsSync(SYSTEM_PYTHON)) return { program: SYSTEM_PYTHON };
    return firstPython(directories.map((directory) => join(directory, 'python3')), version);
  }
  const names = [`/usr/bin/python${version}`, SYSTEM_PYTHON, ...directories.flatMap((directory) => [join(directory, `python${version}`), join(directory, 'python3')])];
  return firstPython(names, version);
}

async function firstPython(candidates: readonly string[], wanted: string): Promise<Python | undefined> {
  for (const candidate of new Set(candidates)) {
    if (!existsSync(candidate)) continue;
    try {
      const { stdout } = await run(candidate, ['-c', 'import sys; print(sys.executable); print(sys.base_prefix); print("%d.%d" % sys.version_info[:2])'], { timeout: PROBE_MS });
      const [program = '', home = '', version = ''] = stdout.trim().split('\n');
      if (program === '' || (version !== wanted && !version.startsWith(`${wanted}.`))) continue;
      return program.startsWith('/usr/') && !program.startsWith('/usr/local/') ? { program } : { program: realpathSync(program), home };
    } catch {
      // A shim without a version behind it.
    }
  }
  return undefined;
}
