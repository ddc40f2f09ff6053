/** A report from invented findings, for tests of what is made of it. */
import { exponential, seededRandom } from '../../traces/random.ts';
import { packSurface } from '../../traces/packing.ts';
import { syntheticSurface } from '../../traces/synthetic.ts';
import { buildReport } from './build-report.ts';
import { auditCalls, type Call } from './calls.ts';
import { idleNodesAt, planReplay } from './plan.ts';
import type { Arrival } from './prime-schedule.ts';
import type { ReplayReport } from './replay-report.ts';
import type { Sample } from './samples.ts';

/** @param leadInMs from an idle period's begin to its pilot */
export function sampleReport(minutes = 30, nodeCount = 16, policy = 'dense', leadInMs = 2000): ReplayReport {
  const random = seededRandom(11 + leadInMs);
  const nodes = Array.from({ length: nodeCount }, (_, index) => `n${index + 1}`);
  const packed = packSurface(syntheticSurface({ seed: 4, minutes, nodes, from: Date.UTC(2022, 2, 17, 8), meanIdleNodes: nodeCount / 3 }), nodes);
  const plan = planReplay(packed.surface, nodes);
  const samples = Array.from({ length: minutes * 60 }, (_, second): Sample => {
    const at = second * 1000;
    const idleLongEnough = (node: string, ms: number): boolean => at >= ms ? idleNodesAt(plan, at - ms).includes(node) : true;
    const pilots = idleNodesAt(plan, at).filter((node) => idleLongEnough(node, leadInMs));
    return {
      at, pilots: new Map(pilots.map((node) => [node, `${Math.floor(second / 840)}_${node}`])),
      controller: { healthy: pilots.filter((node) => idleLongEnough(node, leadInMs + 2000)).map((node) => ({ id: `${Math.floor(second / 840)}_${node}`, node, startupMs: 80 + 90 * random() })), draining: 0, queued: pilots.length === 0 ? 12 : 0 },
    };
  });
  const calls = Array.from({ length: minutes * 600 }, (_, index): Call => {
    const draw = random();
    const outcome = draw < 0.994 ? 'succeeded' : draw < 0.996 ? 'timed-out' : draw < 0.998 ? 'failed' : 'rejected';
    return {
      due: index * 100, outcome, responseMs: outcome === 'timed-out' ? 60_000 : 13 + exponential(random, 4) + (draw < 0.03 ? exponential(random, 400) : 0),
      status: outcome === 'rejected' ? 503 : outcome === 'failed' ? 502 : 200, activationId: `${index}`,
    };
  });
  const begin = Date.UTC(2026, 0, 15, 12);
  const arrivals = plan.jobs.filter(({ arrives }) => arrives !== null).map(({ node, arrives }, index): Arrival => ({
    job: { id: String(index), node, submittedAt: begin + (arrives ?? 0) + 4 }, plannedAt: begin + (arrives ?? 0), preempting: random() < 0.9,
  }));
  const control = Array.from({ length: 12 }, (_, index) => ({ id: String(90_000 + index), node: 'n1', submittedAt: begin - 600_000 + 10_000 * index }));
  const starts = new Map([
    ...arrivals.map(({ job }): [string, number] => [job.id, job.submittedAt + 500 + exponential(random, 300)]),
    ...control.map(({ id, submittedAt }): [string, number] => [id, submittedAt + 450 + exponential(random, 250)]),
  ]);
  return buildReport({
    setup: {
      source: 'a sample of invented findings', traceFrom: packed.surface.from, traceTo: packed.surface.to, timeZone: 'Europe/Warsaw', begin, minutes,
      nodes: nodeCount, kept: packed.kept, policy, rate: 10, functions: 100, functionKind: 'nodejs:default', sampleMs: 1000,
      facts: { Slurm: '22.05.8', SchedulerParameters: 'defaults', Machine: 'none <at all>' },
    },
    surface: packed.surface, plan, samples, calls, audit: auditCalls(calls, calls.map(({ due }) => String(due / 100))), arrivals,
    failures: [{ due: 1200, status: 502, activationId: 'abc', text: '{"error":"boom <b>"}' }],
    starts, control, cycles: Array.from({ length: minutes * 2 }, (_, index) => begin + index * 30_000),
    logs: {
      slurmctldLog: [...starts.keys()].map((id, index) => (index % 5 === 0 ? `slurmctld: sched/backfill: _start_job: Started JobId=${id} in prime on n1` : `slurmctld: sched: Allocate JobId=${id} NodeList=n1 #CPUs=4 Partition=prime`)).join('\n'),
      controllerLog: arrivals.map(({ job }) => JSON.stringify({ level: 30, time: (starts.get(job.id) ?? 0) - 90, invoker: `7_${job.id}-${job.node}-ab12`, msg: 'invoker drains' })).join('\n'),
    },
    slurmctld: {
      requestsPerMinute: 240, requestShare: 0.004, pilotSubmissionsPerMinute: 3, cpuShare: 0.013,
      mainLoop: { cycles: 25 * minutes, mean: 0.8, max: 4 }, backfill: { cycles: 2 * minutes, mean: 12, max: 31 },
    },
    burden: { looks: minutes * 60, failed: 1, skipped: 0, squeueMs: Array.from({ length: 100 }, () => 12 + exponential(random, 4)) },
    warnings: ['sbatch: Socket timed out <once>'],
  });
}
