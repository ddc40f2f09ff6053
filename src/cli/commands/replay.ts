import { Command, Option } from 'commander';
import { policyNames } from '../../pilots/policies.ts';
import type { ReplayCommandOptions } from '../replay.ts';
import { positiveNumber, wholeNumber } from '../option-values.ts';

export function replayCommand(): Command {
  return new Command('replay')
    .description('Runs the paper\'s experiment on a real Slurm on this host: prime jobs follow a log\'s idle surface, pilots harvest it, calls run on them.')
    .addOption(new Option('--log <file>', 'node log in the paper\'s format, plain or gzipped').conflicts('synthetic'))
    .addOption(new Option('--synthetic <seed>', 'an idle surface drawn from the published statistics instead of a log').argParser(wholeNumber(0, 4_294_967_295)))
    .option('--from <HH:MM>', 'begin of the window in the log (default: the log\'s begin)')
    .option('--timezone <name>', 'of --from and of the report (default: Europe/Warsaw, where the paper\'s cluster stands)')
    .option('--minutes <number>', 'length of the window', positiveNumber(24 * 60), 30)
    .option('--nodes <number>', 'nodes of the testbed', wholeNumber(1, 2_300), 64)
    .addOption(new Option('--policy <name...>', 'which pilots are kept in the queue; several are replayed at the same time, each on a testbed of its own, and set side by side').choices(policyNames).default(['adaptive']))
    .option('--control-minutes <number>', 'how much of the window is played without pilots first, to see how prime jobs start then; 0: none (default: a third of it, 10 at most)', wholeNumber(0, 24 * 60))
    .option('--rate <calls/s>', 'calls per second', positiveNumber(1_000), 10)
    .option('--functions <number>', 'functions that the calls go to in turn', wholeNumber(1, 10_000), 100)
    .addOption(new Option('--prime-pending <when>', 'always: one more prime job, which wants all nodes, waits all the time, so that only backfill starts pilots').choices(['always', 'never']).default('never'))
    .option('--scheduler-parameters <text>', 'Slurm\'s SchedulerParameters (default: Slurm\'s own defaults)')
    .option('--report <dir>', 'where report.json and report.html are written (of several policies report.json is an array)', 'report')
    .option('--json', 'print report.json instead of a table', false)
    .action(async (options: ReplayCommandOptions) => {
      const { runReplayCommand } = await import('../replay.ts');
      await runReplayCommand(options);
    });
}
