/** What was seen of the cluster at one moment of the window. */
export interface Sample {
  /** ms from the begin of the window; negative before it. */
  readonly at: number;
  /** Nodes on which Slurm shows a running pilot, and its job id; undefined when squeue failed. */
  readonly pilots?: ReadonlyMap<string, string>;
  /** What the controller says; undefined when it did not answer. */
  readonly controller?: ControllerSample;
}

export interface ControllerSample {
  readonly healthy: readonly InvokerSample[];
  readonly draining: number;
  /** Calls that wait for an invoker. */
  readonly queued: number;
}

export interface InvokerSample {
  readonly id: string;
  readonly node: string;
  /** From the start of the job's script to the registration, ms. */
  readonly startupMs?: number;
}
