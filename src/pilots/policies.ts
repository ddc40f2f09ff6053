import { adaptive, type AdaptiveOptions } from './adaptive.ts';
import { dense } from './dense.ts';
import { fib } from './fib.ts';
import type { PilotPolicy } from './pilot-policy.ts';
import { single } from './single.ts';
import { variable } from './var.ts';

export const policyNames = ['fib', 'dense', 'single', 'adaptive', 'var'] as const;
export type PolicyName = (typeof policyNames)[number];

export interface PolicyOptions extends AdaptiveOptions {
  /** Of `single` only: minutes. */
  readonly limitMinutes?: number;
}

/** The policy of this name. @throws {RangeError} for an option out of range. */
export function policyOf(name: PolicyName, options: PolicyOptions = {}): PilotPolicy {
  switch (name) {
    case 'fib': return fib(options);
    case 'dense': return dense(options);
    case 'single': return single(options);
    case 'adaptive': return adaptive(options);
    case 'var': return variable(options);
  }
}
