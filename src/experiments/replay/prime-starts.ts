/**
 * What prime jobs notice of pilots. A start delay is a draw: Slurm's main loop comes round every few seconds, backfill
 * every bf_interval. So those that found a pilot stand beside the control, apart by which of the two started them, and
 * beside the one part that is the pilot's alone: its SIGTERM to the job's first line.
 */
import { drainsOf, handOverMs } from './hand-over.ts';
import { delays, percentilesOf, type Delays, type Percentiles } from './percentiles.ts';
import type { SubmittedPrimeJob } from './prime-jobs.ts';
import type { Arrival } from './prime-schedule.ts';
import { startersOf, type Starter } from './slurmctld-log.ts';

export interface PrimeStarts {
  readonly withPilots: Delays;
  /** Those among them whose node a pilot held. */
  readonly preempting: Delays;
  /** The control before any pilot was there; undefined where none could be made. */
  readonly without?: Delays;
  /** Submitted inside the window but never seen to start before its end. */
  readonly neverStarted: number;
  /** How late the replay itself submitted them, s. */
  readonly lateness: Percentiles;
  /** By what of Slurm started them; undefined where slurmctld's log cannot be read. */
  readonly started?: { readonly mainLoop: StartedBy; readonly backfill: StartedByBackfill };
  /** SIGTERM of the pilot to the first line of the prime job that took its node, s; undefined where the controller's log cannot be read. */
  readonly handOver?: Delays;
}

/** s, sbatch begun to first line */
export interface StartedBy {
  /** Those that found a pilot on their node. */
  readonly preempting: Percentiles;
  /** Those of the control. */
  readonly without: Percentiles;
}

export interface StartedByBackfill extends StartedBy {
  /** Cycles that began between submission and start. */
  readonly cycles: { readonly preempting: Percentiles; readonly without: Percentiles };
}

export interface PrimeStartFindings {
  readonly arrivals: readonly Arrival[];
  /** Prime jobs of the control. */
  readonly control: readonly SubmittedPrimeJob[];
  /** First lines of prime jobs' scripts, epoch ms by job id. */
  readonly starts: ReadonlyMap<string, number>;
  /** Logs as text; undefined where they cannot be read. */
  readonly slurmctldLog?: string;
  readonly controllerLog?: string;
  /** Begins of Slurm's backfill cycles, epoch ms. */
  readonly cycles: readonly number[];
}

interface Start extends SubmittedPrimeJob { readonly startedAt: number }

export function primeStarts({ arrivals, control, starts, slurmctldLog, controllerLog, cycles }: PrimeStartFindings): PrimeStarts {
  const started = (jobs: readonly SubmittedPrimeJob[]): Start[] => jobs.flatMap((job) => {
    const startedAt = starts.get(job.id);
    return startedAt === undefined ? [] : [{ ...job, startedAt }];
  });
  const preempting = started(arrivals.filter((arrival) => arrival.preempting).map(({ job }) => job));
  const without = started(control);
  const drains = controllerLog === undefined ? [] : drainsOf(controllerLog);
  return {
    withPilots: delays(started(arrivals.map(({ job }) => job)).map(delayOf)),
    preempting: delays(preempting.map(delayOf)),
    ...(without.length === 0 ? {} : { without: delays(without.map(delayOf)) }),
    neverStarted: arrivals.filter(({ job }) => !starts.has(job.id)).length,
    lateness: percentilesOf(arrivals.map(({ job, plannedAt }) => (job.submittedAt - plannedAt) / 1000)),
    ...(slurmctldLog === undefined ? {} : { started: byStarter(preempting, without, startersOf(slurmctldLog), cycles) }),
    ...(controllerLog === undefined ? {} : { handOver: delays(preempting.flatMap((job) => {
      const ms = handOverMs(job, drains);
      return ms === undefined ? [] : [ms / 1000];
    })) }),
  };
}

/** Cycles that began in (from, to]; their begins are known to the second only, and at least one started the job. */
export function cyclesWaited(cycles: readonly number[], from: number, to: number): number {
  return Math.max(1, cycles.filter((begin) => begin + 500 > from && begin <= to).length);
}

function byStarter(preempting: readonly Start[], without: readonly Start[], starters: ReadonlyMap<string, Starter>, cycles: readonly number[]): NonNullable<PrimeStarts['started']> {
  const of = (jobs: readonly Start[], starter: Starter): Start[] => jobs.filter(({ id }) => starters.get(id) === starter);
  const waited = (jobs: readonly Start[]): Percentiles => percentilesOf(of(jobs, 'backfill').map(({ submittedAt, startedAt }) => cyclesWaited(cycles, submittedAt, startedAt)));
  const both = (starter: Starter): StartedBy => ({
    preempting: percentilesOf(of(preempting, starter).map(delayOf)), without: percentilesOf(of(without, starter).map(delayOf)),
  });
  return { mainLoop: both('main loop'), backfill: { ...both('backfill'), cycles: { preempting: waited(preempting), without: waited(without) } } };
}

function delayOf({ submittedAt, startedAt }: Start): number {
  return (startedAt - submittedAt) / 1000;
}
