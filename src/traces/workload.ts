/** Jobs of a cluster, whatever they were read from: a dump of sacct, a file in the Standard Workload Format, a node log of ours. */

export interface TraceJob {
  readonly id: string;
  /** Epoch ms; absent: not known, or has not happened. */
  readonly submitted?: number;
  readonly started?: number;
  readonly ended?: number;
  /** Wall time, s, of a job that has ended. */
  readonly runSeconds?: number;
  /** Wall time limit, s; null: none. */
  readonly limitSeconds?: number | null;
  readonly nodes?: number;
  readonly processors?: number;
  /** As Slurm names it, without what follows (`CANCELLED by 7` is `CANCELLED`). */
  readonly state?: string;
  readonly partition?: string;
  /** Where it ran. */
  readonly nodeList?: readonly string[];
}

export interface Workload {
  /** By start, those that never started last. */
  readonly jobs: readonly TraceJob[];
  /** IANA name, where the file tells it. */
  readonly timeZone?: string;
  /** What the cluster has, where the file tells it. */
  readonly nodeCount?: number;
  readonly processors?: number;
  /** Lines that are no jobs of their own (steps), and those left out because they were torn. */
  readonly steps: number;
  readonly torn: number;
}

export function byStart(a: TraceJob, b: TraceJob): number {
  return (a.started ?? Number.POSITIVE_INFINITY) - (b.started ?? Number.POSITIVE_INFINITY) || (a.submitted ?? 0) - (b.submitted ?? 0) || (a.id < b.id ? -1 : 1);
}

/** A job without the members that are not known. */
export function traceJob(job: { readonly [Key in keyof TraceJob]: TraceJob[Key] | undefined } & { readonly id: string }): TraceJob {
  const known: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(job)) if (value !== undefined) known[name] = value;
  return known as unknown as TraceJob;
}
