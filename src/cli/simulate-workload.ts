import { percent, seconds, significant } from '../experiments/render/units.ts';
import type { HarvestReport } from '../simulator/harvest-report.ts';
import { mostNodesAtATime, primeWorkloadOf, type PrimeWorkload } from '../simulator/prime-workload.ts';
import { runWorkload, workloadReport, type WorkloadReport, type WorkloadRequest } from '../simulator/simulate-workload.ts';
import { syntheticWorkload } from '../simulator/synthetic-workload.ts';
import { daysWindow } from '../traces/local-time.ts';
import type { Workload } from '../traces/workload.ts';
import { CommandError } from './command-error.ts';
import { inItsWords, loadTrace } from './trace-files.ts';

export interface WorkloadOptions {
  readonly workload?: readonly string[];
  readonly syntheticWorkload?: number;
  readonly minutes: number;
  readonly nodes?: number;
  readonly processorsPerNode?: number;
  readonly day?: string;
  readonly timezone?: string;
}

const EXIT_USAGE = 64;
/** Nodes of the paper's cluster. */
const PAPER_NODES = 2239;

/** The prime jobs that the options name; undefined where they name none. @throws {CommandError} */
export async function primeJobsFor({ workload, syntheticWorkload: seed, minutes, nodes, processorsPerNode, day, timezone }: WorkloadOptions): Promise<PrimeWorkload | undefined> {
  if (workload === undefined) return seed === undefined ? undefined : syntheticWorkload({ seed, minutes, nodeCount: nodes ?? PAPER_NODES });
  const { trace, names, timeZone } = await loadTrace(workload, timezone);
  if (trace.format === 'node-log') throw new CommandError('ETRACEFORMAT', `${names.join(', ')}: a node log; it goes with --log`, EXIT_USAGE);
  const log = trace.workload;
  const perNode = processorsPerNode ?? wholeOf(log);
  const nodeCount = nodes ?? nodesOf(log, perNode);
  if (nodeCount === 0) throw new CommandError('EUSAGE', `${names.join(', ')} does not tell how many nodes there are; name them with --nodes, and --processors-per-node where jobs tell only processors`, EXIT_USAGE);
  const { from, to } = day === undefined ? windowOf(log) : inItsWords(() => daysWindow(day, timeZone));
  const jobs = primeWorkloadOf(log, { from, to, nodeCount, ...perNode === undefined ? {} : { processorsPerNode: perNode } });
  if (jobs.leftOut.sizeUnknown > 0 && perNode === undefined) throw new CommandError('EUSAGE', `${names.join(', ')}: jobs tell only processors; name --processors-per-node`, EXIT_USAGE);
  if (jobs.jobs.length === 0) throw new CommandError('ETRACEEMPTY', `${names.join(', ')}: no job that ran${day === undefined ? '' : ` on ${day}`}`, EXIT_USAGE);
  return jobs;
}

/** One report for each request, which differ in their policies only. */
export async function workloadReports(requests: readonly WorkloadRequest[]): Promise<WorkloadReport[]> {
  const [first] = requests;
  if (first === undefined) return [];
  const without = await runWorkload(first, false);
  const reports: WorkloadReport[] = [];
  for (const request of requests) reports.push(workloadReport(request, await runWorkload(request, true), without));
  return reports;
}

/** What prime jobs noticed, as rows beside those of the harvest; none where they stood in no queue. */
export function queueRows(reports: readonly HarvestReport[]): string[][] {
  const queues = reports.flatMap((report) => isOfQueue(report) ? [report.queue] : []);
  if (queues.length === 0) return [];
  const row = (label: string, value: (queue: WorkloadReport['queue']) => string): string[] => [label, ...queues.map(value)];
  const counts = (values: readonly number[]): string => values.map((value) => value.toLocaleString('en-US')).join(' / ');
  return [
    row('Prime jobs: started / by backfill / waiting at the end', ({ withPilots: run }) => counts([run.started, run.byBackfill, run.pending])),
    row('Node time of prime jobs; without pilots', ({ withPilots, withoutPilots }) => `${percent(withPilots.utilisation)}; ${percent(withoutPilots.utilisation)}`),
    row('Waiting, mean; without pilots', ({ withPilots, withoutPilots }) => `${seconds(withPilots.waiting.mean)}; ${seconds(withoutPilots.waiting.mean)}`),
    row('Bounded slowdown, mean; without pilots', ({ withPilots, withoutPilots }) => [withPilots, withoutPilots].map(({ waiting }) => significant(waiting.boundedSlowdown.mean, 4)).join('; ')),
    row('Start against that without pilots, p50 / p95 / max', ({ addedDelay: { p50, p95, max } }) => [p50, p95, max].map(seconds).join(' / ')),
    row('  more than 1 s later / more than 1 s earlier', ({ addedDelay }) => `${percent(addedDelay.laterShare)} / ${percent(addedDelay.earlierShare)}`),
  ];
}

function isOfQueue(report: HarvestReport): report is WorkloadReport {
  return 'queue' in report;
}

/** What the file says of the cluster, else the most nodes that its jobs had at a time; 0: it tells nothing. */
function nodesOf(log: Workload, perNode: number | undefined): number {
  if (log.nodeCount !== undefined) return log.nodeCount;
  return perNode === undefined || log.processors === undefined ? mostNodesAtATime(log, perNode) : Math.ceil(log.processors / perNode);
}

function wholeOf({ processors, nodeCount }: Workload): number | undefined {
  if (processors === undefined || nodeCount === undefined || nodeCount === 0) return undefined;
  return processors % nodeCount === 0 ? processors / nodeCount : undefined;
}

/** From the first start, when jobs that wait are known, to the last submission or start. */
function windowOf({ jobs }: Workload): { from: number; to: number } {
  let from = Number.POSITIVE_INFINITY;
  let to = 0;
  for (const { submitted, started } of jobs) {
    from = Math.min(from, started ?? submitted ?? from);
    to = Math.max(to, submitted ?? 0, started ?? 0);
  }
  return { from, to: Math.max(to, from + 60_000) };
}
