import type { NodeCount, PilotJob } from '../slurm/slurm.ts';
import { jobPhase } from '../slurm/states.ts';

/** Since when nodes have been idle and pilots waiting without one of them starting. */
export class IdleWait {
  #since: number | undefined;
  #lastStart = 0;

  /** Epoch ms; undefined while no node is idle or none waits. */
  get since(): number | undefined {
    return this.#since;
  }

  /** Takes one listing, of `at` (epoch ms). */
  record(jobs: readonly PilotJob[], nodes: NodeCount, at: number): void {
    const lastStart = jobs.reduce((last, { startedAt }) => Math.max(last, startedAt ?? 0), this.#lastStart);
    const waits = nodes.idle > 0 && jobs.some(({ state }) => jobPhase(state) === 'pending');
    if (!waits) this.#since = undefined;
    else if (this.#since === undefined || lastStart > this.#lastStart) this.#since = at;
    this.#lastStart = lastStart;
  }
}
