/**
 * A controller's inside for tests: the real dispatcher and the real compositions on a virtual clock, over a store that
 * takes its time and can be out of order, with an invoker that runs functions of the test. The controller can be killed
 * at any moment and started again; the invoker lives on and comes back with what it holds.
 */
import assert from 'node:assert/strict';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { VirtualClock } from '../clock/virtual-clock.ts';
import type { CancelTimer, Clock } from '../clock/clock.ts';
import { Dispatcher } from '../dispatch/dispatcher.ts';
import type { Action, KeyValue } from '../domain/action.ts';
import { actionPath } from '../domain/action.ts';
import type { ActivationId, ActivationMessage, ActivationOutcome, ActivationRecord } from '../domain/activation.ts';
import type { EntityTypes } from '../domain/entity.ts';
import type { Identity } from '../domain/identity.ts';
import type { JsonObject, JsonValue } from '../domain/json.ts';
import { isJsonObject } from '../domain/json.ts';
import type { Logger } from '../domain/logger.ts';
import { silentLogger } from '../domain/logger.ts';
import type { Trigger } from '../domain/trigger.ts';
import { InvocableActions } from '../entities/invocable-actions.ts';
import type { InvokerConnection } from '../link/link.ts';
import type { EntityStore, Store, Stored, StoredEntity } from '../store/store.ts';
import { StoreUnavailable } from '../store/store.ts';
import type { Builtins } from './builtins.ts';
import { createInvocations, type ComposedInvocations } from './create-invocations.ts';

export const ALICE: Identity = { subject: 'alice', namespace: 'alice', uuid: 'uuid-of-alice', key: 'key-of-alice' };
export const BOB: Identity = { subject: 'bob', namespace: 'bob', uuid: 'uuid-of-bob', key: 'key-of-bob' };

export type Main = (args: JsonObject, message: ActivationMessage) => JsonValue;

interface Operation { apply: () => void; settle: (error?: Error) => void }

/** Keeps what it has confirmed; what is being written when the controller dies is written or not. */
class DurableMemory {
  readonly records = new Map<ActivationId, ActivationRecord>();
  readonly journal = new Map<ActivationId, ActivationMessage>();
  readonly entities = new Map<string, StoredEntity>();
  readonly lateAppends: string[] = [];
  latencyMs = 1;
  up = true;
  checkpointsFail = false;
  checkpoints = 0;
  readonly #clock: Clock;
  readonly #inFlight = new Set<Operation>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** As one controller sees it; a dead one neither reads nor writes anything more. */
  view(isAlive: () => boolean): Pick<Store, 'activations' | 'journal' | 'entities'> {
    const write = (apply: () => void): Promise<void> => new Promise((resolve, reject) => {
      if (!isAlive()) return;
      const operation: Operation = { apply, settle: (error) => { if (!isAlive()) return; if (error === undefined) resolve(); else reject(error); } };
      this.#inFlight.add(operation);
      this.#clock.after(this.latencyMs, () => {
        if (!this.#inFlight.delete(operation)) return;
        if (this.up) apply();
        operation.settle(this.up ? undefined : new StoreUnavailable('no space left on device'));
      });
    });
    return {
      activations: {
        append: (record) => write(() => { if (!this.records.has(record.activationId)) this.records.set(record.activationId, record); }),
        get: (_namespace, id) => Promise.resolve(this.records.get(id)),
        list: () => Promise.resolve([]), summaries: () => Promise.resolve([]), count: () => Promise.resolve(0),
      },
      journal: {
        accept: (message) => write(() => { this.journal.set(message.activationId, copy(message)); }),
        checkpoint: (message) => {
          this.checkpoints += 1;
          if (this.checkpointsFail) return Promise.reject(new StoreUnavailable('no space left on device'));
          return write(() => { if (this.journal.has(message.activationId)) this.journal.set(message.activationId, copy(message)); });
        },
        unfinished: () => Promise.resolve(this.unfinished()),
      },
      entities: this.#entityStore(),
    };
  }

  unfinished(): ActivationMessage[] {
    return [...this.journal.values()].filter(({ activationId }) => !this.records.has(activationId));
  }

  crash(written: (index: number) => boolean): void {
    for (const [index, { apply }] of [...this.#inFlight].entries()) if (this.up && written(index)) apply();
    this.#inFlight.clear();
  }

  #entityStore(): EntityStore {
    return {
      get: (path) => Promise.resolve(this.entities.get(path)),
      list: (type, filter, { limit, skip }) => {
        const found = [...this.entities.values()].filter((stored) => stored.type === type
          && (filter.trigger === undefined || (stored.type === 'rule' && stored.entity.trigger === filter.trigger)));
        return Promise.resolve(found.slice(skip, skip + limit) as Stored<typeof type>[]);
      },
      count: () => Promise.resolve(0),
      write: () => Promise.reject(new Error('not here')),
    };
  }
}

