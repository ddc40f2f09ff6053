/**
 * Writes the log. What one turn of the event loop brings goes to the file as one group, at once when it is small. A
 * plain append resolves when its group is written (the page cache survives a kill -9), a durable one after the next
 * fdatasync, which everything written meanwhile shares; plain ones are synced shortly after.
 *
 * A failed write rejects its group and is cut off the file. A failed fdatasync tells nothing about which bytes are safe:
 * the segment is left as it is and a new one begun, the durable appends that waited are rejected, and the next group
 * says first that they were retracted, so that a later recovery does not believe them.
 */
import { StoreUnavailable } from '../store.ts';
import type { Logger } from '../../domain/logger.ts';
import { GroupEncoder } from './log-group.ts';
import type { LogPosition, SegmentFile, SegmentFiles } from './segment-files.ts';

/** Bounds the memory and the time of a single write; larger groups gain nothing. */
const GROUP_CHARACTERS = 1024 * 1024;
/** Groups up to this size are written on this thread. */
const WRITE_NOW_BYTES = 128 * 1024;
/** How long a plain append may stay in the page cache only, and unknown to the database: syncing and filing more often costs the calls the processor. */
const SETTLE_DELAY_MS = 100;

export interface LogWriterOptions {
  files: SegmentFiles;
  logger: Logger;
  /** A segment that has grown to this many bytes is closed and the next begun. */
  segmentBytes: number;
  /** Characters of lines that may wait for the disk before appends are rejected. */
  queueCharacters: number;
  /** Called now and then with how far the log is written, and with the end of every segment when it is closed. */
  advanced: (position: LogPosition) => void;
  /** Called when a segment takes no more lines. */
  segmentClosed: (position: LogPosition) => void;
}

/** Called when the line has been written to `segment`, before anything written after it. */
export type WrittenListener = (segment: number) => void;

/** Gives the line that takes another back, when that becomes necessary; undefined: it may stand. */
export type Retraction = () => string | undefined;

interface Pending {
  line: string;
  durable: boolean;
  /** What to write should a durable line turn out not to be so. */
  retraction?: Retraction | undefined;
  written?: WrittenListener | undefined;
  resolve: () => void;
  reject: (error: Error) => void;
}

interface Segment {
  readonly number: number;
  readonly file: SegmentFile;
  end: number;
  unsynced: boolean;
  /** An fdatasync failed: its bytes cannot be made durable any more. */
  failed: boolean;
}

export class LogWriter {
  readonly #options: LogWriterOptions;
  readonly #encoder = new GroupEncoder();
  #segment: Segment | undefined;
  #nextSegment = 1;
  #position: LogPosition = { segment: 0, end: 0 };
  #queue: Pending[] = [];
  #queuedCharacters = 0;
  #flushing: Promise<void> | undefined;
  #syncing: Promise<void> | undefined;
  #awaitingSync: Pending[] = [];
  #retractions: string[] = [];
  #settleTimer: NodeJS.Timeout | undefined;
  #failing = false;
  #refusal: string | undefined;

  constructor(options: LogWriterOptions) {
    this.#options = options;
  }

  /** How far the log is written. */
  get position(): LogPosition {
    return this.#position;
  }

  get accepting(): boolean {
    return this.#refusal === undefined;
  }

  /** Makes the next segment the one after `segment`; to be called before anything is appended. */
  startAfter(segment: number): void {
    this.#nextSegment = segment + 1;
  }

