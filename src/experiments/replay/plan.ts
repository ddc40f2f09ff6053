/**
 * What the prime jobs of a replay do. A node that is not idle holds one prime job. Where an idle period ends a prime
 * job arrives, pinned to the node, and preempts what runs there; where one begins the job that held the node ends.
 * All times are ms from the begin of the window, because its place on the wall clock is known only when pilots are up.
 */
import type { IdlePeriod, IdleSurface } from '../../traces/surface.ts';
import { periodsByNode } from '../../traces/surface.ts';

export interface PrimeJob {
  readonly node: string;
  /** null: it holds the node before the window begins. */
  readonly arrives: number | null;
  /** null: it holds the node beyond the window's end. */
  readonly ends: number | null;
}

export interface ReplayPlan {
  /** ms */
  readonly length: number;
  readonly nodes: readonly string[];
  /** Nodes that are idle when the window begins. */
  readonly idleAtBegin: readonly string[];
  /** By arrival, those from before the window first. */
  readonly jobs: readonly PrimeJob[];
  /** Idle periods by node, ms from the begin of the window, by start. */
  readonly idle: ReadonlyMap<string, readonly { readonly start: number; readonly end: number }[]>;
}

/** @param surface packed on `nodes` */
export function planReplay(surface: IdleSurface, nodes: readonly string[]): ReplayPlan {
  const byNode = periodsByNode(surface);
  const length = surface.to - surface.from;
  const idle = new Map<string, { start: number; end: number }[]>();
  const jobs: PrimeJob[] = [];
  for (const node of nodes) {
    const periods = (byNode.get(node) ?? []).map(({ start, end }: IdlePeriod) => ({ start: start - surface.from, end: end - surface.from }));
    idle.set(node, periods);
    let arrives: number | null = null;
    let busy = true;
    for (const { start, end } of periods) {
      if (start > (arrives ?? 0)) jobs.push({ node, arrives, ends: start });
      arrives = end;
      busy = end < length;
    }
    if (busy) jobs.push({ node, arrives, ends: null });
  }
  jobs.sort((a, b) => (a.arrives ?? -1) - (b.arrives ?? -1));
  return { length, nodes, idleAtBegin: nodes.filter((node) => isIdle(idle, node, 0)), jobs, idle };
}

/** The begin of a plan: what happens before `length`, ms. */
export function planUntil(plan: ReplayPlan, length: number): ReplayPlan {
  const jobs = plan.jobs.filter(({ arrives }) => (arrives ?? 0) < length)
    .map(({ node, arrives, ends }) => ({ node, arrives, ends: ends !== null && ends < length ? ends : null }));
  return { ...plan, length, jobs };
}

/** Nodes that the plan leaves idle at `at` ms of the window. */
export function idleNodesAt(plan: ReplayPlan, at: number): string[] {
  return plan.nodes.filter((node) => isIdle(plan.idle, node, at));
}

function isIdle(idle: ReplayPlan['idle'], node: string, at: number): boolean {
  return idle.get(node)?.some(({ start, end }) => start <= at && at < end) ?? false;
}
