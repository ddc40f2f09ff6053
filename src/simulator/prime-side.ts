/**
 * What decides when prime jobs take and leave nodes. Two ways: they are given from outside (the model's `primeLeaves` and
 * `primeArrives`, called as a node log says), or they stand in a queue of their own (`prime-queue.ts`). The model of Slurm
 * treats pilots the same way under both; of a queue it asks what this port says.
 */
export interface PrimeSide {
  /** A backfill cycle begins. Prime jobs are of the higher tier: they are looked at, and started, first. */
  backfill(): PrimeCycle;
  /** The main loop passes. @returns whether it comes to the pilots: no prime job is left that cannot start */
  pass(): boolean;
}

export interface PrimeCycle {
  /** Prime jobs that this cycle looked at and started: they count in bf_max_job_test and bf_max_job_start. */
  readonly looked: number;
  readonly started: number;
  /** When a prime job is planned to start on the node (epoch ms), infinite where none is. @param index of the node */
  plannedAt(index: number): number;
}
