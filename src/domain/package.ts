import type { KeyValue } from './action.ts';

export interface Package {
  /** Namespace that owns it. */
  namespace: string;
  name: string;
  version: string;
  /** Published: everyone may read it, bind it and invoke its actions. */
  publish: boolean;
  parameters: KeyValue[];
  annotations: KeyValue[];
  /** Present where the package is a binding: the package whose actions it gives, under parameters of its own. */
  binding?: PackageReference;
  /** Epoch ms of the last change. */
  updated: number;
}

export interface PackageReference {
  namespace: string;
  name: string;
}
