/**
 * The protocol of feeds is the client's: a trigger with the annotation `feed` has an action that is invoked, blocking, with
 * what happens to the trigger, its name and the key to fire it with. The action may throw by failing.
 */
import { isJsonObject, type JsonObject } from '../domain/json.ts';
import { valueOf } from './parameter-values.ts';
import { fullName, type QualifiedName } from './qualified-name.ts';
import type { TriggerResource } from './resources.ts';
import type { InvocationOutcome, WhiskClient } from './whisk-client.ts';

export type FeedEvent = 'CREATE' | 'READ' | 'UPDATE' | 'DELETE' | 'PAUSE' | 'UNPAUSE';

/** @param parameters what the user says to the feed; what the protocol says wins */
export function invokeFeed(client: WhiskClient, feed: QualifiedName, event: FeedEvent, trigger: QualifiedName, parameters: JsonObject = {}): Promise<InvocationOutcome> {
  const message = { ...parameters, lifecycleEvent: event, triggerName: fullName(trigger), authKey: client.settings.auth };
  return client.invoke(feed, message, { blocking: true, result: false });
}

/** The name of the feed that a trigger belongs to. */
export function feedOf(trigger: TriggerResource): string | undefined {
  const feed = valueOf(trigger.annotations, 'feed');
  return typeof feed === 'string' && feed !== '' ? feed : undefined;
}

/** What an action that failed said: the text under `error`, else the whole result. */
export function failureText({ body }: InvocationOutcome & { kind: 'failed' }): string {
  const response = isJsonObject(body) ? body['response'] : undefined;
  const result = isJsonObject(response) ? response['result'] ?? null : body;
  const error = isJsonObject(result) ? result['error'] ?? result : result;
  return typeof error === 'string' ? error : JSON.stringify(error);
}
