/**
 * The conversation of controller and invoker. Each side sends arrays of messages (what one turn of its event loop
 * brought goes out as one frame). An invoker joins, heartbeats, gets work assigned and completes it; a completion is
 * kept and sent again after a reconnect until the controller acknowledges that the record is stored. Before it ends
 * it drains: takes nothing new, returns what has not started, finishes or interrupts what runs, then leaves.
 */
import type { RunnableExec } from '../domain/action.ts';
import type { ActivationId, ActivationMessage, ActivationOutcome } from '../domain/activation.ts';

export const LINK_VERSION = 1;

/** Why an invoker stops. */
export type LeaveCause = 'preempted' | 'time-limit' | 'cancelled' | 'shutdown' | 'unknown';

/** Controller to invoker. */
export type ToInvoker =
  /** `maxResultBytes`: a longer result is cut off where it arises. */
  | { type: 'welcome'; heartbeatMs: number; maxResultBytes: number }
  | { type: 'refuse'; reason: string }
  | { type: 'assign'; message: ActivationMessage }
  | { type: 'code'; path: string; revision: string; exec: RunnableExec | null }
  /** Stored (completions) or taken back (returns): forget them. */
  | { type: 'ack'; ids: ActivationId[] }
  /** Please drain and leave. */
  | { type: 'drain' };

/** Invoker to controller. */
export type ToController =
  | ({ type: 'join'; version: number } & InvokerDescription)
  | { type: 'heartbeat'; freeMemoryMB: number; running: number; leaseEndsAt: number | null }
  /** `message` is there when the assignment came over an earlier connection, so that a restarted controller can compose the record. */
  | { type: 'complete'; activationId: ActivationId; outcome: ActivationOutcome; message?: ActivationMessage }
  /** Not run (`not-started`) or broken off (`interrupted`) because this invoker goes; run it elsewhere. */
  | { type: 'return'; activationId: ActivationId; reason: 'not-started' | 'interrupted' }
  | { type: 'code-wanted'; path: string; revision: string }
  /** Takes no more work from now on. */
  | { type: 'draining'; cause: LeaveCause }
  /** Last message; holds nothing any more. */
  | { type: 'leave'; cause: LeaveCause };

export interface InvokerDescription {
  /** Unique among all that ever joined: a pilot's job id with its node, or a random one. */
  invokerId: string;
  node: string;
  /** Slurm job id (`123` or `123_4`) of the pilot, where there is one. */
  jobId?: string;
  memoryMB: number;
  /** Epoch ms at which the job's time limit ends it; null where there is no end. */
  leaseEndsAt: number | null;
  /** Activations it holds from before a reconnect (running, or completed and not acknowledged). */
  held: ActivationId[];
  /** ms from the start of the invoker's process to this join, on the first join only. */
  startupMs?: number;
  /** Epoch ms at which the job's script began, where it is known. */
  startedAt?: number;
}
