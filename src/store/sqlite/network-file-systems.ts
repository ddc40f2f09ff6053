/**
 * SQLite's write-ahead log lives in memory shared between processes of one machine, and its locks are only as good as
 * the file system's: on a network file system a store can be damaged. statfs(2) tells which one a directory is on.
 */
import { readFileSync } from 'node:fs';
import { statfs } from 'node:fs/promises';

const NETWORK_TYPES: ReadonlyMap<number, string> = new Map([
  [0x6969, 'NFS'],
  [0x517b, 'SMB'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB'],
  [0x0bd00bd0, 'Lustre'],
  [0x47504653, 'GPFS'],
  [0x00c36400, 'Ceph'],
  [0x19830326, 'BeeGFS'],
  [0x5346414f, 'AFS'],
  [0x6b414653, 'AFS'],
  [0xaad7aaea, 'PanFS'],
  [0x20030528, 'OrangeFS'],
  [0x01161970, 'GFS2'],
  [0x7461636f, 'OCFS2'],
  [0x73757245, 'Coda'],
]);
const FUSE = 0x65735546;
/** FUSE stands for many; these are local. */
const LOCAL_FUSE = new Set(['fuseblk', 'fuse.fuse-overlayfs', 'fuse.ntfs-3g']);

/** @returns the name of the network file system that `directory` is on */
export async function networkFileSystem(directory: string): Promise<string | undefined> {
  const { type } = await statfs(directory);
  return networkFileSystemName(type, () => mountType(readFileSync('/proc/self/mountinfo', 'utf8'), directory));
}

/** @param type `f_type` of statfs(2) @param fuseType the type by its name in the table of mounts, asked for when it is FUSE */
export function networkFileSystemName(type: number, fuseType: () => string | undefined): string | undefined {
  const magic = type >>> 0;
  if (magic !== FUSE) return NETWORK_TYPES.get(magic);
  const name = fuseType();
  return name !== undefined && LOCAL_FUSE.has(name) ? undefined : (name ?? 'FUSE');
}

/** Type of the file system that holds the absolute `path`, from the text of /proc/self/mountinfo (see proc(5)). */
export function mountType(mountinfo: string, path: string): string | undefined {
  let longest = -1;
  let type: string | undefined;
  for (const line of mountinfo.split('\n')) {
    const [left = '', right] = line.split(' - ');
    const mountPoint = left.split(' ')[4]?.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
    if (mountPoint === undefined || right === undefined || mountPoint.length < longest) continue;
    if (path !== mountPoint && !path.startsWith(mountPoint.endsWith('/') ? mountPoint : `${mountPoint}/`)) continue;
    longest = mountPoint.length;
    type = right.split(' ')[0];
  }
  return type;
}
