import { planUntil, type ReplayPlan } from './plan.ts';
import type { PrimeJobs, SubmittedPrimeJob } from './prime-jobs.ts';
import { playPrimeSchedule, sleepUntil, type Arrival } from './prime-schedule.ts';
import { ReplayError } from './replay-error.ts';

/** The last arrivals still get this long to begin. */
const LAST_START_MS = 10_000;

/**
 * The control of prime jobs' start delay: the begin of the window once before any pilot is there, with the very
 * arrivals that will preempt, because what else Slurm has to do at that moment decides over seconds.
 * @param holding Slurm's ids of the jobs from before the window, by node
 * @param controlMs how much of the window
 * @returns the arrivals, most of which have begun @throws {ReplayError}
 */
export async function measureWithoutPilots(
  jobs: PrimeJobs, plan: ReplayPlan, holding: ReadonlyMap<string, string>, controlMs: number, signal: AbortSignal,
): Promise<SubmittedPrimeJob[]> {
  const arrivals: Arrival[] = [];
  const begin = Date.now() + 100;
  await playPrimeSchedule({
    jobs, plan: planUntil(plan, controlMs), holding, begin, signal,
    pilotOn: () => false,
    onArrival: (arrival) => { arrivals.push(arrival); },
    onError: (error) => { throw error; },
  });
  const starts = async (): Promise<Map<string, number>> => jobs.starts();
  for (const deadline = Date.now() + LAST_START_MS; Date.now() < deadline;) {
    const begun = await starts();
    if (arrivals.every(({ job }) => begun.has(job.id))) break;
    if (!await sleepUntil(Date.now() + 250, signal)) throw new ReplayError('EABORTED', 'the replay was stopped');
  }
  return arrivals.map(({ job }) => job);
}
