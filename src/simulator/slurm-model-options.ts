/** What the model of Slurm (slurm-model.ts) wants to know, and what it tells. */
import type { JobState } from '../slurm/slurm.ts';
import type { PrimePending } from './planned-starts.ts';
import type { SchedulerParameters } from './scheduler-parameters.ts';

export interface SlurmModelOptions {
  readonly scheduler: SchedulerParameters;
  /** How long a backfill cycle itself takes, s: bf_interval is the pause behind it. @default 0 */
  readonly backfillTakes?: number;
  /** A prime job waits that cannot start, so that only backfill looks at pilots; `drawn`: `primeLeaves` says it of each node. */
  readonly primePending: PrimePending;
  /** Whether `--nice` orders pilots (a priority plugin is active), or only their age. */
  readonly priorities: boolean;
  /**
   * What backfill makes of `--time-min`: it cuts the limit down to what fits before the planned start (19.05), or gives just the
   * minimum (20.11 to 23.11). The main loop gives the whole limit. @default minimum
   */
  readonly timeMin?: 'cut' | 'minimum';
  /** The pilots' QOS has the flag NoReserve. */
  readonly noReserve: boolean;
  /** The pilots' partition has OverTimeLimit=UNLIMITED. */
  readonly overTimeLimit: boolean;
  /** GraceTime of the pilots' partition, s, and whether the pilot hears its begin (an srun step, or preempt_send_user_signal). */
  readonly graceTime: number;
  readonly graceHeard: boolean;
  /** KillWait, s. */
  readonly killWait: number;
  /** From SIGTERM until a pilot has left its node, ms. */
  readonly exitMs: number;
  /** Who starts the prime jobs that preempt: backfill does it only in the cycle after the pilot has left. */
  readonly primeStartedBy: 'main' | 'backfill';
  /** Of backfill cycles, the passes of every sched_interval and the checks of limits, from the begin on, as fractions of their periods. */
  readonly phases: { readonly backfill: number; readonly main: number; readonly limitCheck: number };
}

/** What happens to nodes and pilots, for whoever records it. */
export interface ModelWatcher {
  started(pilot: ModelPilot): void;
  /** A prime job wants the pilot's node. */
  preempted(pilot: ModelPilot): void;
  /** The pilot gets SIGTERM. @returns how much longer than `exitMs` it will stay for what it still has to finish, ms */
  signalled?(pilot: ModelPilot): number;
  ended(pilot: ModelPilot): void;
  /**
   * A prime job took the node at `at` and begins `delayMs` after it came: later than it would without pilots, where it comes
   * when it could start.
   */
  primeStarted(node: string, at: number, delayMs: number, preempted: boolean): void;
}

export interface ModelPilot {
  readonly id: string;
  readonly array: number;
  readonly task: number;
  readonly kind: string;
  limitMinutes: number;
  readonly timeMinMinutes?: number;
  readonly nice: number;
  state: Extract<JobState, 'PENDING' | 'RUNNING' | 'COMPLETING' | 'PREEMPTED' | 'TIMEOUT' | 'CANCELLED'>;
  node?: string;
  startedAt?: number;
  endedAt?: number;
}
