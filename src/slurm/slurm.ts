/**
 * Port of Slurm: what the pilot manager needs of it, in a fixed, small number of calls per round whatever the number
 * of pilots. Backends: `command-line/` (sbatch, squeue, sinfo, scancel, scontrol), `local/` (a few pretended nodes of this machine).
 */

/** States as squeue names them (squeue(1), JOB STATE CODES). An unknown one is an error, not a guess. */
export type JobState =
  | 'PENDING' | 'CONFIGURING' | 'RUNNING' | 'COMPLETING' | 'SUSPENDED' | 'STOPPED'
  | 'COMPLETED' | 'PREEMPTED' | 'TIMEOUT' | 'CANCELLED' | 'FAILED' | 'NODE_FAIL' | 'BOOT_FAIL' | 'DEADLINE' | 'OUT_OF_MEMORY' | 'REVOKED' | 'SPECIAL_EXIT' | 'RESV_DEL_HOLD' | 'REQUEUED' | 'REQUEUE_FED' | 'REQUEUE_HOLD' | 'RESIZING' | 'SIGNALING' | 'STAGE_OUT';

/** One pilot job (one task of an array). */
export interface PilotJob {
  /** `123` or `123_4`. */
  id: string;
  /** Name of the kind of pilot, as it was submitted. */
  kind: string;
  state: JobState;
  /** Wall time limit in minutes; null when unlimited. */
  limitMinutes: number | null;
  /** Node it runs on, once it does. */
  node?: string;
  /** Epoch ms, once it runs. */
  startedAt?: number;
  /** Slurm's reason while it is pending. */
  reason?: string;
}

export interface PilotSubmission {
  /** Name of the kind, unique per policy: it comes back as `PilotJob.kind`. */
  kind: string;
  /** How many pilots: one job array. */
  count: number;
  limitMinutes: number;
  /** Backfill may start it with a limit as short as this (sbatch --time-min). */
  timeMinMinutes?: number;
  /** Larger goes later (sbatch --nice); 0 for none. */
  nice: number;
}

export interface NodeCount {
  idle: number;
  total: number;
  /** Of the idle ones: held for a job that Slurm plans to start there (shown from Slurm 21.08 on). */
  planned?: number;
  /** Down, drained, in maintenance or deaf. */
  down?: number;
  /** What keeps the partition from taking jobs: `down`, `drain`, `inact`; absent while it is up. */
  partition?: string;
}

export interface Slurm {
  /** One sbatch. @returns the job's (array's) id. @throws {SlurmError} */
  submit(pilot: PilotSubmission): Promise<string>;
  /**
   * One squeue: all pilots of this manager, pending and running, array tasks one by one; and those that ended lately, as long
   * as Slurm shows them, so that it can be told how they ended. Those that wait come in the order in which Slurm looks at
   * them. @throws {SlurmError}
   */
  pilots(): Promise<PilotJob[]>;
  /** One sinfo: the nodes that pilots may get. @throws {SlurmError} */
  nodes(): Promise<NodeCount>;
  /** One scancel for all of them. @throws {SlurmError} */
  cancel(ids: readonly string[]): Promise<void>;
  /** Releases what the backend holds; pilots that run are left to end by themselves. */
  close(): Promise<void>;
}

/** `transient`: slurmctld is away or slow, try again later; `user`: the request can never work as it is (unknown partition, no sbatch). */
export class SlurmError extends Error {
  override readonly name = 'SlurmError';
  readonly kind: 'transient' | 'user';

  constructor(kind: 'transient' | 'user', message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}
