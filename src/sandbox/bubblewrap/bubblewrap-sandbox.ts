/**
 * Boxes made by bubblewrap, without any privilege: own user, pid, ipc, uts and cgroup namespaces, an almost empty
 * read-only file tree (the system's /usr, the runtime, a tmpfs), no capabilities, a nobody's identity.
 *
 * bwrap itself stays as the outer process and, as pid 1 of the box, as its reaper. Killing pid 1 ends everything in
 * the namespace, setsid or not, and the outer bwrap ends after that; `--die-with-parent` does the same when the
 * invoker dies. bwrap starts with an empty environment and takes its options from a descriptor, because a function can
 * read /proc/1/environ and /proc/1/cmdline. Started by root, it drops to nobody first: limits on processes do not bind
 * root, and files of root would be the function's own.
 */
import { execFile, spawn } from 'node:child_process';
import { closeSync, constants, lstatSync, openSync, readlinkSync, statSync, statfsSync } from 'node:fs';
import { promisify } from 'node:util';
import { ChildBox, spawned } from '../child-box.ts';
import { MemoryWatchdog } from '../memory-watchdog.ts';
import { childrenOf, killNamespace } from '../process-tree.ts';
import type { Box, BoxSpec, HostPath, Sandbox } from '../sandbox.ts';
import { boxArguments, limitCommand, tmpfsSizes } from './arguments.ts';
import { isWorldReadable } from '../world-readable.ts';
import type { BoxLimits, BubblewrapFeatures, BubblewrapNetwork, RootEntry } from './arguments.ts';

const NOBODY = 65534;
const ARGS_DESCRIPTOR = 4;
const FIRST_COPY_DESCRIPTOR = 5;
const COPY_BYTES = 1024 * 1024;
/** Slurm signals every process of a job when it preempts it: the outer bwrap must outlive that for as long as its call may. */
const SHELL = '/bin/sh';
const IGNORE_TERM = ['-c', 'trap "" TERM; exec "$0" "$@"'];
const PROBE_MS = 10_000;
const run = promisify(execFile);

export interface BubblewrapSandboxOptions {
  /** @default 'host', see BubblewrapNetwork */
  network?: BubblewrapNetwork;
  /** @default '/usr/bin/bwrap' */
  program?: string;
  limits?: Partial<BoxLimits>;
}

export class BubblewrapSandbox implements Sandbox {
  readonly name = 'bubblewrap';
  readonly #program: string;
  readonly #network: BubblewrapNetwork;
  readonly #limits: BoxLimits;
  readonly #roots = systemRoots();
  readonly #watchdog = new MemoryWatchdog();
  readonly #identities = new Map<string, Identity>();
  #features: Promise<BubblewrapFeatures> | undefined;

  constructor(options: BubblewrapSandboxOptions = {}) {
    this.#program = options.program ?? '/usr/bin/bwrap';
    this.#network = options.network ?? 'host';
    // Node.js alone has eleven threads, and each counts as a process.
    this.#limits = { processes: 256, openFiles: 1024, fileMB: 1024, ...options.limits };
  }

  inside(path: HostPath): string {
    return path.inside;
  }

  workDirectory(): string {
    return '/tmp';
  }

  async probe(): Promise<string | undefined> {
    let box: Box;
    try {
      box = await this.start({ id: 'probe', command: ['/usr/bin/true'], env: {}, readOnly: [], memoryMB: 64 });
    } catch (error) {
      return isMissing(error) ? `bubblewrap is not installed (${this.#program}; on Debian: apt-get install bubblewrap).` : `bubblewrap cannot be started: ${String(error)}`;
    }
    let said = '';
    box.stderr.on('data', (chunk: Buffer) => { said += chunk.toString(); });
    box.stdout.resume();
    const output = new Promise((resolve) => { box.stderr.once('close', resolve); });
    const timer = setTimeout(() => { void box.kill(); }, PROBE_MS);
    const { code, signal } = await box.exited;
    clearTimeout(timer);
    await output;
    if (code === 0) return undefined;
    return `bubblewrap does not work here: ${said.trim().split('\n').at(-1) ?? ''} (${signal ?? `exit code ${code ?? 'unknown'}`})`;
  }

