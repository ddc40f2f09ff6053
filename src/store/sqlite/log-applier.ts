/**
 * Brings the records of the log into the database. They go into a transaction that stays open for a moment: reads on
 * this connection see them at once, and one commit (one fsync) pays for many. Until it is committed the log has it all, so
 * a failed transaction is simply rolled back and the log read again from the last commit.
 */
import { closeSync, openSync } from 'node:fs';
import type { Database } from './database.ts';
import type { Removal, RetentionLimits } from './database-messages.ts';
import { parseLine } from './log-entry.ts';
import { readGroups } from './log-group.ts';
import { type LogPosition, segmentPath } from './segment-files.ts';

/** Long enough to share a commit among calls, short enough that segments are soon done with. */
const COMMIT_DELAY_MS = 100;
const RETRY_DELAY_MS = 1000;
/** A transaction larger than this would spill out of SQLite's cache, and keep reads waiting. */
const TRANSACTION_BYTES = 4 * 1024 * 1024;

export interface LogApplierOptions {
  directory: string;
  database: Database;
  committed: (position: LogPosition) => void;
  stalled: (error: unknown) => void;
  resumed: () => void;
}

interface OpenSegment {
  readonly segment: number;
  readonly fd: number;
}

export class LogApplier {
  readonly #options: LogApplierOptions;
  /** How far each segment is known to be written, from the committed one on, in order. */
  readonly #ends = new Map<number, number>();
  #applied: LogPosition;
  #committed: LogPosition;
  #uncommittedBytes = 0;
  #timer: NodeJS.Timeout | undefined;
  #open: OpenSegment | undefined;
  #stalled = false;

  constructor(options: LogApplierOptions) {
    this.#options = options;
    this.#applied = options.database.activations.position();
    this.#committed = this.#applied;
  }

  /** Makes the records up to `position` visible to reads. @throws whatever kept the log from being read or the database from being written */
  apply(position: LogPosition): void {
    if (position.end > (this.#ends.get(position.segment) ?? 0)) this.#ends.set(position.segment, position.end);
    try {
      for (const [segment, end] of this.#ends) this.#applySegment(segment, end);
    } catch (error) {
      this.#fail(error);
      throw error;
    }
    if (this.#applied !== this.#committed) this.#commitAfter(COMMIT_DELAY_MS);
  }

  /** @returns whether everything applied is now durable; if not it is tried again */
  commit(): boolean {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    try {
      if (this.#options.database.inTransaction) this.#options.database.commit(this.#applied);
    } catch (error) {
      this.#fail(error);
      return false;
    }
    this.#uncommittedBytes = 0;
    if (this.#applied === this.#committed) return true;
    this.#committed = this.#applied;
    for (const segment of this.#ends.keys()) {
      if (segment < this.#committed.segment) this.#ends.delete(segment);
    }
    this.#options.committed(this.#committed);
    if (this.#stalled) this.#options.resumed();
    this.#stalled = false;
    return true;
  }

  /** Removes some of the records beyond the limits, in the transaction that is open or will be. */
  removeOldest(limits: RetentionLimits, after: number): Removal {
    const { database } = this.#options;
    try {
      if (!database.inTransaction) database.begin();
      return database.activations.removeOldest(limits, after);
    } catch (error) {
      this.#fail(error);
      throw error;
    } finally {
      this.#commitAfter(COMMIT_DELAY_MS);
    }
  }

  close(): void {
    clearTimeout(this.#timer);
    if (this.#open !== undefined) closeSync(this.#open.fd);
    this.#open = undefined;
  }

  #applySegment(segment: number, end: number): void {
    if (segment < this.#applied.segment) return;
    const from = segment === this.#applied.segment ? this.#applied.end : 0;
    if (from >= end) return;
    for (const group of readGroups(this.#descriptor(segment), from, end)) {
      for (const line of group.lines) this.#insert(line);
      this.#applied = { segment, end: group.end };
      if (this.#uncommittedBytes > TRANSACTION_BYTES && !this.commit()) throw new Error('the database does not take records');
    }
    if (this.#applied.segment !== segment || this.#applied.end !== end) {
      throw new Error(`${segmentPath(this.#options.directory, segment)} cannot be read from byte ${this.#applied.end} on`);
    }
  }

  #insert(line: string): void {
    const entry = parseLine(line);
    if (entry.kind !== 'record') return;
    const { database } = this.#options;
    if (!database.inTransaction) database.begin();
    database.activations.insert(entry);
    this.#uncommittedBytes += line.length;
  }

  #descriptor(segment: number): number {
    if (this.#open?.segment === segment) return this.#open.fd;
    if (this.#open !== undefined) closeSync(this.#open.fd);
    this.#open = undefined;
    this.#open = { segment, fd: openSync(segmentPath(this.#options.directory, segment), 'r') };
    return this.#open.fd;
  }

  #fail(error: unknown): void {
    this.#options.database.rollback();
    this.#uncommittedBytes = 0;
    this.#applied = this.#committed;
    if (!this.#stalled) this.#options.stalled(error);
    this.#stalled = true;
    this.#commitAfter(RETRY_DELAY_MS);
  }

  #commitAfter(ms: number): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      try {
        for (const [segment, end] of this.#ends) this.#applySegment(segment, end);
        this.commit();
      } catch (error) {
        this.#fail(error);
      }
    }, ms);
  }
}
