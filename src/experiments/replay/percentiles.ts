import { quantile } from '../../traces/surface-statistics.ts';

export interface Percentiles {
  readonly count: number;
  readonly p50: number;
  readonly p75: number;
  readonly p95: number;
  readonly max: number;
}

/** With every value, sorted, for pictures. */
export interface Delays extends Percentiles {
  readonly values: readonly number[];
}

/** Of no values all are 0. */
export function percentilesOf(values: readonly number[]): Percentiles {
  const sorted = [...values].sort((a, b) => a - b);
  return { count: sorted.length, p50: quantile(sorted, 0.5), p75: quantile(sorted, 0.75), p95: quantile(sorted, 0.95), max: sorted.at(-1) ?? 0 };
}

export function delays(values: readonly number[]): Delays {
  return { ...percentilesOf(values), values: [...values].sort((a, b) => a - b) };
}
