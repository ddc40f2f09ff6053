/**
 * The production pilot manager on the model of Slurm, with prime jobs that stand in a queue there. What they leave idle
 * comes out of the run, and so does what pilots cost them: the same workload runs once more without pilots.
 */
import { PilotManager } from '../pilots/pilot-manager.ts';
import type { PilotManagerOptions } from '../pilots/pilot-manager-options.ts';
import type { PilotPolicy } from '../pilots/pilot-policy.ts';
import { seededRandom } from '../traces/random.ts';
import { surfaceStatistics } from '../traces/surface-statistics.ts';
import { cutSurface, type IdleSurface } from '../traces/surface.ts';
import { EventClock } from './event-clock.ts';
import { HarvestRecorder } from './harvest-recorder.ts';
import { coverageOf, readyTimes, workersOf, type HarvestReport } from './harvest-report.ts';
import { PrimeQueue } from './prime-queue.ts';
import type { PrimeWorkload } from './prime-workload.ts';
import { preemptionDelays, queueReport, type FinishedQueue, type QueueReport } from './queue-report.ts';
import { SlurmModel } from './slurm-model.ts';
import type { SlurmModelOptions } from './slurm-model-options.ts';

export interface WorkloadRequest {
  readonly workload: PrimeWorkload;
  readonly policy: PilotPolicy;
  readonly model: Omit<SlurmModelOptions, 'phases' | 'primePending' | 'primeStartedBy'>;
  /** From a pilot's start until its invoker is ready, ms. */
  readonly startupMs: number;
  readonly seed: number;
  readonly manager?: PilotManagerOptions;
}

export type WorkloadReport = HarvestReport & { readonly queue: QueueReport };

export interface WorkloadRun extends FinishedQueue {
  readonly surface: IdleSurface;
  readonly recorder: HarvestRecorder;
  readonly slurm: SlurmModel;
}

/** The same request gives the same report. */
export async function simulateWorkload(request: WorkloadRequest): Promise<WorkloadReport> {
  return workloadReport(request, await runWorkload(request, true), await runWorkload(request, false));
}

/** The workload once. Runs without pilots of one workload, seed and model are the same whatever the policy. */
export async function runWorkload({ workload, policy, model, seed, manager: options }: WorkloadRequest, pilots: boolean): Promise<WorkloadRun> {
  const { from, to, nodeCount, jobs } = workload;
  const clock = new EventClock(from);
  const recorder = new HarvestRecorder(() => clock.now());
  const random = seededRandom(seed);
  const phases = { backfill: random(), main: random(), limitCheck: random() };
  const nodes = nodeNames(nodeCount);
  const slurm = new SlurmModel(clock, nodes, nodeCount, { ...model, phases, primePending: true, primeStartedBy: 'main' }, recorder);
  const queue = new PrimeQueue({ clock, slurm, scheduler: model.scheduler, nodes, jobs });
  queue.start();
  const manager = new PilotManager({ slurm, policy, clock, ...options === undefined ? {} : { options } });
  if (pilots) await manager.start();
  await clock.run(to);
  await manager.stop();
  recorder.finish();
  queue.finish();
  const surface = cutSurface({ from, to, nodeCount, periods: queue.periods }, from, to);
  return { surface, recorder, slurm, runs: queue.runs, idleNodeSeconds: surfaceStatistics(surface).idleNodeSeconds };
}

export function workloadReport(request: WorkloadRequest, run: WorkloadRun, without: WorkloadRun): WorkloadReport {
  const { workload, policy, model, seed, startupMs } = request;
  const { surface, recorder, slurm, runs } = run;
  const { idleNodes, periods, idleNodeSeconds } = surfaceStatistics(surface);
  const { scheduler, ...levers } = model;
  return {
    setup: {
      policy: policy.name, seed, startupSeconds: startupMs / 1000, from: new Date(workload.from).toISOString(), to: new Date(workload.to).toISOString(),
      nodes: workload.nodeCount, ...scheduler, ...levers,
    },
    idle: { nodeSeconds: idleNodeSeconds, quartiles: idleNodes.quartiles, mean: idleNodes.mean, periods: periods.count },
    coverage: coverageOf(surface, recorder.harvested, startupMs),
    pilots: workersOf(surface, recorder.harvested), ready: workersOf(surface, readyTimes(recorder.harvested, startupMs)),
    jobs: { started: recorder.starts, byKind: recorder.startsByKind, byEnd: recorder.ends, running: slurm.running().length },
    primeJobs: preemptionDelays(runs, workload.to),
    manners: { submissions: slurm.calls.submit, looks: slurm.calls.look, cancellations: slurm.calls.cancel },
    queue: queueReport(workload, run, without),
  };
}

/** All of one width, so that they sort as they count. */
function nodeNames(count: number): string[] {
  const width = String(count).length;
  return Array.from({ length: count }, (_, index) => `n${String(index + 1).padStart(width, '0')}`);
}