  append(line: string, written?: WrittenListener): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#enqueue({ line, durable: false, written, resolve, reject });
    });
  }

  /** @param retraction without it the line may stand even when this rejects */
  appendDurably(line: string, written?: WrittenListener, retraction?: Retraction): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#enqueue({ line, durable: true, written, retraction, resolve, reject });
    });
  }

  /** Rejects all appends from now on. */
  refuse(reason: string): void {
    this.#refusal = reason;
  }

  /** Writes and syncs what has been appended before, and closes the segment. */
  async close(): Promise<void> {
    await this.#flush();
    if (this.#retractions.length > 0) {
      await this.#openSegment().then((segment) => this.#writeGroup(segment, [])).catch(() => undefined);
    }
    await this.#closeSegment();
    clearTimeout(this.#settleTimer);
  }

  #enqueue(pending: Pending): void {
    if (this.#refusal !== undefined) {
      pending.reject(new StoreUnavailable(this.#refusal));
      return;
    }
    if (this.#queuedCharacters + pending.line.length > this.#options.queueCharacters && this.#queue.length > 0) {
      pending.reject(new StoreUnavailable('The store cannot take writes: too many are waiting for the disk'));
      return;
    }
    this.#queuedCharacters += pending.line.length;
    if (this.#queue.push(pending) === 1 && this.#flushing === undefined) setImmediate(() => { void this.#flush(); });
  }

  #flush(): Promise<void> {
    if (this.#queue.length === 0) return this.#flushing ?? Promise.resolve();
    this.#flushing ??= this.#writeGroups();
    return this.#flushing;
  }

  async #writeGroups(): Promise<void> {
    while (this.#queue.length > 0) {
      const group = this.#takeGroup();
      try {
        const segment = await this.#openSegment();
        await this.#writeGroup(segment, group);
        if (this.#failing) this.#options.logger.info({}, 'the log of the store can be written again');
        this.#failing = false;
      } catch (error) {
        this.#rejectAll(group, error);
      }
    }
    this.#flushing = undefined;
  }

  #takeGroup(): Pending[] {
    let count = 0;
    let characters = 0;
    for (const { line } of this.#queue) {
      if (count > 0 && characters + line.length > GROUP_CHARACTERS) break;
      characters += line.length;
      count++;
    }
    this.#queuedCharacters -= characters;
    if (count < this.#queue.length) return this.#queue.splice(0, count);
    const group = this.#queue;
    this.#queue = [];
    return group;
  }

  async #writeGroup(segment: Segment, group: Pending[]): Promise<void> {
    const retracted = this.#retractions.length;
    const data = this.#encoder.encode([...this.#retractions, ...group.map(({ line }) => line)]);
    try {
      if (data.length <= WRITE_NOW_BYTES) segment.file.writeNow(data, segment.end);
      else await segment.file.write(data, segment.end);
    } catch (error) {
      // What was written of it is torn, so nobody would believe it; cutting it off only tidies up.
      await segment.file.truncate(segment.end).catch(() => undefined);
      throw error;
    }
    this.#retractions = this.#retractions.slice(retracted);
    segment.end += data.length;
    segment.unsynced = true;
    this.#position = { segment: segment.number, end: segment.end };
    for (const pending of group) {
      pending.written?.(segment.number);
      if (pending.durable) this.#awaitingSync.push(pending);
      else pending.resolve();
    }
    if (segment.failed) this.#failWaiting(new Error('an earlier synchronization of the same file failed'));
    else if (this.#awaitingSync.length > 0) void this.#sync(segment);
    this.#settleSoon();
  }

  async #openSegment(): Promise<Segment> {
    const current = this.#segment;
    if (current !== undefined && !current.failed && current.end < this.#options.segmentBytes) return current;
    await this.#closeSegment();
    const number = this.#nextSegment;
    const file = await this.#options.files.create(number);
    this.#nextSegment = number + 1;
    this.#segment = { number, file, end: 0, unsynced: false, failed: false };
    return this.#segment;
  }

  async #closeSegment(): Promise<void> {
    const segment = this.#segment;
    if (segment === undefined) return;
    while (this.#syncing !== undefined || (segment.unsynced && !segment.failed)) await this.#sync(segment);
    this.#segment = undefined;
    const position = { segment: segment.number, end: segment.end };
    this.#options.advanced(position);
    this.#options.segmentClosed(position);
    await segment.file.close().catch(() => undefined);
  }

  #sync(segment: Segment): Promise<void> {
    this.#syncing ??= this.#syncOnce(segment).finally(() => {
      this.#syncing = undefined;
      if (this.#awaitingSync.length > 0) void this.#sync(segment);
      else if (segment.unsynced) this.#settleSoon();
    });
    return this.#syncing;
  }

  async #syncOnce(segment: Segment): Promise<void> {
    const waiting = this.#awaitingSync;
    this.#awaitingSync = [];
    segment.unsynced = false;
    try {
      await segment.file.sync();
      for (const pending of waiting) pending.resolve();
    } catch (error) {
      segment.failed = true;
      this.#awaitingSync = [...waiting, ...this.#awaitingSync];
      this.#failWaiting(error);
    }
  }

  /** Lets the database know and syncs, once for all that is appended in the meantime. */
  #settleSoon(): void {
    this.#settleTimer ??= setTimeout(() => {
      this.#settleTimer = undefined;
      this.#options.advanced(this.#position);
      const segment = this.#segment;
      if (segment?.unsynced === true && !segment.failed) void this.#sync(segment);
    }, SETTLE_DELAY_MS);
  }

  #failWaiting(error: unknown): void {
    const waiting = this.#awaitingSync;
    this.#awaitingSync = [];
    for (const { retraction } of waiting) {
      const line = retraction?.();
      if (line !== undefined) this.#retractions.push(line);
    }
    this.#rejectAll(waiting, error);
  }

  #rejectAll(pending: readonly Pending[], error: unknown): void {
    const unavailable = unavailableFor(error);
    if (!this.#failing) this.#options.logger.error({ error: unavailable.message }, 'the log of the store cannot be written');
    this.#failing = true;
    for (const { reject } of pending) reject(unavailable);
  }
}

/** One clear line for whoever gets to see it. */
function unavailableFor(error: unknown): StoreUnavailable {
  if (error instanceof StoreUnavailable) return error;
  const reason = error instanceof Error ? error.message : String(error);
  return new StoreUnavailable(`The store cannot take writes: ${reason}`, { cause: error });
}
