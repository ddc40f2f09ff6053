import type { ActivationMessage } from '../../domain/activation.ts';
import type { Journal } from '../store.ts';
import type { DatabaseThread } from './database-thread.ts';
import type { LiveMessages } from './live-messages.ts';
import { acceptedLine, retractedLine } from './log-entry.ts';
import type { LogWriter } from './log-writer.ts';

/** The journal is part of the log: a line when a message is accepted and for each later state of it; the line of its record settles it. */
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
    const outcome = { added: false };
    try {
      await this.#writer.appendDurably(acceptedLine(id, 0, document), (segment) => {
        if (this.#live.has(id)) return;
        this.#live.add(id, { document, state: 0, segment });
        outcome.added = true;
        // Accepted once more: should this fail, the first acceptance stands.
      }, () => this.#live.has(id) && !outcome.added ? undefined : retractedLine(id));
    } catch (error) {
      if (outcome.added) this.#live.settle(id);
      throw error;
    }
  }

  async checkpoint(message: ActivationMessage): Promise<void> {
    const id = message.activationId;
    if (!this.#live.has(id)) return;
    const document = JSON.stringify(message);
    const state = this.#live.nextState(id);
    let segment = 0;
    await this.#writer.appendDurably(acceptedLine(id, state, document), (written) => { segment = written; }, () => this.#takeBack(id));
    // Not sooner: until this line is durable, the segment of the earlier state has to stay.
    this.#live.replace(id, { document, state, segment });
  }

  async unfinished(): Promise<ActivationMessage[]> {
    const ids = await this.#database.call('withoutRecord', this.#live.ids(), this.#writer.position);
    return ids
      .flatMap((id) => this.#live.get(id)?.document ?? [])
      .map((document) => JSON.parse(document) as ActivationMessage)
      .sort((a, b) => a.acceptedAt - b.acceptedAt || (a.activationId < b.activationId ? -1 : 1));
  }

  /** The line that puts the state held above the one that could not be made durable. */
  #takeBack(id: string): string | undefined {
    const held = this.#live.get(id);
    if (held === undefined) return undefined;
    const state = this.#live.nextState(id);
    this.#live.replace(id, { ...held, state });
    return acceptedLine(id, state, held.document);
  }
}
