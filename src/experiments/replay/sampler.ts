import type { ControllerClient } from './controller-client.ts';
import { runningPilots, type SlurmEnvironment } from './prime-jobs.ts';
import type { Sample } from './samples.ts';

/** Between two looks. One squeue and one GET /status each: the squeue is a burden on slurmctld that only a measurement may be. */
export const SAMPLE_MS = 1000;

export interface SamplerOptions {
  readonly env: SlurmEnvironment;
  readonly partition: string;
  readonly client: ControllerClient;
}

export interface SamplerBurden {
  readonly looks: number;
  /** Looks of which squeue or the controller's answer failed, and those left out because the one before took too long. */
  readonly failed: number;
  readonly skipped: number;
  /** How long each squeue took, ms, process start included. */
  readonly squeueMs: readonly number[];
}

/** Looks at Slurm and at the controller once a second until it is stopped. */
export class Sampler {
  readonly #options: SamplerOptions;
  readonly #timer: NodeJS.Timeout;
  readonly #taken: { at: number; pilots?: ReadonlyMap<string, string>; controller?: Sample['controller'] }[] = [];
  readonly #squeueMs: number[] = [];
  #looking: Promise<void> | undefined;
  #failed = 0;
  #skipped = 0;

  constructor(options: SamplerOptions) {
    this.#options = options;
    this.#timer = setInterval(() => { this.#tick(); }, SAMPLE_MS);
    this.#tick();
  }

  /** The last complete look; `at` is epoch ms. */
  last(): Sample | undefined {
    return this.#taken.at(-1) as Sample | undefined;
  }

  /** All looks so far by time, with `at` in ms from `begin` (epoch ms). */
  samples(begin: number): Sample[] {
    return this.#taken.map((look) => ({ ...look, at: look.at - begin }) as Sample);
  }

  burden(): SamplerBurden {
    return { looks: this.#taken.length, failed: this.#failed, skipped: this.#skipped, squeueMs: this.#squeueMs };
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#looking;
  }

  #tick(): void {
    if (this.#looking !== undefined) {
      this.#skipped++;
      return;
    }
    this.#looking = this.#look().finally(() => { this.#looking = undefined; });
  }

  async #look(): Promise<void> {
    const { env, partition, client } = this.#options;
    const at = Date.now();
    const [pilots, controller] = await Promise.all([
      runningPilots(env, partition).then((found) => {
        this.#squeueMs.push(Date.now() - at);
        return found;
      }, () => undefined),
      client.look(),
    ]);
    if (pilots === undefined || controller === undefined) this.#failed++;
    this.#taken.push({ at, ...(pilots === undefined ? {} : { pilots }), ...(controller === undefined ? {} : { controller }) });
  }
}
