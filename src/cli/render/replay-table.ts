import type { Measure } from '../../experiments/replay/render/side-by-side.ts';
import { tableTwo } from '../../experiments/replay/render/table-two.ts';
import type { ReplayReport } from '../../experiments/replay/replay-report.ts';

/** One replay beside the paper's two days, for a terminal. */
export function tableTwoText(report: ReplayReport): string {
  return tableTwo(report).map(({ title, rows }, _, all) => aligned(
    [title.toUpperCase(), 'paper: fib', 'paper: var', 'this run'], rows.map((row) => [row.label, row.fib, row.var, row.run]),
    all.flatMap((section) => section.rows.map((row) => [row.label, row.fib, row.var, row.run])),
  )).join('\n\n');
}

/** Several replays beside each other, for a terminal: the best of each line has a star. */
export function comparedText(names: readonly string[], measures: readonly Measure[]): string {
  return aligned(['AT A GLANCE', ...names], measures.map(({ label, cells }) => [label, ...cells.map(({ text, best }) => (best ? `${text} *` : text))]));
}

/** @param all rows that decide the columns' widths */
function aligned(head: readonly string[], rows: readonly (readonly string[])[], all = rows): string {
  const widths = head.map((title, column) => Math.max(column === 0 ? 0 : title.length, ...all.map((cells) => cells[column]?.length ?? 0)));
  const line = (cells: readonly string[]): string => `  ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd();
  return [line(head), ...rows.map(line)].join('\n');
}
