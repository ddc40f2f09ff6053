/**
 * How pilots ended, read off successive listings: Slurm shows an ended job for a while (MinJobAge), so each is counted
 * when its end is first seen, and as `unseen` when it is gone before that. What had ended before the first listing
 * belongs to an earlier run and is not counted.
 */
import type { JobState, PilotJob } from '../slurm/slurm.ts';
import { jobPhase } from '../slurm/states.ts';

export interface EndedPilots {
  preempted: number;
  timeout: number;
  completed: number;
  cancelled: number;
  failed: number;
  nodeFail: number;
  /** Gone from the queue before an end was seen. */
  unseen: number;
}

export class PilotLedger {
  readonly ended: EndedPilots = { preempted: 0, timeout: 0, completed: 0, cancelled: 0, failed: 0, nodeFail: 0, unseen: 0 };
  /** Ids that are not over yet, and those whose end is counted, as of the last listing. */
  #live = new Set<string>();
  #counted = new Set<string>();
  #first = true;

  /** Takes one listing. @returns how many pilots failed since the one before. */
  record(jobs: readonly PilotJob[]): number {
    const live = new Set<string>();
    const counted = new Set<string>();
    const before = this.ended.failed;
    for (const { id, state } of jobs) {
      if (jobPhase(state) !== 'ended') {
        live.add(id);
        continue;
      }
      counted.add(id);
      if (!this.#first && !this.#counted.has(id)) this.ended[outcome(state)] += 1;
    }
    for (const id of this.#live) if (!live.has(id) && !counted.has(id)) this.ended.unseen += 1;
    this.#live = live;
    this.#counted = counted;
    this.#first = false;
    return this.ended.failed - before;
  }
}

function outcome(state: JobState): keyof EndedPilots {
  if (state === 'PREEMPTED') return 'preempted';
  if (state === 'TIMEOUT' || state === 'DEADLINE') return 'timeout';
  if (state === 'COMPLETED') return 'completed';
  if (state === 'CANCELLED' || state === 'REVOKED') return 'cancelled';
  if (state === 'NODE_FAIL') return 'nodeFail';
  return 'failed';
}
