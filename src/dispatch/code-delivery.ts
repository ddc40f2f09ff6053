import type { Clock } from '../clock/clock.ts';
import type { RunnableExec } from '../domain/action.ts';
import type { Logger } from '../domain/logger.ts';
import type { InvokerConnection } from '../link/link.ts';
import type { CodeSource } from './dispatch.ts';

const TRIES = 5;
const PAUSE_MS = 200;

/** Answers invokers that want the code of an action. Those that ask while it is being read share one reading. */
export class CodeDelivery {
  readonly #source: CodeSource;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #reading = new Map<string, Promise<RunnableExec | null>>();

  constructor(source: CodeSource, clock: Clock, logger: Logger) {
    this.#source = source;
    this.#clock = clock;
    this.#logger = logger;
  }

  async deliver(connection: InvokerConnection, path: string, revision: string): Promise<void> {
    const key = `${path} ${revision}`;
    let reading = this.#reading.get(key);
    if (reading === undefined) {
      reading = this.#read(path, revision).finally(() => { this.#reading.delete(key); });
      this.#reading.set(key, reading);
    }
    connection.send({ type: 'code', path, revision, exec: await reading });
  }

  /** Null when there is no such revision (any more), or it cannot be read for a while. */
  async #read(path: string, revision: string): Promise<RunnableExec | null> {
    for (let tries = 1; ; tries += 1) {
      try {
        return (await this.#source(path, revision)) ?? null;
      } catch (error) {
        this.#logger.warn({ err: error, path, revision, tries }, 'code of an action could not be read');
        if (tries === TRIES) return null;
      }
      await this.#clock.sleep(PAUSE_MS * tries);
    }
  }
}
