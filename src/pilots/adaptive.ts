/**
 * The policy that fits itself to the site. Where the site lets a pilot into every gap (a QOS with NoReserve, or
 * OverTimeLimit=UNLIMITED) it keeps one kind, which costs slurmctld least. Elsewhere it keeps pilots of the lengths of
 * `dense`, as many of each as the cycles of late have taken, so that a burst of nodes finds enough pilots of the length
 * that fits. With a floor it follows the calls: no more pilots than the calls of late need, and never fewer than that.
 *
 * plan(snapshot, memory) → plan and memory: pure, as every policy is. The number pending never exceeds maxPending, nor
 * what backfill looks at; the stock is refilled when a kind is half empty, since every sbatch puts prime jobs off.
 */
import { cycleOf, LASTING, learn, nothingLearned, type AdaptiveMemory } from './adaptive-memory.ts';
import { denseLengths } from './dense.ts';
import { defaultMaxPending, planStock, type PilotKind, type PilotPlan, type PilotPolicy, type PilotSnapshot, type StockOptions } from './pilot-policy.ts';
import { wantedInvokers } from './pilot-demand.ts';

/** What a site offers, as far as it is known. */
export interface PilotSite {
  /** The pilots' QOS has the flag NoReserve. @default false */
  readonly noReserve?: boolean;
  /** The pilots' partition has OverTimeLimit=UNLIMITED: their limit does not end them. @default false */
  readonly overTimeLimit?: boolean;
  /** The longest pilot that may start: the partition's MaxTime, bf_window. Minutes. @default no bound */
  readonly maxLimitMinutes?: number;
  /** How many pilots backfill looks at (bf_max_job_part and the like). @default no bound */
  readonly backfillDepth?: number;
}

export interface AdaptiveOptions extends StockOptions {
  readonly site?: PilotSite;
  /** Invokers kept when nobody calls; with it pilots follow the calls. @default all idle nodes are harvested, whoever calls */
  readonly floor?: number;
  /** Pending pilots of each length at most. @default no bound */
  readonly depth?: number;
}

/** Jobs of others in the partition, or pilots that have just been submitted twice, need some of what backfill looks at. */
const BACKFILL_SPARE = 5;
const LONGEST_MINUTES = 90;
const LONGEST_EVER_MINUTES = 1440;
/** So many of the longest pilots must have ended before it is told from them how long gaps are. */
const ENDS_TOLD = 4;
/** Longer pilots go first. By the length, not by its place among others: those that wait already keep theirs. */
const NICE_PER_DOUBLING = 200;
const OVERTIME_MINUTES = 1;
/** What might come counts as if so many of each kind had been taken at a time. */
const PRIOR = 3;
/** Where cycles are longer, a pilot that ends early leaves its node idle for so long that finer lengths are worth their places. */
const LONG_CYCLE_MS = 60_000;
const fineLengths: readonly number[] = [90, 74, 60, 48, 38, 30, 24, 20, 18, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1];

interface Shape {
  readonly site: PilotSite;
  readonly most: number;
  readonly options: AdaptiveOptions;
}

/** @throws {RangeError} for an option out of range. */
export function adaptive(options: AdaptiveOptions = {}): PilotPolicy {
  const { site = {}, depth, floor } = options;
  const wanted = options.maxPending ?? defaultMaxPending;
  for (const [name, value] of Object.entries({ maxPending: wanted, depth: depth ?? 1, backfillDepth: site.backfillDepth ?? 1, maxLimitMinutes: site.maxLimitMinutes ?? 1 })) {
    if (!Number.isInteger(value) || value < 1) throw new RangeError(`${name} must be a whole number from 1 on, not ${value}`);
  }
  if (floor !== undefined && (!Number.isInteger(floor) || floor < 0)) throw new RangeError(`floor must be a whole number from 0 on, not ${floor}`);
  const most = Math.min(wanted, site.backfillDepth === undefined ? wanted : Math.max(1, site.backfillDepth - BACKFILL_SPARE));
  const shape: Shape = { site, most, options };
  return {
    name: 'adaptive', followsCalls: floor !== undefined, kinds: targets(shape, nothingLearned, shape.most),
    ...most === wanted ? {} : { note: `backfill looks at ${site.backfillDepth ?? 0} pilots, so adaptive keeps ${most} pending at most and not ${wanted}` },
    plan: (snapshot, memory) => plan(shape, snapshot, memory ?? nothingLearned),
    explain: (snapshot, memory) => explain(shape, snapshot, memory ?? nothingLearned),
  };
}

/** The longest first; with fewer places than lengths, lengths are left out evenly. */
function kindsFor(shape: Shape, memory: AdaptiveMemory): PilotKind[] {
  const { site, most } = shape;
  const longest = longestOf(shape, memory);
  if (site.noReserve === true) return [kindOf(longest)];
  if (site.overTimeLimit === true) return [kindOf(OVERTIME_MINUTES)];
  const lengths = lengthsUpTo(longest, memory);
  if (most >= lengths.length) return lengths.map(kindOf);
  const step = most === 1 ? 0 : (lengths.length - 1) / (most - 1);
  return Array.from({ length: most }, (_, place) => kindOf(lengths[Math.round(place * step)] ?? longest));
}

