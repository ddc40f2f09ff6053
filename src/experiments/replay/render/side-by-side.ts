import type { ReplayReport } from '../replay-report.ts';
import { count, milliseconds, percent, seconds, signedSeconds, significant } from '../../render/units.ts';
import { tableTwo, type TableSection } from './table-two.ts';

/** The lines of Table II with one column for each run. */
export interface ComparedRow {
  readonly label: string;
  readonly definition: string;
  readonly fib: string;
  readonly var: string;
  readonly runs: readonly string[];
}

export interface ComparedSection { readonly title: string; readonly rows: readonly ComparedRow[] }

/** What an operator asks first, one figure a run. */
export interface Measure {
  readonly label: string;
  readonly definition: string;
  readonly cells: readonly { readonly text: string; /** The best of those that can be told apart. */ readonly best: boolean }[];
}

/** Names of the runs: their policies; a second run of the same policy is told apart by its number. */
export function namesOf(reports: readonly ReplayReport[]): string[] {
  const seen = new Map<string, number>();
  return reports.map(({ setup: { policy } }) => {
    const nth = (seen.get(policy) ?? 0) + 1;
    seen.set(policy, nth);
    return nth === 1 ? policy : `${policy} (${nth})`;
  });
}

/** By label: a run of which something could not be measured has fewer lines. */
export function comparedSections(reports: readonly ReplayReport[]): ComparedSection[] {
  const tables = reports.map((report) => new Map(tableTwo(report).flatMap(({ rows }) => rows.map((row) => [row.label, row]))));
  const longest = reports.map(tableTwo).sort((a, b) => lines(b) - lines(a))[0] ?? [];
  return longest.map(({ title, rows }) => ({
    title,
    rows: rows.map(({ label, definition, fib, var: variable }) => ({ label, definition, fib, var: variable, runs: tables.map((table) => table.get(label)?.run ?? '') })),
  }));
}

function lines(sections: readonly TableSection[]): number {
  return sections.reduce((sum, { rows }) => sum + rows.length, 0);
}

export function measuresOf(reports: readonly ReplayReport[]): Measure[] {
  return QUESTIONS.map(({ label, definition, better, value, text, jobs }) => {
    const values = reports.map(value);
    const texts = values.map((of) => (of === undefined ? '–' : text(of)));
    const known = values.filter((of) => of !== undefined);
    const best = better === 'higher' ? Math.max(...known) : Math.min(...known);
    const bestText = known.length === 0 ? '' : text(best);
    const allSame = new Set(texts).size === 1;
    return {
      label, definition, cells: texts.map((own, index) => {
        const counted = reports[index] === undefined || own === '–' ? undefined : jobs?.(reports[index]);
        return { text: counted === undefined ? own : `${own} (${counted})`, best: better !== undefined && !allSame && own === bestText };
      }),
    };
  });
}

interface Question {
  readonly label: string;
  readonly definition: string;
  /** undefined: neither. */
  readonly better?: 'higher' | 'lower';
  readonly value: (report: ReplayReport) => number | undefined;
  readonly text: (value: number) => string;
  /** How many the figure rests on: with few it is a matter of luck. */
  readonly jobs?: (report: ReplayReport) => string;
}

const QUESTIONS: readonly Question[] = [
  { label: 'Coverage as Slurm saw it', definition: 'of the idle node time with a pilot', better: 'higher', value: ({ coverage }) => coverage.slurm, text: percent },
  { label: 'Coverage ready', definition: 'of the idle node time with a healthy invoker', better: 'higher', value: ({ coverage }) => coverage.ready, text: percent },
  { label: 'Time without an invoker', definition: 'of the window, while a node was idle', better: 'lower', value: ({ coverage }) => coverage.noHealthyWhileIdle, text: percent },
  { label: 'Calls that succeeded', definition: 'of all that were sent', better: 'higher', value: ({ calls }) => share(calls.outcomes.succeeded, calls.sent), text: percent },
  { label: 'Calls not accepted', definition: 'answered with 503', better: 'lower', value: ({ calls }) => calls.outcomes.rejected, text: count },
  { label: 'Accepted calls lost', definition: 'without a record at the end', better: 'lower', value: ({ calls }) => calls.audit.lost, text: count },
  { label: 'Response time, median', definition: 'of accepted calls', better: 'lower', value: ({ calls }) => calls.accepted.p50, text: milliseconds },
  { label: 'Response time, p99', definition: 'of accepted calls', better: 'lower', value: ({ calls }) => calls.accepted.p99, text: milliseconds },
  { label: 'Prime jobs: delay by pilots, median', definition: 'where the main loop starts them, against the control; (jobs with a pilot / without)', better: 'lower', value: addedByMainLoop, text: signedSeconds, jobs: jobsOfBoth },
  { label: 'Prime jobs: hand-over, median', definition: 'SIGTERM of the pilot to the job’s first line', better: 'lower', value: ({ primeJobs }) => medianOf(primeJobs.handOver), text: seconds },
  { label: 'Prime jobs: most cycles waited', definition: 'of those that backfill started and that found a pilot', better: 'lower', value: mostCycles, text: count },
  { label: 'Pilots', definition: 'jobs seen running', value: ({ pilots }) => pilots.count, text: count },
  { label: 'Submissions of pilots a minute', definition: 'calls of sbatch', better: 'lower', value: ({ burden }) => burden.slurmctld?.pilotSubmissionsPerMinute, text: (value) => significant(value) },
  { label: 'slurmctld', definition: 'processor time, of one core', better: 'lower', value: ({ burden }) => burden.slurmctld?.cpuShare, text: percent },
];

function addedByMainLoop({ primeJobs: { started } }: ReplayReport): number | undefined {
  const [preempting, without] = [medianOf(started?.mainLoop.preempting), medianOf(started?.mainLoop.without)];
  return preempting === undefined || without === undefined ? undefined : preempting - without;
}

function jobsOfBoth({ primeJobs: { started } }: ReplayReport): string {
  return `${started?.mainLoop.preempting.count ?? 0} / ${started?.mainLoop.without.count ?? 0}`;
}

function mostCycles({ primeJobs: { started } }: ReplayReport): number | undefined {
  const cycles = started?.backfill.cycles.preempting;
  return cycles === undefined || cycles.count === 0 ? undefined : cycles.max;
}

function medianOf(of: { readonly count: number; readonly p50: number } | undefined): number | undefined {
  return of === undefined || of.count === 0 ? undefined : of.p50;
}

function share(part: number, whole: number): number | undefined {
  return whole === 0 ? undefined : part / whole;
}
