/**
 * What the policy `adaptive` has learned of a site, from successive listings of its pilots alone. It is plain data, taken
 * and given back by every round, so that the same listings always lead to the same plans; a manager that restarts begins
 * with `nothingLearned` and harvests all the same.
 *
 * Starts come in waves: a backfill cycle (or a pass of the main loop) starts all that fits at one moment. From the waves
 * come the period of the cycles and how many pilots of each kind one of them takes; from the ends, how many gaps are longer
 * than the longest pilot; from the order in which squeue lists those that wait, whether nice counts.
 */
import type { PilotJob } from '../slurm/slurm.ts';
import { jobPhase } from '../slurm/states.ts';

/** Pilots that started at about the same moment. */
interface Wave {
  /** Epoch ms of its last start. */
  readonly at: number;
  readonly byKind: Readonly<Record<string, number>>;
}

/** Ages that the longest pilots are asked about, minutes: is it worth while to keep one twice as long? */
export const LASTING: readonly number[] = [90, 180, 360, 720];

interface Lasting {
  readonly outlived: number;
  readonly cut: number;
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
  /** By minutes of LASTING: of the pilots that might have lived so long, those that did and those that were preempted before; less as they are longer ago. */
  readonly lasting: Readonly<Partial<Record<string, Lasting>>>;
  /** Slurm looks at the pilots by their age, whatever their nice. */
  readonly byAge: boolean;
  /** Ids of ended pilots that are counted, as long as Slurm shows them. */
  readonly counted: readonly string[];
  /** Invokers wanted for the calls, smoothed downward. */
  readonly wanted: number;
  /** Epoch ms of the last round. */
  readonly at: number | undefined;
}

export const nothingLearned: AdaptiveMemory = {
  wave: undefined, intervals: [], peaks: {}, left: {}, lasting: {}, byAge: false, counted: [], wanted: 0, at: undefined,
};

/** Starts this close together were one pass of Slurm's: squeue tells whole seconds. */
const SAME_WAVE_MS = 2_000;
const INTERVALS_KEPT = 48;
/** A longer silence says that no node came free, not how long a cycle is. */
const LONGEST_CYCLE_MS = 900_000;
/** A burst of idle nodes is worth preparing for during some hours. */
const HALF_LIFE_MS = 4 * 3_600_000;
const FORGOTTEN = 0.01;
const MINUTE_MS = 60_000;

/** The memory after one more listing, taken at `at` (epoch ms). */
export function learn(memory: AdaptiveMemory, jobs: readonly PilotJob[], at: number, pending: Readonly<Record<string, number>>): AdaptiveMemory {
  const fade = memory.at === undefined ? 1 : 0.5 ** (Math.max(0, at - memory.at) / HALF_LIFE_MS);
  return { ...memory, ...wavesOf(memory, jobs, fade, pending), ...endsOf(memory, jobs, fade, at), at, byAge: looksByAge(jobs) ?? memory.byAge };
}

function wavesOf(memory: AdaptiveMemory, jobs: readonly PilotJob[], fade: number, pending: Readonly<Record<string, number>>): Pick<AdaptiveMemory, 'wave' | 'intervals' | 'peaks'> {
  const peaks: Record<string, number> = {};
  for (const [kind, peak] of Object.entries(memory.peaks)) if (peak * fade > FORGOTTEN) peaks[kind] = peak * fade;
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

/** squeue lists the pilots in the order in which Slurm looks at them. @returns undefined where no shorter one is older than a longer one, and nothing can be told */
function looksByAge(jobs: readonly PilotJob[]): boolean | undefined {
  const waiting = jobs.filter(({ state }) => jobPhase(state) === 'pending').map(({ id, limitMinutes }) => ({ array: Number(id.split('_')[0]), minutes: limitMinutes ?? Number.POSITIVE_INFINITY }));
  if (longerAfterShorter(waiting)) return true;
  return longerAfterShorter(waiting.toSorted((a, b) => a.array - b.array)) ? false : undefined;
}

function longerAfterShorter(pilots: readonly { readonly minutes: number }[]): boolean {
  let shortest = Number.POSITIVE_INFINITY;
  for (const { minutes } of pilots) {
    if (minutes > shortest) return true;
    shortest = minutes;
  }
  return false;
}

function endsOf(memory: AdaptiveMemory, jobs: readonly PilotJob[], fade: number, at: number): Pick<AdaptiveMemory, 'lasting' | 'counted'> {
  const before = new Set(memory.counted);
  const counted: string[] = [];
  const lasting: Partial<Record<string, { outlived: number; cut: number }>> = {};
  for (const minutes of LASTING) {
    const { outlived = 0, cut = 0 } = memory.lasting[minutes] ?? {};
    if (outlived + cut > FORGOTTEN) lasting[minutes] = { outlived: outlived * fade, cut: cut * fade };
  }
  for (const job of jobs) {
    if (jobPhase(job.state) !== 'ended') continue;
    counted.push(job.id);
    // What had ended before the first look may be another manager's.
    if (memory.at === undefined || before.has(job.id)) continue;
    for (const { minutes, outlived } of lastingOf(job, at)) {
      const { [minutes]: entry = { outlived: 0, cut: 0 } } = lasting;
      lasting[minutes] = { outlived: entry.outlived + (outlived ? 1 : 0), cut: entry.cut + (outlived ? 0 : 1) };
    }
  }
  return { lasting, counted };
}

/** What the end of a pilot, first seen at `at`, says of the ages in LASTING. */
function lastingOf({ state, limitMinutes, startedAt }: PilotJob, at: number): { readonly minutes: number; readonly outlived: boolean }[] {
  if (startedAt === undefined || limitMinutes === null) return [];
  // An invoker leaves shortly before its limit by itself, and so its job is COMPLETED.
  const lived = (at - startedAt) / MINUTE_MS + 1;
  return LASTING.filter((minutes) => minutes <= limitMinutes && (lived >= minutes || state === 'PREEMPTED')).map((minutes) => ({ minutes, outlived: lived >= minutes }));
}
