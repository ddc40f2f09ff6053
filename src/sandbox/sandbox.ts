/**
 * Port of the sandboxes: a box runs one command with limits, its own file system view and process tree. Boxes of
 * every kind end with their whole process tree when they are killed and when the invoker dies.
 *
 * The invoker talks to the command over `channel`, a connected stream whose other end is the command's descriptor 3.
 * Nothing on the host's file system is needed for it: no socket file to find, to wait for, or to leave behind.
 */
import type { Duplex, Readable } from 'node:stream';

/** Number of the descriptor that the command inherits as its end of the channel. */
export const CHANNEL_DESCRIPTOR = 3;

export interface BoxSpec {
  /** Unique per invoker; names directories and processes. */
  id: string;
  /** Program and arguments, as paths inside (see `Sandbox.inside`). */
  command: readonly string[];
  /** The whole environment of the command: nothing is inherited. */
  env: Readonly<Record<string, string>>;
  /** Host files or directories to show read-only, at these paths inside. */
  readOnly: readonly HostPath[];
  /** The image that it runs in, for sandboxes of images. */
  image?: BoxImage;
  /** Limit in MB for the whole process tree, files in its writable directories included. */
  memoryMB: number;
}

export interface BoxImage {
  /** Where it is on the host: a directory or a file, as the sandbox takes it. */
  readonly path: string;
  /** It gets a network of its own, with a loopback and nothing else. */
  readonly ownNetwork?: boolean;
}

/** Something of the host (`host`) that a sandbox with its own file system view shows as `inside`. Both absolute. */
export interface HostPath { readonly host: string; readonly inside: string }

export interface BoxExit { code: number | null; signal: NodeJS.Signals | null; outOfMemory: boolean }

export interface Box {
  readonly pid: number;
  readonly stdout: Readable;
  readonly stderr: Readable;
  readonly channel: Duplex;
  /** Resolves when the command has ended; never rejects. */
  readonly exited: Promise<BoxExit>;
  /** Whether it works just now: its memory is looked at several times a second then, else every few seconds. */
  active: boolean;
  /** Kills the whole process tree (SIGKILL) and resolves when it is gone and its directories are removed. Idempotent. */
  kill(): Promise<void>;
}

export interface Sandbox {
  readonly name: 'process' | 'bubblewrap' | 'charliecloud';
  /** Where the command finds what the host has at `path.host`: the identity for `process`. */
  inside(path: HostPath): string;
  /** The directory inside that the box with this id may write to: for HOME and TMPDIR. */
  workDirectory(id: string): string;
  /** Undefined when it works on this machine, otherwise the reason in one line. */
  probe(): Promise<string | undefined>;
  /** @throws {Error} when the box cannot be made; nothing is left behind then */
  start(spec: BoxSpec): Promise<Box>;
}

/** A sandbox by name, or the best one that works on this machine. */
export type SandboxChoice = 'auto' | 'process' | 'bubblewrap';
