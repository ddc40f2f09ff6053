import type { PrimeJobs } from './prime-jobs.ts';
import { sleepUntil } from './prime-schedule.ts';
import { ReplayError } from './replay-error.ts';

/** A prime job on an idle node of an idle scheduler starts in about a second. */
const START_MS = 60_000;
const POLL_MS = 20;
/** Between one job's start and the next one's submission, so that they meet slurmctld's rounds at different moments. */
const PAUSE_MS = 700;
const PAUSE_STEP_MS = 370;
const PAUSE_STEPS = 5;

/**
 * Prime jobs on nodes without pilots, one after the other and on the nodes in turn.
 * @returns sbatch begun to the first line of the script, s, of each; empty without a node. @throws {ReplayError}
 */
export async function measureWithoutPilots(jobs: PrimeJobs, nodes: readonly string[], count: number, signal: AbortSignal): Promise<number[]> {
  const delays: number[] = [];
  for (let index = 0; index < count && !signal.aborted; index++) {
    const node = nodes[index % Math.max(1, nodes.length)];
    if (node === undefined) return delays;
    // Its end is already past: it does nothing but start.
    const job = await jobs.submit({ node, endsAt: Date.now() });
    delays.push((await startOf(jobs, job.id, signal) - job.submittedAt) / 1000);
    await sleepUntil(Date.now() + PAUSE_MS + (index % PAUSE_STEPS) * PAUSE_STEP_MS, signal);
  }
  return delays;
}

async function startOf(jobs: PrimeJobs, id: string, signal: AbortSignal): Promise<number> {
  const deadline = Date.now() + START_MS;
  for (;;) {
    const start = (await jobs.starts()).get(id);
    if (start !== undefined) return start;
    if (signal.aborted) throw new ReplayError('EABORTED', 'the replay was stopped');
    if (Date.now() > deadline) throw new ReplayError('ESLURM', `prime job ${id} on an idle node did not start in ${START_MS / 1000} s`);
    await sleepUntil(Date.now() + POLL_MS, signal);
  }
}
