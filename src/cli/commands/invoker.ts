import { Command, Option } from 'commander';
import { runInvoker } from '../../invoker/main.ts';
import { InvalidSettings, type InvokerArguments } from '../../invoker/settings.ts';
import { CommandError } from '../command-error.ts';
import { wholeNumber } from '../option-values.ts';

export function invokerCommand(): Command {
  return new Command('invoker')
    .description('Runs one invoker, as a pilot job does (there it is one bundled file). Ends by itself before its time limit, or drains on SIGTERM.')
    .option('--link-file <file>', 'JSON file of mode 0600 with "url" and "token" of the controller (also HPCWHISK_LINK_FILE, or HPCWHISK_LINK_URL and HPCWHISK_LINK_TOKEN)')
    .addOption(new Option('--memory <MB>', 'memory that it gives to functions (also HPCWHISK_INVOKER_MEMORY_MB; default: what Slurm gave the job, else 1024)').argParser(wholeNumber(128, 1_000_000)))
    .addOption(new Option('--limit <minutes>', 'time limit of its job, counted from its start (also HPCWHISK_LIMIT_MINUTES; default: none)').argParser(wholeNumber(1, 1_000_000)))
    .addOption(new Option('--sandbox <kind>', 'what functions run in (also HPCWHISK_SANDBOX)').choices(['auto', 'bubblewrap', 'process']))
    .option('--node <name>', 'name of this node (default: Slurm\'s, else the host name)')
    .addHelpText('after', '\nThe token is never given on a command line: Slurm shows command lines to everyone.\nExit status: 0 after a drain, 1 when the controller refused it, 64 for settings that make no sense.')
    .action(async (options: { linkFile?: string; memory?: number; limit?: number; sandbox?: 'auto' | 'bubblewrap' | 'process'; node?: string }) => {
      const { memory, limit, ...rest } = options;
      const given: InvokerArguments = { ...rest, ...(memory === undefined ? {} : { memoryMB: memory }), ...(limit === undefined ? {} : { limitMinutes: limit }) };
      try {
        process.exitCode = await runInvoker(given);
      } catch (error) {
        if (error instanceof InvalidSettings) throw new CommandError('ESETTINGS', error.message, 64, { cause: error });
        throw error;
      }
    });
}
