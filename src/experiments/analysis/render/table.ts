import { count, duration, percent, significant } from '../../render/units.ts';
import type { AnalysisSummary, IdleSummary, JobsSummary, Spread } from '../analysis.ts';

export interface TableRow {
  readonly label: string;
  /** How it was measured. */
  readonly definition: string;
  readonly value: string;
}

export interface TableSection { readonly title: string; readonly rows: readonly TableRow[] }

export function tableOf({ source, idle, jobs }: AnalysisSummary): TableSection[] {
  return [
    { title: 'The log', rows: sourceRows(source) },
    ...idle === undefined ? [] : [{ title: `Idle ${idle.unit}`, rows: idleRows(idle) }],
    ...idle?.pilots === undefined ? [] : [{ title: 'Pilots in the log', rows: pilotRows(idle.pilots) }],
    ...jobs === undefined ? [] : [{ title: 'Jobs', rows: jobRows(jobs) }],
  ];
}

/** For a terminal. */
export function tableText(sections: readonly TableSection[]): string {
  const width = Math.max(...sections.flatMap(({ rows }) => rows.map(({ label }) => label.length)));
  return sections.map(({ title, rows }) => [title.toUpperCase(), ...rows.map(({ label, value }) => `  ${label.padEnd(width)}  ${value}`)].join('\n')).join('\n\n');
}

function row(label: string, value: string, definition: string): TableRow {
  return { label, value, definition };
}

function sourceRows(source: AnalysisSummary['source']): TableRow[] {
  const local = new Intl.DateTimeFormat('en-GB', { timeZone: source.timeZone, dateStyle: 'medium', timeStyle: 'medium' });
  const window = `${local.format(new Date(source.from))} to ${local.format(new Date(source.to))} (${source.timeZone})`;
  const torn = source.torn === 0 ? [] : [row('Left out', count(source.torn), 'Samples or lines that were not complete.')];
  if (source.samples === undefined) return [row('Window', window, 'From the first start of a job to the last end, or the days asked for.'), ...torn];
  const holes = source.holes === 0 ? '' : `; ${count(source.holes ?? 0)} holes of more than 5 minutes`;
  return [
    row('Window', window, 'From the first sample to one spacing after the last.'),
    row('Samples', `${count(source.samples)}, ${significant(source.spacingSeconds ?? 0, 4)} s apart${holes}`, 'Every sample counts alike; of holes nothing is known and nothing is counted.'),
    ...torn,
  ];
}

const TOTALS: Readonly<Record<IdleSummary['totalFrom'], string>> = {
  option: 'as the option says', log: 'as the log says', names: 'by the names seen in the log', use: 'the most ever in use',
};

function idleRows(idle: IdleSummary): TableRow[] {
  const { unit, periods, withoutAny, atATime } = idle;
  return [
    row('Cluster', `${count(idle.total)} ${unit}, ${TOTALS[idle.totalFrom]}`, 'What the idle share is a share of.'),
    row('Idle share', `${(idle.share * 100).toFixed(3)} %; ${significant(idle.nodeSeconds / 3600, 4)} ${unit === 'nodes' ? 'node' : 'processor'}-hours`, `Idle time over all ${unit} over the window.`),
    row(`Idle ${unit} at a time, quartiles; mean; most`, `${three(atATime.quartiles)}; ${significant(atATime.mean, 4)}; ${count(atATime.max)}`, 'Weighted with time.'),
    row(`No idle ${unit}`, `${percent(atATime.noneShare)} of the time`, 'Share of the time in which there is none.'),
    row('Stretches without any: number; median; longest', `${count(withoutAny.count)}; ${duration(withoutAny.quartiles[1])}; ${duration(withoutAny.max)}`, 'A harvest has no node in these, whatever the pilots.'),
    ...periods === undefined ? [] : [
      row('Idle periods', count(periods.count), 'Times in which one node is idle without a break; cut at the ends of the window.'),
      row('Their lengths, quartiles; mean', `${periods.quartiles.map((value) => significant(value, 4)).join(' / ')} s; ${significant(periods.mean, 4)} s`, 'Counted in samples, where the log has samples.'),
      row('Idle time in periods shorter than', Object.entries(periods.timeShareBelowMinutes).slice(0, 5).map(([minutes, share]) => `${minutes} min: ${(share * 100).toFixed(1)} %`).join(', '), 'What pilots of at least that length cannot have.'),
    ],
  ];
}

function pilotRows({ coverage, atATime }: NonNullable<IdleSummary['pilots']>): TableRow[] {
  return [
    row('Coverage', `${percent(coverage)} of the idle node time`, 'Share of the idle node time in which a pilot held the node.'),
    row('Pilots at a time, quartiles; mean; most', `${three(atATime.quartiles)}; ${significant(atATime.mean, 4)}; ${count(atATime.max)}`, 'Weighted with time.'),
    row('No pilot', `${percent(atATime.noneShare)} of the time`, 'Share of the time in which there is none.'),
  ];
}

function jobRows(jobs: JobsSummary): TableRow[] {
  const states = Object.entries(jobs.byState).sort(([, a], [, b]) => b - a).map(([state, number]) => `${count(number)} ${state}`).join(', ');
  const lengths = (label: string, spread: Spread | undefined, definition: string): TableRow[] =>
    spread === undefined || spread.count === 0 ? [] : [row(`${label}, quartiles; mean`, `${spread.quartiles.map(duration).join(' / ')}; ${duration(spread.mean)}`, definition)];
  return [
    row('Jobs', `${count(jobs.count)}, of them ${count(jobs.ran)} ran and ended`, 'Those of the days asked for, by when they ended.'),
    ...states === '' ? [] : [row('States', states, 'The last that the log shows.')],
    ...lengths('Run time', jobs.runTime, 'From start to end.'),
    ...lengths('Limit', jobs.limit, 'Wall time limit.'),
    ...jobs.limit === undefined || jobs.limit.unlimited === 0 ? [] : [row('Without a limit', count(jobs.limit.unlimited), 'Jobs that may run for ever.')],
    ...lengths('Slack', jobs.slack, 'Limit less run time: what backfill plans with and nobody uses.'),
    ...lengths('Wait', jobs.wait, 'From submission to start.'),
    ...jobs.nodes === undefined ? [] : [row('Nodes, quartiles; mean', `${three(jobs.nodes.quartiles)}; ${significant(jobs.nodes.mean)}`, 'Per job.')],
  ];
}

function three(values: readonly number[]): string {
  return values.map((value) => significant(value, 4)).join(' / ');
}
