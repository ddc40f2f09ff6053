/** What of a Slurm's configuration decides how it treats pilots. Slurm's own names, in its own units. */
export interface SchedulerParameters {
  /** Time from one backfill cycle to the next, s. */
  readonly bf_interval: number;
  /** Planned starts are rounded down to multiples of it, s. */
  readonly bf_resolution: number;
  /** How far backfill plans, minutes: a longer job never starts by it. */
  readonly bf_window: number;
  /** How many jobs of a partition a cycle looks at; 0: all. */
  readonly bf_max_job_part: number;
  /** How many jobs a cycle looks at; 0: all. */
  readonly bf_max_job_test: number;
  /** How many jobs a cycle starts; 0: all. */
  readonly bf_max_job_start: number;
  /** Least time between two passes of the main loop that submissions bring about, s. */
  readonly batch_sched_delay: number;
  /** Least time between any two of its passes, µs. */
  readonly sched_min_interval: number;
}

/** Slurm's defaults (22.05). */
export const SLURM_DEFAULTS: SchedulerParameters = {
  bf_interval: 30, bf_resolution: 60, bf_window: 1440, bf_max_job_part: 0, bf_max_job_test: 500, bf_max_job_start: 0, batch_sched_delay: 3,
  sched_min_interval: 2,
};

/** As the paper's cluster set them, as text for `--scheduler-parameters`. */
export const PROMETHEUS_PARAMETERS = 'bf_interval=120,bf_resolution=120,bf_window=180,bf_max_job_test=6000,bf_max_job_part=100,bf_max_job_start=200,bf_continue,batch_sched_delay=10,sched_min_interval=500000';

/**
 * Slurm's SchedulerParameters as slurm.conf has them; what the model does not know has no effect.
 * @throws {RangeError} naming a value that is no number
 */
export function parseSchedulerParameters(text: string): SchedulerParameters {
  const parameters: Record<keyof SchedulerParameters, number> = { ...SLURM_DEFAULTS };
  for (const word of text.split(',')) {
    const [name = '', value = ''] = word.trim().split('=');
    if (!isKnown(name)) continue;
    if (!/^[0-9]+$/.test(value)) throw new RangeError(`${name}=${value} is no whole number`);
    if (POSITIVE.has(name) && Number(value) === 0) throw new RangeError(`${name} must be above 0`);
    parameters[name] = Number(value);
  }
  return parameters;
}

const POSITIVE: ReadonlySet<string> = new Set(['bf_interval', 'bf_resolution', 'bf_window', 'batch_sched_delay']);

function isKnown(name: string): name is keyof SchedulerParameters {
  return Object.hasOwn(SLURM_DEFAULTS, name);
}
