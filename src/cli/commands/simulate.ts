import { Command, InvalidArgumentError } from 'commander';
import { parsePilotLengths } from '../../simulator/pilot-lengths.ts';
import { wholeNumber } from '../option-values.ts';

interface ClairvoyantOptions {
  log: string[];
  day?: string;
  timezone?: string;
  lengths: readonly number[];
  warmup: number;
  json: boolean;
}

export function simulateCommand(): Command {
  const command = new Command('simulate').description('What pilots would bring, without a cluster.');
  command.command('clairvoyant')
    .description('The paper\'s bound: pilots of given lengths, placed by somebody who knows how long each node of a log stays idle.')
    .requiredOption('--log <file...>', 'node log: of "hpcwhisk collect" or of the paper, gzipped or not')
    .option('--day <YYYY-MM-DD>', 'only this local day, or days with both ends: 2022-02-21..2022-02-27 (default: the whole log)')
    .option('--timezone <name>', 'of --day (default: what the log says; Europe/Warsaw for the paper\'s logs)')
    .option('--lengths <set>', 'a set of the paper (A1, A2, A3, B, C1, C2), or lengths in minutes: 2,4,8', lengthsOption, parsePilotLengths('A1'))
    .option('--warmup <samples>', 'samples at the begin of a pilot in which it does not serve yet; the paper: 2 of about 10 s', wholeNumber(0, 100_000), 2)
    .option('--json', 'print JSON', false)
    .action(async (options: ClairvoyantOptions) => {
      const { runClairvoyant } = await import('../simulate.ts');
      console.log(await runClairvoyant(options));
    });
  return command;
}

function lengthsOption(text: string): readonly number[] {
  const lengths = parsePilotLengths(text);
  if (lengths === undefined) throw new InvalidArgumentError('It must be one of A1, A2, A3, B, C1, C2, or whole minutes from 1 on with commas between them.');
  return lengths;
}
