/** `npm run bench -- validate`: the same window on a real Slurm and in the model, cell by cell, several at a time. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { installTestbedPackages } from '../../src/testbed/packages.ts';
import { chooseCells, QUICK_CELLS, type Cell } from './cells.ts';
import { runModel } from './model-run.ts';
import { runReal } from './real-run.ts';
import type { ComparedCell, Validation } from './validation.ts';
import { validationText } from './validation-text.ts';
import { validationWindow, type ValidationWindow } from './validation-window.ts';

/** Testbeds start one after the other, so that the first events of one are not late for the start of the next. */
const STAGGER_MS = 20_000;

/** @throws {RangeError} for arguments that mean nothing */
export async function benchValidate(quick: boolean, args: readonly string[]): Promise<{ results: Validation; text: string }> {
  const options = optionsOf(quick, args);
  await installTestbedPackages({ accounting: options.cells.some(({ noReserve }) => noReserve) });
  const window = validationWindow(options);
  const startedAt = Date.now();
  const { compared, failed } = await compareAll(options.cells, window, options.parallel, options.keep);
  const results: Validation = {
    setup: {
      source: window.source, minutes: options.minutes, nodes: options.nodes, parallel: options.parallel, seed: options.seed,
      periods: window.periods.length, planned: window.periods.filter(({ planMinutes }) => planMinutes !== null).length,
      idleNodeSeconds: Math.round(window.periods.reduce((sum, { start, end }) => sum + end - start, 0) / 1000),
      began: new Date(startedAt).toISOString(), seconds: Math.round((Date.now() - startedAt) / 1000),
    },
    cells: compared, failed,
  };
  return { results, text: validationText(results) };
}

interface Options { cells: Cell[]; minutes: number; nodes: number; parallel: number; seed: number; nodeLog: string | undefined; keep: string | undefined }

function optionsOf(quick: boolean, args: readonly string[]): Options {
  const { values } = parseArgs({ args: [...args], strict: true, options: {
    cells: { type: 'string' }, minutes: { type: 'string' }, nodes: { type: 'string' }, parallel: { type: 'string' }, seed: { type: 'string' },
    log: { type: 'string' }, keep: { type: 'string' },
  } });
  const whole = (name: 'minutes' | 'nodes' | 'parallel' | 'seed', text: string | undefined, otherwise: number): number => {
    const value = text === undefined ? otherwise : Number(text);
    if (!Number.isInteger(value) || value < 1) throw new RangeError(`--${name} wants a whole number from 1 on, not ${text ?? ''}`);
    return value;
  };
  return {
    cells: chooseCells(values.cells ?? (quick ? QUICK_CELLS : '')), minutes: whole('minutes', values.minutes, quick ? 4 : 12), nodes: whole('nodes', values.nodes, 32),
    parallel: whole('parallel', values.parallel, 4), seed: whole('seed', values.seed, 1), nodeLog: values.log ?? dayOfData(), keep: values.keep,
  };
}

/** The real day's node log, where it is at hand. */
function dayOfData(): string | undefined {
  const data = process.env['HPCWHISK_DATA'];
  const file = data === undefined ? undefined : join(data, 'prometheus-2022-03-17', 'idle_nodes.txt.gz');
  return file !== undefined && existsSync(file) ? file : undefined;
}

async function compareAll(cells: readonly Cell[], window: ValidationWindow, parallel: number, keep: string | undefined): Promise<{ compared: ComparedCell[]; failed: Validation['failed'] }> {
  const waiting = [...cells];
  const running = new Map<Cell, Set<string>>();
  const compared: ComparedCell[] = [];
  const failed: { cell: string; error: string }[] = [];
  const compareNext = async (place: number): Promise<void> => {
    await new Promise((resolve) => { setTimeout(resolve, place * STAGGER_MS); });
    for (let cell = waiting.shift(); cell !== undefined; cell = waiting.shift()) {
      const beside = new Set([...running.keys()].map(({ name }) => name));
      for (const others of running.values()) others.add(cell.name);
      running.set(cell, beside);
      console.error(`${cell.name} …`);
      try {
        const real = await runReal(cell, window, keep);
        const { findings: model, deviation } = await runModel(cell, window, real);
        const { findings, arrivals, neverStarted, lateP95Ms, errors } = real;
        compared.push({ cell, real: findings, model, deviation, beside: [...beside], arrivals, neverStarted, lateP95Ms, errors });
        console.error(`${cell.name}: coverage ${(100 * findings.coverage).toFixed(1)} %, model ${(100 * model.coverage).toFixed(1)} ± ${(100 * deviation).toFixed(1)} %`);
      } catch (error) {
        failed.push({ cell: cell.name, error: error instanceof Error ? error.message : String(error) });
        console.error(`${cell.name}: ${error instanceof Error ? error.message : String(error)}`);
      }
      running.delete(cell);
    }
  };
  await Promise.all(Array.from({ length: parallel }, (_, place) => compareNext(place)));
  return { compared: compared.sort((a, b) => cells.indexOf(a.cell) - cells.indexOf(b.cell)), failed };
}
