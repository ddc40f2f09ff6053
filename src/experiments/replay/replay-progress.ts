import { accepted, countOutcomes, responseTimes, type Call } from './calls.ts';
import { idleNodesAt, type ReplayPlan } from './plan.ts';
import type { Sample } from './samples.ts';

/** How far a replay has come; one of these every few seconds. */
export type ReplayProgress =
  | { readonly phase: 'preparing' | 'auditing'; readonly text: string }
  | {
    readonly phase: 'running';
    /** Minutes of the window that have passed, and its length. */
    readonly minute: number;
    readonly minutes: number;
    readonly idle: number;
    /** undefined: the last look at Slurm or at the controller failed. */
    readonly pilots?: number;
    readonly healthy?: number;
    readonly succeeded: number;
    /** Timed out or failed. */
    readonly unsuccessful: number;
    readonly rejected: number;
    /** Of the last ten seconds, ms. */
    readonly p50: number;
  };

const RECENT_MS = 10_000;

/** @param at ms from the begin of the window */
export function runningProgress(plan: ReplayPlan, at: number, last: Sample | undefined, calls: readonly Call[]): ReplayProgress {
  const outcomes = countOutcomes(calls);
  const recent = calls.slice(-10_000).filter(({ due }) => due > at - RECENT_MS);
  return {
    phase: 'running', minute: at / 60_000, minutes: plan.length / 60_000, idle: idleNodesAt(plan, at).length,
    ...(last?.pilots === undefined ? {} : { pilots: last.pilots.size }),
    ...(last?.controller === undefined ? {} : { healthy: last.controller.healthy.length }),
    succeeded: outcomes.succeeded, unsuccessful: outcomes['timed-out'] + outcomes.failed, rejected: outcomes.rejected,
    p50: responseTimes(accepted(recent).map(({ responseMs }) => responseMs)).p50,
  };
}

/** One line for a terminal. */
export function progressLine(progress: ReplayProgress): string {
  if (progress.phase !== 'running') return progress.text;
  const { minute, minutes, idle, pilots, healthy, succeeded, unsuccessful, rejected, p50 } = progress;
  const parts = [
    `minute ${minute.toFixed(1)} of ${Math.round(minutes * 10) / 10}`, `idle nodes ${idle}`, `pilots ${pilots ?? '?'}`, `healthy ${healthy ?? '?'}`,
    `calls ${succeeded} ok`, `${unsuccessful} failed`, `${rejected} rejected`, `p50 ${p50.toFixed(1)} ms`,
  ];
  return parts.join('  ');
}
