import { PAPER_FIB, PAPER_VAR, type PaperDay } from '../paper.ts';
import type { Percentiles } from '../percentiles.ts';
import type { ReplayReport } from '../replay-report.ts';
import { count, duration, milliseconds, percent, seconds, signedSeconds, significant } from '../../render/units.ts';

/** One line of the comparison; an empty cell: there is no such figure. */
export interface TableRow {
  readonly label: string;
  /** How the figure of this run was measured. */
  readonly definition: string;
  readonly fib: string;
  readonly var: string;
  readonly run: string;
}

export interface TableSection { readonly title: string; readonly rows: readonly TableRow[] }

/** The lines of the paper's Table II for its two days and for this run. */
export function tableTwo(report: ReplayReport): TableSection[] {
  return [
    { title: 'The cluster', rows: clusterRows(report) },
    { title: 'Pilots and invokers', rows: pilotRows(report) },
    { title: 'Calls', rows: callRows(report) },
    { title: 'Prime jobs', rows: primeRows(report) },
    { title: 'What slurmctld has to do', rows: burdenRows(report) },
  ].filter(({ rows }) => rows.length > 0);
}

function row(label: string, definition: string, paper: (day: PaperDay) => string, run: string): TableRow {
  return { label, definition, fib: paper(PAPER_FIB), var: paper(PAPER_VAR), run };
}

function ownRow(label: string, definition: string, run: string): TableRow {
  return { label, definition, fib: '', var: '', run };
}

function clusterRows({ surface, setup, coverage }: ReplayReport): TableRow[] {
  return [
    row('Idle nodes at a time, quartiles; mean', 'Nodes that the plan leaves without a prime job, weighted with time.',
      ({ idleNodes }) => spread(idleNodes), spread(surface.idleNodes)),
    row('Idle periods, quartiles', 'Lengths of the idle periods of single nodes; those that reach out of the window are cut.',
      ({ idlePeriods }) => `${fine(idlePeriods)} s`, `${fine(surface.periods.quartiles)} s`),
    ownRow('Idle node time', 'Sum of all idle periods; the share of the trace’s that found a place on the nodes of the testbed.',
      `${duration(surface.idleNodeSeconds)}; ${percent(setup.kept)} of the trace’s`),
    ownRow('Looks', 'Samples that coverage is computed from: one squeue and one look at the controller each.', count(coverage.points.length)),
  ];
}

function pilotRows({ coverage, invokers, pilots }: ReplayReport): TableRow[] {
  const { missed } = coverage;
  return [
    row('Coverage as Slurm saw it', 'Share of the idle node time in which squeue shows a running pilot on the node.',
      ({ coverageSlurm }) => percent(coverageSlurm), percent(coverage.slurm)),
    row('Coverage ready', 'Share of the idle node time in which the controller holds an invoker on the node for healthy. Paper: mean of healthy invokers over mean of idle nodes.',
      ({ coverageReady }) => percent(coverageReady), percent(coverage.ready)),
    ownRow('Not covered: never / lead-in / holes', 'The rest of the idle node time: idle periods that never had a healthy invoker, time before the first one of a period, and time after it.',
      [missed.neverCovered, missed.leadIn, missed.holes].map(percent).join(' / ')),
    row('Pilots at a time, quartiles; mean', 'Running pilots in squeue, wherever they are.', (day) => spread(day.pilots), spread(coverage.pilots)),
    row('Time without a pilot', 'Share of the window in which squeue shows no running pilot.', ({ noPilot }) => percent(noPilot), percent(coverage.noPilot)),
    row('Healthy invokers, mean', 'Invokers that the controller holds for healthy, mean over the samples.',
      ({ healthyMean }) => fine([healthyMean]), fine([coverage.healthy.mean])),
    row('Minutes without a healthy invoker; longest stretch', 'Minutes of the window without any sample that shows one; the longest time between samples that do.',
      (day) => `${day.minutesWithoutHealthy} of 1,440; ${duration(day.longestWithoutHealthy)}`,
      `${coverage.minutesWithoutHealthy}; ${duration(coverage.longestNoHealthy)}`),
    ownRow('Time without a healthy invoker; of it while a node was idle', 'Shares of the window.', `${percent(coverage.noHealthy)}; ${percent(coverage.noHealthyWhileIdle)}`),
    row('Job start to healthy, p50 / p75 / p95', 'From the first line of the pilot’s script to the invoker’s registration with the controller.',
      ({ startup }) => (startup === undefined ? '' : `${startup.p50} / ${startup.p75} / ${startup.p95} s`),
      `${[invokers.startup.p50, invokers.startup.p75, invokers.startup.p95].map((value) => significant(value)).join(' / ')} s`),
    row('Time an invoker served, median; mean', 'From the first to the last sample that shows it healthy, cut at the window.',
      ({ served }) => `${duration(served.median)}; ${duration(served.mean)}`, `${duration(invokers.served.quartiles[1])}; ${duration(invokers.served.mean)}`),
    {
      label: 'Pilots; preempted; most in one second', definition: 'Pilot jobs seen running; prime jobs that found a pilot on their node when they arrived; the most of those within a second.',
      fib: '694; 484; 20', var: '646; 460; 23', run: `${count(pilots.count)}; ${count(pilots.preemptions)}; ${pilots.mostInOneSecond}`,
    },
  ];
}

