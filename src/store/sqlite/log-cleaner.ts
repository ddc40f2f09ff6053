/**
 * Deletes segments of the log, strictly oldest first, so that a message's record never goes before the message. A segment
 * may go when its records are durable in the database and none of its messages is unfinished. Messages that stay
 * unfinished for long would keep the log growing: once it is several times their size they are carried over, that is
 * written again at the log's end, which costs a fraction of what was written since.
 */
import type { Logger } from '../../domain/logger.ts';
import type { DatabaseThread } from './database-thread.ts';
import type { LiveMessage, LiveMessages } from './live-messages.ts';
import { acceptedLine } from './log-entry.ts';
import type { LogWriter } from './log-writer.ts';
import type { LogPosition, SegmentFiles } from './segment-files.ts';

const LOG_PER_LIVE = 4;
const SPARE_SEGMENTS = 2;
/** Carried over at a time, so that calls find room in the writer's queue meanwhile. */
const CARRY_CHARACTERS = 4 * 1024 * 1024;

export interface LogCleanerOptions {
  files: SegmentFiles;
  logger: Logger;
  live: LiveMessages;
  segmentBytes: number;
  database: Pick<DatabaseThread, 'call'>;
}

/** What carrying over needs of the writer. */
type LogEnd = Pick<LogWriter, 'accepting' | 'position' | 'appendDurably'>;

export class LogCleaner {
  readonly #options: LogCleanerOptions;
  #closed: LogPosition[] = [];
  #committed: LogPosition = { segment: 0, end: 0 };
  #cleaning: Promise<void> = Promise.resolve();

  constructor(options: LogCleanerOptions) {
    this.#options = options;
  }

  segmentClosed(position: LogPosition): void {
    this.#closed.push(position);
  }

  committed(position: LogPosition, writer: LogEnd): void {
    this.#committed = position;
    void this.clean(writer);
  }

  /** Resolves when no segment can go any more for now. */
  clean(writer: LogEnd): Promise<void> {
    this.#cleaning = this.#cleaning.then(() => this.#cleanAll(writer)).catch((error: unknown) => {
      this.#options.logger.warn({ error: String(error) }, 'a segment of the log could not be cleaned up; it stays for now');
    });
    return this.#cleaning;
  }

  async #cleanAll(writer: LogEnd): Promise<void> {
    const { files, live, segmentBytes } = this.#options;
    for (let oldest = this.#closed[0]; oldest !== undefined; oldest = this.#closed[0]) {
      const { segment, end } = oldest;
      if (this.#committed.segment < segment || (this.#committed.segment === segment && this.#committed.end < end)) return;
      if (live.countIn(segment) > 0) {
        const logBytes = this.#closed.reduce((sum, closed) => sum + closed.end, 0);
        if (logBytes <= LOG_PER_LIVE * live.characters + SPARE_SEGMENTS * segmentBytes) return;
        if (!writer.accepting) return;
        await this.#carryOver(segment, writer);
      }
      await files.remove(segment);
      this.#closed.shift();
    }
  }

  async #carryOver(segment: number, writer: LogEnd): Promise<void> {
    const { live, database } = this.#options;
    const ids = live.idsIn(segment);
    const unfinished = new Set(await database.call('withoutRecord', ids, writer.position));
    for (const id of ids) {
      if (!unfinished.has(id)) live.settle(id);
    }
    await carryOver([...unfinished], live, writer);
  }
}

/** Writes messages again at the log's end; resolves when they are durable there. */
export async function carryOver(ids: readonly string[], live: LiveMessages, writer: LogEnd): Promise<void> {
  let batch: Promise<void>[] = [];
  let characters = 0;
  for (const id of ids) {
    const message = live.get(id);
    if (message === undefined) continue;
    batch.push(carry(id, message, live, writer));
    characters += message.document.length;
    if (characters < CARRY_CHARACTERS) continue;
    await Promise.all(batch);
    batch = [];
    characters = 0;
  }
  await Promise.all(batch);
}

async function carry(id: string, message: LiveMessage, live: LiveMessages, writer: LogEnd): Promise<void> {
  let segment = 0;
  await writer.appendDurably(acceptedLine(id, message.state, message.document), (written) => { segment = written; });
  // It may have come to a later state meanwhile, which stands elsewhere.
  live.replace(id, { ...message, segment });
}
