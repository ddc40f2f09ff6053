/**
 * A small world around the dispatcher's machine: callers, invokers, a network that loses and delays, a store that fails,
 * and a controller that is killed and started again, all on one virtual clock. It keeps the books that the promises are
 * checked against: who was told what, what was started when, and what is in the store in the end.
 */
import { VirtualClock } from '../../clock/virtual-clock.ts';
import type { ActivationId, ActivationMessage, ActivationRecord } from '../../domain/activation.ts';
import type { InvokerDescription, ToController } from '../../link/messages.ts';
import { resolveDispatchOptions, type DispatchOptions } from '../dispatch-options.ts';
import type { DispatchEvent, Effect } from '../events.ts';
import { DispatchMachine } from '../machine.ts';
import { ModelInvoker, type ModelConnection, type ModelNetwork } from './model-invoker.ts';
import { ModelStore } from './model-store.ts';

export interface ModelCall {
  memoryMB: number;
  durationMs: number;
  timeLimitMs: number;
  atMostOnce: boolean;
  action: number;
}

/** What a caller was told. `unknown`: the controller died before it answered. */
export type Told = 'nothing' | 'accepted' | 'answered' | 'refused' | 'unknown';

export interface Book {
  message: ActivationMessage;
  told: Told;
  toldAt: number;
  answer: ActivationRecord | undefined;
  /** Of a blocking call, ms. */
  waitMs: number;
  starts: number;
  /** Restarts of the controller after it was told. */
  restartsSince: number;
  /** Somebody waits for the record, as long as this controller lives. */
  watched: boolean;
  /** The record that whoever watches was told. */
  recorded: ActivationRecord | undefined;
}

export class ModelWorld implements ModelNetwork {
  readonly clock = new VirtualClock(1_000_000);
  readonly store = new ModelStore(this.clock);
  readonly books = new Map<ActivationId, Book>();
  readonly invokers: ModelInvoker[] = [];
  readonly violations: string[] = [];
  machine: DispatchMachine<ModelConnection> | undefined;
  readonly #options: Readonly<DispatchOptions>;
  readonly #connections = new Set<ModelConnection>();
  #random = 1;
  #generation = 0;

  constructor(options: Partial<DispatchOptions> = {}) {
    this.#options = resolveDispatchOptions(options);
    this.clock.every(this.#options.tickMs, () => { this.#handle({ type: 'tick' }); });
    this.startController();
  }

  startController(): void {
    if (this.machine !== undefined) return;
    this.machine = new DispatchMachine(this.#options, () => {
      this.#random = (this.#random * 48_271) % 2_147_483_647;
      return this.#random / 2_147_483_647;
    });
    const messages = this.store.unfinished();
    this.#handle({ type: 'restored', messages });
    // Every other one is waited for, as compositions do with their steps.
    for (const [index, { activationId }] of messages.entries()) {
      const book = this.books.get(activationId);
      if (book === undefined || index % 2 === 1) continue;
      book.watched = true;
      if (!this.machine.watch(activationId)) this.violation(`${activationId} is restored and cannot be watched`);
    }
  }

