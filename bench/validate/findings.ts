/** What is compared, taken from a real Slurm and from the model alike. Shares as fractions of the idle node time, times in s. */
import { quantile } from '../../src/traces/surface-statistics.ts';

export interface Delays { readonly count: number; readonly p50: number; readonly p95: number }

export interface Findings {
  /** With a pilot, as Slurm saw it. */
  readonly coverage: number;
  /** The rest: periods that never had one, time before the first one, time after it. */
  readonly never: number;
  readonly leadIn: number;
  readonly holes: number;
  /** Pilots started on the window's nodes. */
  readonly pilots: number;
  /** Of prime jobs whose node had a pilot when they were to take it, and of the others: until their first line. */
  readonly preempting: Delays;
  readonly others: Delays;
}

export function delaysOf(seconds: readonly number[]): Delays {
  const sorted = [...seconds].sort((a, b) => a - b);
  return { count: sorted.length, p50: sorted.length === 0 ? Number.NaN : quantile(sorted, 0.5), p95: sorted.length === 0 ? Number.NaN : quantile(sorted, 0.95) };
}