/** Where most of the longest pilots live to see their limit, nodes stay idle for longer: then one twice as long is kept, too. */
function longestOf({ site }: Shape, { lasting }: AdaptiveMemory): number {
  const bound = Math.min(LONGEST_EVER_MINUTES, site.maxLimitMinutes ?? LONGEST_MINUTES);
  for (const minutes of LASTING) {
    const { outlived = 0, cut = 0 } = lasting[minutes] ?? {};
    if (minutes >= bound || outlived + cut < ENDS_TOLD || outlived < cut) return Math.min(minutes, bound);
  }
  return bound;
}

function lengthsUpTo(longest: number, memory: AdaptiveMemory): number[] {
  const lengths = (cycleOf(memory) ?? 0) > LONG_CYCLE_MS ? fineLengths : denseLengths;
  return [...new Set([longest, ...LASTING.toReversed().filter((minutes) => minutes < longest), ...lengths.filter((length) => length <= longest)])];
}

function kindOf(limitMinutes: number): PilotKind {
  return { kind: `m${limitMinutes}`, limitMinutes, nice: Math.round(NICE_PER_DOUBLING * Math.log2(LONGEST_EVER_MINUTES / limitMinutes)), depth: 1 };
}

function plan(shape: Shape, snapshot: PilotSnapshot, before: AdaptiveMemory): PilotPlan {
  const { at, jobs, pending } = snapshot;
  const learned = at === undefined || jobs === undefined ? before : learn(before, jobs, at, pending);
  // A manager that restarts does not know of what was asked for until now, but of what runs for it.
  const wantedBefore = before.at === undefined ? sum(snapshot.running) : before.wanted;
  const wanted = wantedInvokers(shape.options.floor, snapshot.demand, at === undefined || before.at === undefined ? 0 : at - before.at, wantedBefore);
  const kinds = targets(shape, learned, allowance(shape, snapshot, wanted));
  const { submit, cancel } = carriedOut(shape, kinds, pending, learned);
  const left: Record<string, number> = { ...pending };
  for (const { kind, count } of submit) left[kind] = (left[kind] ?? 0) + count;
  for (const { kind, count } of cancel) left[kind] = (left[kind] ?? 0) - count;
  const release = surplusPilots(shape, snapshot, wanted);
  return { submit, cancel, ...release.length === 0 ? {} : { release }, memory: { ...learned, wanted, left } };
}

/** While nobody calls, pilots beyond what is wanted end, the youngest first: their nodes may power down. Never without a floor. */
function surplusPilots({ options: { floor } }: Shape, { demand, jobs = [] }: PilotSnapshot, wanted: number): string[] {
  if (floor === undefined || demand === undefined || demand.running + demand.queued > 0) return [];
  const running = jobs.filter(({ state }) => state === 'RUNNING').sort((a, b) => (a.startedAt ?? 0) - (b.startedAt ?? 0));
  return running.slice(Math.ceil(wanted)).map(({ id }) => id);
}

function carriedOut(shape: Shape, kinds: readonly PilotKind[], pending: Readonly<Record<string, number>>, memory: AdaptiveMemory): PilotPlan {
  const stock = planStock(kinds, pending);
  if (memory.byAge && stock.submit.length > 0) return inOrder(kinds, pending, stock);
  return { ...stock, cancel: shape.options.floor === undefined ? needed(shape, pending, stock, memory) : stock.cancel };
}

/** Depths change as the policy learns: a surplus only goes where its place is needed, so that not every change is a scancel. */
function needed(shape: Shape, pending: Readonly<Record<string, number>>, { submit, cancel }: PilotPlan, memory: AdaptiveMemory): PilotPlan['cancel'] {
  const known = new Set(kindsFor(shape, memory).map(({ kind }) => kind));
  const strangers = cancel.filter(({ kind }) => !known.has(kind));
  let tooMany = sum(pending) + submit.reduce((total, { count }) => total + count, 0) - strangers.reduce((total, { count }) => total + count, 0) - shape.most;
  const surplus: { kind: string; count: number }[] = [];
  for (const { kind, count } of cancel) {
    if (tooMany <= 0) break;
    if (!known.has(kind)) continue;
    surplus.push({ kind, count: Math.min(count, tooMany) });
    tooMany -= count;
  }
  return [...surplus, ...strangers];
}

