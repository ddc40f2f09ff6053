/**
 * Removes records beyond the limits of age and number, now and then, a few at a time: between two of these steps the
 * database's thread answers whoever else has asked.
 *
 * What was removed must not come back. The log's records are not filed twice (see log-recovery); and a message that was
 * accepted again after its record was stored, which only that record tells from an unfinished one, is settled in the log first.
 */
import type { Logger } from '../../domain/logger.ts';
import type { RetentionLimits } from './database-messages.ts';
import type { DatabaseThread } from './database-thread.ts';
import type { LiveMessages } from './live-messages.ts';
import { retractedLine } from './log-entry.ts';
import type { LogWriter } from './log-writer.ts';

const INTERVAL_MS = 60_000;
/** Messages asked about at a time. */
const SETTLED_AT_ONCE = 500;

export interface RetentionOptions {
  database: Pick<DatabaseThread, 'call'>;
  writer: Pick<LogWriter, 'append' | 'position'>;
  live: LiveMessages;
  logger: Logger;
  keepMs: number;
  keepActivations: number;
}

export class Retention {
  readonly #options: RetentionOptions;
  #timer: NodeJS.Timeout | undefined;
  #round: Promise<void> | undefined;
  #stopped = false;

  constructor(options: RetentionOptions) {
    this.#options = options;
  }

  /** Removes what is beyond the limits now, and then every minute. */
  start(): void {
    void this.run();
    this.#timer = setInterval(() => { void this.run(); }, INTERVAL_MS).unref();
  }

  /** Resolves when all is within the limits, or cannot be brought there now. */
  run(): Promise<void> {
    this.#round ??= this.#removeAll().finally(() => { this.#round = undefined; });
    return this.#round;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#timer);
    await this.#round;
  }

  async #removeAll(): Promise<void> {
    const { database, logger, keepMs, keepActivations } = this.#options;
    const limits = { startedBefore: Date.now() - keepMs, keep: keepActivations };
    let total = 0;
    try {
      if (!await database.call('exceeds', limits)) return;
      await this.#settleRecorded();
      total += await this.#remove({ startedBefore: -Infinity, keep: keepActivations });
      total += await this.#remove({ startedBefore: limits.startedBefore, keep: Infinity });
    } catch (error) {
      if (!this.#stopped) logger.warn({ error: String(error) }, 'old activation records could not be removed; they stay for now');
    }
    if (total > 0) logger.debug({ removed: total }, 'old activation records were removed');
  }

  /** By one of the limits. */
  async #remove(limits: RetentionLimits): Promise<number> {
    let total = 0;
    // Too many: always from the first on. Too old: from where the last step ended, for those it left are young; behind some
    // hundred young ones in a row there are hardly older ones.
    for (let last = { removed: 1, through: 0 }; last.removed > 0 && !this.#stopped; total += last.removed) {
      last = await this.#options.database.call('removeActivations', { limits, after: limits.keep === Infinity ? last.through : 0 });
    }
    return total;
  }

  async #settleRecorded(): Promise<void> {
    const { database, writer, live } = this.#options;
    const ids = live.ids();
    for (let from = 0; from < ids.length && !this.#stopped; from += SETTLED_AT_ONCE) {
      const some = ids.slice(from, from + SETTLED_AT_ONCE);
      const unfinished = new Set(await database.call('withoutRecord', some, writer.position));
      await Promise.all(some.filter((id) => !unfinished.has(id)).map((id) => writer.append(retractedLine(id), () => { live.settle(id); })));
    }
  }
}
