import type { Action } from './action.ts';
import type { Package } from './package.ts';
import type { Rule } from './rule.ts';
import type { Trigger } from './trigger.ts';

/** The four kinds of entities. They share one key space: `namespace/name` is held by at most one of them. */
export interface EntityTypes {
  action: Action;
  package: Package;
  trigger: Trigger;
  rule: Rule;
}

export type EntityType = keyof EntityTypes;
