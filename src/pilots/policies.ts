import { dense } from './dense.ts';
import { fib } from './fib.ts';
import type { PilotPolicy, StockOptions } from './pilot-policy.ts';
import { single } from './single.ts';

export const policyNames = ['fib', 'dense', 'single'] as const;
export type PolicyName = (typeof policyNames)[number];

export interface PolicyOptions extends StockOptions {
  /** Pending pilots of each kind. */
  readonly depth?: number;
  /** Of `single` only: minutes. */
  readonly limitMinutes?: number;
}

/** The policy of this name. @throws {RangeError} for an option out of range. */
export function policyOf(name: PolicyName, options: PolicyOptions = {}): PilotPolicy {
  switch (name) {
    case 'fib': return fib(options);
    case 'dense': return dense(options);
    case 'single': return single(options);
  }
}
