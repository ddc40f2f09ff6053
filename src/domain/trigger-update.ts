/** What a PUT makes of a trigger: parameters and annotations are replaced as a whole. */
import type { KeyValue } from './action.ts';
import { annotation } from './action.ts';
import { laterThan } from './action-update.ts';
import { feedNameInvalid } from './errors.ts';
import { mergeParameters } from './parameters.ts';
import { isFeedName } from './qualified-name.ts';
import type { Trigger } from './trigger.ts';
import { FIRST_VERSION, nextPatch } from './version.ts';

/** A trigger as a request describes it; absent means "not said". */
export interface TriggerPut {
  parameters?: KeyValue[];
  annotations?: KeyValue[];
  version?: string;
  publish?: boolean;
}

/**
 * @param now epoch ms
 * @throws {ApiError} 400 the annotation `feed` names no action; whether there is such a feed nobody asks here
 */
export function createTrigger(at: Pick<Trigger, 'namespace' | 'name'>, put: TriggerPut, now: number): Trigger {
  const annotations = mergeParameters(put.annotations ?? []);
  const feed = annotation(annotations, 'feed');
  if (feed !== undefined && !(typeof feed === 'string' && isFeedName(feed))) throw feedNameInvalid();
  return {
    ...at,
    version: put.version ?? FIRST_VERSION,
    publish: put.publish ?? false,
    parameters: mergeParameters(put.parameters ?? []),
    annotations,
    updated: now,
  };
}

/** @param now epoch ms */
export function updateTrigger(old: Trigger, put: TriggerPut, now: number): Trigger {
  return {
    ...old,
    version: put.version ?? nextPatch(old.version),
    publish: put.publish ?? old.publish,
    parameters: put.parameters === undefined ? old.parameters : mergeParameters(put.parameters),
    annotations: put.annotations === undefined ? old.annotations : mergeParameters(put.annotations),
    updated: laterThan(old.updated, now),
  };
}
