import type { ReplayPlan } from './plan.ts';
import type { PrimeJobs, SubmittedPrimeJob } from './prime-jobs.ts';
import { sleepUntil } from './prime-schedule.ts';
import { ReplayError } from './replay-error.ts';

/** A prime job on an idle node of a quiet scheduler starts in about a second. */
const START_MS = 60_000;
const POLL_MS = 20;
/**
 * Between two bursts: the end of the one before makes Slurm schedule once more, and for batch_sched_delay (3 s by
 * default) after that nobody starts. Not always the same, so that bursts meet slurmctld's rounds at different moments.
 */
const PAUSE_MS = 5500;
const PAUSE_STEP_MS = 370;
const PAUSE_STEPS = 5;
/** Arrivals of the plan within this time are a burst: they wait for each other, with pilots and without. */
const BURST_MS = 1000;

/** Sizes of the plan's bursts of arrivals in their order, as far as they make up `count` arrivals, none above `most`. */
export function burstsOf(plan: ReplayPlan, count: number, most: number): number[] {
  const bursts: number[] = [];
  let left = count;
  let begin = Number.NEGATIVE_INFINITY;
  for (const { arrives } of plan.jobs) {
    if (arrives === null) continue;
    const size = bursts.at(-1) ?? 0;
    const joins = arrives - begin < BURST_MS;
    if (joins && size >= most) continue;
    if (left === 0) break;
    left--;
    if (joins) bursts[bursts.length - 1] = size + 1;
    else bursts.push(1);
    if (!joins) begin = arrives;
  }
  // A plan with few arrivals has its control all the same.
  return [...bursts, ...Array.from({ length: left }, () => 1)];
}

/**
 * Prime jobs on idle nodes without any pilot, in bursts like the plan's.
 * @returns sbatch begun to the first line of the script, s, of each; empty where no node is idle at the begin. @throws {ReplayError}
 */
export async function measureWithoutPilots(jobs: PrimeJobs, plan: ReplayPlan, count: number, signal: AbortSignal): Promise<number[]> {
  const nodes = plan.idleAtBegin;
  if (nodes.length === 0) return [];
  const delays: number[] = [];
  let used = 0;
  for (const [index, size] of burstsOf(plan, count, nodes.length).entries()) {
    if (!await sleepUntil(Date.now() + PAUSE_MS + (index % PAUSE_STEPS) * PAUSE_STEP_MS, signal)) break;
    // Their end is already past: they do nothing but start.
    const pinned = Array.from({ length: size }, () => nodes[used++ % nodes.length] ?? '');
    const submitted = await Promise.all(pinned.map((node) => jobs.submit({ node, endsAt: Date.now() })));
    for (const job of submitted) delays.push((await startOf(jobs, job, signal) - job.submittedAt) / 1000);
  }
  return delays;
}

async function startOf(jobs: PrimeJobs, { id }: SubmittedPrimeJob, signal: AbortSignal): Promise<number> {
  const deadline = Date.now() + START_MS;
  for (;;) {
    const start = (await jobs.starts()).get(id);
    if (start !== undefined) return start;
    if (signal.aborted) throw new ReplayError('EABORTED', 'the replay was stopped');
    if (Date.now() > deadline) throw new ReplayError('ESLURM', `prime job ${id} on an idle node did not start in ${START_MS / 1000} s`);
    await sleepUntil(Date.now() + POLL_MS, signal);
  }
}
