/**
 * The loop around the dispatcher's machine: it turns what callers, invokers, store and clock do into events, and does
 * what the machine answers. It decides nothing.
 */
import type { CancelTimer, Clock } from '../clock/clock.ts';
import type { ActivationId, ActivationMessage, ActivationRecord } from '../domain/activation.ts';
import type { Logger } from '../domain/logger.ts';
import type { InvokerConnection, LinkHandler } from '../link/link.ts';
import type { ToController } from '../link/messages.ts';
import type { ActivationStore, Journal } from '../store/store.ts';
import { CodeDelivery } from './code-delivery.ts';
import { resolveDispatchOptions, type DispatchOptions } from './dispatch-options.ts';
import { Overloaded, type BlockingAnswer, type CodeSource, type Dispatch, type DispatchView } from './dispatch.ts';
import type { DispatchEvent, Effect } from './events.ts';
import { DispatchMachine } from './machine.ts';

const STOP_POLL_MS = 10;
/** Why the store refused is worth a line, but not one per record. */
const STORE_LOG_MS = 5_000;

export interface DispatcherContext {
  store: { readonly activations: Pick<ActivationStore, 'append'>; readonly journal: Pick<Journal, 'accept' | 'unfinished'> };
  code: CodeSource;
  clock: Clock;
  /** Between 0 (inclusive) and 1. */
  random: () => number;
  logger: Logger;
  options?: Partial<DispatchOptions>;
}

interface Pending {
  resolve: (answer: BlockingAnswer) => void;
  reject: (error: Error) => void;
}

/** Those who wait for a record however long it takes: whoever had it run, and whoever has come to wait, too. */
interface Watch {
  promise: Promise<ActivationRecord>;
  resolve: (record: ActivationRecord) => void;
  reject: (error: Error) => void;
}

export class Dispatcher implements Dispatch, LinkHandler {
  readonly #store: DispatcherContext['store'];
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #options: Readonly<DispatchOptions>;
  readonly #machine: DispatchMachine<InvokerConnection>;
  readonly #code: CodeDelivery;
  readonly #pending = new Map<ActivationId, Pending>();
  readonly #watches = new Map<ActivationId, Watch>();
  #cancelTick: CancelTimer = () => undefined;
  #storeLoggedAt = -Infinity;
  #stopped = false;

  constructor(context: DispatcherContext) {
    this.#store = context.store;
    this.#clock = context.clock;
    this.#logger = context.logger;
    this.#options = resolveDispatchOptions(context.options);
    this.#machine = new DispatchMachine(this.#options, context.random);
    this.#code = new CodeDelivery(context.code, context.clock, context.logger);
  }

