import { SlurmError, type JobState } from './slurm.ts';

/** What a state means to the pilot manager. `ending`: over for us, its node not yet given back. */
export type JobPhase = 'pending' | 'running' | 'ending' | 'ended';

const phases: Readonly<Record<JobState, JobPhase>> = {
  PENDING: 'pending', REQUEUED: 'pending', REQUEUE_FED: 'pending', REQUEUE_HOLD: 'pending', RESV_DEL_HOLD: 'pending', SPECIAL_EXIT: 'pending',
  CONFIGURING: 'running', RUNNING: 'running', SUSPENDED: 'running', STOPPED: 'running', RESIZING: 'running', SIGNALING: 'running',
  COMPLETING: 'ending', STAGE_OUT: 'ending',
  COMPLETED: 'ended', PREEMPTED: 'ended', TIMEOUT: 'ended', CANCELLED: 'ended', FAILED: 'ended', NODE_FAIL: 'ended', BOOT_FAIL: 'ended',
  DEADLINE: 'ended', OUT_OF_MEMORY: 'ended', REVOKED: 'ended',
};

export function jobPhase(state: JobState): JobPhase {
  return phases[state];
}

/** A state as squeue's %T prints it. @throws {SlurmError} naming one that this program does not know. */
export function parseJobState(text: string): JobState {
  if (Object.hasOwn(phases, text)) return text as JobState;
  throw new SlurmError('user', `squeue shows a job state that this program does not know: "${text}"`);
}