function callRows({ calls, setup }: ReplayReport): TableRow[] {
  const { outcomes, audit, accepted, sent } = calls;
  const taken = sent - outcomes.rejected;
  const of = (part: number, whole: number): string => percent(whole === 0 ? 0 : part / whole);
  const times = [accepted.p50, accepted.p75, accepted.p90].map((ms) => significant(ms / 1000)).join(' / ');
  return [
    { label: 'Calls', definition: `${setup.rate} calls a second in turn to ${setup.functions} functions that work for 10 ms, open loop.`, fib: '864,000', var: '864,000', run: count(sent) },
    row('Accepted', 'Not answered with 503 (nor refused at the socket).', (day) => percent(day.accepted), of(taken, sent)),
    row('Of those: succeeded / timed out / failed', 'The function’s own answer within 60 s; 202 or no answer within 60 s; anything else.',
      (day) => [day.succeeded, day.timedOut, day.failed].map(percent).join(' / '),
      [outcomes.succeeded, outcomes['timed-out'], outcomes.failed].map((part) => of(part, taken)).join(' / ')),
    row('Succeeded, of all calls', 'Succeeded over sent.', (day) => percent(day.succeededOfAll), of(outcomes.succeeded, sent)),
    ownRow('Lost; recorded twice', 'Accepted calls (those of the warm-up too) whose activation has no record, and those with more than one, by the activations API at the end.',
      `${count(audit.lost)}; ${count(audit.duplicated)} of ${count(audit.checked)}`),
    row('Response time, p50 / p75 / p90', 'Of accepted calls, from when the call was due to the last byte of the answer.',
      ({ response }) => `${response.p50} / ${response.p75} / ${response.p90} s`, `${times} s`),
    ownRow('Response time, p95 / p99 / max', 'As above.', `${[accepted.p95, accepted.p99, accepted.max].map((ms) => significant(ms / 1000)).join(' / ')} s`),
    row('Response time, mean', 'As above.', ({ response }) => seconds(response.mean), seconds(accepted.mean / 1000)),
  ];
}

