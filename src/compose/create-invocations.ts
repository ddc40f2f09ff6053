/**
 * Everything that is invoked comes through here. Plain actions go straight to the dispatcher. What the controller runs
 * itself (sequences, conductors, built-ins, the rules of a fired trigger) is journalled when it is accepted, blocking or
 * not, and from then on goes on to its end: its callers may go, and the controller may be killed and started again.
 */
import type { Clock } from '../clock/clock.ts';
import { Overloaded, type Dispatch } from '../dispatch/dispatch.ts';
import type { ActivationId, ActivationMessage, ActivationRecord } from '../domain/activation.ts';
import { activationRecord, errorOutcome } from '../domain/activation.ts';
import type { FiredRule, FiringState } from '../domain/composition.ts';
import { newActivationId } from '../domain/ids.ts';
import type { Logger } from '../domain/logger.ts';
import { argumentsOf } from '../domain/parameters.ts';
import type { Trigger } from '../domain/trigger.ts';
import { activationMessage } from '../entities/activation-message.ts';
import type { InvocableAction } from '../entities/invocable-actions.ts';
import type { Store } from '../store/store.ts';
import { BuiltinRunner } from './builtin-runner.ts';
import type { Builtins } from './builtins.ts';
import { ComponentFinder, type ActionFinder } from './component-finder.ts';
import { beginning, CompositionRunner } from './composition-runner.ts';
import { FiringRunner } from './firing.ts';
import type { Invocation, InvocationAnswer, Invocations } from './invocations.ts';
import { Patience, Stopped } from './patience.ts';
import { firedRules, triggerReference } from './trigger-rules.ts';

export interface InvocationsContext {
  store: Pick<Store, 'activations' | 'journal' | 'entities'>;
  dispatch: Dispatch;
  actions: ActionFinder;
  builtins: Builtins;
  clock: Clock;
  logger: Logger;
  /** Components that a sequence or conductor of this namespace may have. */
  sequenceLimit: (namespace: string) => number;
  /** Before a rule has its action invoked: that counts as an invocation. @throws {ApiError} 429 @default that is not limited */
  checkInvocation?: (namespace: string) => void;
  /** Of what the controller runs itself, as much may be under way at once; beyond it new ones are refused. @default 10000 */
  maxUnderWay?: number;
}

/** Invocations with the life of the controller around them. */
export interface ComposedInvocations extends Invocations {
  /** Goes on with what an earlier controller left unfinished. To be called when the dispatcher has been started. @param unfinished what the journal holds */
  start(unfinished: readonly ActivationMessage[]): void;
  /** Begins nothing more. Whoever waits is told that it goes on (`done: false`), as it does after the next start. To be called before the dispatcher stops. */
  stop(): void;
  /** Compositions, built-ins and firings that have no record yet. */
  readonly underWay: number;
}

const MAX_UNDER_WAY = 10_000;
const RETRY_AFTER_SECONDS = 10;

export function createInvocations(context: InvocationsContext): ComposedInvocations {
  return new ControllerInvocations(context);
}

class ControllerInvocations implements ComposedInvocations {
  readonly #context: InvocationsContext;
  readonly #dispatch: Dispatch;
  readonly #patience: Patience;
  readonly #finder: ComponentFinder;
  readonly #builtins: BuiltinRunner;
  readonly #compositions: CompositionRunner;
  readonly #firings: FiringRunner;
  readonly #maxUnderWay: number;
  readonly #underWay = new Map<ActivationId, Promise<ActivationRecord | undefined>>();
  /** Ends the waits of blocking callers. */
  readonly #waits = new Set<() => void>();
  /** Being journalled. */
  #accepting = 0;

  constructor(context: InvocationsContext) {
    const { dispatch, clock, logger, actions, builtins, maxUnderWay = MAX_UNDER_WAY } = context;
    this.#context = context;
    this.#dispatch = dispatch;
    this.#patience = new Patience(clock);
    this.#finder = new ComponentFinder(actions, this.#patience, logger);
    this.#builtins = new BuiltinRunner(builtins, clock, logger);
    this.#compositions = new CompositionRunner({ ...context, finder: this.#finder, builtins: this.#builtins, patience: this.#patience });
    this.#firings = new FiringRunner({ finder: this.#finder, clock, logger, submit: (...rule) => this.#submitOnce(...rule) });
    this.#maxUnderWay = maxUnderWay;
  }

  get underWay(): number {
    return this.#underWay.size + this.#accepting;
  }

  start(unfinished: readonly ActivationMessage[]): void {
    const mine = unfinished.filter(({ composition }) => composition !== undefined);
    if (mine.length > 0) this.#context.logger.info({ count: mine.length }, 'unfinished compositions go on');
    // All are known before any goes on: a firing must not begin again what it had begun.
    for (const { activationId } of mine) this.#underWay.set(activationId, Promise.resolve(undefined));
    for (const message of mine) this.#begin(message, true);
  }

