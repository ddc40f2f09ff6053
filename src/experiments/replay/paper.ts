/** Figures of the paper's Table II (two days of production on Prometheus). Shares 0..1, times in s; undefined where it gives none. */
export interface PaperDay {
  readonly name: string;
  readonly idleNodes: { readonly quartiles: readonly [number, number, number]; readonly mean: number };
  readonly idlePeriods: readonly [number, number, number];
  readonly coverageSlurm: number;
  /** Healthy invokers at a time over idle nodes at a time, means. */
  readonly coverageReady: number;
  readonly pilots: { readonly quartiles: readonly [number, number, number]; readonly mean: number };
  readonly noPilot: number;
  readonly healthyMean: number;
  readonly minutesWithoutHealthy: number;
  readonly longestWithoutHealthy: number;
  readonly startup?: { readonly p50: number; readonly p75: number; readonly p95: number };
  readonly served: { readonly median: number; readonly mean: number };
  readonly accepted: number;
  /** Of the accepted calls. */
  readonly succeeded: number;
  readonly timedOut: number;
  readonly failed: number;
  readonly succeededOfAll: number;
  readonly response: { readonly p50: number; readonly mean: number; readonly p75: number; readonly p90: number };
}

export const PAPER_FIB: PaperDay = {
  name: 'Paper, fib (17 Mar 2022)',
  idleNodes: { quartiles: [5, 11, 16], mean: 11.85 },
  idlePeriods: [53.6, 128.7, 504],
  coverageSlurm: 0.8997, coverageReady: 10.39 / 11.85,
  pilots: { quartiles: [4, 10, 14], mean: 10.66 },
  noPilot: 0.0139, healthyMean: 10.39, minutesWithoutHealthy: 24, longestWithoutHealthy: 420,
  startup: { p50: 12.5, p75: 15.3, p95: 26.5 },
  served: { median: 10.7 * 60, mean: 23.3 * 60 },
  accepted: 0.9529, succeeded: 0.9519, timedOut: 0.0316, failed: 0.0165, succeededOfAll: 0.907,
  response: { p50: 0.865, mean: 11.3, p75: 1.68, p90: 60 },
};

export const PAPER_VAR: PaperDay = {
  name: 'Paper, var (21 Mar 2022)',
  idleNodes: { quartiles: [3, 6, 10], mean: 7.38 },
  idlePeriods: [42.7, 117.5, 245.6],
  coverageSlurm: 0.682, coverageReady: 4.96 / 7.38,
  pilots: { quartiles: [2, 4, 6], mean: 5.03 },
  noPilot: 0.1463, healthyMean: 4.96, minutesWithoutHealthy: 218, longestWithoutHealthy: 85 * 60,
  served: { median: 6.9 * 60, mean: 14.1 * 60 },
  accepted: 0.7828, succeeded: 0.9699, timedOut: 0.0211, failed: 0.0091, succeededOfAll: 0.759,
  response: { p50: 1.227, mean: 18.8, p75: 51.9, p90: 60 },
};