  async start(spec: BoxSpec): Promise<Box> {
    const features = await (this.#features ??= featuresOf(this.#program));
    const { identity, copied } = this.#identityFor(spec.readOnly);
    const opened: number[] = [];
    try {
      const descriptors = new Map<string, number>();
      for (const path of copied) {
        descriptors.set(path, FIRST_COPY_DESCRIPTOR + opened.length);
        opened.push(openSync(path, constants.O_RDONLY));
      }
      const child = spawn(SHELL, [...IGNORE_TERM, this.#program, '--args', String(ARGS_DESCRIPTOR), '--', ...limitCommand(this.#limits, spec.memoryMB), ...spec.command], {
        cwd: '/', env: {}, detached: true, stdio: ['ignore', 'pipe', 'pipe', 'pipe', 'pipe', ...opened], ...identity,
      });
      // bwrap that ends before it has read its options tells so by its exit.
      const options = child.stdio[ARGS_DESCRIPTOR];
      options?.on('error', () => undefined);
      await spawned(child);
      if (options && 'end' in options) options.end(boxArguments(spec, features, this.#network, this.#roots, descriptors).join('\0') + '\0');
      const { pid } = child;
      const sizes = tmpfsSizes(spec.memoryMB);
      return new ChildBox(child, {
        memoryMB: spec.memoryMB,
        watchdog: this.#watchdog,
        fileBytes: () => (pid === undefined ? 0 : tmpfsBytes(pid, sizes)),
        killTree: () => { if (pid !== undefined) killNamespace(pid); },
        // Nothing in a pid namespace outlives its pid 1.
        killRest: () => undefined,
        cleanUp: () => Promise.resolve(),
      });
    } finally {
      for (const descriptor of opened) closeSync(descriptor);
    }
  }

  /** Root drops to nobody, provided that nobody can reach the files of the box, or that they can be copied into it. */
  #identityFor(readOnly: readonly HostPath[]): Identity {
    if (process.getuid?.() !== 0) return { identity: {}, copied: [] };
    const key = readOnly.map(({ host }) => host).join('\n');
    let known = this.#identities.get(key);
    if (known === undefined) {
      const hidden = readOnly.map(({ host }) => host).filter((path) => !isWorldReadable(path));
      known = hidden.every(isSmallFile) ? { identity: { uid: NOBODY, gid: NOBODY }, copied: hidden } : { identity: {}, copied: [] };
      this.#identities.set(key, known);
    }
    return known;
  }
}

interface Identity { identity: { uid?: number; gid?: number }; copied: readonly string[] }

/** A file that root alone can reach and that is small enough to be copied into each box. */
function isSmallFile(path: string): boolean {
  const status = statSync(path);
  return status.isFile() && status.size <= COPY_BYTES;
}

/**
 * Bytes in the box's own memory-backed directories, told by their size: while bwrap still builds the box, the same
 * paths are the host's.
 */
function tmpfsBytes(outer: number, sizes: Readonly<Record<string, number>>): number {
  const [inner] = childrenOf(outer);
  if (inner === undefined) return 0;
  let bytes = 0;
  for (const [path, size] of Object.entries(sizes)) {
    try {
      const { bsize, blocks, bfree } = statfsSync(`/proc/${inner}/root${path}`);
      if (blocks * bsize === size) bytes += (blocks - bfree) * bsize;
    } catch {
      // Not mounted yet, or gone.
    }
  }
  return bytes;
}

async function featuresOf(program: string): Promise<BubblewrapFeatures> {
  const { stdout } = await run(program, ['--help'], { timeout: PROBE_MS });
  return { disableUserns: stdout.includes('--disable-userns'), tmpfsSize: stdout.includes('--size ') };
}

/** Merged /usr (links at the top) and the older layout (directories) both come out as they are on the host. */
function systemRoots(): RootEntry[] {
  const entries: RootEntry[] = [{ path: '/usr' }];
  for (const path of ['/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32']) {
    try {
      entries.push(lstatSync(path).isSymbolicLink() ? { path, linkTo: readlinkSync(path) } : { path });
    } catch {
      // Not on this machine.
    }
  }
  return entries;
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