  stop(): void {
    this.#patience.stop();
    for (const end of this.#waits) end();
  }

  call(action: InvocableAction, invocation: Invocation, waitMs: number): Promise<InvocationAnswer> {
    if (action.runs.by === 'invoker') return this.#dispatch.call(activationMessage(action, invocation, true), waitMs);
    return this.#callComposed(action, invocation, waitMs);
  }

  async submit(action: InvocableAction, invocation: Invocation): Promise<ActivationId> {
    const message = await this.#message(action, invocation, false);
    await this.#accept(message);
    return message.activationId;
  }

  async fire(trigger: Trigger, invocation: Invocation): Promise<ActivationId | undefined> {
    const rules = await firedRules(this.#context.store.entities, trigger);
    if (!rules.some(({ active }) => active)) return undefined;
    const message = firingMessage(trigger, rules, invocation);
    await this.#accept(message);
    return message.activationId;
  }

  async #callComposed(action: InvocableAction, invocation: Invocation, waitMs: number): Promise<InvocationAnswer> {
    const message = await this.#message(action, invocation, true);
    const { activationId } = message;
    const deadline = this.#context.clock.now() + waitMs;
    await this.#accept(message);
    const run = this.#underWay.get(activationId);
    if (run === undefined) return { activationId, done: false };
    return new Promise((resolve) => {
      const end = (): void => { settle({ activationId, done: false }); };
      const cancel = this.#context.clock.after(Math.max(0, deadline - this.#context.clock.now()), end);
      const settle = (answer: InvocationAnswer): void => {
        cancel();
        this.#waits.delete(end);
        resolve(answer);
      };
      this.#waits.add(end);
      void run.then((record) => { settle(record === undefined ? { activationId, done: false } : { activationId, done: true, record }); });
    });
  }

  /** What is to be accepted for this action, whoever runs it. @throws {ApiError} 403 for a sequence with a component that is not for this caller */
  async #message(action: InvocableAction, invocation: Invocation, blocking: boolean, id?: ActivationId): Promise<ActivationMessage> {
    const { runs } = action;
    const message = activationMessage(action, invocation, blocking);
    if (id !== undefined) message.activationId = id;
    if (runs.by === 'invoker') return message;
    const caller = invocation.identity;
    if (runs.as === 'builtin') return { ...message, composition: { type: 'builtin', caller, builtin: runs.builtin } };
    if (runs.as === 'sequence') await this.#finder.checkAccess(runs.components, caller);
    const frame = beginning(action, message.activationId, undefined, this.#context.clock.now());
    if (frame === undefined) throw new Error(`${action.reference.path} is no composition`);
    return { ...message, args: {}, env: {}, composition: { type: 'steps', caller, frames: [frame], begun: 0, input: invocation.payload } };
  }

  async #accept(message: ActivationMessage): Promise<void> {
    if (message.composition === undefined) return this.#dispatch.submit(message);
    if (this.#patience.stopped) throw new Overloaded('the controller is about to stop', RETRY_AFTER_SECONDS);
    if (this.underWay >= this.#maxUnderWay) throw new Overloaded(`${this.#maxUnderWay} compositions are under way already`, RETRY_AFTER_SECONDS);
    this.#accepting += 1;
    try {
      await this.#context.store.journal.accept(message);
    } finally {
      this.#accepting -= 1;
    }
    this.#begin(message, false);
  }

  /** For a rule: accepts under this id unless that has happened before. */
  async #submitOnce(action: InvocableAction, invocation: Invocation, id: ActivationId, resumed: boolean): Promise<void> {
    if (resumed && await this.#isKnown(invocation.identity.namespace, id)) return;
    this.#context.checkInvocation?.(invocation.identity.namespace);
    const message = await this.#message(action, invocation, false, id);
    await this.#patience.insist(() => this.#accept(message));
  }

  async #isKnown(namespace: string, id: ActivationId): Promise<boolean> {
    if (this.#underWay.has(id)) return true;
    const running = this.#dispatch.attach(id);
    if (running === undefined) return await this.#patience.insist(() => this.#context.store.activations.get(namespace, id)) !== undefined;
    running.catch(() => undefined);
    return true;
  }

  #begin(message: ActivationMessage, resumed: boolean): void {
    const { activationId } = message;
    const run = this.#finish(message, resumed);
    this.#underWay.set(activationId, run);
    void run.then(() => { this.#underWay.delete(activationId); });
  }

  /** To its end. @returns the record, stored; undefined when the controller stops first */
  async #finish(message: ActivationMessage, resumed: boolean): Promise<ActivationRecord | undefined> {
    const { logger, clock } = this.#context;
    try {
      return await this.#run(message, resumed);
    } catch (error) {
      if (error instanceof Stopped) return undefined;
      logger.error({ err: error, activationId: message.activationId }, 'a composition broke');
      const record = activationRecord(message, errorOutcome(3, 'There was an internal server error.', message, clock.now()));
      return this.#keep(record).catch(() => undefined);
    }
  }

  async #run(message: ActivationMessage, resumed: boolean): Promise<ActivationRecord> {
    const { composition } = message;
    switch (composition?.type) {
      case 'steps': return this.#compositions.run(message, composition, resumed);
      case 'builtin': return this.#keep(await this.#builtins.run(composition.builtin, message, composition.caller));
      case 'firing': return this.#keep(await this.#firings.run(message, composition, resumed));
      case undefined: throw new Error('not for the controller to run');
    }
  }

  async #keep(record: ActivationRecord): Promise<ActivationRecord> {
    await this.#patience.insist(() => this.#context.store.activations.append(record));
    return record;
  }
}

function firingMessage(trigger: Trigger, rules: readonly FiredRule[], { identity, payload, transactionId, acceptedAt }: Invocation): ActivationMessage {
  const composition: FiringState = { type: 'firing', caller: identity, args: { ...argumentsOf(trigger.parameters), ...payload }, rules };
  return {
    activationId: newActivationId(acceptedAt), transactionId, action: triggerReference(trigger),
    namespace: identity.namespace, subject: identity.subject, args: payload, env: {}, acceptedAt, blocking: false, composition,
  };
}
