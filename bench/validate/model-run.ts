/** The same cell in the model: the same window, the same planned starts, at the same time of day, since Slurm rounds to it. */
import { parseSchedulerParameters } from '../../src/simulator/scheduler-parameters.ts';
import { simulateHarvestWithDelays } from '../../src/simulator/simulate-harvest.ts';
import { policyOfCell, type Cell } from './cells.ts';
import { delaysOf, type Findings } from './findings.ts';
import { surfaceAt, type RealRun } from './real-run.ts';
import type { ValidationWindow } from './validation-window.ts';

export interface ModelRun {
  readonly findings: Findings;
  /** Deviation of the coverage between seeds, which differ by when the cycles fall: what chance does to one run. */
  readonly deviation: number;
}

const SEEDS = 20;

/** Of all seeds, each figure's mean. */
export async function runModel(cell: Cell, window: ValidationWindow, { begin, plans }: Pick<RealRun, 'begin' | 'plans'>): Promise<ModelRun> {
  const surface = surfaceAt(window, begin);
  const plansOf = new Map(window.periods.map((period) => [`${period.node} ${begin + period.start}`, plans.get(period) ?? []]));
  const runs: Findings[] = [];
  for (let seed = 1; seed <= SEEDS; seed++) {
    const { report, delaysMs } = await simulateHarvestWithDelays({
      surface, policy: policyOfCell(cell), plans: 'none', startupMs: 0, seed,
      periodPlan: ({ node, start, end }) => {
        const known = plansOf.get(`${node} ${start}`) ?? [];
        // A cycle plans before it looks at pilots, so the first plan counts from the period's begin.
        const first = known.findLast(({ at }) => at <= start) ?? known[0];
        const changes = known.filter(({ at }) => at > start && at < end && at > (first?.at ?? 0));
        return { plannedAt: first?.plannedAt ?? Number.POSITIVE_INFINITY, passedOver: cell.prime === 'pending', changes };
      },
      model: {
        scheduler: parseSchedulerParameters(cell.parameters), primePending: cell.prime === 'pending', priorities: true, noReserve: cell.noReserve,
        overTimeLimit: false, graceTime: 0, graceHeard: false, killWait: 30, exitMs: 0, primeStartedBy: 'main',
      },
    });
    const { coverage, jobs, primeJobs } = report;
    runs.push({
      coverage: coverage.pilot, ...coverage.missed, pilots: jobs.started, preempting: delaysOf(delaysMs.map((ms) => ms / 1000)),
      others: { count: primeJobs.arrivals - primeJobs.preempting, p50: 0, p95: 0 },
    });
  }
  const mean = (value: (run: Findings) => number): number => runs.reduce((sum, run) => sum + value(run), 0) / runs.length;
  const delays = (of: 'preempting' | 'others'): Findings['others'] => ({ count: mean((run) => run[of].count), p50: mean((run) => run[of].p50), p95: mean((run) => run[of].p95) });
  const coverage = mean((run) => run.coverage);
  return {
    findings: {
      coverage, never: mean(({ never }) => never), leadIn: mean(({ leadIn }) => leadIn), holes: mean(({ holes }) => holes), pilots: mean(({ pilots }) => pilots),
      preempting: delays('preempting'), others: delays('others'),
    },
    deviation: Math.sqrt(mean((run) => (run.coverage - coverage) ** 2)),
  };
}