/** Where age alone counts, what is submitted goes behind all that waits: so what is shorter is submitted anew behind it. */
function inOrder(kinds: readonly PilotKind[], pending: Readonly<Record<string, number>>, { cancel }: PilotPlan): PilotPlan {
  const own = new Set(kinds.map(({ kind }) => kind));
  const first = kinds.findIndex(({ kind, depth }) => depth > (pending[kind] ?? 0));
  const surplus = kinds.slice(0, first).map(({ kind, depth }) => ({ kind, count: (pending[kind] ?? 0) - depth }));
  const behind = kinds.slice(first + 1).map(({ kind }) => ({ kind, count: pending[kind] ?? 0 }));
  return {
    submit: kinds.slice(first).map(({ kind, limitMinutes, nice, depth }, place) => ({ kind, limitMinutes, nice, count: place === 0 ? depth - (pending[kind] ?? 0) : depth })),
    cancel: [...cancel.filter(({ kind }) => !own.has(kind)), ...[...surplus, ...behind].filter(({ count }) => count > 0)],
  };
}

/** How many more pilots the calls need: each kind may stand so deep, since any one of them may be the one that fits. */
function allowance({ most, options }: Shape, { running }: PilotSnapshot, wanted: number): number {
  if (options.floor === undefined) return most;
  return Math.max(0, Math.ceil(wanted) - sum(running));
}

/** Depths: at least one of each kind, the rest in proportion to what cycles have taken. */
function targets(shape: Shape, memory: AdaptiveMemory, perKind: number): PilotKind[] {
  const { most, options } = shape;
  const bound = Math.min(perKind, options.depth ?? most);
  if (bound < 1) return [];
  const shares = kindsFor(shape, memory).map((kind) => ({ kind, depth: 1, weight: PRIOR + (memory.peaks[kind.kind] ?? 0) }));
  for (let left = most - shares.length; left > 0; left--) {
    let next: (typeof shares)[number] | undefined;
    for (const share of shares) {
      if (share.depth < bound && (next === undefined || share.weight * (next.depth + 0.5) > next.weight * (share.depth + 0.5))) next = share;
    }
    if (next === undefined) break;
    next.depth += 1;
  }
  return shares.map(({ kind, depth }) => ({ ...kind, depth }));
}

function explain(shape: Shape, snapshot: PilotSnapshot, memory: AdaptiveMemory): string[] {
  const { site, most, options: { floor } } = shape;
  const lines = [whyKinds(kindsFor(shape, memory), site), whyDepth(targets(shape, memory, allowance(shape, snapshot, memory.wanted)), memory)];
  if (memory.byAge) lines.push('Slurm looks at the pilots by their age, so what is shorter is submitted anew behind what is refilled.');
  const cycle = cycleOf(memory);
  if (cycle !== undefined) lines.push(`Slurm has started pilots every ${Math.round(cycle / 1000)} s when nodes were idle, so an idle node waits ${Math.round(cycle / 2000)} s at the mean.`);
  lines.push(floor === undefined
    ? 'It harvests every idle node, whoever calls; a floor would make it follow the calls.'
    : `The calls want ${Math.ceil(memory.wanted)} ${Math.ceil(memory.wanted) === 1 ? 'invoker' : 'invokers'} (never fewer than the floor of ${floor}); ${sum(snapshot.running)} of the pilots run.`);
  lines.push(site.backfillDepth === undefined || site.backfillDepth > most + BACKFILL_SPARE
    ? `It never keeps more than ${most} pending, so that slurmctld has little work with them.`
    : `It never keeps more than ${most} pending, because backfill looks at ${site.backfillDepth} only.`);
  return lines;
}

function whyKinds(kinds: readonly PilotKind[], site: PilotSite): string {
  const [longest, shortest] = [kinds[0]?.limitMinutes ?? 0, kinds.at(-1)?.limitMinutes ?? 0];
  if (site.noReserve === true) return `It keeps one length, ${longest} minutes, because the QOS has the flag NoReserve, with which any pilot fits any gap.`;
  if (site.overTimeLimit === true) return `It keeps one length, ${longest} minute, because OverTimeLimit=UNLIMITED lets it run on until it is preempted.`;
  if (kinds.length === 1) return 'It keeps one length, because no more pilots may be pending.';
  return `It keeps ${kinds.length} lengths from ${shortest} to ${longest} minutes, because backfill lets a pilot only into a gap as long as its limit, and neither a QOS with NoReserve nor OverTimeLimit=UNLIMITED is known of.`;
}

function whyDepth(kinds: readonly PilotKind[], { peaks }: AdaptiveMemory): string {
  if (kinds.length === 0) return 'It keeps nothing pending, because the invokers that run are enough for the calls.';
  const depth = kinds.reduce((total, kind) => total + kind.depth, 0);
  const seen = Object.entries(peaks).sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1)).slice(0, 3).map(([kind, peak]) => `${Math.ceil(peak)} of ${kind}`);
  if (seen.length === 0) return `It keeps up to ${depth} pending, about as many of each length, because it has seen none start yet.`;
  if (kinds.length === 1) return `It keeps up to ${depth} of it pending, more than Slurm took at a time lately (${seen[0] ?? ''}).`;
  return `It keeps up to ${depth} pending, the more of a length the more of it Slurm took at a time (lately up to ${seen.join(', ')}).`;
}

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}
