import type { ComparedCell, Validation } from './validation.ts';

/** Where the model is off by more than this, the table says so: points of coverage; s, or the share of the real start, whichever is more. */
const MOST_POINTS = 2;
const MOST_SECONDS = 0.5;
const MOST_SHARE = 0.2;

/** A Markdown table of real beside model, and what ran beside what. */
export function validationText({ setup, cells, failed }: Validation): string {
  const rows = cells.map(rowOf);
  return [
    `The model against a real Slurm: ${setup.minutes} minutes on ${setup.nodes} nodes, ${setup.periods} idle periods (${setup.planned} with a planned start where prime jobs wait), ${setup.source}`,
    `Each figure: real / model. Shares in % of the idle node time; ± is what chance does to the model's coverage (20 seeds); start of prime jobs from sbatch or scancel to the first line, s, p50 (p95), count.`,
    '',
    ...table(['cell', 'coverage', 'difference, points', 'never covered', 'lead-in', 'holes', 'pilots', 'start of prime jobs that preempt', 'of the others'], rows),
    '',
    `${setup.parallel} cells at a time, each with a Slurm of its own: ${setup.seconds} s in all. The driver was late by ${cells.map(({ lateP95Ms }) => lateP95Ms).reduce((a, b) => Math.max(a, b), 0).toFixed(0)} ms (p95 of the worst cell).`,
    ...cells.map(({ cell, beside, arrivals, neverStarted, errors }) => `  ${cell.name}: ${arrivals} prime jobs, ${neverStarted} not begun before their node's next period${errors.length === 0 ? '' : `, ${errors.length} errors (${errors[0] ?? ''})`}; beside ${beside.join(', ') || 'none'}`),
    ...failed.map(({ cell, error }) => `  ${cell} could not be run: ${error}`),
  ].join('\n');
}

function rowOf({ cell, real, model, deviation }: ComparedCell): string[] {
  const percent = (share: number): string => (100 * share).toFixed(1);
  const both = (value: (of: ComparedCell['real']) => number): string => `${percent(value(real))} / ${percent(value(model))}`;
  const points = 100 * (model.coverage - real.coverage);
  const seconds = (value: number): string => Number.isNaN(value) ? '–' : value.toFixed(2);
  const delay = ({ p50, p95, count }: ComparedCell['real']['others']): string => `${seconds(p50)} (${seconds(p95)}), ${count.toFixed(0)}`;
  const starts = (of: (one: ComparedCell['real']) => ComparedCell['real']['others']): string => {
    const off = Math.abs(of(model).p50 - of(real).p50);
    return `${delay(of(real))} / ${delay(of(model))}${off > Math.max(MOST_SECONDS, MOST_SHARE * of(real).p50) ? ' !' : ''}`;
  };
  return [
    cell.name, `${both(({ coverage }) => coverage)} ± ${percent(deviation)}`, `${points > 0 ? '+' : ''}${points.toFixed(1)}${Math.abs(points) > MOST_POINTS ? ' !' : ''}`,
    both(({ never }) => never), both(({ leadIn }) => leadIn), both(({ holes }) => holes), `${real.pilots} / ${model.pilots.toFixed(0)}`,
    starts(({ preempting }) => preempting), starts(({ others }) => others),
  ];
}

function table(header: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = header.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]): string => `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  return [line(header), `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`, ...rows.map(line)];
}
