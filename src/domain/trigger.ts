import type { KeyValue } from './action.ts';

export interface Trigger {
  namespace: string;
  name: string;
  version: string;
  publish: boolean;
  parameters: KeyValue[];
  /** A trigger that a feed fires has the annotation `feed`. */
  annotations: KeyValue[];
  /** Epoch ms of the last change. */
  updated: number;
}
