import { Command, Option } from 'commander';
import { policyNames } from '../../pilots/policies.ts';
import { planKinds, primePendingChoices } from '../../simulator/planned-starts.ts';
import { positiveNumber, wholeNumber } from '../option-values.ts';
import type { PlanOptions } from '../plan.ts';

export function planCommand(): Command {
  return new Command('plan')
    .description('What would pilots bring on this site, what would they cost its users, and what should the site set? The site\'s own log and configuration, on the model of Slurm.')
    .requiredOption('--log <file...>', 'node log: of "hpcwhisk collect" or of the paper, gzipped or not')
    .option('--config <file>', 'what "scontrol show config" printed (default: ask this machine\'s Slurm)')
    .option('--partitions <file>', 'what "scontrol show partition" printed; goes with --config')
    .option('--partition <name>', 'partition of the pilots (default: the cluster\'s default partition)')
    .option('--day <YYYY-MM-DD>', 'only this local day of the log, or days with both ends: 2022-02-21..2022-02-27')
    .option('--timezone <name>', 'of --day and of the page (default: what the log says; Europe/Warsaw for the paper\'s logs)')
    .addOption(new Option('--policies <name...>', 'which pilots are kept in the queue').choices(policyNames).default(policyNames.filter((name) => name !== 'var'), 'all but var'))
    .addOption(new Option('--plans <kind>', 'what Slurm knows of the ends of idle periods').choices(planKinds).default('drawn'))
    .addOption(new Option('--prime-pending <when>', 'whether a prime job waits that cannot start, so that only backfill starts pilots').choices(primePendingChoices).default('drawn', 'drawn where --plans is, else always'))
    .option('--qos-no-reserve', 'the pilots\' QOS has the flag NoReserve already (scontrol does not show it)', false)
    .option('--startup <seconds>', 'from a pilot\'s start until its invoker is ready', positiveNumber(3600), 1)
    .option('--exit <seconds>', 'from SIGTERM until a pilot has left its node', positiveNumber(3600), 0.1)
    .option('--poll <seconds>', 'from one round of the pilot manager to the next', positiveNumber(3600), 5)
    .option('--seed <number>', 'of what is drawn: plans, and when cycles begin', wholeNumber(0, 4_000_000_000), 1)
    .option('--seeds <number>', 'how many seeds are averaged', wholeNumber(1, 100), 1)
    .option('--html <file>', 'also write a page for a meeting, which needs nothing beside itself')
    .option('--json', 'print JSON', false)
    .action(async (options: PlanOptions) => {
      const { runPlan } = await import('../plan.ts');
      console.log(await runPlan(options));
    });
}
