/** When an invoker told the controller that its pilot was signalled. */
export interface Drain {
  readonly node: string;
  /** Epoch ms */
  readonly at: number;
}

/** A prime job that begins later than this after the drain was not held up by that pilot. The longest hold is KillWait, 30 s on the testbed. */
const HAND_OVER_MS = 40_000;

/** The drains in a controller's log. Invokers are named `JOB-NODE-RANDOM`. */
export function drainsOf(log: string): Drain[] {
  return log.split('\n').flatMap((line): Drain[] => {
    if (!line.includes('"invoker drains"')) return [];
    try {
      const { time, invoker } = JSON.parse(line) as { time?: unknown; invoker?: unknown };
      const node = typeof invoker === 'string' ? /^[^-]+-(.+)-[^-]+$/.exec(invoker)?.[1] : undefined;
      return typeof time === 'number' && node !== undefined ? [{ node, at: time }] : [];
    } catch {
      // The last line of a log that is still written to may be half there.
      return [];
    }
  });
}

/**
 * SIGTERM of the pilot on a prime job's node to the job's first line, ms: what the pilot itself costs it, the launch
 * included. The last drain on the node after the job was submitted; none: the pilot ended by itself, or had no invoker yet.
 */
export function handOverMs(job: { node: string; submittedAt: number; startedAt: number }, drains: readonly Drain[]): number | undefined {
  const own = drains.filter(({ node, at }) => node === job.node && at >= job.submittedAt && at <= job.startedAt && at > job.startedAt - HAND_OVER_MS);
  const last = own.at(-1);
  return last === undefined ? undefined : job.startedAt - last.at;
}
