import type { BoxSpec } from '../sandbox.ts';

/** What the installed bwrap can do beyond 0.4, as its help text shows. */
export interface BubblewrapFeatures {
  /** 0.8: no further user namespaces inside. */
  disableUserns: boolean;
  /** 0.6: `--size` of a tmpfs. */
  tmpfsSize: boolean;
}

/**
 * `host`: the function shares the host's network, as functions commonly call out; it then also reaches services on the
 * host's loopback. `none`: no network at all.
 */
export type BubblewrapNetwork = 'host' | 'none';

/**
 * What of the host's /etc a program needs to find libraries, resolve names, check certificates and tell the time;
 * nothing else of it is shown. Each costs a third of a millisecond of every cold start.
 */
const ETC = ['ld.so.cache', 'alternatives', 'resolv.conf', 'hosts', 'nsswitch.conf', 'ssl', 'pki', 'crypto-policies', 'localtime'];
const NOBODY = '65534';
const MB = 1024 * 1024;
const SHM_BYTES = 64 * MB;

/** The memory-backed directories of a box and their sizes in bytes. */
export function tmpfsSizes(memoryMB: number): { '/tmp': number; '/dev/shm': number } {
  return { '/tmp': memoryMB * MB, '/dev/shm': SHM_BYTES };
}

export interface BoxLimits { processes: number; openFiles: number; fileMB: number }

/** Options of bwrap for a box. A read-only file with an entry in `copied` is copied from that descriptor. */
export function boxArguments(
  spec: BoxSpec, features: BubblewrapFeatures, network: BubblewrapNetwork, roots: readonly RootEntry[], copied: ReadonlyMap<string, number>,
): string[] {
  const sizes = tmpfsSizes(spec.memoryMB);
  return [
    '--unshare-user', '--uid', NOBODY, '--gid', NOBODY, ...(features.disableUserns ? ['--disable-userns'] : []),
    '--unshare-pid', '--unshare-ipc', '--unshare-uts', '--unshare-cgroup-try', ...(network === 'none' ? ['--unshare-net'] : []),
    '--hostname', 'function', '--new-session', '--die-with-parent', '--cap-drop', 'ALL',
    '--clearenv', ...Object.entries(spec.env).flatMap(([key, value]) => ['--setenv', key, value]),
    ...roots.flatMap((entry) => (entry.linkTo === undefined ? ['--ro-bind', entry.path, entry.path] : ['--symlink', entry.linkTo, entry.path])),
    ...ETC.flatMap((name) => ['--ro-bind-try', `/etc/${name}`, `/etc/${name}`]),
    '--proc', '/proc', '--dev', '/dev', ...tmpfs('/dev/shm', sizes['/dev/shm'], features), '--remount-ro', '/dev',
    ...tmpfs('/tmp', sizes['/tmp'], features),
    ...spec.readOnly.flatMap(({ host, inside }) => {
      const descriptor = copied.get(host);
      return descriptor === undefined ? ['--ro-bind', host, inside] : ['--perms', '0444', '--ro-bind-data', String(descriptor), inside];
    }),
    '--remount-ro', '/', '--chdir', '/tmp',
  ];
}

function tmpfs(path: string, bytes: number, features: BubblewrapFeatures): string[] {
  return features.tmpfsSize ? ['--size', String(bytes), '--tmpfs', path] : ['--tmpfs', path];
}

/** A top-level entry of the system's own file tree: a link (`/bin` -> `usr/bin`) or a directory. */
export interface RootEntry { path: string; linkTo?: string }

/** Runs before the command, inside: limits on processes count per user namespace only when set there. */
export function limitCommand(limits: BoxLimits, memoryMB: number): string[] {
  // Twice the memory: a stop for what grows faster than the watchdog looks; far enough not to be met by address space that is only reserved.
  const dataBytes = (2 * memoryMB + 512) * MB;
  return [
    '/usr/bin/prlimit', `--nproc=${limits.processes}`, `--nofile=${limits.openFiles}`, `--fsize=${limits.fileMB * MB}`, `--data=${dataBytes}`, '--core=0', '--',
  ];
}
