/**
 * The paper's bound on what a harvest can bring: pilots placed by somebody who knows how long each node will stay idle.
 * Time is counted in samples of the log. Into each stretch in which a node is available the longest pilot that fits is
 * put, behind it the longest that fits the rest, and so on; what is shorter than the shortest pilot stays unused. The
 * first samples of a pilot are its warm-up, in the others it is ready.
 */
import type { Availability } from '../traces/availability.ts';
import { quantile, type Quartiles } from '../traces/surface-statistics.ts';

export interface ClairvoyantRequest {
  /** Lengths that pilots may have, minutes. */
  readonly lengths: readonly number[];
  /** Samples at a pilot's begin in which it does not serve yet. */
  readonly warmup: number;
}

/** Shares are fractions: of the idle node time, but `noReadyShare` of the samples. */
export interface ClairvoyantResult {
  readonly pilots: number;
  readonly warmupShare: number;
  readonly readyShare: number;
  readonly unusedShare: number;
  /** Ready workers at a time. */
  readonly readyQuartiles: Quartiles;
  readonly readyMean: number;
  readonly noReadyShare: number;
}

/** The paper polled every 10 s and reckoned with six samples a minute. */
const SAMPLES_PER_MINUTE = 6;

export function clairvoyant({ runs, counts }: Pick<Availability, 'runs' | 'counts'>, { lengths, warmup }: ClairvoyantRequest): ClairvoyantResult {
  const longestFirst = lengths.map((minutes) => minutes * SAMPLES_PER_MINUTE).sort((a, b) => b - a);
  const shortest = longestFirst.at(-1) ?? Number.POSITIVE_INFINITY;
  // Ready workers gained and lost at each sample.
  const changes = new Int32Array(counts.length + 1);
  let pilots = 0;
  let warm = 0;
  let ready = 0;
  for (const run of runs) {
    for (let at = run.from; run.to - at >= shortest;) {
      const length = longestFirst.find((each) => each <= run.to - at) ?? shortest;
      const warming = Math.min(warmup, length);
      pilots += 1;
      warm += warming;
      ready += length - warming;
      changes[at + warming] = (changes[at + warming] ?? 0) + 1;
      changes[at + length] = (changes[at + length] ?? 0) - 1;
      at += length;
    }
  }
  const total = counts.reduce((sum, count) => sum + count, 0);
  const share = (samples: number): number => total === 0 ? 0 : samples / total;
  return {
    pilots, warmupShare: share(warm), readyShare: share(ready), unusedShare: share(total - warm - ready),
    ...readyWorkers(changes.subarray(0, counts.length)),
  };
}

function readyWorkers(changes: Int32Array): Pick<ClairvoyantResult, 'readyQuartiles' | 'readyMean' | 'noReadyShare'> {
  let now = 0;
  const ready = Array.from(changes, (change) => now += change).sort((a, b) => a - b);
  const samples = Math.max(1, ready.length);
  return {
    readyQuartiles: [quantile(ready, 0.25), quantile(ready, 0.5), quantile(ready, 0.75)],
    readyMean: ready.reduce((sum, count) => sum + count, 0) / samples,
    noReadyShare: ready.filter((count) => count === 0).length / samples,
  };
}
