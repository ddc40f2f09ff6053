import type { ChildProcess } from 'node:child_process';
import type { Duplex, Readable } from 'node:stream';
import type { MemoryWatchdog, WatchedTree } from './memory-watchdog.ts';
import { CHANNEL_DESCRIPTOR } from './sandbox.ts';
import type { Box, BoxExit } from './sandbox.ts';

const MB = 1024 * 1024;

export interface ChildBoxOptions {
  memoryMB: number;
  watchdog: MemoryWatchdog;
  fileBytes(): number;
  /** Sends SIGKILL to the whole tree. */
  killTree(): void;
  /** The same to what the command left behind when it ended; its pid may be another's by now. */
  killRest(): void;
  /** Runs when the tree is gone. Never rejects. */
  cleanUp(): Promise<void>;
}

/** A box around a child process whose stdio is [ignored, pipe, pipe, channel]. */
export class ChildBox implements Box, WatchedTree {
  readonly pid: number;
  readonly stdout: Readable;
  readonly stderr: Readable;
  readonly channel: Duplex;
  readonly exited: Promise<BoxExit>;
  readonly limitBytes: number;
  active = false;
  readonly #options: ChildBoxOptions;
  readonly #gone: Promise<void>;
  #outOfMemory = false;
  #killed = false;
  #ended = false;

  /** @param child has been spawned (its `spawn` event fired) */
  constructor(child: ChildProcess, options: ChildBoxOptions) {
    const channel = child.stdio[CHANNEL_DESCRIPTOR];
    if (child.pid === undefined || child.stdout === null || child.stderr === null || !isDuplex(channel)) {
      throw new Error('The child was spawned without its pipes.');
    }
    this.pid = child.pid;
    this.stdout = child.stdout;
    this.stderr = child.stderr;
    this.channel = channel;
    // What the other side did is told by `exited`; an error of the stream itself says nothing more.
    for (const stream of [this.stdout, this.stderr, this.channel]) stream.on('error', () => { stream.destroy(); });
    this.limitBytes = options.memoryMB * MB;
    this.#options = options;
    this.exited = new Promise((resolve) => {
      child.once('exit', (code, signal) => {
        this.#ended = true;
        options.watchdog.delete(this);
        resolve({ code, signal, outOfMemory: this.#outOfMemory });
      });
    });
    this.#gone = this.exited.then(async () => {
      options.killRest();
      await options.cleanUp();
      this.channel.destroy();
    });
    options.watchdog.add(this);
  }

  fileBytes(): number {
    return this.#options.fileBytes();
  }

  exceeded(): void {
    this.#outOfMemory = true;
    this.#killTree();
  }

  async kill(): Promise<void> {
    this.#killTree();
    await this.#gone;
    this.stdout.destroy();
    this.stderr.destroy();
  }

  #killTree(): void {
    if (this.#killed || this.#ended) return;
    this.#killed = true;
    this.#options.killTree();
  }
}

function isDuplex(stream: Readable | NodeJS.WritableStream | null | undefined): stream is Duplex {
  return stream !== null && stream !== undefined && 'write' in stream && 'read' in stream;
}

/** Resolves when the child runs. @throws {Error} when it could not be started */
export async function spawned(child: ChildProcess): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', reject);
  });
  // Later errors (a failed kill) must not end the invoker.
  child.on('error', () => undefined);
}
