/**
 * One call on its way through the dispatcher.
 *
 *   accepting ──▶ queued ──▶ running ──▶ recording ──▶ (gone)
 *                  ▲  ▲         │ │
 *          held ───┘  └─────────┘ └──▶ withdrawn ──▶ (gone)
 *
 * accepting: a non-blocking call whose journal entry is being written. held: from the journal of an earlier controller,
 * waiting for an invoker that still runs it. queued: in one of the lanes. running: assigned. recording: finished, the
 * record is not confirmed yet. withdrawn: its caller was told that it was not accepted while it ran; it leaves no record.
 */
import type { ActivationId, ActivationMessage, ActivationRecord } from '../domain/activation.ts';
import { containerConcurrency } from '../domain/container-concurrency.ts';
import type { LaneEntry } from './lane.ts';
import type { PlacementRequest } from './placement.ts';

export type CallState = 'accepting' | 'held' | 'queued' | 'running' | 'recording' | 'withdrawn';

/** An invoker as far as its calls know it. */
export interface Holder<C> { readonly connection: C | undefined }

export class Call<C> implements PlacementRequest, LaneEntry<Call<C>> {
  readonly id: ActivationId;
  readonly message: ActivationMessage;
  readonly key: string;
  readonly memoryMB: number;
  readonly concurrency: number;
  readonly timeLimitMs: number;
  /** Grows with each time the call was cut by the end of a lease, so that no call is cut again and again. */
  minimumLeaseMs = 0;
  state: CallState;
  /** Whether the journal promises that it ends in a record. */
  journal: 'no' | 'writing' | 'yes';
  /** Somebody wants its record, however long it takes. */
  watched = false;
  /** Somebody waits for its record, until `waitEndsAt`. */
  waiting = false;
  waitMs = 0;
  waitEndsAt = Infinity;
  /** The wait is over while the record is on its way to the store: the next refusal withdraws the call. */
  lastChance = false;

  lane: object | undefined = undefined;
  next: Call<C> | undefined = undefined;
  previous: Call<C> | undefined = undefined;
  /** When it came into its lane, and when it first came into any. */
  queuedAt = 0;
  firstQueuedAt = 0;

  /** Where it runs, if it does; another one may still run an earlier assignment of it. */
  invoker: Holder<C> | undefined = undefined;
  assignedAt = 0;
  /** What was left of that lease then, ms. */
  leaseAtAssignment = Infinity;

  record: ActivationRecord | undefined = undefined;
  recordBytes = 0;
  /** Whoever reported the completion and waits for its acknowledgement. */
  readonly reporters: Holder<C>[] = [];
  /** Pause before the record is offered again; 0 as long as it was not refused. */
  retryMs = 0;
  retryAt = 0;

  constructor(message: ActivationMessage, state: CallState, journal: 'no' | 'writing' | 'yes') {
    const { action } = message;
    this.id = message.activationId;
    this.message = message;
    this.key = `${message.namespace} ${action.path} ${action.revision}`;
    this.memoryMB = action.limits.memory;
    this.concurrency = containerConcurrency(action);
    this.timeLimitMs = action.limits.timeout;
    this.state = state;
    this.journal = journal;
  }
}