function primeRows({ primeJobs }: ReplayReport): TableRow[] {
  const three = (of: Percentiles | undefined): string =>
    (of === undefined || of.count === 0 ? '' : `${[of.p50, of.p75, of.p95].map((value) => value.toFixed(2)).join(' / ')} s (${of.count} jobs)`);
  const halves = (of: Percentiles | undefined): string => (of === undefined || of.count === 0 ? '–' : `${of.p50.toFixed(2)} s (${of.count} jobs)`);
  const added = (of: Percentiles | undefined, without: Percentiles | undefined): string =>
    (of === undefined || without === undefined || of.count === 0 || without.count === 0 ? '' : signedSeconds(of.p50 - without.p50));
  const { started, handOver } = primeJobs;
  const cycles = (of: Percentiles | undefined): string => (of === undefined || of.count === 0 ? '–' : `${significant(of.p50)}; ${of.max} (${of.count} jobs)`);
  return [
    ownRow('Start delay with a pilot on the node, p50 / p75 / p95', 'From the start of sbatch to the first line of the prime job’s script.', three(primeJobs.preempting)),
    ownRow('Start delay of all arrivals, p50 / p75 / p95', 'As above, whether or not a pilot was on the node.', three(primeJobs.withPilots)),
    ownRow('Start delay without pilots, p50 / p75 / p95', 'A control on the same testbed: the window’s first arrivals, played once before any pilot was there.', three(primeJobs.without)),
    ownRow('Delay by pilots at the median', 'Difference of the medians with a pilot on the node and without.', added(primeJobs.preempting, primeJobs.without)),
    ownRow('Started by the main loop, p50: with a pilot; without', 'Those that Slurm’s main loop started, as slurmctld’s log has it.',
      started === undefined ? '' : `${halves(started.mainLoop.preempting)}; ${halves(started.mainLoop.without)}`),
    ownRow('Delay by pilots at the median, main loop', 'Difference of the two medians above.', added(started?.mainLoop.preempting, started?.mainLoop.without)),
    ownRow('Hand-over, p50 / p95 / max', 'SIGTERM of the pilot, when the controller heard of it, to the first line of the prime job that took the node: what of its delay is the pilot’s own, the launch included.',
      handOver === undefined || handOver.count === 0 ? '' : `${[handOver.p50, handOver.p95, handOver.max].map((value) => value.toFixed(2)).join(' / ')} s (${handOver.count} jobs)`),
    ownRow('Started by backfill, cycles waited, p50; max: with a pilot', 'Backfill cycles that began between sbatch and the job’s first line; one is the least.', started === undefined ? '' : cycles(started.backfill.cycles.preempting)),
    ownRow('Started by backfill, cycles waited, p50; max: without', 'Those of the control.', started === undefined ? '' : cycles(started.backfill.cycles.without)),
    ownRow('Never started', 'Prime jobs of the window that had not begun when it ended.', count(primeJobs.neverStarted)),
  ];
}

function burdenRows({ burden: { slurmctld } }: ReplayReport): TableRow[] {
  if (slurmctld === undefined) return [];
  const { requestsPerMinute, requestShare, pilotSubmissionsPerMinute, cpuShare, mainLoop, backfill } = slurmctld;
  const loop = ({ cycles, mean, max }: typeof mainLoop): string => `${count(cycles)}; ${milliseconds(mean)}; ${milliseconds(max)}`;
  return [
    ownRow('Submissions of pilots a minute', 'Calls of sbatch that were not prime jobs; a job array is one.', significant(pilotSubmissionsPerMinute)),
    ownRow('Requests a minute; time of their handlers', 'All that slurmctld answered: nodes, prime jobs, the pilot manager, and this measurement with about 120 a minute; the share of the time, summed over threads.',
      `${significant(requestsPerMinute)}; ${percent(requestShare)}`),
    ownRow('Processor time', 'Of slurmctld, of one core.', cpuShare === undefined ? '' : percent(cpuShare)),
    ownRow('Main loop: passes; mean; longest', 'As sdiag counts and times them.', loop(mainLoop)),
    ownRow('Backfill: cycles; mean; longest', 'As above.', loop(backfill)),
  ];
}

function spread({ quartiles, mean }: { quartiles: readonly [number, number, number]; mean: number }): string {
  return `${fine(quartiles)}; ${fine([mean])}`;
}

/** With the four digits that the paper gives. */
function fine(values: readonly number[]): string {
  return values.map((value) => significant(value, 4)).join(' / ');
}