/** The journal holds text, not objects. */
function copy(message: ActivationMessage): ActivationMessage {
  return JSON.parse(JSON.stringify(message)) as ActivationMessage;
}

/** Runs functions; survives the controllers. */
class FunctionInvoker {
  readonly executions: { id: ActivationId; path: string; args: ActivationMessage['args']; message: ActivationMessage }[] = [];
  readonly functions = new Map<string, Main>();
  /** What each run takes, ms. */
  durationMs = 10;
  connection: InvokerConnection | undefined;
  readonly running = new Map<ActivationId, ActivationMessage>();
  readonly unacked = new Map<ActivationId, { outcome: ActivationOutcome; message: ActivationMessage }>();
  readonly #clock: Clock;
  #deliver: ((connection: InvokerConnection, complete: { type: 'complete'; activationId: ActivationId; outcome: ActivationOutcome; message?: ActivationMessage }) => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  connect(dispatcher: Dispatcher): void {
    const held = [...this.running.keys(), ...this.unacked.keys()];
    const connection: InvokerConnection = {
      description: { invokerId: 'invoker', node: 'node', memoryMB: 1_000_000, leaseEndsAt: null, held },
      send: (message) => {
        if (this.connection !== connection) return;
        if (message.type === 'ack') for (const id of message.ids) this.unacked.delete(id);
        if (message.type === 'assign') this.#run(message.message);
      },
      close: () => undefined,
    };
    this.connection = connection;
    this.#deliver = (to, complete) => { dispatcher.received(to, complete); };
    dispatcher.joined(connection);
    dispatcher.received(connection, { type: 'heartbeat', freeMemoryMB: 0, running: this.running.size, leaseEndsAt: null });
    for (const [activationId, { outcome, message }] of this.unacked) dispatcher.received(connection, { type: 'complete', activationId, outcome, message });
  }

  disconnect(): void {
    this.connection = undefined;
  }

  #run(message: ActivationMessage): void {
    const { activationId, action } = message;
    if (this.running.has(activationId)) return;
    this.running.set(activationId, message);
    this.executions.push({ id: activationId, path: action.path, args: message.args, message });
    const start = this.#clock.now();
    const from = this.connection;
    this.#clock.after(this.durationMs, () => {
      this.running.delete(activationId);
      const end = this.#clock.now();
      const outcome: ActivationOutcome = {
        ...this.#result(message), start, end, duration: end - start, waitTime: start - message.acceptedAt, timedOut: false, logs: [`log of ${action.name}`],
      };
      this.unacked.set(activationId, { outcome, message });
      if (this.connection !== undefined) this.#deliver?.(this.connection, { type: 'complete', activationId, outcome, ...(from === this.connection ? {} : { message }) });
    });
  }

  #result(message: ActivationMessage): Pick<ActivationOutcome, 'response'> {
    let result: JsonValue;
    let statusCode: 0 | 1 | 2 = 0;
    try {
      const main = this.functions.get(message.action.path);
      if (main === undefined) throw new Error(`no function for ${message.action.path}`);
      result = JSON.parse(JSON.stringify(main(message.args as JsonObject, message))) as JsonValue;
      if (isJsonObject(result) && 'error' in result) statusCode = 1;
    } catch (error) {
      statusCode = 2;
      result = { error: `An error has occurred: ${String(error)}` };
    }
    return { response: { statusCode, result, size: JSON.stringify(result).length } };
  }
}

/** A clock whose timers die with the controller. */
class MortalClock implements Clock {
  readonly #clock: Clock;
  readonly #isAlive: () => boolean;

