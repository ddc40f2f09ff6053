import { Command, InvalidArgumentError } from 'commander';
import { systemClock } from '../../clock/system-clock.ts';
import { collect } from '../../collect/collector.ts';
import { LogDirectoryError, LogFiles, type Rotation } from '../../collect/log-files.ts';
import { SampleWriter } from '../../collect/sample-writer.ts';
import { clusterLooker } from '../../slurm/command-line/cluster-look.ts';
import { SlurmError } from '../../slurm/slurm.ts';
import { CommandError } from '../command-error.ts';
import { wholeNumber } from '../option-values.ts';

interface CollectOptions {
  interval: number;
  out: string;
  partition?: string;
  rotate: Rotation;
  rounds?: number;
  pilots?: string;
  timezone?: string;
}

/** What `hpcwhisk up` calls its pilots. */
const OWN_PILOTS = /^hpcwhisk-[0-9a-f]{8}$/;
const MAX_INTERVAL_S = 3600;
const MB = 1_000_000;
const KEEP_ALIVE_MS = 60_000;

export function collectCommand(): Command {
  return new Command('collect')
    .description('Writes down how idle the cluster is: one sinfo and one squeue each round, for "hpcwhisk analyze" and "hpcwhisk simulate". Needs no rights; jobs that this user may not see are left out. Names of jobs and users are not written down.')
    .requiredOption('--out <dir>', 'directory of the log; a later collect goes on with it')
    .option('--interval <seconds>', 'from one round to the next', wholeNumber(1, MAX_INTERVAL_S), 10)
    .option('--partition <name>', 'whose nodes are looked at (default: those of all partitions)')
    .option('--rotate <when>', 'daily, never, or a size such as 100MB; what is complete is gzipped', rotation, 'daily')
    .option('--rounds <number>', 'end after so many rounds (default: at SIGINT or SIGTERM)', wholeNumber(1, 1_000_000_000))
    .option('--pilots <job name>', 'jobs of this name hold idle nodes only (default: those of "hpcwhisk up")')
    .option('--timezone <name>', 'of the days of --rotate, and written into the log (default: this machine\'s)')
    .action(run);
}

function rotation(text: string): Rotation {
  if (text === 'daily' || text === 'never') return text;
  const megabytes = Number(/^(\d+(?:\.\d+)?)\s*(?:MB?)?$/i.exec(text.trim())?.[1]);
  if (!(megabytes > 0)) throw new InvalidArgumentError('It must be daily, never, or a number of megabytes such as 100MB.');
  return { bytes: megabytes * MB };
}

async function run(options: CollectOptions): Promise<void> {
  const timeZone = options.timezone ?? Intl.DateTimeFormat().resolvedOptions().timeZone;
  const { pilots, partition } = options;
  const interrupted = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => { interrupted.abort(); });
  // The clock's timers do not keep the process alive.
  const alive = setInterval(() => undefined, KEEP_ALIVE_MS);
  let files: LogFiles | undefined;
  try {
    checkTimeZone(timeZone);
    files = await LogFiles.open(options.out, options.rotate, timeZone);
    const { samples, failed } = await collect({
      look: clusterLooker(partition === undefined ? {} : { partition }),
      sink: files,
      writer: new SampleWriter({
        timeZone, intervalSeconds: options.interval, ...partition === undefined ? {} : { partition },
        isPilot: pilots === undefined ? (name) => OWN_PILOTS.test(name) : (name) => name === pilots,
      }),
      clock: systemClock, intervalMs: options.interval * 1000, signal: interrupted.signal, tell: (text) => { console.error(`${new Date().toISOString()}  ${text}`); },
      ...options.rounds === undefined ? {} : { rounds: options.rounds },
    });
    console.log(`${samples} samples in ${options.out}${failed === 0 ? '' : `, ${failed} rounds failed`}`);
    if (samples === 0) process.exitCode = 69;
  } catch (error) {
    if (error instanceof SlurmError) throw new CommandError('ESLURM', error.message, 69, { cause: error });
    if (error instanceof LogDirectoryError) throw new CommandError('EOUTPUT', error.message, 73, { cause: error });
    throw error;
  } finally {
    clearInterval(alive);
    await files?.close();
  }
}

function checkTimeZone(timeZone: string): void {
  try {
    Intl.DateTimeFormat('en-US', { timeZone });
  } catch (error) {
    throw new CommandError('EUSAGE', `unknown time zone "${timeZone}"`, 64, { cause: error });
  }
}
