import type { ModelPilot, ModelWatcher } from './slurm-model-options.ts';

/** A pilot on its node while no prime job wanted that. Epoch ms. */
export interface Harvested {
  readonly node: string;
  readonly start: number;
  readonly end: number;
}

/** Writes down what happens in the model. */
export class HarvestRecorder implements ModelWatcher {
  readonly harvested: Harvested[] = [];
  /** By how they ended: PREEMPTED, TIMEOUT, CANCELLED. */
  readonly ends: Record<string, number> = {};
  readonly startsByKind: Record<string, number> = {};
  /** Delays of the prime jobs that preempted, and of the others, ms. */
  readonly delays: number[] = [];
  readonly otherDelays: number[] = [];
  arrivals = 0;
  starts = 0;
  readonly #open = new Map<string, { readonly pilot: ModelPilot; readonly start: number }>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  started(pilot: ModelPilot): void {
    this.starts++;
    this.startsByKind[pilot.kind] = (this.startsByKind[pilot.kind] ?? 0) + 1;
    const node = pilot.node ?? '';
    if (this.#open.has(node)) throw new Error(`two pilots on ${node}`);
    this.#open.set(node, { pilot, start: this.#now() });
  }

  preempted(pilot: ModelPilot): void {
    this.#close(pilot);
  }

  ended(pilot: ModelPilot): void {
    this.#close(pilot);
    this.ends[pilot.state] = (this.ends[pilot.state] ?? 0) + 1;
  }

  primeStarted(_node: string, _at: number, delayMs: number, preempted: boolean): void {
    this.arrivals++;
    (preempted ? this.delays : this.otherDelays).push(delayMs);
  }

  /** The simulation is over: what runs counts until now. */
  finish(): void {
    for (const { pilot } of [...this.#open.values()]) this.#close(pilot);
  }

  #close(pilot: ModelPilot): void {
    const node = pilot.node ?? '';
    const open = this.#open.get(node);
    if (open?.pilot !== pilot) return;
    this.#open.delete(node);
    if (this.#now() > open.start) this.harvested.push({ node, start: open.start, end: this.#now() });
  }
}
