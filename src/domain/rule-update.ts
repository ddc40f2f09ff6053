/**
 * What a PUT makes of a rule. A new one is active. An update keeps the status: a rule whose trigger was deleted is
 * inactive, and stays so when it is given another trigger.
 */
import type { KeyValue } from './action.ts';
import { laterThan } from './action-update.ts';
import { ruleIncomplete } from './errors.ts';
import { mergeParameters } from './parameters.ts';
import type { Rule } from './rule.ts';
import { FIRST_VERSION, nextPatch } from './version.ts';

/** A rule as a request describes it; absent means "not said". */
export interface RulePut {
  /** `namespace/name` */
  trigger?: string;
  /** `namespace/[package/]name` */
  action?: string;
  annotations?: KeyValue[];
  version?: string;
  publish?: boolean;
}

/**
 * @param now epoch ms
 * @throws {ApiError} 400 without trigger or action
 */
export function createRule(at: Pick<Rule, 'namespace' | 'name'>, put: RulePut, now: number): Rule {
  const { trigger, action } = put;
  if (trigger === undefined || action === undefined) throw ruleIncomplete();
  return {
    ...at,
    version: put.version ?? FIRST_VERSION,
    publish: put.publish ?? false,
    annotations: mergeParameters(put.annotations ?? []),
    status: 'active',
    trigger,
    action,
    updated: now,
  };
}

/** @param now epoch ms */
export function updateRule(old: Rule, put: RulePut, now: number): Rule {
  return {
    ...old,
    version: put.version ?? nextPatch(old.version),
    publish: put.publish ?? old.publish,
    annotations: put.annotations === undefined ? old.annotations : mergeParameters(put.annotations),
    trigger: put.trigger ?? old.trigger,
    action: put.action ?? old.action,
    updated: laterThan(old.updated, now),
  };
}
