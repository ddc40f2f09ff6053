import type { ActivationId, ActivationRecord } from '../../domain/activation.ts';
import type { ActivationFilter, ActivationStore, ActivationSummary } from '../store.ts';
import type { Page } from './database-messages.ts';
import type { DatabaseThread } from './database-thread.ts';
import type { LiveMessages } from './live-messages.ts';
import { joinRecord, recordLine } from './log-entry.ts';
import type { LogWriter } from './log-writer.ts';

/** Records are written to the log and read from the database, which catches up with the log before it answers. */
export class SqliteActivations implements ActivationStore {
  readonly #writer: LogWriter;
  readonly #database: DatabaseThread;
  readonly #live: LiveMessages;

  constructor(writer: LogWriter, database: DatabaseThread, live: LiveMessages) {
    this.#writer = writer;
    this.#database = database;
    this.#live = live;
  }

  append(record: ActivationRecord): Promise<void> {
    const id = record.activationId;
    return this.#writer.append(recordLine(record), () => { this.#live.settle(id); });
  }

  async get(namespace: string, id: ActivationId): Promise<ActivationRecord | undefined> {
    const row = await this.#database.call('getActivation', { namespace, id }, this.#writer.position);
    return row && joinRecord(row);
  }

  async list(filter: ActivationFilter, page: Page): Promise<ActivationRecord[]> {
    return (await this.#database.call('listActivations', { filter, page }, this.#writer.position)).map(joinRecord);
  }

  async summaries(filter: ActivationFilter, page: Page): Promise<ActivationSummary[]> {
    const summaries = await this.#database.call('listSummaries', { filter, page }, this.#writer.position);
    return summaries.map((summary) => JSON.parse(summary) as ActivationSummary);
  }

  count(filter: ActivationFilter): Promise<number> {
    return this.#database.call('countActivations', filter, this.#writer.position);
  }
}
