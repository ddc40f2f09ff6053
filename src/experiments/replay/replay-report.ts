import type { SurfaceStatistics } from '../../traces/surface-statistics.ts';
import type { Audit, CallBin, OutcomeCounts, ResponseTimes } from './calls.ts';
import type { Coverage, Distribution } from './coverage.ts';
import type { Percentiles } from './percentiles.ts';
import type { PrimeStarts } from './prime-starts.ts';
import type { SlurmctldBurden } from './slurmctld-watch.ts';

/** Everything that a replay found out; the file report.json, and what report.html is drawn from. */
export interface ReplayReport {
  readonly version: 1;
  readonly setup: ReplaySetup;
  /** The surface on the testbed's nodes, as planned. */
  readonly surface: SurfaceStatistics;
  readonly coverage: Coverage;
  readonly invokers: {
    readonly count: number;
    /** Job's script begun to registered, s. */
    readonly startup: Percentiles;
    /** Time that an invoker was seen healthy, s. */
    readonly served: Distribution;
  };
  readonly pilots: {
    /** Pilot jobs seen running inside the window. */
    readonly count: number;
    /** Prime jobs that found a pilot on their node. */
    readonly preemptions: number;
    /** Most such prime jobs within one second. */
    readonly mostInOneSecond: number;
  };
  readonly calls: {
    readonly sent: number;
    readonly outcomes: OutcomeCounts;
    readonly audit: Audit;
    /** Of accepted calls, ms from when each was due. */
    readonly accepted: ResponseTimes;
    readonly perMinute: readonly CallBin[];
    readonly perTenSeconds: readonly CallBin[];
    /** Response times of accepted calls at each of `CDF_SHARES`, ms. */
    readonly distribution: readonly number[];
    /** HTTP statuses of the answers of calls that failed, with their number. 0: the connection broke. */
    readonly failures: Readonly<Record<string, number>>;
    /** The first few of them. */
    readonly failureSamples: readonly CallFailure[];
  };
  /** sbatch begun to the first line of the prime job's script, s. */
  readonly primeJobs: PrimeStarts;
  readonly burden: {
    readonly looks: number;
    readonly failed: number;
    readonly skipped: number;
    /** ms */
    readonly squeue: Percentiles;
    /** undefined where slurmctld did not answer sdiag. */
    readonly slurmctld?: SlurmctldBurden;
  };
  /** What went wrong on the way without ending the replay; the first few, and how many there were. */
  readonly warnings: { readonly count: number; readonly first: readonly string[] };
}

/** A call that failed, and what its record says. */
export interface CallFailure {
  /** ms from the begin of the window */
  readonly due: number;
  readonly status: number;
  readonly activationId?: string;
  readonly text: string;
}

export interface ReplaySetup {
  /** What the surface came from, in words. */
  readonly source: string;
  /** Epoch ms of the window in the trace. */
  readonly traceFrom: number;
  readonly traceTo: number;
  readonly timeZone: string;
  /** Epoch ms at which the window began here. */
  readonly begin: number;
  readonly minutes: number;
  readonly nodes: number;
  /** Share (0..1) of the trace's idle node time that found a place on the nodes. */
  readonly kept: number;
  readonly policy: string;
  /** Calls per second. */
  readonly rate: number;
  readonly functions: number;
  readonly functionKind: string;
  readonly sampleMs: number;
  /** Of the machine and of Slurm, e.g. `Slurm: 22.05.8`. */
  readonly facts: Readonly<Record<string, string>>;
}

/** Where `calls.distribution` is taken: dense in the tail, which is what one wants to see. */
export const CDF_SHARES: readonly number[] = [
  ...Array.from({ length: 100 }, (_, index) => index / 100),
  ...Array.from({ length: 9 }, (_, index) => 0.99 + (index + 1) / 1000),
  0.9995, 0.9999, 1,
];
