import { stockPolicy, type PilotPolicy, type StockOptions } from './pilot-policy.ts';

export interface VariableOptions extends StockOptions {
  /** Pending pilots. @default the paper's 100, of which maxPending stay */
  readonly depth?: number;
}

/**
 * The paper's policy var: pilots of two hours that backfill may cut down to two minutes, for comparison with the paper. Slurm
 * 20.11 to 23.11 gives a backfilled job exactly the minimum, so that all of them last two minutes there.
 */
export function variable({ depth = 100, ...options }: VariableOptions = {}): PilotPolicy {
  return stockPolicy('var', [{ kind: 'v120', limitMinutes: 120, timeMinMinutes: 2, nice: 0, depth }], options);
}
