/**
 * A policy decides what stands in Slurm's queue. It is a pure function of what Slurm shows and, for a policy that learns,
 * of the memory that its last plan gave out: so the same one runs in the pilot manager, after its restart, and in the
 * simulator. All policies here are stocks: so many pending pilots of each kind, refilled as Slurm starts them, reduced when there
 * are too many. Slurm alone decides which of them fits which gap.
 */
import type { NodeCount, PilotJob, PilotSubmission } from '../slurm/slurm.ts';
import type { AdaptiveMemory } from './adaptive-memory.ts';
import type { Demand } from './pilot-demand.ts';

/** One kind of pilot in the stock. */
export interface PilotKind {
  /** Unique in its policy, e.g. `m90`. */
  readonly kind: string;
  readonly limitMinutes: number;
  /** Slurm may start it with a limit as short as this. */
  readonly timeMinMinutes?: number;
  /** Larger goes later. */
  readonly nice: number;
  /** How many are kept pending. */
  readonly depth: number;
}

/** What Slurm shows at one moment. */
export interface PilotSnapshot {
  /** Pending pilots by kind; kinds that the policy does not know included. */
  readonly pending: Readonly<Record<string, number>>;
  readonly running: Readonly<Record<string, number>>;
  readonly nodes: NodeCount;
  /** Epoch ms, and the listing that the counts are from: what a policy learns by. Without them it learns nothing. */
  readonly at?: number;
  readonly jobs?: readonly PilotJob[];
  /** What callers ask for, where that is known. */
  readonly demand?: Demand;
}

export interface PilotPlan {
  /** The emptiest kinds first, so that they are served first when submissions run out. */
  readonly submit: readonly PilotSubmission[];
  /** Pending pilots too many, by kind. */
  readonly cancel: readonly { readonly kind: string; readonly count: number }[];
  /** Ids of running pilots that nobody needs. */
  readonly release?: readonly string[];
  /** To be given back with the next snapshot. Only policies that learn have one. */
  readonly memory?: AdaptiveMemory;
}

export interface PilotPolicy {
  readonly name: string;
  readonly kinds: readonly PilotKind[];
  /** What had to be changed to keep within the bounds; undefined when nothing. */
  readonly note?: string;
  /** It keeps as many invokers as the calls want; else as many as there are idle nodes. */
  readonly followsCalls?: boolean;
  plan(snapshot: PilotSnapshot, memory?: AdaptiveMemory): PilotPlan;
  /** Why it keeps what it keeps: sentences for people. */
  explain(snapshot: PilotSnapshot, memory?: AdaptiveMemory): readonly string[];
}

export interface StockOptions {
  /**
   * Most pilots pending at a time, all kinds together. bf_max_job_part caps how many of a partition backfill looks at
   * (100 on Prometheus); pilots beyond it are only work for slurmctld. @default 90
   */
  readonly maxPending?: number;
}

export const defaultMaxPending = 90;

/** A stock is refilled when a kind of it has fallen by this share of its depth. */
const REFILL_EMPTINESS = 0.5;

/** A policy that keeps these kinds in stock, with fewer of each where they exceed the bound. @throws {RangeError} */
export function stockPolicy(name: string, wanted: readonly PilotKind[], options: StockOptions = {}): PilotPolicy {
  const maxPending = options.maxPending ?? defaultMaxPending;
  if (!Number.isInteger(maxPending) || maxPending < 1) throw new RangeError(`maxPending must be a whole number from 1 on, not ${maxPending}`);
  for (const { kind, depth, limitMinutes } of wanted) {
    if (!Number.isInteger(depth) || depth < 1) throw new RangeError(`depth of ${kind} must be a whole number from 1 on, not ${depth}`);
    if (!Number.isInteger(limitMinutes) || limitMinutes < 1) throw new RangeError(`limit of ${kind} must be whole minutes from 1 on, not ${limitMinutes}`);
  }
  const total = wanted.reduce((sum, { depth }) => sum + depth, 0);
  const kinds = total <= maxPending ? wanted : scaleDown(wanted, total, maxPending);
  return {
    name, kinds,
    ...total <= maxPending ? {} : { note: `${name} wants ${total} pilots pending and may keep ${maxPending}: ${kinds.map(({ kind, depth }) => `${depth} of ${kind}`).join(', ')}` },
    plan: ({ pending }) => planStock(kinds, pending),
    explain: () => [`${name} keeps ${kinds.map(({ kind, depth }) => `${depth} of ${kind}`).join(', ')} pending, whatever happens; at most ${maxPending} together.`],
  };
}

/** What brings the pending pilots to these depths. */
export function planStock(kinds: readonly PilotKind[], pending: Readonly<Record<string, number>>): PilotPlan {
  const missing: { submission: PilotSubmission; emptiness: number }[] = [];
  const cancel: { kind: string; count: number }[] = [];
  const known = new Set<string>();
  for (const { kind, limitMinutes, timeMinMinutes, nice, depth } of kinds) {
    known.add(kind);
    const count = depth - (pending[kind] ?? 0);
    if (count > 0) missing.push({ submission: { kind, count, limitMinutes, nice, ...timeMinMinutes === undefined ? {} : { timeMinMinutes } }, emptiness: count / depth });
    if (count < 0) cancel.push({ kind, count: -count });
  }
  for (const [kind, count] of Object.entries(pending)) if (!known.has(kind) && count > 0) cancel.push({ kind, count });
  // slurmctld puts off its next scheduling pass by batch_sched_delay (3 s) after a submission, and a prime job that comes
  // in that time waits for it. So the stock is not topped up at each pilot that starts, but refilled, all kinds at once.
  if (!missing.some(({ emptiness }) => emptiness >= REFILL_EMPTINESS)) return { submit: [], cancel };
  missing.sort((a, b) => b.emptiness - a.emptiness);
  return { submit: missing.map(({ submission }) => submission), cancel };
}

/** Every kind keeps its share of the bound, at least 1; with fewer places than kinds, kinds are left out evenly. */
function scaleDown(wanted: readonly PilotKind[], total: number, maxPending: number): PilotKind[] {
  if (maxPending < wanted.length) {
    const kept = new Set(Array.from({ length: maxPending }, (_, place) => maxPending === 1 ? 0 : Math.round(place * (wanted.length - 1) / (maxPending - 1))));
    return wanted.filter((_, index) => kept.has(index)).map((kind) => ({ ...kind, depth: 1 }));
  }
  const shares = wanted.map((kind) => ({ kind, depth: Math.max(1, Math.floor(kind.depth * maxPending / total)) }));
  let left = maxPending - shares.reduce((sum, { depth }) => sum + depth, 0);
  // The floor of 1 may have taken more than there is: the deepest give it back.
  for (; left < 0; left++) shares.reduce((deepest, share) => share.depth > deepest.depth ? share : deepest).depth -= 1;
  for (const share of shares) {
    if (left === 0) break;
    if (share.depth >= share.kind.depth) continue;
    share.depth += 1;
    left -= 1;
  }
  return shares.map(({ kind, depth }) => ({ ...kind, depth }));
}
