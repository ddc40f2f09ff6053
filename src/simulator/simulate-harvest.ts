/**
 * The production pilot manager on the model of Slurm, on a virtual clock: a day takes seconds. The idle surface is given
 * from outside: prime jobs come and go as the log says, whatever the pilots do.
 */
import { PilotManager } from '../pilots/pilot-manager.ts';
import type { PilotManagerOptions } from '../pilots/pilot-manager-options.ts';
import type { PilotPolicy } from '../pilots/pilot-policy.ts';
import { seededRandom } from '../traces/random.ts';
import { surfaceStatistics } from '../traces/surface-statistics.ts';
import type { IdlePeriod, IdleSurface } from '../traces/surface.ts';
import type { CallLoad } from './call-load.ts';
import { EventClock } from './event-clock.ts';
import { HarvestRecorder } from './harvest-recorder.ts';
import { coverageOf, delaysOf, readyTimes, workersOf, type HarvestReport } from './harvest-report.ts';
import { planOf, randomOfPlans, type PeriodPlan, type PlanKind } from './planned-starts.ts';
import { SimulatedCalls, type CallsWatch } from './simulated-calls.ts';
import { SlurmModel } from './slurm-model.ts';
import type { SlurmModelOptions } from './slurm-model-options.ts';

export interface HarvestRequest {
  readonly surface: IdleSurface;
  readonly policy: PilotPolicy;
  readonly model: Omit<SlurmModelOptions, 'phases'>;
  readonly plans: PlanKind;
  /** Instead of `plans`: what Slurm knows of each period, where that is known. */
  readonly periodPlan?: (period: IdlePeriod) => PeriodPlan;
  /** From a pilot's start until its invoker is ready, ms. */
  readonly startupMs: number;
  readonly seed: number;
  /** Where the first backfill cycle is known to fall, as a fraction of their period; otherwise it is drawn. */
  readonly backfillPhase?: number;
  readonly manager?: PilotManagerOptions;
  /** Calls that arrive meanwhile, and who looks on. */
  readonly calls?: CallLoad;
  readonly callsWatch?: CallsWatch;
}

/** The same request gives the same report. */
export async function simulateHarvest(request: HarvestRequest): Promise<HarvestReport> {
  return (await simulateHarvestWithDelays(request)).report;
}

/** The report, and the delays of all prime jobs that preempted and of the others, ms. */
export async function simulateHarvestWithDelays(request: HarvestRequest): Promise<{ report: HarvestReport; delaysMs: readonly number[]; otherDelaysMs: readonly number[] }> {
  const { surface, startupMs } = request;
  const clock = new EventClock(surface.from);
  const recorder = new HarvestRecorder(() => clock.now());
  const random = seededRandom(request.seed);
  const drawn = { backfill: random(), main: random(), limitCheck: random() };
  const phases = { ...drawn, backfill: request.backfillPhase ?? drawn.backfill };
  const calls = callsFor(request, clock);
  const names = [...new Set(surface.periods.map(({ node }) => node))].sort();
  const slurm = new SlurmModel(clock, names, surface.nodeCount, { ...request.model, phases }, calls?.beside(recorder) ?? recorder);
  const ofPlans = randomOfPlans(request.seed);
  for (const period of surface.periods) {
    const { plannedAt, passedOver, changes = [], arrival } = request.periodPlan?.(period) ?? planOf(request.plans, request.model.primePending, period, ofPlans);
    clock.at(period.start, () => { slurm.primeLeaves(period.node, plannedAt, passedOver); });
    for (const change of changes) clock.at(change.at, () => { slurm.primeLeaves(period.node, change.plannedAt, passedOver); });
    if (period.end < surface.to) clock.at(period.end, () => { if (arrival === undefined) slurm.primeArrives(period.node); else slurm.primeWants(period.node, arrival); });
  }
  const manager = new PilotManager({ slurm, policy: request.policy, clock, ...request.manager === undefined ? {} : { options: request.manager } });
  await manager.start();
  await calls?.start();
  await clock.run(surface.to);
  await manager.stop();
  recorder.finish();
  const report = reportOf(request, recorder, slurm, startupMs);
  return { report: calls === undefined ? report : { ...report, calls: await calls.finish() }, delaysMs: recorder.delays, otherDelaysMs: recorder.otherDelays };
}

function callsFor({ surface, calls: load, startupMs, model: { overTimeLimit }, seed, callsWatch: watch }: HarvestRequest, clock: EventClock): SimulatedCalls | undefined {
  if (load === undefined) return undefined;
  return new SimulatedCalls({ clock, load, startupMs, overTimeLimit, until: surface.to, random: seededRandom(seed + 2), ...watch === undefined ? {} : { watch } });
}

function reportOf({ surface, policy, model, plans, seed, calls }: HarvestRequest, recorder: HarvestRecorder, slurm: SlurmModel, startupMs: number): HarvestReport {
  const { idleNodes, periods, idleNodeSeconds } = surfaceStatistics(surface);
  const { scheduler, ...levers } = model;
  return {
    setup: {
      policy: policy.name, plans, seed, startupSeconds: startupMs / 1000, from: new Date(surface.from).toISOString(), to: new Date(surface.to).toISOString(),
      nodes: surface.nodeCount, ...scheduler, ...levers, ...calls === undefined ? {} : setupOf(calls),
    },
    idle: { nodeSeconds: idleNodeSeconds, quartiles: idleNodes.quartiles, mean: idleNodes.mean, periods: periods.count },
    coverage: coverageOf(surface, recorder.harvested, startupMs),
    pilots: workersOf(surface, recorder.harvested), ready: workersOf(surface, readyTimes(recorder.harvested, startupMs)),
    jobs: { started: recorder.starts, byKind: recorder.startsByKind, byEnd: recorder.ends, running: slurm.running().length },
    primeJobs: { arrivals: recorder.arrivals, preempting: recorder.delays.length, delay: delaysOf(recorder.delays) },
    manners: { submissions: slurm.calls.submit, looks: slurm.calls.look, cancellations: slurm.calls.cancel },
  };
}

function setupOf({ rate, functions, callMs, coldMs, arrivals, memoryMB }: CallLoad): HarvestReport['setup'] {
  return { callsPerSecond: rate, functions, callMs, coldMs, arrivals, invokerMemoryMB: memoryMB };
}
