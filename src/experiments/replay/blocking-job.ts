/**
 * A cluster under load always has a job at the head of its queue that cannot start. While one such prime job pends, Slurm's
 * main loop gives nodes to no job of lower priority, so that only backfill starts pilots: the hard case for coverage.
 */
import { idleNodesAt, type ReplayPlan } from './plan.ts';
import { PRIME_JOB_NAME, runSlurm, type SlurmEnvironment } from './prime-jobs.ts';
import { ReplayError } from './replay-error.ts';

/** Takes it below the pinned prime jobs, which the main loop then starts as ever. */
const NICE = 1000;
const LIMIT_MINUTES = 60;

/** Submits a prime job that wants all nodes at once; it ends with the other prime jobs of the replay. @throws {ReplayError} ESLURM */
export async function submitBlockingJob(env: SlurmEnvironment, partition: string, nodes: number): Promise<void> {
  await runSlurm(env, 'sbatch', [
    '--parsable', '--partition', partition, '--nodes', String(nodes), '--exclusive', `--nice=${NICE}`, '--job-name', PRIME_JOB_NAME,
    '--time', String(LIMIT_MINUTES), '--output', '/dev/null', '--chdir', '/', '--no-requeue',
  ], '#!/bin/sh\nexec sleep infinity\n');
}

/** @throws {ReplayError} EPLAN where it would start, because at some moment no node is busy */
export function assertNeverAllIdle(plan: ReplayPlan): void {
  const begins = [0, ...[...plan.idle.values()].flat().map(({ start }) => start)];
  const at = begins.find((time) => time < plan.length && idleNodesAt(plan, time).length === plan.nodes.length);
  if (at === undefined) return;
  throw new ReplayError('EPLAN', `${(at / 60_000).toFixed(1)} minutes into the window all ${plan.nodes.length} nodes are idle: no prime job can pend then. More nodes, or another window`);
}
