import { SlurmError, type PilotSubmission } from '../slurm.ts';

/** What this program says to sbatch itself; anything else in there would make it lose sight of its pilots. */
const reserved = new Map([
  ['-J', 'pilots are found again by their job name'], ['--job-name', 'pilots are found again by their job name'],
  ['--comment', 'it holds the kind of the pilot'],
  ['-a', 'the policy decides how many'], ['--array', 'the policy decides how many'],
  ['-t', 'the policy decides the time limits'], ['--time', 'the policy decides the time limits'],
  ['-p', 'use the option for the partition'], ['--partition', 'use the option for the partition'],
  ['--parsable', 'it is set already'], ['--wrap', 'the job script is made by this program'], ['-W', 'it would wait for the pilot to end'], ['--wait', 'it would wait for the pilot to end'],
]);

/** Options by which somebody asks for a part of a node, or says himself what whole means. */
const sharing = ['--exclusive', '-s', '--oversubscribe', '-c', '--cpus-per-task', '-n', '--ntasks', '--ntasks-per-node', '--mem', '--mem-per-cpu', '-N', '--nodes', '--gres', '--gpus', '-G'];

export interface SbatchSettings {
  readonly partition?: string;
  readonly jobName: string;
  /** The site's own, verbatim; they come last and so win. */
  readonly sbatchArguments: readonly string[];
  /** Where pilots' output goes; undefined: nowhere. */
  readonly logDirectory?: string;
}

/** @throws {SlurmError} when they contain an option that this program must set itself. */
export function checkSbatchArguments(args: readonly string[]): void {
  for (const arg of args) {
    const name = optionName(arg);
    const reason = name === undefined ? undefined : reserved.get(name);
    if (reason !== undefined) throw new SlurmError('user', `sbatch argument ${arg} cannot be given: ${reason}`);
    if (!arg.startsWith('-') && args.indexOf(arg) === 0) throw new SlurmError('user', `sbatch argument ${arg} is no option; the job script is made by this program`);
  }
}

/** The arguments of the sbatch that submits these pilots; the script follows on its standard input. */
export function sbatchArguments(settings: SbatchSettings, pilot: PilotSubmission): string[] {
  const own = [
    '--parsable', `--job-name=${settings.jobName}`, `--comment=${pilot.kind}`, `--time=${pilot.limitMinutes}`,
    // Preempted pilots are replaced by new ones: a requeued one would wait 2 minutes first.
    '--no-requeue',
    // The environment is sbatch's own, which is clean. NONE and lists make slurmd read the user's profile first, which takes seconds.
    '--export=ALL',
    '--chdir=/',
    `--output=${settings.logDirectory === undefined ? '/dev/null' : `${settings.logDirectory}/%x-%j.log`}`,
  ];
  if (settings.partition !== undefined) own.push(`--partition=${settings.partition}`);
  if (pilot.timeMinMinutes !== undefined) own.push(`--time-min=${pilot.timeMinMinutes}`);
  if (pilot.nice > 0) own.push(`--nice=${pilot.nice}`);
  if (pilot.count > 1) own.push(`--array=0-${pilot.count - 1}`);
  const names = settings.sbatchArguments.map(optionName);
  if (!names.some((name) => name !== undefined && sharing.includes(name))) own.push('--nodes=1', '--exclusive');
  return [...own, ...settings.sbatchArguments];
}

/** `--time=5` → `--time`, `-t5` → `-t`; undefined for a value. */
function optionName(arg: string): string | undefined {
  if (arg.startsWith('--')) return arg.split('=')[0];
  return /^-[a-zA-Z]/.exec(arg)?.[0];
}
