/**
 * Why was this job signalled? Slurm sends the same SIGTERM for a preemption, at the time limit and on scancel. The time
 * limit is known from the own start; otherwise one scontrol (40-80 ms) tells: PreemptTime is set on preemption only.
 * A local cluster says it in the environment.
 */
import { execFile } from 'node:child_process';
import { constants, setPriority } from 'node:os';
import type { LeaveCause } from '../link/messages.ts';

export interface SignalledJob {
  env: Readonly<Record<string, string | undefined>>;
  jobId: string | undefined;
  leaseEndsAt: number | null;
  now: number;
}

/** Signals at the limit come up to 30 s late, never much too early. */
const EARLY_MS = 2_000;
const SCONTROL = 'scontrol';
const SCONTROL_TIMEOUT_MS = 2_000;
const NOT_SET = new Set(['None', 'Unknown', 'N/A', '(null)']);

/** Never rejects. */
export async function termCause(job: SignalledJob): Promise<LeaveCause> {
  const told = job.env['HPCWHISK_TERM_CAUSE'];
  if (told === 'preempted' || told === 'time-limit' || told === 'cancelled' || told === 'shutdown') return told;
  if (job.leaseEndsAt !== null && job.now >= job.leaseEndsAt - EARLY_MS) return 'time-limit';
  if (job.jobId === undefined) return 'shutdown';
  const shown = await showJob(job.jobId);
  return shown === undefined ? 'unknown' : causeShown(shown);
}

/** @param shown what `scontrol show job` printed */
export function causeShown(shown: string): LeaveCause {
  const preempted = /\bPreemptTime=(\S+)/.exec(shown)?.[1];
  if (preempted !== undefined && !NOT_SET.has(preempted)) return 'preempted';
  return /\bReason=TimeLimit\b/.test(shown) ? 'time-limit' : 'cancelled';
}

/** In the last rank for the processor, for nobody waits long for it; and it does not outlive the invoker, or it would hold the node. */
function showJob(jobId: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const child = execFile(SCONTROL, ['show', 'job', jobId], { timeout: SCONTROL_TIMEOUT_MS }, (error, stdout) => {
      process.off('exit', end);
      resolve(error === null ? stdout : undefined);
    });
    const end = (): void => { child.kill('SIGKILL'); };
    process.on('exit', end);
    try {
      if (child.pid !== undefined) setPriority(child.pid, constants.priority.PRIORITY_LOW);
    } catch {
      // It is gone already.
    }
  });
}
