/** Why there is no invoker, in one sentence. */
import type { NodeCount } from '../slurm/slurm.ts';
import type { PilotTrouble } from './pilot-manager.ts';

export interface InvokerFacts {
  /** Invokers that take calls. */
  readonly invokers: number;
  readonly pending: number;
  /** Pilot jobs that run, whether or not their invoker has joined. */
  readonly running: number;
  readonly nodes: NodeCount;
  /** Why pilots are pending, as Slurm says it. */
  readonly reasons: Readonly<Record<string, number>>;
  readonly lastError?: string;
  readonly trouble?: PilotTrouble;
  /** Wait after the last failure, ms. */
  readonly backoffMs?: number;
  /** Epoch ms of the last round that Slurm answered. */
  readonly lastRound?: number;
  /** Epoch ms since which nodes have been idle and pilots waiting without one of them starting. */
  readonly idleSince?: number;
  /** Time from one pass of Slurm that starts pilots to the next, ms, where it is known. */
  readonly cycleMs?: number;
  /** The shortest limit of those that wait, minutes. */
  readonly shortestPendingMinutes?: number;
  /** Invokers that the calls want, where pilots follow the calls. */
  readonly wanted?: number;
}

/** Reasons that no waiting cures. */
const NEVER = /^(PartitionTimeLimit|PartitionNodeLimit|PartitionDown|PartitionInactive|AccountNotAllowed|QOSNotAllowed|Assoc|QOS.*Limit|InvalidAccount|InvalidQOS|BadConstraints|JobHeld|Job.*Held)/;
/** Where the main loop may start pilots, it has done so by then: it passes every batch_sched_delay, 3 s by default and 10 s on the paper's cluster. */
const MAIN_LOOP_MS = 15_000;
/** A node that has seen this many cycles without a pilot is refused to all of them. */
const CYCLES_TOLD = 1.5;
/** Slurm's default bf_interval. */
const USUAL_CYCLE_MS = 30_000;

/** undefined when there is one. */
export function whyNoInvoker(facts: InvokerFacts): string | undefined {
  const { invokers, pending, running, nodes, reasons, lastError, lastRound, wanted } = facts;
  if (invokers > 0) return undefined;
  if (lastError !== undefined) return ofTrouble(facts, lastError);
  if (lastRound === undefined) return 'There is no invoker, because Slurm has not answered the pilot manager yet.';
  if (running > 0) return `There is no invoker yet, although ${running} ${running === 1 ? 'pilot runs' : 'pilots run'}: either they have just started or they cannot reach the controller's address from their nodes.`;
  if (nodes.partition !== undefined) return `There is no invoker, because the pilots' partition is in the state "${nodes.partition}", in which Slurm starts no pilots: the site has to set it up again.`;
  if (pending === 0 && wanted === 0) return 'There is no invoker, because nobody calls and the floor is 0: the first call brings pilots.';
  if (pending === 0) return 'There is no invoker, because no pilot is pending: they are about to be submitted.';
  const hopeless = Object.entries(reasons).filter(([reason]) => NEVER.test(reason));
  if (hopeless.reduce((sum, [, count]) => sum + count, 0) >= pending) return `There is no invoker, because Slurm will start none of the ${pending} pending pilots: ${hopeless.map(([reason]) => reason).join(', ')}.`;
  if (nodes.idle === 0) return `There is no invoker, because none of the ${nodes.total} nodes is idle${nodes.down === undefined || nodes.down === 0 ? '' : ` (${nodes.down} of them ${are(nodes.down)} out of service)`}; ${pending} ${pending === 1 ? 'pilot waits' : 'pilots wait'}.`;
  return whyIdle(facts, lastRound);
}

function ofTrouble({ trouble, backoffMs = 0 }: InvokerFacts, lastError: string): string {
  const again = backoffMs > 0 ? `; it tries again within ${Math.round(backoffMs / 1000)} s` : '';
  switch (trouble) {
    case 'away': return `There is no invoker, and Slurm does not answer the pilot manager (${lastError})${again}.`;
    case 'refused': return `There is no invoker, because Slurm refuses the pilots (${lastError})${again}.`;
    case 'failing': return `There is no invoker, because ${lastError}.`;
    case 'other': case undefined: default: return `There is no invoker, and the pilot manager has trouble with Slurm (${lastError})${again}.`;
  }
}

/** Nodes are idle, pilots wait, and none starts. */
function whyIdle({ nodes, reasons, idleSince, cycleMs, shortestPendingMinutes }: InvokerFacts, lastRound: number): string {
  const { idle, total, planned = 0 } = nodes;
  const waited = lastRound - (idleSince ?? lastRound);
  const cycle = cycleMs === undefined ? 'with Slurm\'s next backfill cycle' : `within ${Math.max(1, Math.round(cycleMs / 1000))} s, with Slurm's next backfill cycle`;
  const reason = Object.entries(reasons).sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))[0]?.[0];
  const said = reason === undefined ? '' : ` (Slurm says ${reason})`;
  const idleNodes = `${idle} of ${total} nodes ${are(idle)} idle`;
  if (waited > CYCLES_TOLD * (cycleMs ?? USUAL_CYCLE_MS) && waited > MAIN_LOOP_MS) {
    const shortest = shortestPendingMinutes === undefined ? 'a pending pilot' : `even the shortest pending pilot (${shortestPendingMinutes} min)`;
    const held = planned >= idle ? 'all held for jobs' : 'either held for a job';
    return `There is no invoker although ${idleNodes}, ${held} that Slurm plans to start before ${shortest} would end${planned >= idle ? '' : ', or not fit for pilots'}${said}.`;
  }
  if (planned > 0 || waited > MAIN_LOOP_MS) return `There is no invoker although ${idleNodes}, because a prime job that cannot start yet keeps Slurm's main loop from starting pilots: the next may start ${cycle}${said}.`;
  return `There is no invoker yet although ${idleNodes}: Slurm starts one within seconds, or, while a prime job waits that cannot start, ${cycle}${said}.`;
}

function are(count: number): string {
  return count === 1 ? 'is' : 'are';
}
