/**
 * Boxes in images: Charliecloud's ch-run enters a directory or a squashfs file without any privilege. It isolates users
 * and mounts only; so it runs inside namespaces of its own that unshare(1) makes (user, mount, pid, ipc, uts, and the
 * network where there is to be none).
 *
 * sh (ignores TERM) → unshare → pid 1, a shell that shows the files and waits → ch-run → command
 *
 * The files are shown below /mnt of the image: the shell mounts a small tmpfs over a directory of the host that nobody
 * needs, in its own view of the host alone, and hands that to ch-run. Pid 1 is told by the kernel when the one above it
 * dies, and everything in the namespace ends with pid 1.
 */
import { spawn } from 'node:child_process';
import { existsSync, statSync, statfsSync } from 'node:fs';
import { basename, delimiter, join } from 'node:path';
import { ChildBox, spawned } from '../child-box.ts';
import { MemoryWatchdog } from '../memory-watchdog.ts';
import { childrenOf, killNamespace } from '../process-tree.ts';
import type { Box, BoxSpec, HostPath, Sandbox } from '../sandbox.ts';
import { isWorldReadable } from '../world-readable.ts';

const NOBODY = 65534;
const MB = 1024 * 1024;
const INSIDE = '/mnt';
/** Any of these that exists and holds neither image nor files serves as mount point. */
const SPARE_DIRECTORIES = ['/mnt', '/media', '/srv', '/opt'];
const PATH = '/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin';
const LIMITS = ['--nproc=256', '--nofile=1024', `--fsize=${1024 * MB}`, '--core=0'];
/** $1 the mount point, $2 whether loopback is to be brought up; then host path and name of each file, then the command. */
const SHOW_AND_RUN = `
set -e
trap "" TERM
at=$1 loopback=$2
shift 2
test "$loopback" = no || ip link set lo up
mount -t tmpfs -o size=1m,mode=755 none "$at"
while test "$1" != --; do
  : > "$at/$2"
  mount --bind "$1" "$at/$2"
  mount -o remount,bind,ro,nosuid,nodev "$at/$2" || mount -o remount,bind,ro,nosuid,nodev,noatime "$at/$2"
  shift 2
done
shift
mount -o remount,bind,ro,nosuid,nodev "$at"
set +e
"$@" &
wait $!`;

export interface CharliecloudSandboxOptions {
  /** As for bubblewrap. @default 'host' */
  network?: 'host' | 'none';
  /** @default 'ch-run' on the path */
  program?: string;
}

export class CharliecloudSandbox implements Sandbox {
  readonly name = 'charliecloud';
  readonly #network: 'host' | 'none';
  readonly #program: string;
  readonly #watchdog = new MemoryWatchdog();

  constructor(options: CharliecloudSandboxOptions = {}) {
    this.#network = options.network ?? 'host';
    this.#program = options.program ?? 'ch-run';
  }

  inside(path: HostPath): string {
    return `${INSIDE}/${basename(path.inside)}`;
  }

  workDirectory(): string {
    return '/tmp';
  }

  probe(): Promise<string | undefined> {
    const found = this.#program.includes('/') ? existsSync(this.#program) : PATH.split(delimiter).some((directory) => existsSync(join(directory, this.#program)));
    return Promise.resolve(found ? undefined : `Charliecloud is not installed (${this.#program}; on Debian: apt-get install charliecloud).`);
  }

  async start(spec: BoxSpec): Promise<Box> {
    const { image } = spec;
    if (image === undefined) throw new Error('Charliecloud runs images only.');
    const reason = await this.probe();
    if (reason !== undefined) throw new Error(reason);
    const hostPaths = spec.readOnly.map(({ host }) => host);
    const alone = this.#network === 'none' || image.ownNetwork === true;
    const child = spawn('/bin/sh', [
      '-c', 'trap "" TERM; exec "$0" "$@"',
      'setpriv', '--pdeathsig', 'KILL',
      'unshare', '--user', '--map-root-user', '--mount', '--pid', '--ipc', '--uts', ...(alone ? ['--net'] : []), '--fork', '--kill-child', '--mount-proc',
      'prlimit', ...LIMITS, '--',
      '/bin/sh', '-c', SHOW_AND_RUN, 'sh', spareDirectory([image.path, ...hostPaths]), image.ownNetwork === true ? 'yes' : 'no',
      ...spec.readOnly.flatMap(({ host, inside }) => [host, basename(inside)]), '--',
      this.#program, `--uid=${NOBODY}`, `--gid=${NOBODY}`, '--private-tmp', `--bind=${spareDirectory([image.path, ...hostPaths])}:${INSIDE}`, '--cd=/tmp',
      '--unset-env=*', ...(existsSync(join(image.path, 'ch/environment')) ? ['--set-env'] : []),
      ...Object.entries(spec.env).map(([key, value]) => `--set-env=${key}=${value}`),
      image.path, '--', ...spec.command,
    ], { cwd: '/', env: { USER: 'nobody', PATH }, detached: true, stdio: ['ignore', 'pipe', 'pipe', 'pipe'], ...identityFor([image.path, ...hostPaths]) });
    await spawned(child);
    const { pid } = child;
    return new ChildBox(child, {
      memoryMB: spec.memoryMB,
      watchdog: this.#watchdog,
      fileBytes: () => (pid === undefined ? 0 : privateTmpBytes(pid)),
      killTree: () => { if (pid !== undefined) killNamespace(pid); },
      // Nothing in a pid namespace outlives its pid 1.
      killRest: () => undefined,
      cleanUp: () => Promise.resolve(),
    });
  }
}

function spareDirectory(used: readonly string[]): string {
  const spare = SPARE_DIRECTORIES.find((directory) => existsSync(directory) && !used.some((path) => `${path}/`.startsWith(`${directory}/`)));
  if (spare === undefined) throw new Error(`None of ${SPARE_DIRECTORIES.join(', ')} is there and free to show files in.`);
  return spare;
}

/** Root drops to nobody where nobody can read all of it. */
function identityFor(paths: readonly string[]): { uid?: number; gid?: number } {
  return process.getuid?.() === 0 && paths.every((path) => isWorldReadable(path)) ? { uid: NOBODY, gid: NOBODY } : {};
}

/** Bytes in the box's own /tmp: until it has one, the path is the host's. */
function privateTmpBytes(outer: number): number {
  const [first] = childrenOf(outer);
  const inner = first === undefined ? undefined : childrenOf(first).at(-1);
  if (inner === undefined) return 0;
  try {
    const path = `/proc/${inner}/root/tmp`;
    if (statSync(path).dev === statSync('/tmp').dev) return 0;
    const { bsize, blocks, bfree } = statfsSync(path);
    return (blocks - bfree) * bsize;
  } catch {
    return 0;
  }
}
