/**
 * A trigger that was fired: each active rule has its action invoked, once, also when the controller dies on the way.
 * Then the trigger's own record is stored, with one line of its log for each rule.
 */
import type { Clock } from '../clock/clock.ts';
import { ApiError, internalError, notAuthorized, parametersNotAllowed, resourceDoesNotExist } from '../domain/errors.ts';
import type { ActivationId, ActivationMessage, ActivationRecord, ResponseStatusCode } from '../domain/activation.ts';
import type { FiredRule, FiringState } from '../domain/composition.ts';
import type { Logger } from '../domain/logger.ts';
import { setsAnyOf } from '../entities/activation-message.ts';
import type { InvocableAction } from '../entities/invocable-actions.ts';
import type { ComponentFinder } from './component-finder.ts';
import type { Invocation } from './invocations.ts';
import { ruleInactive } from './messages.ts';
import { Stopped } from './patience.ts';
import { response } from './responses.ts';
import { stepId } from './step-ids.ts';

interface FiringContext {
  finder: ComponentFinder;
  clock: Clock;
  logger: Logger;
  /** Accepts a non-blocking invocation under this id. @param resumed it may have been accepted already */
  submit: (action: InvocableAction, invocation: Invocation, id: ActivationId, resumed: boolean) => Promise<void>;
}

type RuleOutcome = { activationId: ActivationId } | { statusCode: ResponseStatusCode; error: string };

export class FiringRunner {
  readonly #context: FiringContext;

  constructor(context: FiringContext) {
    this.#context = context;
  }

  /** @returns the trigger's record, to be stored @throws {Stopped} */
  async run(message: ActivationMessage, firing: FiringState, resumed: boolean): Promise<ActivationRecord> {
    const logs = await Promise.all(firing.rules.map(async (rule, index) => {
      const outcome = await this.#outcome(rule, stepId(message.activationId, index + 1), message, firing, resumed);
      return logLine(rule, outcome);
    }));
    return {
      namespace: message.namespace,
      name: message.action.name,
      subject: message.subject,
      activationId: message.activationId,
      start: message.acceptedAt,
      // The activation of a trigger has no end.
      end: 0,
      duration: 0,
      response: response(0, message.args),
      logs,
      version: message.action.version,
      publish: false,
      annotations: [],
    };
  }

  async #outcome({ rule, action: path, active }: FiredRule, id: ActivationId, message: ActivationMessage, firing: FiringState, resumed: boolean): Promise<RuleOutcome> {
    if (!active) return { statusCode: 1, error: ruleInactive(rule, path) };
    const { finder, clock, submit, logger } = this.#context;
    const { caller, args } = firing;
    try {
      const action = await finder.find(path, caller);
      if (typeof action === 'string') throw action === 'missing' ? resourceDoesNotExist() : action === 'inaccessible' ? notAuthorized(path) : internalError(path);
      if (setsAnyOf(args, action.finalKeys)) throw parametersNotAllowed();
      await submit(action, { identity: caller, payload: args, transactionId: message.transactionId, acceptedAt: clock.now() }, id, resumed);
      return { activationId: id };
    } catch (error) {
      if (error instanceof Stopped) throw error;
      if (error instanceof ApiError) return { statusCode: error.status >= 500 ? 3 : 1, error: error.message };
      logger.error({ err: error, rule, action: path }, 'a rule could not have its action invoked');
      return { statusCode: 3, error: 'There was an internal server error.' };
    }
  }
}

function logLine({ rule, action }: FiredRule, outcome: RuleOutcome): string {
  const statusCode = 'error' in outcome ? outcome.statusCode : 0;
  return JSON.stringify({
    statusCode, success: statusCode === 0,
    ...('error' in outcome ? { error: outcome.error } : { activationId: outcome.activationId }),
    rule, action,
  });
}