  /**
   * Takes over what an earlier controller left unfinished, except what controllers run themselves. To be called before
   * the link listens.
   * @param unfinished what the journal holds, for whoever has read it already
   * @throws what the store throws
   */
  async start(unfinished?: readonly ActivationMessage[]): Promise<void> {
    const messages = (unfinished ?? await this.#store.journal.unfinished()).filter(({ composition }) => composition === undefined);
    if (messages.length > 0) this.#logger.info({ count: messages.length }, 'unfinished activations restored');
    this.#handle({ type: 'restored', messages });
    this.#cancelTick = this.#clock.every(this.#options.tickMs, () => { this.#handle({ type: 'tick' }); });
  }

  /**
   * Refuses new calls, asks the invokers to drain, waits at most `waitMs` until they have left and everything is
   * recorded, then lets go. What is journalled and unfinished stays in the journal.
   */
  async stop(waitMs: number = this.#options.stopMs): Promise<void> {
    if (this.#stopped) return;
    this.#handle({ type: 'stop' });
    const deadline = this.#clock.now() + waitMs;
    while (!this.#isEmpty() && this.#clock.now() < deadline) await this.#clock.sleep(STOP_POLL_MS);
    this.#handle({ type: 'dismiss' });
    this.#cancelTick();
    this.#stopped = true;
    for (const { reject } of [...this.#pending.values(), ...this.#watches.values()]) reject(this.#overloaded());
    this.#pending.clear();
    this.#watches.clear();
  }

  async submit(message: ActivationMessage): Promise<void> {
    await this.#wait(message.activationId, { type: 'submit', message });
  }

  call(message: ActivationMessage, waitMs: number): Promise<BlockingAnswer> {
    return this.#wait(message.activationId, { type: 'call', message, waitMs });
  }

  run(message: ActivationMessage): Promise<ActivationRecord> {
    const id = message.activationId;
    if (this.#stopped) return Promise.reject(this.#overloaded());
    if (this.#watches.has(id)) return Promise.reject(new Error(`there is an unfinished activation ${id} already`));
    const { promise } = this.#watch(id);
    this.#handle({ type: 'run', message });
    return promise;
  }

  attach(id: ActivationId): Promise<ActivationRecord> | undefined {
    if (this.#stopped || !this.#machine.watch(id)) return undefined;
    return (this.#watches.get(id) ?? this.#watch(id)).promise;
  }

  inFlight(namespace: string): number {
    return this.#machine.inFlight(namespace);
  }

  view(): DispatchView {
    return this.#machine.view();
  }

  joined(connection: InvokerConnection): void {
    this.#handle({ type: 'joined', connection, description: connection.description });
  }

  received(connection: InvokerConnection, message: Exclude<ToController, { type: 'join' }>): void {
    if (message.type === 'code-wanted') void this.#code.deliver(connection, message.path, message.revision);
    else this.#handle({ type: 'heard', connection, message });
  }

  closed(connection: InvokerConnection): void {
    this.#handle({ type: 'closed', connection });
  }

  #isEmpty(): boolean {
    const { accepting, unrecorded, running, invokers } = this.#machine.sizes();
    return accepting + unrecorded + running + invokers === 0;
  }

  #wait(id: ActivationId, event: DispatchEvent<InvokerConnection>): Promise<BlockingAnswer> {
    return new Promise((resolve, reject) => {
      if (this.#stopped) {
        reject(this.#overloaded());
        return;
      }
      if (this.#pending.has(id)) {
        reject(new Error(`there is an unfinished activation ${id} already`));
        return;
      }
      this.#pending.set(id, { resolve, reject });
      this.#handle(event);
    });
  }

  #watch(id: ActivationId): Watch {
    const watch: Watch = Promise.withResolvers<ActivationRecord>();
    this.#watches.set(id, watch);
    return watch;
  }

  #overloaded(): Overloaded {
    return new Overloaded('the controller stopped', this.#options.retryAfterSeconds);
  }

  #handle(event: DispatchEvent<InvokerConnection>): void {
    if (this.#stopped) return;
    for (const effect of this.#machine.handle(event, this.#clock.now())) this.#perform(effect);
  }

  #perform(effect: Effect<InvokerConnection>): void {
    switch (effect.type) {
      case 'send': effect.to.send(effect.message); return;
      case 'close': effect.connection.close(); return;
      case 'journal': {
        const id = effect.message.activationId;
        this.#store.journal.accept(effect.message).then(
          () => { this.#handle({ type: 'journalled', id }); },
          (error: unknown) => { this.#handle({ type: 'journal-refused', id, error: this.#storeError(error) }); },
        );
        return;
      }
      case 'record': {
        const id = effect.record.activationId;
        this.#store.activations.append(effect.record).then(
          () => { this.#handle({ type: 'stored', id }); },
          (error: unknown) => { this.#handle({ type: 'store-refused', id, error: this.#storeError(error) }); },
        );
        return;
      }
      case 'accepted': this.#take(effect.id)?.resolve({ activationId: effect.id, done: false }); return;
      case 'answered': this.#take(effect.id)?.resolve({ activationId: effect.id, done: true, record: effect.record }); return;
      case 'recorded':
        this.#watches.get(effect.id)?.resolve(effect.record);
        this.#watches.delete(effect.id);
        return;
      case 'refused':
        this.#take(effect.id)?.reject(effect.error);
        this.#watches.get(effect.id)?.reject(effect.error);
        this.#watches.delete(effect.id);
        return;
      case 'log': this.#logger[effect.level](effect.fields, effect.text);
    }
  }

  #take(id: ActivationId): Pending | undefined {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    return pending;
  }

  #storeError(thrown: unknown): Error {
    const error = thrown instanceof Error ? thrown : new Error(String(thrown));
    const now = this.#clock.now();
    if (now - this.#storeLoggedAt >= STORE_LOG_MS) {
      this.#storeLoggedAt = now;
      this.#logger.error({ err: error }, 'the store refuses a write; it is tried again');
    }
    return error;
  }
}
