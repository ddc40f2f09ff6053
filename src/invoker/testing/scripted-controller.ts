import assert from 'node:assert/strict';
import { systemClock } from '../../clock/system-clock.ts';
import type { ActivationMessage, ActivationOutcome } from '../../domain/activation.ts';
import type { RunnableExec } from '../../domain/action.ts';
import type { LinkClient, LinkClientHandler } from '../../link/link.ts';
import type { InvokerDescription, ToController, ToInvoker } from '../../link/messages.ts';

const WAIT_MS = 60_000;

/** A controller in the memory of a test: hears what an invoker says, says what the test wants, and can go away. */
export class ScriptedController {
  readonly heard: ToController[] = [];
  readonly code = new Map<string, RunnableExec>();
  joins: InvokerDescription[] = [];
  closed = false;
  acknowledges = true;
  answersCode = true;
  heartbeatMs = 50;
  maxResultBytes = 1024 * 1024;
  #handler: LinkClientHandler | undefined;
  #up = false;
  #nextId = 1;

  /** What the invoker dials. */
  readonly link = (handler: LinkClientHandler): LinkClient => {
    this.#handler = handler;
    setImmediate(() => { this.connect(); });
    return {
      send: (message) => { if (this.#up) this.#hear(structuredClone(message)); },
      close: () => {
        this.closed = true;
        return Promise.resolve();
      },
    };
  };

  connect(): void {
    if (this.#handler === undefined || this.closed) return;
    this.#up = true;
    this.joins.push(this.#handler.connected());
    this.say({ type: 'welcome', heartbeatMs: this.heartbeatMs, maxResultBytes: this.maxResultBytes });
  }

  disconnect(): void {
    this.#up = false;
    this.#handler?.disconnected();
  }

  say(message: ToInvoker): void {
    setImmediate(() => { if (this.#up) this.#handler?.received(structuredClone(message)); });
  }

  /** Assigns an activation of an action whose code is registered under its path. @returns its id */
  assign(path: string, changes: Partial<Omit<ActivationMessage, 'action'>> & { action?: Partial<ActivationMessage['action']> } = {}): string {
    const { action, ...rest } = changes;
    const activationId = (this.#nextId++).toString(16).padStart(32, '0');
    this.say({
      type: 'assign',
      message: {
        activationId, transactionId: 'tid', namespace: 'guest', subject: 'guest', args: {}, env: {}, acceptedAt: systemClock.now(), blocking: true, ...rest,
        action: {
          path, name: path.split('/').at(-1) ?? '', version: '0.0.1', revision: '1', kind: this.code.get(path)?.kind ?? 'nodejs:24',
          limits: { timeout: 60_000, memory: 256, logs: 10, concurrency: 1 }, ...action,
        },
      },
    });
    return activationId;
  }

  /** Assigns and waits for the outcome. */
  async call(path: string, changes: Parameters<ScriptedController['assign']>[1] = {}): Promise<ActivationOutcome> {
    const id = this.assign(path, changes);
    await this.until(`the completion of ${path}`, () => this.completion(id) !== undefined);
    const completion = this.completion(id);
    assert.ok(completion);
    return completion.outcome;
  }

  completion(id: string): Extract<ToController, { type: 'complete' }> | undefined {
    return this.heard.findLast((message) => message.type === 'complete' && message.activationId === id) as Extract<ToController, { type: 'complete' }> | undefined;
  }

  all<T extends ToController['type']>(type: T): Extract<ToController, { type: T }>[] {
    return this.heard.filter((message): message is Extract<ToController, { type: T }> => message.type === type);
  }

  async until(what: string, test: () => boolean): Promise<void> {
    for (const deadline = systemClock.now() + WAIT_MS; !test();) {
      if (systemClock.now() > deadline) assert.fail(`${what} did not come; heard ${JSON.stringify(this.heard.filter(({ type }) => type !== 'heartbeat').slice(-20))}`);
      await systemClock.sleep(2);
    }
  }

  #hear(message: ToController): void {
    this.heard.push(message);
    if (message.type === 'code-wanted' && this.answersCode) {
      this.say({ type: 'code', path: message.path, revision: message.revision, exec: this.code.get(message.path) ?? null });
    }
    if ((message.type === 'complete' || message.type === 'return') && this.acknowledges) this.say({ type: 'ack', ids: [message.activationId] });
  }
}
