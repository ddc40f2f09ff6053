/**
 * Boxes that are plain processes: for development, and for machines without user namespaces. A box has its own session
 * (process group), its own working directory and its environment, and nothing else is kept from it: it sees the file
 * system and the processes of the invoker's user. Its memory is watched. Processes that leave the group (setsid) are
 * found through their parents when the box is killed; one that has lost its parent as well gets away.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ChildBox, spawned } from '../child-box.ts';
import { MemoryWatchdog } from '../memory-watchdog.ts';
import { killQuietly, processTree } from '../process-tree.ts';
import type { Box, BoxSpec, HostPath, Sandbox } from '../sandbox.ts';

/** From util-linux; lets the kernel kill the command when the invoker dies. Missing: the end of the channel tells it. */
const SETPRIV = '/usr/bin/setpriv';
const NO_FILES = (): number => 0;

export interface ProcessSandboxOptions {
  /** Directory of this invoker in which each box gets its own; made when missing. */
  scratchDir: string;
}

export class ProcessSandbox implements Sandbox {
  readonly name = 'process';
  readonly #scratchDir: string;
  readonly #watchdog = new MemoryWatchdog();

  constructor(options: ProcessSandboxOptions) {
    this.#scratchDir = options.scratchDir;
  }

  inside(path: HostPath): string {
    return path.host;
  }

  workDirectory(id: string): string {
    return join(this.#scratchDir, id);
  }

  probe(): Promise<string | undefined> {
    return Promise.resolve(undefined);
  }

  async start(spec: BoxSpec): Promise<Box> {
    const directory = this.workDirectory(spec.id);
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const command = existsSync(SETPRIV) ? [SETPRIV, '--pdeathsig', 'KILL', ...spec.command] : [...spec.command];
    const removeDirectory = (): Promise<void> => rm(directory, { recursive: true, force: true, maxRetries: 3 }).catch(() => undefined);
    try {
      const child = spawn(command[0] ?? '', command.slice(1), {
        cwd: directory, env: { ...spec.env }, detached: true, stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
      });
      await spawned(child);
      const { pid } = child;
      return new ChildBox(child, {
        memoryMB: spec.memoryMB,
        watchdog: this.#watchdog,
        fileBytes: NO_FILES,
        killTree: () => { if (pid !== undefined) killGroupAndTree(pid); },
        // A group keeps its number for as long as it has a member.
        killRest: () => { if (pid !== undefined) killQuietly(-pid); },
        cleanUp: removeDirectory,
      });
    } catch (error) {
      await removeDirectory();
      throw error;
    }
  }
}

function killGroupAndTree(pid: number): void {
  const tree = processTree(pid);
  killQuietly(-pid);
  for (const each of tree) killQuietly(each);
}
