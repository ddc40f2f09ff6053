import { quantile, weightedQuantile } from '../../traces/surface-statistics.ts';
import type { AnalysisPlots, IdleSummary } from './analysis.ts';
import type { IdleData } from './idle-data.ts';
import { spreadOf } from './spread.ts';

type IdlePlots = Pick<AnalysisPlots, 'overTime' | 'stepSeconds' | 'idleDistribution' | 'periods' | 'withoutAny'>;

/** Of the lengths that pilots are given, those that a site asks about first. */
const BELOW_MINUTES = [1, 2, 3, 5, 10, 30, 60];
/** More columns than this cannot be seen. */
const MAX_COLUMNS = 960;

export function idleStatistics(data: IdleData): { summary: IdleSummary; plots: IdlePlots } {
  const { pieces } = data;
  const seconds = pieces.reduce((sum, piece) => sum + piece.seconds, 0);
  const atATime = (value: (piece: IdleData['pieces'][number]) => number): IdleSummary['atATime'] => {
    const secondsBy = new Map<number, number>();
    for (const piece of pieces) secondsBy.set(value(piece), (secondsBy.get(value(piece)) ?? 0) + piece.seconds);
    // Samples are quantiled as the paper's tools do it; of a function of time there is nothing to interpolate.
    const sorted = data.sampled ? pieces.map(value).sort((a, b) => a - b) : [];
    const at = (share: number): number => data.sampled ? quantile(sorted, share) : weightedQuantile(secondsBy, share);
    return {
      quartiles: [at(0.25), at(0.5), at(0.75)], mean: seconds === 0 ? 0 : pieces.reduce((sum, piece) => sum + value(piece) * piece.seconds, 0) / seconds,
      max: pieces.reduce((most, piece) => Math.max(most, value(piece)), 0), noneShare: seconds === 0 ? 0 : (secondsBy.get(0) ?? 0) / seconds,
    };
  };
  const nodeSeconds = pieces.reduce((sum, piece) => sum + piece.idle * piece.seconds, 0);
  const pilotSeconds = pieces.reduce((sum, piece) => sum + piece.pilots * piece.seconds, 0);
  const periods = data.periods?.toSorted((a, b) => a - b);
  const withoutAny = stretchesWithoutAny(data).sort((a, b) => a - b);
  return {
    summary: {
      unit: data.unit, total: data.total, totalFrom: data.totalFrom,
      share: seconds === 0 || data.total === 0 ? 0 : nodeSeconds / (seconds * data.total), nodeSeconds,
      atATime: atATime(({ idle }) => idle),
      ...periods === undefined ? {} : { periods: { ...spreadOf(periods), timeShareBelowMinutes: timeShares(periods) } },
      withoutAny: spreadOf(withoutAny),
      ...data.hasPilots ? { pilots: { coverage: nodeSeconds === 0 ? 0 : pilotSeconds / nodeSeconds, atATime: atATime(({ pilots }) => pilots) } } : {},
    },
    plots: { ...columns(data), idleDistribution: distribution(data, seconds), periods: periods ?? [], withoutAny },
  };
}

function stretchesWithoutAny({ pieces }: IdleData): number[] {
  const stretches: number[] = [];
  let open = 0;
  for (const { idle, seconds, afterHole } of pieces) {
    if (open > 0 && (idle > 0 || afterHole)) {
      stretches.push(open);
      open = 0;
    }
    if (idle === 0) open += seconds;
  }
  if (open > 0) stretches.push(open);
  return stretches;
}

function timeShares(periods: readonly number[]): Record<string, number> {
  const total = periods.reduce((sum, length) => sum + length, 0);
  return Object.fromEntries(BELOW_MINUTES.map((minutes) => {
    const below = periods.reduce((sum, length) => length < minutes * 60 ? sum + length : sum, 0);
    return [String(minutes), total === 0 ? 0 : below / total];
  }));
}

function distribution({ pieces }: IdleData, seconds: number): AnalysisPlots['idleDistribution'] {
  const secondsBy = new Map<number, number>();
  for (const piece of pieces) secondsBy.set(piece.idle, (secondsBy.get(piece.idle) ?? 0) + piece.seconds);
  let passed = 0;
  return [...secondsBy].sort(([a], [b]) => a - b).map(([idle, own]) => {
    passed += own;
    return { idle, share: seconds === 0 ? 0 : passed / seconds };
  });
}

/** Means over equal steps of time; steps of which nothing is known are left out. */
function columns({ pieces }: IdleData): Pick<IdlePlots, 'overTime' | 'stepSeconds'> {
  const [first, last] = [pieces[0], pieces.at(-1)];
  if (first === undefined || last === undefined) return { overTime: [], stepSeconds: 0 };
  const spanMs = last.at + last.seconds * 1000 - first.at;
  const count = Math.min(MAX_COLUMNS, Math.max(1, Math.floor(spanMs / 1000)));
  const stepMs = spanMs / count;
  const sums = Array.from({ length: count }, () => ({ seconds: 0, idle: 0, pilots: 0 }));
  for (const piece of pieces) {
    const end = piece.at + piece.seconds * 1000;
    for (let at = piece.at; at < end;) {
      const index = Math.min(count - 1, Math.floor((at - first.at) / stepMs));
      const sum = sums[index];
      const until = index === count - 1 ? end : Math.min(end, Math.max(at + 1, first.at + (index + 1) * stepMs));
      const own = (until - at) / 1000;
      if (sum !== undefined) {
        sum.seconds += own;
        sum.idle += piece.idle * own;
        sum.pilots += piece.pilots * own;
      }
      at = until;
    }
  }
  const overTime = sums.flatMap(({ seconds, idle, pilots }, index) =>
    seconds === 0 ? [] : [{ at: first.at + index * stepMs, idle: idle / seconds, pilots: pilots / seconds }]);
  return { overTime, stepSeconds: stepMs / 1000 };
}