  /** kill -9: callers hear nothing, connections break, writes on their way are written or not. */
  killController(written: (index: number) => boolean): void {
    if (this.machine === undefined) return;
    this.machine = undefined;
    this.#generation += 1;
    this.store.crash(written);
    for (const book of this.books.values()) {
      book.restartsSince += 1;
      book.watched = false;
      if (book.told === 'nothing') this.#tell(book, 'unknown');
    }
    for (const connection of [...this.#connections]) this.#break(connection, 50);
  }

  submit(call: ModelCall): void {
    this.#handle({ type: 'submit', message: this.#newBook(call, undefined) });
  }

  call(call: ModelCall, waitMs: number): void {
    this.#handle({ type: 'call', message: this.#newBook(call, waitMs), waitMs });
  }

  /** A step of a composition. */
  run(call: ModelCall): void {
    this.#handle({ type: 'run', message: this.#newBook(call, undefined, true) });
  }

  addInvoker(memoryMB: number, leaseMs: number | null, latencyMs: number): void {
    const leaseEndsAt = leaseMs === null ? null : this.clock.now() + leaseMs;
    this.invokers.push(new ModelInvoker({ id: `i${this.invokers.length}`, memoryMB, leaseEndsAt, latencyMs }, this.clock, this));
  }

  /** The connection breaks and both sides hear of it. */
  cut(invoker: ModelInvoker, redialMs: number): void {
    if (invoker.connection !== undefined) this.#break(invoker.connection, redialMs);
  }

  /** Nothing passes for a while, and nobody hears of it; then the invoker dials anew. */
  partition(invoker: ModelInvoker, ms: number): void {
    const { connection } = invoker;
    if (connection === undefined) return;
    connection.partitioned = true;
    this.clock.after(ms, () => {
      if (!invoker.alive || invoker.connection !== connection) return;
      connection.open = false;
      invoker.disconnected(0);
      // The controller's side of it dies later than the new one is born.
      this.clock.after(1_000, () => { this.#closedAtController(connection); });
    });
  }

  // What invokers see of it

  dial(invoker: ModelInvoker, description: InvokerDescription): ModelConnection | undefined {
    if (this.machine === undefined) return undefined;
    const connection: ModelConnection = { invoker, description, open: true, partitioned: false };
    this.#connections.add(connection);
    this.#toController(connection, () => { this.#handle({ type: 'joined', connection, description }); });
    return connection;
  }

  send(connection: ModelConnection, message: Exclude<ToController, { type: 'join' }>): void {
    if (message.type === 'code-wanted') return;
    this.#toController(connection, () => { this.#handle({ type: 'heard', connection, message }); });
  }

  hangUp(connection: ModelConnection, heard: boolean): void {
    // What was sent before arrives before the end does.
    this.clock.after(connection.invoker.options.latencyMs, () => {
      connection.open = false;
      if (heard) this.#closedAtController(connection);
    });
  }

  started(message: ActivationMessage): void {
    const book = this.books.get(message.activationId);
    if (book === undefined) return;
    book.starts += 1;
    if (message.action.atMostOnce === true && book.starts > 1) this.violation(`${message.activationId} may start once and started ${book.starts} times`);
  }

  acknowledged(id: ActivationId): void {
    const told = this.books.get(id)?.told;
    if (told !== 'refused' && told !== 'unknown' && !this.store.records.has(id)) this.violation(`${id} is acknowledged and has no record`);
  }

  violation(text: string): void {
    this.violations.push(`at ${this.clock.now()}: ${text}`);
  }

  // The controller's loop

  #handle(event: DispatchEvent<ModelConnection>): void {
    const machine = this.machine;
    if (machine === undefined) return;
    for (const effect of machine.handle(event, this.clock.now())) this.#perform(effect);
  }

  #perform(effect: Effect<ModelConnection>): void {
    const generation = this.#generation;
    const later = (event: DispatchEvent<ModelConnection>): void => { if (generation === this.#generation) this.#handle(event); };
    switch (effect.type) {
      case 'send': {
        const { to, message } = effect;
        if (message.type === 'assign') this.#checkAssignment(message.message.activationId);
        this.clock.after(to.invoker.options.latencyMs, () => { if (to.open && !to.partitioned) to.invoker.receive(to, message); });
        return;
      }
      case 'close': this.#break(effect.connection, 100); return;
      case 'journal': {
        const id = effect.message.activationId;
        this.store.accept(effect.message, (error) => { later(error === undefined ? { type: 'journalled', id } : { type: 'journal-refused', id, error }); });
        return;
      }
      case 'record': {
        const id = effect.record.activationId;
        this.store.append(effect.record, (error) => { later(error === undefined ? { type: 'stored', id } : { type: 'store-refused', id, error }); });
        return;
      }
      case 'accepted': this.#tell(this.books.get(effect.id), 'accepted'); return;
      case 'answered': this.#tell(this.books.get(effect.id), 'answered', effect.record); return;
      case 'recorded': {
        const book = this.books.get(effect.id);
        if (book?.watched !== true || book.recorded !== undefined) this.violation(`${effect.id} is told to nobody who waits`);
        if (book !== undefined) book.recorded = effect.record;
        return;
      }
      case 'refused': this.#tell(this.books.get(effect.id), 'refused'); return;
      case 'log':
    }
  }

  #checkAssignment(id: ActivationId): void {
    const book = this.books.get(id);
    if (book?.told === 'refused') this.violation(`${id} was refused and is assigned`);
    if (book?.told === 'answered') this.violation(`${id} was answered and is assigned`);
  }

  #tell(book: Book | undefined, told: Told, answer?: ActivationRecord): void {
    if (book === undefined) return;
    if (book.told !== 'nothing') this.violation(`${book.message.activationId} was told ${book.told}, then ${told}`);
    book.told = told;
    book.toldAt = this.clock.now();
    book.answer = answer;
    book.restartsSince = 0;
  }

  #toController(connection: ModelConnection, action: () => void): void {
    const generation = this.#generation;
    this.clock.after(connection.invoker.options.latencyMs, () => {
      if (connection.open && !connection.partitioned && generation === this.#generation) action();
    });
  }

  #break(connection: ModelConnection, redialMs: number): void {
    if (connection.open) {
      connection.open = false;
      const { invoker } = connection;
      if (invoker.alive && invoker.connection === connection) invoker.disconnected(redialMs);
    }
    this.clock.after(connection.invoker.options.latencyMs, () => { this.#closedAtController(connection); });
  }

  #closedAtController(connection: ModelConnection): void {
    if (!this.#connections.delete(connection)) return;
    this.#handle({ type: 'closed', connection });
  }

  #newBook(call: ModelCall, waitMs: number | undefined, watched = false): ActivationMessage {
    const now = this.clock.now();
    const message: ActivationMessage = {
      activationId: `a${this.books.size}`, transactionId: 't', namespace: 'guest', subject: 'guest',
      args: { durationMs: call.durationMs }, env: {}, acceptedAt: now, blocking: waitMs !== undefined,
      action: {
        path: `guest/f${call.action}`, name: `f${call.action}`, version: '0.0.1', revision: '1', kind: 'nodejs:24',
        limits: { timeout: call.timeLimitMs, memory: call.memoryMB, logs: 10, concurrency: 1 },
        ...(call.atMostOnce ? { atMostOnce: true } : {}),
      },
    };
    this.books.set(message.activationId, { message, told: 'nothing', toldAt: now, answer: undefined, waitMs: waitMs ?? 0, starts: 0, restartsSince: 0, watched, recorded: undefined });
    return message;
  }
}
