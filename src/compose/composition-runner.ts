/**
 * Drives sequences and conductors, step by step. Before each step the journal gets the state from which it is taken, in
 * the same write as the step itself, which the dispatcher journals. Whoever goes on after a kill -9 therefore takes the
 * same step again under the same id: it finds it running, or finished, or, where it had not come that far, begins it.
 * Records of compositions within are stored before anything that follows from them, that of the outermost one last:
 * it settles the journal's entry.
 */
import type { Clock } from '../clock/clock.ts';
import type { Dispatch } from '../dispatch/dispatch.ts';
import type { ActivationId, ActivationMessage, ActivationRecord } from '../domain/activation.ts';
import type { ComposedAction, Frame, StepsState } from '../domain/composition.ts';
import type { JsonValue } from '../domain/json.ts';
import { isJsonObject } from '../domain/json.ts';
import type { Logger } from '../domain/logger.ts';
import { activationMessage } from '../entities/activation-message.ts';
import type { InvocableAction } from '../entities/invocable-actions.ts';
import type { Store } from '../store/store.ts';
import type { BuiltinRunner } from './builtin-runner.ts';
import type { ComponentFinder } from './component-finder.ts';
import { compositionRecord } from './composition-record.ts';
import { Stopped, type Patience } from './patience.ts';
import { stepId } from './step-ids.ts';
import { entered, hindered, innermost, left, nextOf, returned, type Progress } from './steps.ts';

export interface RunnerContext {
  store: Pick<Store, 'activations' | 'journal'>;
  dispatch: Dispatch;
  finder: ComponentFinder;
  builtins: BuiltinRunner;
  patience: Patience;
  clock: Clock;
  logger: Logger;
  /** Components that a composition of this namespace may have. */
  sequenceLimit: (namespace: string) => number;
}

interface Step {
  id: ActivationId;
  action: InvocableAction;
  input: JsonValue;
  /** From which it is taken. */
  state: StepsState;
}

export class CompositionRunner {
  readonly #context: RunnerContext;

  constructor(context: RunnerContext) {
    this.#context = context;
  }

  /**
   * To the end.
   * @param accepted the state that the message holds
   * @param resumed an earlier controller may have come further than the state says
   * @returns the record, stored
   * @throws {Stopped}
   */
  async run(message: ActivationMessage, accepted: StepsState, resumed: boolean): Promise<ActivationRecord> {
    const { finder, clock, sequenceLimit } = this.#context;
    const limit = sequenceLimit(message.namespace);
    let progress: Progress = { state: accepted };
    for (;;) {
      const { state } = progress;
      const next = nextOf(progress, limit);
      if (next.do === 'end') {
        const record = compositionRecord(message, innermost(state), next.response, clock.now());
        await this.#keep(record);
        const after = left(state, record, limit);
        if (after === undefined) return record;
        progress = after;
        continue;
      }
      const action = await finder.find(next.path, state.caller);
      if (typeof action === 'string') {
        progress = hindered(state, next.path, action);
        continue;
      }
      const id = stepId(message.activationId, state.begun + 1);
      const begun: StepsState = { ...state, begun: state.begun + 1 };
      const frame = next.plainly ? undefined : beginning(action, id, innermost(state).activationId, clock.now());
      if (frame !== undefined) {
        progress = entered(begun, frame, next.input);
        continue;
      }
      const record = await this.#step(message, { id, action, input: next.input, state }, resumed, state !== accepted);
      progress = record === undefined ? hindered(state, next.path, 'failed') : returned(begun, record, limit);
    }
  }

  async #keep(record: ActivationRecord): Promise<void> {
    const { patience, store } = this.#context;
    await patience.insist(() => store.activations.append(record));
  }

  /** @returns undefined when the platform cannot run it at all */
  async #step(message: ActivationMessage, step: Step, resumed: boolean, moved: boolean): Promise<ActivationRecord | undefined> {
    const { patience, store, dispatch, logger } = this.#context;
    try {
      if (resumed) {
        const earlier = await patience.insist(async () => await dispatch.attach(step.id) ?? store.activations.get(message.namespace, step.id));
        if (earlier !== undefined) return earlier;
      }
      const [record] = await Promise.all([
        this.#begin(stepMessage(message, step, this.#context.clock.now()), step),
        moved ? this.#checkpoint(message, step.state) : undefined,
      ]);
      return record;
    } catch (error) {
      if (error instanceof Stopped) throw error;
      logger.error({ err: error, activationId: message.activationId, action: step.action.reference.path }, 'a step of a composition could not be run');
      return undefined;
    }
  }

  async #begin(message: ActivationMessage, { action, state }: Step): Promise<ActivationRecord> {
    const { patience, dispatch, builtins } = this.#context;
    const { runs } = action;
    if (runs.by === 'controller' && runs.as === 'builtin') {
      const record = await builtins.run(runs.builtin, message, state.caller);
      await this.#keep(record);
      return record;
    }
    return patience.insist(() => dispatch.run(message));
  }

  async #checkpoint(message: ActivationMessage, state: StepsState): Promise<void> {
    try {
      await this.#context.store.journal.checkpoint({ ...message, composition: state });
    } catch (error) {
      // The earlier state stands: going on from there leads here again.
      this.#context.logger.warn({ err: error, activationId: message.activationId }, 'how far a composition has come could not be written down');
    }
  }
}

/** The composition that an action begins; undefined for one that is run as it is. */
export function beginning(action: InvocableAction, activationId: ActivationId, cause: ActivationId | undefined, start: number): Frame | undefined {
  const { runs } = action;
  if (runs.by !== 'controller' || runs.as === 'builtin') return undefined;
  const common = { activationId, ...(cause === undefined ? {} : { cause }), action: composedAction(action), start, duration: 0, logs: [] };
  return runs.as === 'sequence'
    ? { ...common, type: 'sequence', components: runs.components, next: 0, atomic: 0 }
    : { ...common, type: 'conductor', components: 0, conductors: 0, memory: action.reference.limits.memory };
}

function composedAction({ reference }: InvocableAction): ComposedAction {
  const { path, name, version, limits, binding } = reference;
  return { path, name, version, limits, ...(binding === undefined ? {} : { binding }) };
}

function stepMessage({ transactionId }: ActivationMessage, { id, action, input, state }: Step, now: number): ActivationMessage {
  const payload = isJsonObject(input) ? input : {};
  const message = activationMessage(action, { identity: state.caller, payload, transactionId, acceptedAt: now }, true);
  return {
    ...message,
    // An array goes in as it came out: there is nowhere to put parameters beside it.
    ...(Array.isArray(input) ? { args: input } : {}),
    activationId: id,
    cause: innermost(state).activationId,
  };
}
