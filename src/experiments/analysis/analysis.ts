/** What `hpcwhisk analyze` finds in a log. Times in seconds, shares as fractions (0..1). */
import type { Quartiles } from '../../traces/surface-statistics.ts';

export interface Spread {
  readonly count: number;
  readonly quartiles: Quartiles;
  readonly mean: number;
  readonly max: number;
}

/** A number of nodes over the whole window. */
interface AtATime {
  readonly quartiles: Quartiles;
  readonly mean: number;
  readonly max: number;
  /** Share of the time in which it is 0. */
  readonly noneShare: number;
}

export interface AnalysisSource {
  readonly files: readonly string[];
  readonly format: 'node-log' | 'sacct' | 'swf';
  readonly timeZone: string;
  /** ISO 8601, [from, to). */
  readonly from: string;
  readonly to: string;
  readonly seconds: number;
  /** Of node logs: samples, the mean time between them, and holes of more than five minutes, of which nothing is known. */
  readonly samples?: number;
  readonly spacingSeconds?: number;
  readonly holes?: number;
  /** Samples or lines left out because they were not complete. */
  readonly torn: number;
}

export interface IdleSummary {
  /** What is counted; logs that know no nodes count processors. */
  readonly unit: 'nodes' | 'processors';
  /** Of the cluster, and where that is from: an option, the log, the highest number in a name, or the most ever in use. */
  readonly total: number;
  readonly totalFrom: 'option' | 'log' | 'names' | 'use';
  /** Share of all node time. */
  readonly share: number;
  readonly nodeSeconds: number;
  readonly atATime: AtATime;
  /** Idle periods of single nodes, where the log knows them. */
  readonly periods?: Spread & {
    /** Share of the idle node time that lies in periods shorter than so many minutes. */
    readonly timeShareBelowMinutes: Readonly<Record<string, number>>;
  };
  /** Stretches without any idle node. */
  readonly withoutAny: Spread;
  /** Of logs that show pilots. */
  readonly pilots?: {
    /** Share of the idle node time in which a pilot held the node. */
    readonly coverage: number;
    readonly atATime: AtATime;
  };
}

export interface JobsSummary {
  readonly count: number;
  /** Jobs whose start and end are known; the others wait, run on, or never ran. */
  readonly ran: number;
  readonly runTime?: Spread;
  readonly limit?: Spread & { readonly unlimited: number };
  /** Limit less run time. */
  readonly slack?: Spread;
  /** From submission to start. */
  readonly wait?: Spread;
  readonly nodes?: Spread;
  readonly byState: Readonly<Record<string, number>>;
}

export interface AnalysisSummary {
  readonly source: AnalysisSource;
  readonly idle?: IdleSummary;
  readonly jobs?: JobsSummary;
}

/** Sorted values behind the distribution functions, and numbers over time. */
export interface AnalysisPlots {
  /** Epoch ms; means of equal steps of time. */
  readonly overTime: readonly { readonly at: number; readonly idle: number; readonly pilots: number }[];
  readonly stepSeconds: number;
  /** Share of the time with at most so many idle nodes. */
  readonly idleDistribution: readonly { readonly idle: number; readonly share: number }[];
  readonly periods: readonly number[];
  readonly withoutAny: readonly number[];
  readonly runTimes: readonly number[];
  readonly limits: readonly number[];
  readonly slacks: readonly number[];
}

export interface Analysis {
  readonly summary: AnalysisSummary;
  readonly plots: AnalysisPlots;
}
