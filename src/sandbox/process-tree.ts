import { readFileSync, readdirSync } from 'node:fs';

/** All processes below `pid`, itself first. What has been re-parented (a daemon's double fork) is not found. */
export function processTree(pid: number): number[] {
  const found = [pid];
  for (let at = 0; at < found.length; at++) found.push(...childrenOf(found[at] ?? 0));
  return found;
}

/** Children of any of its threads; none when it is gone. */
export function childrenOf(pid: number): number[] {
  const children: number[] = [];
  try {
    for (const thread of readdirSync(`/proc/${pid}/task`)) {
      const text = readFileSync(`/proc/${pid}/task/${thread}/children`, 'latin1');
      if (text !== '') children.push(...text.trim().split(' ').map(Number));
    }
  } catch {
    // It ended while it was looked at.
  }
  return children;
}

/** Sends SIGKILL; a process that is gone already is as good as killed. */
export function killQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // ESRCH
  }
}

/**
 * Kills a pid namespace by its pid 1, the child of `outer`. `outer` ends when that has; without a pid 1 yet, it goes
 * itself.
 */
export function killNamespace(outer: number): void {
  const inner = childrenOf(outer);
  for (const pid of inner) killQuietly(pid);
  if (inner.length === 0) killQuietly(outer);
}

const PAGE_BYTES = 4096;

/** Resident memory of these processes in bytes; pages that several share count for each. About 15 µs a process. */
export function residentBytes(pids: readonly number[]): number {
  let pages = 0;
  for (const pid of pids) {
    try {
      pages += Number(readFileSync(`/proc/${pid}/statm`, 'latin1').split(' ')[1]);
    } catch {
      // It ended.
    }
  }
  return pages * PAGE_BYTES;
}

/** Their proportional share of memory in bytes: shared pages count once in all. About 1 ms a process. */
export function proportionalBytes(pids: readonly number[]): number {
  let bytes = 0;
  for (const pid of pids) {
    try {
      const kilobytes = /^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1'))?.[1];
      bytes += kilobytes === undefined ? residentBytes([pid]) : Number(kilobytes) * 1024;
    } catch {
      bytes += residentBytes([pid]);
    }
  }
  return bytes;
}