  constructor(clock: Clock, isAlive: () => boolean) {
    this.#clock = clock;
    this.#isAlive = isAlive;
  }

  now(): number {
    return this.#clock.now();
  }

  after(ms: number, action: () => void): CancelTimer {
    return this.#clock.after(ms, () => { if (this.#isAlive()) action(); });
  }

  every(ms: number, action: () => void): CancelTimer {
    const cancel = this.#clock.every(ms, () => {
      if (this.#isAlive()) action();
      else cancel();
    });
    return cancel;
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => { this.after(ms, resolve); });
  }
}

interface Controller { dispatcher: Dispatcher; invocations: ComposedInvocations; actions: InvocableActions; alive: boolean }

export interface ActionSpec { annotations?: KeyValue[]; parameters?: KeyValue[]; memory?: number; package?: string; namespace?: string }

export class ComposeWorld {
  readonly clock = new VirtualClock(1_700_000_000_000);
  readonly store = new DurableMemory(this.clock);
  readonly invoker = new FunctionInvoker(this.clock);
  readonly builtins: Builtins;
  /** What was logged as an error. */
  readonly errors: object[] = [];
  sequenceLimit = 50;
  #controller: Controller | undefined;
  #revision = 0;

  private constructor(builtins: Builtins) {
    this.builtins = builtins;
    this.clock.every(500, () => {
      const { connection } = this.invoker;
      if (connection !== undefined) this.#controller?.dispatcher.received(connection, { type: 'heartbeat', freeMemoryMB: 0, running: this.invoker.running.size, leaseEndsAt: null });
    });
  }

  static async start(builtins: Builtins = new Map()): Promise<ComposeWorld> {
    const world = new ComposeWorld(builtins);
    await world.startController();
    return world;
  }

  get invocations(): ComposedInvocations {
    return this.#alive().invocations;
  }

  get dispatcher(): Dispatcher {
    return this.#alive().dispatcher;
  }

  get actions(): InvocableActions {
    return this.#alive().actions;
  }

  get isUp(): boolean {
    return this.#controller !== undefined;
  }

