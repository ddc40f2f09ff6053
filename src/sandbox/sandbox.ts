/**
 * Port of the sandboxes: a box runs one command with limits, its own file system view and process tree. Boxes of
 * every kind end with their whole process tree when they are killed and when the invoker dies.
 */
import type { Readable } from 'node:stream';

export interface BoxSpec {
  /** Unique per invoker; names directories and processes. */
  id: string;
  /** Program and arguments; paths are the ones that `paths` promises inside. */
  command: readonly string[];
  /** The whole environment of the command: nothing is inherited. */
  env: Readonly<Record<string, string>>;
  /** Host directory that the command sees (writable) as `socketDirInside` of the started box: it listens there. */
  socketDir: string;
  /** Host files or directories to show read-only, at these paths inside. */
  readOnly: readonly { host: string; inside: string }[];
  /** Limit in MB for the whole process tree. */
  memoryMB: number;
}

export interface BoxExit { code: number | null; signal: NodeJS.Signals | null; outOfMemory: boolean }

export interface Box {
  readonly pid: number;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Resolves when the command has ended; never rejects. */
  readonly exited: Promise<BoxExit>;
  /** Kills the whole process tree (SIGKILL) and resolves when it is gone and its directories are removed. Idempotent. */
  kill(): Promise<void>;
}

export interface Sandbox {
  readonly name: 'process' | 'bubblewrap';
  /** Where the command finds what the host has at `hostPath`: the identity for `process`. */
  inside(path: { host: string; inside: string }): string;
  /** Undefined when it works on this machine, otherwise the reason in one line. */
  probe(): Promise<string | undefined>;
  /** @throws {Error} when the box cannot be made; nothing is left behind then */
  start(spec: BoxSpec): Promise<Box>;
}
