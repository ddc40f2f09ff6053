import { defaultMaxPending, stockPolicy, type PilotPolicy, type StockOptions } from './pilot-policy.ts';

export interface SingleOptions extends StockOptions {
  /** Minutes. @default 90 */
  readonly limitMinutes?: number;
  /** Pending pilots. Deeper than the nodes that come free within a backfill cycle and a round. @default maxPending */
  readonly depth?: number;
}

/**
 * One kind of pilot in a deep backlog: the cheapest for slurmctld (one array per round, a third of the backfill time of nine
 * kinds) and the best where Slurm lets it into every gap, through a QOS with NoReserve or a limit of 1 minute with
 * OverTimeLimit=UNLIMITED. Elsewhere it fits long gaps only.
 */
export function single(options: SingleOptions = {}): PilotPolicy {
  const limitMinutes = options.limitMinutes ?? 90;
  return stockPolicy('single', [{ kind: `m${limitMinutes}`, limitMinutes, nice: 0, depth: options.depth ?? options.maxPending ?? defaultMaxPending }], options);
}
