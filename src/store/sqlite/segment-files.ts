/** The files of the log: `log/00000001.log`, `log/00000002.log`, … in the store's directory, each readable by its owner only. */
import { close, constants, fdatasync, fsync, ftruncate, open, readdirSync, write, writeSync } from 'node:fs';
import { mkdir, rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';

/** One open segment. Everything fails with the system's error. */
export interface SegmentFile {
  /**
   * Like `write`, on this thread: into the page cache that takes microseconds, a hand-over to another thread and back
   * a hundred. Not for data so large that the copying would be felt.
   */
  writeNow(data: Buffer, position: number): void;
  /** Writes all of `data` at `position`; after a rejection any part of it may have been written. */
  write(data: Buffer, position: number): Promise<void>;
  /** Resolves when what was written before the call survives a loss of power. */
  sync(): Promise<void>;
  truncate(bytes: number): Promise<void>;
  close(): Promise<void>;
}

/** Where the log writer gets its segments; apart, so that tests can let a disk fail at will. */
export interface SegmentFiles {
  /** Resolves when the empty segment's name, too, survives a loss of power. */
  create(segment: number): Promise<SegmentFile>;
  remove(segment: number): Promise<void>;
  /** Puts a segment with unreadable parts aside for whoever wants to look into it. */
  setAside(segment: number): Promise<void>;
}

/** Where a position in the log is: at byte `end` of a segment; segments count from 1, and segment 0 stands for nothing written. */
export interface LogPosition {
  readonly segment: number;
  readonly end: number;
}

const SEGMENT_NAME = /^(\d{8,})\.log$/;

export function segmentPath(directory: string, segment: number): string {
  return join(directory, 'log', `${segment.toString().padStart(8, '0')}.log`);
}

/** Numbers of the segments there are, oldest first. */
export function listSegments(directory: string): number[] {
  return readdirSync(join(directory, 'log'))
    .flatMap((name) => SEGMENT_NAME.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b);
}

export class DiskSegmentFiles implements SegmentFiles {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  async create(segment: number): Promise<SegmentFile> {
    const flags = constants.O_RDWR | constants.O_CREAT | constants.O_TRUNC;
    const fd = await openFile(segmentPath(this.#directory, segment), flags);
    const file = new DiskSegmentFile(fd);
    try {
      await syncDirectory(join(this.#directory, 'log'));
    } catch (error) {
      await file.close();
      throw error;
    }
    return file;
  }

  async remove(segment: number): Promise<void> {
    await unlink(segmentPath(this.#directory, segment));
  }

  async setAside(segment: number): Promise<void> {
    const path = segmentPath(this.#directory, segment);
    await rename(path, `${path}.damaged-${Date.now()}`);
  }
}

/** Makes `directory/log`, durably. */
export async function makeLogDirectory(directory: string): Promise<void> {
  // Not `recursive`, which tries for ever where the kernel answers ENOENT although the parent exists.
  try {
    await mkdir(join(directory, 'log'), { mode: 0o700 });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return;
    throw error;
  }
  await syncDirectory(directory);
}

class DiskSegmentFile implements SegmentFile {
  readonly #fd: number;

  constructor(fd: number) {
    this.#fd = fd;
  }

  writeNow(data: Buffer, position: number): void {
    for (let offset = 0; offset < data.length;) {
      offset += writeSync(this.#fd, data, offset, data.length - offset, position + offset);
    }
  }

  write(data: Buffer, position: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const writeFrom = (offset: number): void => {
        write(this.#fd, data, offset, data.length - offset, position + offset, (error, written) => {
          if (error !== null) reject(error);
          else if (offset + written < data.length) writeFrom(offset + written);
          else resolve();
        });
      };
      writeFrom(0);
    });
  }

  sync(): Promise<void> {
    return settle((done) => { fdatasync(this.#fd, done); });
  }

  truncate(bytes: number): Promise<void> {
    return settle((done) => { ftruncate(this.#fd, bytes, done); });
  }

  close(): Promise<void> {
    return settle((done) => { close(this.#fd, done); });
  }
}

function openFile(path: string, flags: number): Promise<number> {
  return new Promise((resolve, reject) => {
    open(path, flags, 0o600, (error, fd) => {
      if (error === null) resolve(fd);
      else reject(error);
    });
  });
}

async function syncDirectory(path: string): Promise<void> {
  const fd = await openFile(path, constants.O_RDONLY);
  try {
    await settle((done) => { fsync(fd, done); });
  } finally {
    await settle((done) => { close(fd, done); });
  }
}

function settle(start: (done: (error: Error | null | undefined) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    start((error) => {
      if (error === null || error === undefined) resolve();
      else reject(error);
    });
  });
}
