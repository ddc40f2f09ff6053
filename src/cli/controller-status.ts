import type { PilotManagerStatus } from '../pilots/pilot-manager.ts';

/** What `/status` shows beside the dispatcher's view. */
export interface ControllerStatus {
  url: string;
  /** Epoch ms. */
  startedAt: number;
  /** Completed calls per second over the last ten seconds. */
  callsPerSecond: number;
  pilots: PilotsStatus;
}

type Told = 'pending' | 'running' | 'nodes' | 'reasons' | 'why' | 'lastRound' | 'lastError' | 'trouble' | 'backoffMs' | 'idleSince' | 'cycleMs' | 'shortestPendingMinutes' | 'wanted';

export interface PilotsStatus extends Pick<PilotManagerStatus, Told> {
  readonly cluster: 'local' | 'slurm';
  readonly policy: string;
}

const WINDOW_SECONDS = 10;

/** Rate of a growing counter over the last ten seconds, sampled once a second. */
export class RateMeter {
  readonly #samples: number[] = [];

  sample(count: number): void {
    this.#samples.push(count);
    if (this.#samples.length > WINDOW_SECONDS + 1) this.#samples.shift();
  }

  perSecond(): number {
    const first = this.#samples[0];
    const last = this.#samples.at(-1);
    if (first === undefined || last === undefined || this.#samples.length < 2) return 0;
    return (last - first) / (this.#samples.length - 1);
  }
}
