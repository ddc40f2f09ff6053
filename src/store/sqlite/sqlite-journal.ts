import type { ActivationMessage } from '../../domain/activation.ts';
import type { Journal } from '../store.ts';
import type { DatabaseThread } from './database-thread.ts';
import type { LiveMessages } from './live-messages.ts';
import { acceptedLine, retractedLine } from './log-entry.ts';
import type { LogWriter } from './log-writer.ts';

/** The journal is part of the log: a line when a message is accepted, and the line of its record settles it. */
export class SqliteJournal implements Journal {
  readonly #writer: LogWriter;
  readonly #database: DatabaseThread;
  readonly #live: LiveMessages;

  constructor(writer: LogWriter, database: DatabaseThread, live: LiveMessages) {
    this.#writer = writer;
    this.#database = database;
    this.#live = live;
  }

  async accept(message: ActivationMessage): Promise<void> {
    const id = message.activationId;
    const document = JSON.stringify(message);
    // Accepted once more: should this fail, the first acceptance stands.
    const retraction = this.#live.has(id) ? undefined : retractedLine(id);
    const outcome = { added: false };
    try {
      await this.#writer.appendDurably(acceptedLine(id, document), (segment) => {
        if (this.#live.has(id)) return;
        this.#live.add(id, document, segment);
        outcome.added = true;
      }, retraction);
    } catch (error) {
      if (outcome.added) this.#live.settle(id);
      throw error;
    }
  }

  async unfinished(): Promise<ActivationMessage[]> {
    const ids = await this.#database.call('withoutRecord', this.#live.ids(), this.#writer.position);
    return ids
      .flatMap((id) => this.#live.document(id) ?? [])
      .map((document) => JSON.parse(document) as ActivationMessage)
      .sort((a, b) => a.acceptedAt - b.acceptedAt || (a.activationId < b.activationId ? -1 : 1));
  }
}
