import { stockPolicy, type PilotKind, type PilotPolicy, type StockOptions } from './pilot-policy.ts';

/** Minutes; the lengths of the paper (SC22, policy fib). */
export const fibLengths: readonly number[] = [90, 56, 34, 22, 14, 8, 6, 4, 2];

export interface LengthsOptions extends StockOptions {
  /** Pending pilots of each length. @default 10 */
  readonly depth?: number;
}

const defaultDepth = 10;
const nicePerPlace = 100;

/** The paper's policy: ten pending pilots of each length, the longest first. */
export function fib(options: LengthsOptions = {}): PilotPolicy {
  return stockPolicy('fib', kindsOfLengths(fibLengths, options.depth ?? defaultDepth), options);
}

/** Kinds of these lengths in minutes, the first to start first. */
export function kindsOfLengths(lengths: readonly number[], depth: number): PilotKind[] {
  return lengths.map((limitMinutes, place) => ({ kind: `m${limitMinutes}`, limitMinutes, nice: place * nicePerPlace, depth }));
}
