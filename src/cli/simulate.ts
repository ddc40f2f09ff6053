import { samplesOf } from '../experiments/analysis/analyze.ts';
import { percent, significant } from '../experiments/render/units.ts';
import { clairvoyant, type ClairvoyantResult } from '../simulator/clairvoyant.ts';
import { availabilityOf } from '../traces/availability.ts';
import { CommandError } from './command-error.ts';
import { inItsWords, loadTrace } from './trace-files.ts';

interface ClairvoyantRun {
  readonly log: readonly string[];
  readonly day?: string;
  readonly timezone?: string;
  readonly lengths: readonly number[];
  readonly warmup: number;
  readonly json: boolean;
}

const EXIT_USAGE = 64;

/** @returns what is to be printed. @throws {CommandError} */
export async function runClairvoyant(options: ClairvoyantRun): Promise<string> {
  const { trace, names, timeZone } = await loadTrace(options.log, options.timezone);
  if (trace.format !== 'node-log') {
    throw new CommandError('ETRACEFORMAT', `${names.join(', ')}: jobs alone do not say which nodes were idle when; the clairvoyant simulator needs a node log`, EXIT_USAGE);
  }
  const samples = inItsWords(() => samplesOf(trace.log, options.day, timeZone));
  const result = clairvoyant(availabilityOf(samples), options);
  return options.json ? JSON.stringify(result, null, 2) : table(result, options.lengths, samples.length);
}

function table(result: ClairvoyantResult, lengths: readonly number[], samples: number): string {
  return [
    ['Lengths', `${lengths.join(', ')} min`],
    ['Samples', samples.toLocaleString('en-US')],
    ['Pilots', result.pilots.toLocaleString('en-US')],
    ['Warming up', `${percent(result.warmupShare)} of the idle node time`],
    ['Ready', `${percent(result.readyShare)} of the idle node time`],
    ['Unused', `${percent(result.unusedShare)} of the idle node time`],
    ['Ready workers, quartiles; mean', `${result.readyQuartiles.map((value) => significant(value, 4)).join(' / ')}; ${significant(result.readyMean, 4)}`],
    ['No ready worker', `${percent(result.noReadyShare)} of the time`],
  ].map(([label = '', value = '']) => `${label.padEnd(31)} ${value}`).join('\n');
}
