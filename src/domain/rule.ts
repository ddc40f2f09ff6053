import type { KeyValue } from './action.ts';

export type RuleStatus = 'active' | 'inactive';

/** Has an action invoked whenever a trigger fires, as long as it is active. */
export interface Rule {
  namespace: string;
  name: string;
  version: string;
  publish: boolean;
  annotations: KeyValue[];
  status: RuleStatus;
  /** `namespace/name` */
  trigger: string;
  /** `namespace/[package/]name` */
  action: string;
  /** Epoch ms of the last change. */
  updated: number;
}
