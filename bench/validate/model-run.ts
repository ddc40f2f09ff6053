/**
 * The same cell in the model: the same window, the same planned starts, at the same time of day, since Slurm rounds to it,
 * and its backfill cycles when those of the real one were, as its pilots' starts tell: with a cycle every two minutes
 * little else decides over a short window.
 */
import { parseSchedulerParameters } from '../../src/simulator/scheduler-parameters.ts';
import { simulateHarvestWithDelays } from '../../src/simulator/simulate-harvest.ts';
import { policyOfCell, type Cell } from './cells.ts';
import { delaysOf, type Findings } from './findings.ts';
import { surfaceAt, type RealRun } from './real-run.ts';
import type { ValidationWindow } from './validation-window.ts';

export interface ModelRun {
  readonly findings: Findings;
  /** Deviation of the coverage where it is drawn when the cycles fall: what chance does to one run. */
  readonly deviation: number;
}

const SEEDS = 20;
/** Cycles drift by a little: of short ones there are many, so that the phase means nothing and matters little. */
const LEAST_PERIOD_MS = 20_000;

/** Of all seeds, each figure's mean. */
export async function runModel(cell: Cell, window: ValidationWindow, real: Pick<RealRun, 'begin' | 'plans' | 'lives'>): Promise<ModelRun> {
  const phase = backfillPhase(cell, real);
  const drawn = await runSeeds(cell, window, real, undefined);
  return { findings: meanOf(phase === undefined ? drawn : await runSeeds(cell, window, real, phase)), deviation: deviationOf(drawn.map(({ coverage }) => coverage)) };
}

/** Where the cycles of the real one fell; undefined where the main loop starts pilots too. */
export function backfillPhase({ parameters, prime }: Cell, { begin, lives }: Pick<RealRun, 'begin' | 'lives'>): number | undefined {
  const periodMs = parseSchedulerParameters(parameters).bf_interval * 1000;
  if (prime === 'free' || lives.length === 0 || periodMs < LEAST_PERIOD_MS) return undefined;
  // The mean on the circle of the period: the first and the last part of it are neighbours.
  const angles = lives.map(({ start }) => 2 * Math.PI * (start - begin) / periodMs);
  const sum = (of: (angle: number) => number): number => angles.reduce((total, angle) => total + of(angle), 0);
  return (Math.atan2(sum(Math.sin), sum(Math.cos)) / (2 * Math.PI) + 1) % 1;
}

async function runSeeds(cell: Cell, window: ValidationWindow, { begin, plans }: Pick<RealRun, 'begin' | 'plans'>, phase: number | undefined): Promise<Findings[]> {
  const surface = surfaceAt(window, begin);
  const scheduler = parseSchedulerParameters(cell.parameters);
  const pending = cell.prime === 'pending';
  const plansOf = new Map(window.periods.map((period) => [`${period.node} ${begin + period.start}`, { planned: period.planMinutes !== null, known: plans.get(period) ?? [] }]));
  const runs: Findings[] = [];
  for (let seed = 1; seed <= SEEDS; seed++) {
    const { report, delaysMs, otherDelaysMs } = await simulateHarvestWithDelays({
      surface, policy: policyOfCell(cell), plans: 'none', startupMs: 0, seed, ...phase === undefined ? {} : { backfillPhase: phase },
      periodPlan: ({ node, start, end }) => {
        const { planned, known } = plansOf.get(`${node} ${start}`) ?? { planned: false, known: [] };
        // A cycle plans before it looks at pilots, so what the first one within the period plans counts from its begin.
        const first = known.findLast(({ at }) => at <= start + scheduler.bf_interval * 1000) ?? known[0];
        const changes = known.filter(({ at }) => at > start && at < end && at > (first?.at ?? 0));
        return { plannedAt: first?.plannedAt ?? Number.POSITIVE_INFINITY, passedOver: pending, changes, arrival: pending && planned ? 'freed' : 'submitted' };
      },
      model: {
        scheduler, primePending: pending, priorities: true, noReserve: cell.noReserve,
        overTimeLimit: false, graceTime: 0, graceHeard: false, killWait: 30, exitMs: 0, primeStartedBy: 'main',
      },
    });
    const { coverage, jobs } = report;
    runs.push({
      coverage: coverage.pilot, ...coverage.missed, pilots: jobs.started, preempting: delaysOf(delaysMs.map((ms) => ms / 1000)),
      others: delaysOf(otherDelaysMs.map((ms) => ms / 1000)),
    });
  }
  return runs;
}

function meanOf(runs: readonly Findings[]): Findings {
  // Where a seed had no such prime job, it tells nothing of them.
  const mean = (value: (run: Findings) => number): number => {
    const told = runs.map(value).filter((figure) => !Number.isNaN(figure));
    return told.reduce((sum, figure) => sum + figure, 0) / told.length;
  };
  const delays = (of: 'preempting' | 'others'): Findings['others'] => ({ count: mean((run) => run[of].count), p50: mean((run) => run[of].p50), p95: mean((run) => run[of].p95) });
  return {
    coverage: mean(({ coverage }) => coverage), never: mean(({ never }) => never), leadIn: mean(({ leadIn }) => leadIn), holes: mean(({ holes }) => holes),
    pilots: mean(({ pilots }) => pilots), preempting: delays('preempting'), others: delays('others'),
  };
}

function deviationOf(values: readonly number[]): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
}
