import { lstatSync, mkdirSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';

/**
 * An invoker's own directory below `base`, for boxes that need one on the host. Its name tells host, pid and start time
 * of the process, so that what a killed invoker left behind can be told from what is in use. Not made here.
 * @throws {Error} when `base` exists and belongs to someone else
 */
export function scratchDirectory(base: string): string {
  mkdirSync(base, { recursive: true, mode: 0o700 });
  const { uid } = lstatSync(base);
  if (!lstatSync(base).isDirectory() || uid !== process.getuid?.()) throw new Error(`${base} is not a directory of this user.`);
  return join(base, `${hostname()}.${process.pid}.${startTicks(process.pid) ?? 0}`);
}

/** Removes the directories of invokers of this host that are gone. @returns their names */
export function removeStaleScratch(base: string): string[] {
  const removed: string[] = [];
  for (const name of readdirSync(base)) {
    const [, host, pid, ticks] = /^(.+)\.(\d+)\.(\d+)$/.exec(name) ?? [];
    if (host !== hostname() || startTicks(Number(pid)) === Number(ticks)) continue;
    rmSync(join(base, name), { recursive: true, force: true });
    removed.push(name);
  }
  return removed;
}

/** When the process started, in ticks since boot (proc(5), stat); undefined when there is none. */
function startTicks(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]);
  } catch {
    return undefined;
  }
}
