import type { ActivationMessage } from '../domain/activation.ts';
import type { Identity } from '../domain/identity.ts';
import { authKey } from '../domain/identity.ts';
import { newActivationId } from '../domain/ids.ts';
import type { JsonObject } from '../domain/json.ts';
import { environmentText } from '../domain/parameters.ts';
import type { InvocableAction } from './invocable-actions.ts';

interface Call {
  /** Who calls, or for a web action who owns it. */
  identity: Identity;
  payload: JsonObject;
  transactionId: string;
  /** Epoch ms. */
  acceptedAt: number;
}

const NO_ENVIRONMENT: Record<string, string> = {};

/** What the dispatcher is asked to run: the action's parameters with the payload over them. @param blocking somebody waits for the answer */
export function activationMessage(action: InvocableAction, { identity, payload, transactionId, acceptedAt }: Call, blocking: boolean): ActivationMessage {
  const merged = action.hasDefaults ? { ...action.defaults, ...payload } : payload;
  const [args, env] = action.initKeys.length === 0 ? [merged, NO_ENVIRONMENT] : splitEnvironment(merged, action.initKeys);
  return {
    activationId: newActivationId(acceptedAt),
    transactionId,
    action: action.reference,
    namespace: identity.namespace,
    subject: identity.subject,
    args,
    env,
    ...(action.takesApiKey ? { apiKey: authKey(identity) } : {}),
    acceptedAt,
    blocking,
  };
}

function splitEnvironment(merged: JsonObject, initKeys: readonly string[]): [args: JsonObject, env: Record<string, string>] {
  const args = { ...merged };
  const env: Record<string, string> = {};
  for (const key of initKeys) {
    env[key] = environmentText(args[key] ?? null);
    // eslint-disable-next-line @typescript-eslint/no-dynamic-delete -- an object's own key, from the action's parameters
    delete args[key];
  }
  return [args, env];
}

/** Whether an object sets one of these keys. */
export function setsAnyOf(object: object, keys: ReadonlySet<string>): boolean {
  if (keys.size === 0) return false;
  for (const key of keys) if (Object.hasOwn(object, key)) return true;
  return false;
}
