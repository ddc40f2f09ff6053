/** Idle nodes over time in one form, whatever the log: pieces of time in which their number does not change. */
import { availabilityOf, clusterSize } from '../../traces/availability.ts';
import { MAX_SPACING_MS, type NodeLog, type NodeSample } from '../../traces/node-log.ts';
import type { IdleSummary } from './analysis.ts';

interface Piece {
  /** Epoch ms. */
  readonly at: number;
  readonly seconds: number;
  readonly idle: number;
  readonly pilots: number;
  /** Nothing is known of the time between the piece before and this one. */
  readonly afterHole: boolean;
}

export interface IdleData {
  readonly unit: IdleSummary['unit'];
  readonly total: number;
  readonly totalFrom: IdleSummary['totalFrom'];
  readonly pieces: readonly Piece[];
  /** Lengths of single nodes' idle periods, s; absent where the log knows no nodes. */
  readonly periods?: readonly number[];
  readonly hasPilots: boolean;
  /** Samples, all of the same weight, instead of steps of a function of time. */
  readonly sampled: boolean;
}

/**
 * As the paper counts: each sample stands for the mean time between two samples, and a period is as long as its number of
 * samples. @param nodes of the cluster, where somebody knows better than the log
 */
export function idleDataOfLog(log: NodeLog, samples: readonly NodeSample[], nodes?: number): IdleData & { spacingSeconds: number; holes: number } {
  const { runs, counts, seen } = availabilityOf(samples, MAX_SPACING_MS);
  const { spacingMs, holes } = spacingOf(samples);
  const spacing = spacingMs / 1000;
  return {
    unit: 'nodes', sampled: true, spacingSeconds: spacing, holes: holes.size,
    total: nodes ?? clusterSize(log, seen), totalFrom: nodes !== undefined ? 'option' : log.nodeCount !== undefined ? 'log' : 'names',
    pieces: samples.map((sample, index) => ({
      at: sample.at, seconds: spacing, idle: counts[index] ?? 0, pilots: new Set(sample.pilots).size, afterHole: holes.has(index),
    })),
    periods: runs.map(({ from, to }) => (to - from) * spacing),
    hasPilots: samples.some(({ pilots }) => pilots.length > 0),
  };
}

/** Mean time between samples that no hole parts, and the samples that follow a hole. */
function spacingOf(samples: readonly NodeSample[]): { spacingMs: number; holes: Set<number> } {
  const holes = new Set<number>();
  let sum = 0;
  for (let index = 1; index < samples.length; index++) {
    const gap = (samples[index]?.at ?? 0) - (samples[index - 1]?.at ?? 0);
    if (gap > MAX_SPACING_MS) holes.add(index);
    else sum += gap;
  }
  const gaps = samples.length - 1 - holes.size;
  return { spacingMs: gaps > 0 ? sum / gaps : 0, holes };
}