  async startController(): Promise<void> {
    if (this.#controller !== undefined) return;
    const controller = { alive: true } as Controller;
    const isAlive = (): boolean => controller.alive;
    const store = this.store.view(isAlive);
    const clock = new MortalClock(this.clock, isAlive);
    const logger: Logger = { ...silentLogger, error: (fields) => { if (controller.alive) this.errors.push(fields); } };
    controller.dispatcher = new Dispatcher({ store, clock, random: () => 0.5, logger, code: () => Promise.resolve(undefined) });
    controller.actions = new InvocableActions(store.entities);
    controller.invocations = createInvocations({
      store, dispatch: controller.dispatcher, actions: controller.actions, builtins: this.builtins, clock, logger,
      sequenceLimit: () => this.sequenceLimit,
    });
    this.#controller = controller;
    const unfinished = await store.journal.unfinished();
    await controller.dispatcher.start(unfinished);
    controller.invocations.start(unfinished);
    this.invoker.connect(controller.dispatcher);
  }

  /** kill -9. @param written whether the nth of the writes on their way is written */
  kill(written: (index: number) => boolean = () => false): void {
    if (this.#controller === undefined) return;
    this.#controller.alive = false;
    this.#controller = undefined;
    this.invoker.disconnect();
    this.store.crash(written);
  }

  action(name: string, main: Main, spec: ActionSpec = {}): string {
    const path = this.#put(name, { kind: 'nodejs:24', code: name, binary: false }, spec);
    this.invoker.functions.set(path, main);
    return path;
  }

  conductor(name: string, main: Main, spec: ActionSpec = {}): string {
    return this.action(name, main, { ...spec, annotations: [{ key: 'conductor', value: true }, ...spec.annotations ?? []] });
  }

  /** @param components names, or paths with a namespace */
  sequence(name: string, components: readonly string[], spec: ActionSpec = {}): string {
    const paths = components.map((component) => (component.includes('/') ? component : `alice/${component}`));
    return this.#put(name, { kind: 'sequence', components: paths.map((path) => `/${path}`) }, spec);
  }

  builtin(name: string, builtin: string): string {
    return this.#put(name, { kind: 'nodejs:24', code: '', binary: false }, { namespace: 'whisk.system', package: 'utils', annotations: [{ key: 'builtin', value: builtin }] });
  }

  entity<Type extends 'package' | 'trigger' | 'rule'>(type: Type, entity: Partial<EntityTypes[Type]> & { name: string }): EntityTypes[Type] {
    const whole = { namespace: 'alice', version: '0.0.1', publish: false, parameters: [], annotations: [], updated: 0, status: 'active', ...entity } as unknown as EntityTypes[Type];
    this.#revision += 1;
    this.store.entities.set(`${whole.namespace}/${whole.name}`, { type, entity: whole, revision: String(this.#revision) } as StoredEntity);
    return whole;
  }

  remove(path: string): void {
    this.store.entities.delete(path);
  }

  /** Blocking. @returns the record */
  async call(path: string, payload: JsonObject = {}, identity: Identity = ALICE): Promise<ActivationRecord> {
    const action = await this.actions.find(path, identity);
    assert.ok(action !== undefined, `no action ${path}`);
    const answer = await this.until(this.invocations.call(action, this.invocation(payload, identity), 600_000));
    assert.ok(answer.done, `${path} did not end`);
    assert.deepEqual(this.store.records.get(answer.activationId), answer.record, 'what the caller got is what is stored');
    return answer.record;
  }

  async submit(path: string, payload: JsonObject = {}, identity: Identity = ALICE): Promise<ActivationId> {
    const action = await this.actions.find(path, identity);
    assert.ok(action !== undefined, `no action ${path}`);
    return this.until(this.invocations.submit(action, this.invocation(payload, identity)));
  }

  fire(trigger: Trigger, payload: JsonObject = {}): Promise<ActivationId | undefined> {
    return this.until(this.invocations.fire(trigger, this.invocation(payload, ALICE)));
  }

  invocation(payload: JsonObject, identity: Identity): { identity: Identity; payload: JsonObject; transactionId: string; acceptedAt: number } {
    return { identity, payload, transactionId: 'tid', acceptedAt: this.clock.now() };
  }

  /** Lets `ms` pass, in small steps, with all that follows from each. */
  async pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 1) {
      this.clock.advance(1);
      await nextTurn();
    }
  }

  /** Lets time pass until the promise is settled. */
  async until<T>(promise: Promise<T>): Promise<T> {
    const state = { settled: false };
    void promise.then(() => { state.settled = true; }, () => { state.settled = true; });
    await nextTurn();
    for (let n = 0; !state.settled; n += 1) {
      assert.ok(n < 50_000, 'waited in vain');
      this.clock.advance(5);
      await nextTurn();
    }
    return promise;
  }

  /** Lets time pass until everything accepted has its record. */
  async finished(): Promise<void> {
    await this.startController();
    for (let n = 0; this.store.unfinished().length > 0 || this.invoker.running.size > 0 || this.invocations.underWay > 0; n += 1) {
      assert.ok(n < 20_000, `waited in vain for ${JSON.stringify(this.store.unfinished())}`);
      this.clock.advance(20);
      await nextTurn();
    }
  }

  record(id: ActivationId): ActivationRecord {
    const record = this.store.records.get(id);
    assert.ok(record !== undefined, `no record ${id}`);
    return record;
  }

  #alive(): Controller {
    assert.ok(this.#controller !== undefined, 'the controller is down');
    return this.#controller;
  }

  #put(name: string, exec: Action['exec'], { annotations = [], parameters = [], memory = 256, namespace = 'alice', package: packageName }: ActionSpec): string {
    const action: Action = {
      namespace, name, version: '0.0.1', publish: false, exec, parameters, annotations, updated: 0,
      limits: { timeout: 60_000, memory, logs: 10, concurrency: 1 },
      ...(packageName === undefined ? {} : { package: packageName }),
    };
    this.#revision += 1;
    const path = actionPath(action);
    this.store.entities.set(path, { type: 'action', entity: action, revision: String(this.#revision) });
    return path;
  }
}

export function annotationOf(record: ActivationRecord, key: string): JsonValue | undefined {
  return record.annotations.find((annotation) => annotation.key === key)?.value;
}
