/** What the API needs of the dispatcher. */
import type { RunnableExec } from '../domain/action.ts';
import type { ActivationId, ActivationMessage, ActivationRecord } from '../domain/activation.ts';

export interface InvokerView {
  id: string;
  node: string;
  jobId?: string;
  state: 'healthy' | 'draining' | 'silent';
  memoryMB: number;
  freeMemoryMB: number;
  running: number;
  /** Epoch ms; null without an end. */
  leaseEndsAt: number | null;
  joinedAt: number;
  /** From the start of the job's script (or of the process) to the first join, ms. */
  startupMs?: number;
}

export interface DispatchView {
  invokers: InvokerView[];
  queued: number;
  rescued: number;
  running: number;
  /** Since the start of this controller. */
  counts: { accepted: number; completed: number; rejected: number; returned: number; lostInvokers: number };
}

/** How an accepted blocking call went on: its record, or, when the wait ended first, nothing but its id (answer 202). */
export type BlockingAnswer =
  | { activationId: ActivationId; done: true; record: ActivationRecord }
  | { activationId: ActivationId; done: false };

export interface Dispatch {
  /**
   * Accepts a non-blocking call: resolves when it is journalled.
   * @throws {Overloaded} queue full, no worker for too long
   * @throws {StoreUnavailable}
   */
  submit(message: ActivationMessage): Promise<void>;
  /**
   * Accepts a blocking call and waits for its record, at most `waitMs`. When the wait ends first the call is
   * journalled before this resolves with `done: false`.
   * @throws {Overloaded}
   * @throws {StoreUnavailable}
   */
  call(message: ActivationMessage, waitMs: number): Promise<BlockingAnswer>;
  /**
   * Accepts a step of a composition: journalled before it runs, and waited for however long it takes.
   * @throws {Overloaded}
   * @throws {StoreUnavailable}
   */
  run(message: ActivationMessage): Promise<ActivationRecord>;
  /** Waits for the record of an activation that is unfinished here; undefined for one that is not. */
  attach(id: ActivationId): Promise<ActivationRecord> | undefined;
  /** Accepted activations of a namespace that have no record yet. */
  inFlight(namespace: string): number;
  view(): DispatchView;
}

/** The call was not accepted. */
export class Overloaded extends Error {
  override readonly name = 'Overloaded';
  /** Whole seconds after which to try again. */
  readonly retryAfterSeconds: number;

  constructor(message: string, retryAfterSeconds: number) {
    super(message);
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** Finds the code of an action at exactly this revision, for an invoker that has not got it. */
export type CodeSource = (path: string, revision: string) => Promise<RunnableExec | undefined>;
