import { Command, InvalidArgumentError, Option } from 'commander';
import { policyNames } from '../../pilots/policies.ts';
import { arrivalKinds, defaultCallLoad } from '../../simulator/call-load.ts';
import { parsePilotLengths } from '../../simulator/pilot-lengths.ts';
import { planKinds, primePendingChoices } from '../../simulator/planned-starts.ts';
import { positiveNumber, wholeNumber } from '../option-values.ts';
import type { SimulateSlurmOptions } from '../simulate-slurm.ts';

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
  command.command('slurm')
    .description('The pilot manager on a model of Slurm and a virtual clock: prime jobs come and go as a log says, pilots harvest what is left. A day takes seconds.')
    .addOption(new Option('--log <file...>', 'node log: of "hpcwhisk collect" or of the paper, gzipped or not').conflicts('synthetic'))
    .addOption(new Option('--synthetic <seed>', 'an idle surface drawn from the published statistics instead of a log').argParser(wholeNumber(0, 4_294_967_295)))
    .addOption(new Option('--workload <file...>', 'prime jobs that stand in a queue of their own: a dump of "sacct -P" or a file in the Standard Workload Format, gzipped or not').conflicts(['log', 'synthetic', ...ofGivenPeriods]))
    .addOption(new Option('--synthetic-workload <seed>', 'prime jobs drawn from the published statistics').argParser(wholeNumber(0, 4_294_967_295)).conflicts(['workload', 'log', 'synthetic', ...ofGivenPeriods]))
    .option('--processors-per-node <number>', 'where jobs of a workload do not tell their nodes (default: what the file tells)', wholeNumber(1, 100_000))
    .option('--minutes <number>', 'length of what is generated', wholeNumber(1, 100_000), 24 * 60)
    .option('--nodes <number>', 'nodes of the cluster (default: what a workload tells; 64 of a generated surface, 2239 of a generated workload)', wholeNumber(1, 100_000))
    .option('--day <YYYY-MM-DD>', 'only this local day of the log, or days with both ends')
    .option('--timezone <name>', 'of --day (default: what the log says; Europe/Warsaw for the paper\'s logs)')
    .addOption(new Option('--policy <name...>', 'which pilots are kept in the queue; several are set side by side').choices(policyNames).default(['adaptive']))
    .option('--depth <number>', 'pending pilots of each kind (default: the policy\'s own)', wholeNumber(1, 10_000))
    .option('--limit <minutes>', 'limit of the policy single (default: 90)', wholeNumber(1, 100_000))
    .option('--scheduler-parameters <text>', 'Slurm\'s SchedulerParameters; of what is not named Slurm\'s defaults hold', '')
    .addOption(new Option('--prime-pending <when>', 'whether a prime job waits that cannot start, so that only backfill starts pilots').choices(primePendingChoices).default('drawn', 'drawn where --plans is, else always'))
    .option('--backfill-takes <seconds>', 'how long a backfill cycle itself takes; bf_interval is the pause behind it ("sdiag": Mean cycle)', numberFrom0(3600), 0)
    .addOption(new Option('--log-cycle <seconds>', 'time between backfill cycles when the log was written: where the simulated one is shorter, nodes held for a prime job get it sooner (with drawn plans)').argParser(positiveNumber(86_400)))
    .addOption(new Option('--prime-start <by>', 'who starts prime jobs that preempt: the main loop, or only backfill, a cycle after the pilot has left').choices(['main', 'backfill']).default('main'))
    .addOption(new Option('--priorities <how>', 'whether --nice orders the pilots').choices(['nice', 'flat']).default('nice'))
    .addOption(new Option('--plans <kind>', 'what Slurm knows of the ends of idle periods').choices(planKinds).default('drawn'))
    .addOption(new Option('--slurm-version <version>', 'what backfill makes of --time-min (policy var): before 20.11 it cuts the limit to fit, since then it gives the minimum').choices(slurmVersions).default('22.05'))
    .option('--qos-no-reserve', 'the pilots\' QOS has the flag NoReserve', false)
    .option('--over-time-limit', 'the pilots\' partition has OverTimeLimit=UNLIMITED', false)
    .option('--grace-time <seconds>', 'GraceTime of the pilots\' partition', wholeNumber(0, 86_400), 0)
    .option('--grace-heard', 'pilots hear the begin of the grace time (an srun step, or preempt_send_user_signal)', false)
    .option('--kill-wait <seconds>', 'KillWait', wholeNumber(0, 65_533), 30)
    .option('--exit <seconds>', 'from SIGTERM until a pilot has left its node', numberFrom0(3600), 0.1)
    .option('--startup <seconds>', 'from a pilot\'s start until its invoker is ready', numberFrom0(3600), 1)
    .option('--poll <seconds>', 'from one round of the pilot manager to the next', positiveNumber(3600), 5)
    .option('--calls <rate>', 'so many calls a second, through the production dispatcher to invokers that the pilots are', positiveNumber(10_000))
    .option('--functions <number>', 'the calls go to so many functions', wholeNumber(1, 100_000), defaultCallLoad.functions)
    .option('--call-ms <ms>', 'how long a function works', numberFrom0(60_000), defaultCallLoad.callMs)
    .option('--cold-ms <ms>', 'how much longer the first call of a container takes', numberFrom0(60_000), defaultCallLoad.coldMs)
    .addOption(new Option('--arrivals <how>', 'whether calls come evenly, to one function after the other, or by chance').choices(arrivalKinds).default(defaultCallLoad.arrivals))
    .option('--invoker-memory <MB>', 'memory that an invoker gives to functions of 256 MB each', wholeNumber(256, 10_000_000), defaultCallLoad.memoryMB)
    .option('--seed <number>', 'of what is drawn: plans, and when cycles begin', wholeNumber(0, 4_294_967_294), 1)
    .option('--json', 'print JSON; with several policies an array', false)
    .action(async (options: SimulateSlurmOptions) => {
      const { runSimulateSlurm } = await import('../simulate-slurm.ts');
      console.log(await runSimulateSlurm(options));
    });
  return command;
}

/** Of a surface that is given from outside; a queue has plans, and jobs that wait, of its own. */
const ofGivenPeriods = ['plans', 'primePending', 'primeStart', 'logCycle', 'calls'];

/** Those whose source was read. */
const slurmVersions = ['19.05', '20.11', '21.08', '22.05', '23.02', '23.11'];

function numberFrom0(max: number): (text: string) => number {
  const positive = positiveNumber(max);
  return (text) => text === '0' ? 0 : positive(text);
}

function lengthsOption(text: string): readonly number[] {
  const lengths = parsePilotLengths(text);
  if (lengths === undefined) throw new InvalidArgumentError('It must be one of A1, A2, A3, B, C1, C2, or whole minutes from 1 on with commas between them.');
  return lengths;
}
