/**
 * What the policy `adaptive` has learned of a site, from successive listings of its pilots alone. It is plain data, taken
 * and given back by every round, so that the same listings always lead to the same plans; a manager that restarts begins
 * with `nothingLearned` and harvests all the same.
 *
 * Starts come in waves: a backfill cycle (or a pass of the main loop) starts all that fits at one moment. From the waves
 * come the period of the cycles and how many pilots of each kind one of them takes; from the ends, how long pilots last.
 */
import type { PilotJob } from '../slurm/slurm.ts';
import { jobPhase } from '../slurm/states.ts';

/** Pilots that started at about the same moment. */
interface Wave {
  /** Epoch ms of its last start. */
  readonly at: number;
  readonly byKind: Readonly<Record<string, number>>;
}

export interface AdaptiveMemory {
  /** The wave that may still go on. */
  readonly wave: Wave | undefined;
  /** ms between the waves of late, the last one last. */
  readonly intervals: readonly number[];
  /** By kind: the most that one wave took, less as it is longer ago. */
  readonly peaks: Readonly<Record<string, number>>;
  /** Pilots that stood pending after the last round, by kind. */
  readonly left: Readonly<Record<string, number>>;
  /** Ends of pilots that preemption brought, and those at their limits; both less as they are longer ago. */
  readonly preempted: number;
  readonly expired: number;
  /** Ids of ended pilots that are counted, as long as Slurm shows them. */
  readonly counted: readonly string[];
  /** Invokers wanted for the calls, smoothed downward. */
  readonly wanted: number;
  /** Epoch ms of the last round. */
  readonly at: number | undefined;
}

export const nothingLearned: AdaptiveMemory = {
  wave: undefined, intervals: [], peaks: {}, left: {}, preempted: 0, expired: 0, counted: [], wanted: 0, at: undefined,
};

/** Starts this close together were one pass of Slurm's: squeue tells whole seconds. */
const SAME_WAVE_MS = 2_000;
const INTERVALS_KEPT = 48;
/** A longer silence says that no node came free, not how long a cycle is. */
const LONGEST_CYCLE_MS = 900_000;
/** A burst of idle nodes is worth preparing for during some hours. */
const HALF_LIFE_MS = 4 * 3_600_000;

/** The memory after one more listing, taken at `at` (epoch ms). */
export function learn(memory: AdaptiveMemory, jobs: readonly PilotJob[], at: number, pending: Readonly<Record<string, number>>): AdaptiveMemory {
  const first = memory.at === undefined;
  const fade = memory.at === undefined ? 1 : 0.5 ** (Math.max(0, at - memory.at) / HALF_LIFE_MS);
  const ends = endsOf(memory, jobs);
  return {
    ...memory, ...wavesOf(memory, jobs, fade, pending), at, counted: ends.counted,
    preempted: memory.preempted * fade + (first ? 0 : ends.preempted), expired: memory.expired * fade + (first ? 0 : ends.expired),
  };
}

function wavesOf(memory: AdaptiveMemory, jobs: readonly PilotJob[], fade: number, pending: Readonly<Record<string, number>>): Pick<AdaptiveMemory, 'wave' | 'intervals' | 'peaks'> {
  const peaks: Record<string, number> = {};
  for (const [kind, peak] of Object.entries(memory.peaks)) if (peak * fade > 0.01) peaks[kind] = peak * fade;
  let { wave } = memory;
  const intervals = [...memory.intervals];
  for (const { kind, startedAt } of startsAfter(wave?.at, jobs)) {
    const since = wave === undefined ? Number.POSITIVE_INFINITY : startedAt - wave.at;
    if (since > SAME_WAVE_MS && since <= LONGEST_CYCLE_MS) intervals.push(since);
    const byKind: Record<string, number> = since <= SAME_WAVE_MS ? { ...wave?.byKind } : {};
    byKind[kind] = (byKind[kind] ?? 0) + 1;
    wave = { at: startedAt, byKind };
    // A kind that was used up might have been taken more often still.
    const usedUp = (memory.left[kind] ?? 0) > 0 && (pending[kind] ?? 0) === 0;
    peaks[kind] = Math.max(peaks[kind] ?? 0, byKind[kind] * (usedUp ? 2 : 1));
  }
  return { wave, intervals: intervals.slice(-INTERVALS_KEPT), peaks };
}

/** Time from one pass of Slurm that starts pilots to the next, ms; undefined until it has been seen often enough. */
export function cycleOf({ intervals }: AdaptiveMemory): number | undefined {
  if (intervals.length < 4) return undefined;
  // A pass that found nothing to start is not seen, so the gaps are multiples of the cycle: the smaller ones are it.
  return intervals.toSorted((a, b) => a - b)[Math.floor(intervals.length / 5)];
}

function startsAfter(after: number | undefined, jobs: readonly PilotJob[]): { readonly kind: string; readonly startedAt: number }[] {
  const starts: { kind: string; startedAt: number }[] = [];
  for (const { kind, startedAt, state } of jobs) {
    if (startedAt !== undefined && jobPhase(state) !== 'pending' && startedAt > (after ?? Number.NEGATIVE_INFINITY)) starts.push({ kind, startedAt });
  }
  return starts.sort((a, b) => a.startedAt - b.startedAt || (a.kind < b.kind ? -1 : 1));
}

function endsOf(memory: AdaptiveMemory, jobs: readonly PilotJob[]): { preempted: number; expired: number; counted: string[] } {
  const before = new Set(memory.counted);
  const ends = { preempted: 0, expired: 0, counted: [] as string[] };
  for (const { id, state } of jobs) {
    if (state !== 'PREEMPTED' && state !== 'TIMEOUT') continue;
    ends.counted.push(id);
    if (before.has(id)) continue;
    if (state === 'PREEMPTED') ends.preempted += 1;
    else ends.expired += 1;
  }
  return ends;
}
