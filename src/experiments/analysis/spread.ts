import { quantile } from '../../traces/surface-statistics.ts';
import type { Spread } from './analysis.ts';

export function spreadOf(sorted: readonly number[]): Spread {
  return {
    count: sorted.length, quartiles: [quantile(sorted, 0.25), quantile(sorted, 0.5), quantile(sorted, 0.75)],
    mean: sorted.length === 0 ? 0 : sorted.reduce((sum, value) => sum + value, 0) / sorted.length, max: sorted.at(-1) ?? 0,
  };
}
