/** Why there is no invoker, in one sentence. */

export interface InvokerFacts {
  /** Invokers that take calls. */
  readonly invokers: number;
  readonly pending: number;
  /** Pilot jobs that run, whether or not their invoker has joined. */
  readonly running: number;
  readonly nodes: { readonly idle: number; readonly total: number };
  /** Why pilots are pending, as Slurm says it. */
  readonly reasons: Readonly<Record<string, number>>;
  readonly lastError?: string;
  /** Epoch ms of the last round that Slurm answered. */
  readonly lastRound?: number;
}

/** Reasons that no waiting cures. */
const NEVER = /^(PartitionTimeLimit|PartitionNodeLimit|PartitionDown|PartitionInactive|AccountNotAllowed|QOSNotAllowed|Assoc|QOS.*Limit|InvalidAccount|InvalidQOS|BadConstraints|JobHeld|Job.*Held)/;

/** undefined when there is one. */
export function whyNoInvoker({ invokers, pending, running, nodes, reasons, lastError, lastRound }: InvokerFacts): string | undefined {
  if (invokers > 0) return undefined;
  if (lastError !== undefined) return `There is no invoker, and the pilot manager has trouble with Slurm: ${lastError}.`;
  if (lastRound === undefined) return 'There is no invoker, because Slurm has not answered the pilot manager yet.';
  if (running > 0) return `There is no invoker yet, although ${running} ${running === 1 ? 'pilot runs' : 'pilots run'}: either they have just started or they cannot reach the controller's address from their nodes.`;
  if (pending === 0) return 'There is no invoker, because no pilot is pending: they are about to be submitted, or nobody calls.';
  const hopeless = Object.entries(reasons).filter(([reason]) => NEVER.test(reason));
  if (hopeless.reduce((sum, [, count]) => sum + count, 0) >= pending) return `There is no invoker, because Slurm will start none of the ${pending} pending pilots: ${hopeless.map(([reason]) => reason).join(', ')}.`;
  if (nodes.idle === 0) return `There is no invoker, because none of the ${nodes.total} nodes is idle; ${pending} pilots wait.`;
  const why = Object.entries(reasons).sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))[0]?.[0];
  return `There is no invoker although ${nodes.idle} of ${nodes.total} nodes ${nodes.idle === 1 ? 'is' : 'are'} idle: ${pending} pilots wait for Slurm's next backfill cycle, or those nodes are held for a job that starts before a pilot would end${why === undefined ? '' : ` (Slurm says ${why})`}.`;
}
