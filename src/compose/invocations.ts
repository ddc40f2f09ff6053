/** Port through which everything is invoked, whoever runs it: an invoker (plain actions) or the controller (compositions, built-ins). */
import type { BlockingAnswer } from '../dispatch/dispatch.ts';
import type { ActivationId } from '../domain/activation.ts';
import type { Identity } from '../domain/identity.ts';
import type { JsonObject } from '../domain/json.ts';
import type { Trigger } from '../domain/trigger.ts';
import type { InvocableAction } from '../entities/invocable-actions.ts';

export interface Invocation {
  /** Who calls, or for a web action who owns it. */
  identity: Identity;
  payload: JsonObject;
  transactionId: string;
  /** Epoch ms. */
  acceptedAt: number;
}

/** `done: false`: the wait ended first (answer 202); the call goes on and is journalled. The dispatcher's own answer, so that none has to be made of it. */
export type InvocationAnswer = BlockingAnswer;

export interface Invocations {
  /** Accepts a non-blocking invocation: resolves when it is journalled. @throws {Overloaded} @throws {StoreUnavailable} */
  submit(action: InvocableAction, invocation: Invocation): Promise<ActivationId>;
  /** Accepts a blocking invocation and waits for its record, at most `waitMs`. @throws {Overloaded} @throws {StoreUnavailable} */
  call(action: InvocableAction, invocation: Invocation, waitMs: number): Promise<InvocationAnswer>;
  /**
   * Fires a trigger: stores its activation record and has the action of each active rule invoked in the name of `identity`.
   * @returns undefined when no rule is active: nothing happens then (answer 204)
   */
  fire(trigger: Trigger, invocation: Invocation): Promise<ActivationId | undefined>;
}
