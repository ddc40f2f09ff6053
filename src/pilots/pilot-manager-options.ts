/** Manners towards slurmctld: every tunable of the pilot manager, with its reason. */
export interface PilotManagerOptions {
  /** From the start of one round to that of the next, ms. One squeue and one sinfo each cost slurmctld about 3 ms. @default 5000 */
  readonly periodMs?: number;
  /** sbatch calls in any 60 s; what does not fit waits for a later round. @default 120 */
  readonly maxSubmissionsPerMinute?: number;
  /** Tasks of one array; Slurm's own bound is MaxArraySize - 1. @default 500 */
  readonly maxArraySize?: number;
  /** A call to Slurm slower than this makes the rounds rarer, ms. @default 1000 */
  readonly slowCallMs?: number;
  /** The longest wait between rounds, however slow or long away slurmctld is, ms. @default 60000 */
  readonly maxBackoffMs?: number;
  /** How long stop() tries to cancel while slurmctld does not answer, ms. @default 30000 */
  readonly cancelTimeoutMs?: number;
}

export const defaultPilotManagerOptions: Required<PilotManagerOptions> = {
  periodMs: 5000, maxSubmissionsPerMinute: 120, maxArraySize: 500, slowCallMs: 1000, maxBackoffMs: 60_000, cancelTimeoutMs: 30_000,
};
