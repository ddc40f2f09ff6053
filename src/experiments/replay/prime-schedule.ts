import type { PrimeJob, ReplayPlan } from './plan.ts';
import type { PrimeJobs, SubmittedPrimeJob } from './prime-jobs.ts';
import { ReplayError } from './replay-error.ts';

/** A prime job that arrived inside the window. */
export interface Arrival {
  readonly job: SubmittedPrimeJob;
  /** When the plan has it, epoch ms. */
  readonly plannedAt: number;
  /** A pilot held the node when it was submitted. */
  readonly preempting: boolean;
}

export interface PrimeScheduleOptions {
  readonly jobs: PrimeJobs;
  readonly plan: ReplayPlan;
  /** Slurm's ids of the jobs from before the window, by node. */
  readonly holding: ReadonlyMap<string, string>;
  /** Epoch ms */
  readonly begin: number;
  readonly pilotOn: (node: string) => boolean;
  readonly onArrival: (arrival: Arrival) => void;
  readonly onError: (error: ReplayError) => void;
  readonly signal: AbortSignal;
}

type Act =
  | { readonly at: number; readonly type: 'arrive'; readonly job: PrimeJob }
  | { readonly at: number; readonly type: 'release'; readonly id: string };

/** sbatch processes beside each other: a burst of arrivals goes out quickly without stopping the machine. */
const SUBMITTERS = 4;

/** Plays the plan's arrivals, and the ends of the jobs from before the window, at their times. Resolves after the last. */
export async function playPrimeSchedule(options: PrimeScheduleOptions): Promise<void> {
  const acts = actsOf(options.plan, options.holding);
  for (let next = 0; next < acts.length && !options.signal.aborted;) {
    const at = acts[next]?.at ?? 0;
    if (!await sleepUntil(options.begin + at, options.signal)) return;
    const due = acts.slice(next).filter((act) => options.begin + act.at <= Date.now() + 1);
    next += due.length;
    await Promise.all([release(options, due), arrive(options, due)]);
  }
}

function actsOf(plan: ReplayPlan, holding: ReadonlyMap<string, string>): Act[] {
  const acts = plan.jobs.flatMap((job): Act[] => {
    if (job.arrives !== null) return [{ at: job.arrives, type: 'arrive', job }];
    const id = holding.get(job.node);
    return job.ends === null || id === undefined ? [] : [{ at: job.ends, type: 'release', id }];
  });
  return acts.sort((a, b) => a.at - b.at);
}

async function release({ jobs, onError }: PrimeScheduleOptions, due: readonly Act[]): Promise<void> {
  const ids = due.flatMap((act) => (act.type === 'release' ? [act.id] : []));
  await jobs.cancel(ids).catch((error: unknown) => { report(error, onError); });
}

async function arrive(options: PrimeScheduleOptions, due: readonly Act[]): Promise<void> {
  const { jobs, begin, pilotOn, onArrival, onError } = options;
  const waiting = due.flatMap((act) => (act.type === 'arrive' ? [act] : []));
  const submitNext = async (): Promise<void> => {
    for (let act = waiting.shift(); act !== undefined; act = waiting.shift()) {
      const { node, ends } = act.job;
      const preempting = pilotOn(node);
      try {
        const job = await jobs.submit({ node, endsAt: ends === null ? null : begin + ends });
        onArrival({ job, plannedAt: begin + act.at, preempting });
      } catch (error) {
        report(error, onError);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(SUBMITTERS, waiting.length) }, submitNext));
}

function report(error: unknown, onError: (error: ReplayError) => void): void {
  if (!(error instanceof ReplayError)) throw error;
  onError(error);
}

/** @returns whether the time was reached; false when it was aborted before */
export function sleepUntil(epochMs: number, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve(false);
      return;
    }
    const stop = (): void => {
      clearTimeout(timer);
      resolve(false);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop);
      resolve(true);
    }, Math.max(0, epochMs - Date.now()));
    signal.addEventListener('abort', stop, { once: true });
  });
}
