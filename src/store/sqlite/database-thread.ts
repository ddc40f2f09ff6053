/** The main thread's end of the database's thread: calls with answers, in order, and news of what became durable. */
import { Worker } from 'node:worker_threads';
import type { Logger } from '../../domain/logger.ts';
import { StoreUnavailable } from '../store.ts';
import type { DatabaseOperation, DatabaseOperations, DatabaseReply, DatabaseRequest } from './database-messages.ts';
import type { LogPosition } from './segment-files.ts';
import { StoreOpenError } from './store-open-error.ts';

/** More reads than this waiting for one thread will not be answered in time anyway. */
const WAITING_CALLS = 10_000;

interface Waiting {
  operation: DatabaseOperation;
  resolve: (output: unknown) => void;
  reject: (error: Error) => void;
}

export interface DatabaseThreadOptions {
  logger: Logger;
  committed: (position: LogPosition) => void;
  /** The thread ended on its own: the store is of no use any more. */
  died: (reason: string) => void;
}

export class DatabaseThread {
  readonly #options: DatabaseThreadOptions;
  readonly #worker = new Worker(new URL('./database-worker.ts', import.meta.url), {
    name: 'store', execArgv: ['--disable-warning=ExperimentalWarning'],
  });
  readonly #waiting = new Map<number, Waiting>();
  #calls = 0;
  #upTo: LogPosition = { segment: 0, end: 0 };
  #ended: string | undefined;

  constructor(options: DatabaseThreadOptions) {
    this.#options = options;
    this.#worker.on('message', (reply: DatabaseReply) => { this.#receive(reply); });
    this.#worker.on('error', (error) => { this.#end(`the database's thread failed: ${String(error)}`); });
    this.#worker.on('exit', () => { this.#end("the database's thread has ended"); });
  }

  /**
   * Calls an operation, which sees the log up to `upTo`.
   * @throws {StoreUnavailable} or, from `open`, {StoreOpenError}
   */
  call<Name extends DatabaseOperation>(
    operation: Name, input: DatabaseOperations[Name]['input'], upTo?: LogPosition,
  ): Promise<DatabaseOperations[Name]['output']> {
    return new Promise((resolve, reject) => {
      if (this.#ended !== undefined) throw new StoreUnavailable(`The store is not available: ${this.#ended}`);
      if (this.#waiting.size >= WAITING_CALLS) throw new StoreUnavailable('The store is not available: too many calls are waiting for it');
      if (upTo !== undefined) this.#upTo = upTo;
      const call = ++this.#calls;
      // The worker answers with what the operation's type promises.
      this.#waiting.set(call, { operation, resolve: resolve as (output: unknown) => void, reject });
      this.#worker.postMessage({ type: 'call', call, upTo: this.#upTo, operation, input });
    });
  }

  /** Tells how far the log is written, so that its records are brought into the database. */
  advance(upTo: LogPosition): void {
    if (this.#ended !== undefined || (upTo.segment === this.#upTo.segment && upTo.end === this.#upTo.end)) return;
    this.#upTo = upTo;
    this.#worker.postMessage({ type: 'advance', upTo } satisfies DatabaseRequest);
  }

  async terminate(): Promise<void> {
    this.#ended ??= 'it is closed';
    await this.#worker.terminate();
  }

  #receive(reply: DatabaseReply): void {
    const { logger } = this.#options;
    switch (reply.type) {
      case 'result': this.#take(reply.call)?.resolve(reply.output); return;
      case 'failure': {
        const waiting = this.#take(reply.call);
        waiting?.reject(waiting.operation === 'open'
          ? new StoreOpenError(reply.code, reply.message)
          : new StoreUnavailable(`The store is not available: ${reply.message}`));
        return;
      }
      case 'committed': this.#options.committed(reply.position); return;
      case 'stalled': logger.error({ error: reply.message }, "the store's database takes no records; the log keeps them"); return;
      case 'resumed': logger.info({}, "the store's database takes records again"); return;
    }
  }

  #take(call: number): Waiting | undefined {
    const waiting = this.#waiting.get(call);
    this.#waiting.delete(call);
    return waiting;
  }

  #end(reason: string): void {
    if (this.#ended === undefined) {
      this.#ended = reason;
      this.#options.died(reason);
    }
    for (const { reject } of this.#waiting.values()) reject(new StoreUnavailable(`The store is not available: ${this.#ended}`));
    this.#waiting.clear();
  }
}
