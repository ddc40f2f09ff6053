/** Functions of the platform itself that are invoked as actions are: known by name, run in the controller, recorded like any action. */
import type { ActivationId } from '../domain/activation.ts';
import type { Identity } from '../domain/identity.ts';
import type { JsonObject, JsonValue } from '../domain/json.ts';

export interface BuiltinCall {
  /** Who calls. */
  identity: Identity;
  /** Parameters of the action (and of its package and binding) with the payload over them. */
  args: JsonObject;
  activationId: ActivationId;
  transactionId: string;
}

/**
 * Its result is the activation's: an object with `error` makes it an application error. An ApiError that it throws
 * becomes an application error with its text, anything else an internal error. What was accepted before a kill -9 is
 * run again after it, with the same activation id: doing it twice must do no harm.
 */
export type Builtin = (call: BuiltinCall) => Promise<JsonValue>;

/** By name, as `runs.builtin` of an action says it. */
export type Builtins = ReadonlyMap<string, Builtin>;
