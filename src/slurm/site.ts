import { SlurmCommands } from './command-line/slurm-command.ts';
import { SlurmError } from './slurm.ts';

/** A partition as `scontrol show partition` has it: names and values as printed. */
export type PartitionSettings = Readonly<Record<string, string>>;

/** What a site's Slurm is set to. */
export interface Site {
  /** As printed: `KillWait` → `30 sec`. */
  readonly settings: Readonly<Record<string, string>>;
  /** SchedulerParameters taken apart; a flag without a value is there with ''. */
  readonly schedulerParameters: Readonly<Record<string, string>>;
  readonly partitions: readonly PartitionSettings[];
}

/** Asks slurmctld twice, once for all. @throws {SlurmError} */
export async function readSite(options: { env?: Readonly<Record<string, string>>; timeoutMs?: number } = {}): Promise<Site> {
  const commands = new SlurmCommands(options.env ?? {}, options.timeoutMs ?? 20_000);
  const config = await commands.run('scontrol', ['show', 'config']);
  return parseSite(config, await commands.run('scontrol', ['--oneliner', 'show', 'partition']));
}

/** The flags of a QOS, as `sacctmgr` prints them; none where there is no accounting or no such QOS. Asks slurmdbd once. */
export async function readQosFlags(qos: string, options: { env?: Readonly<Record<string, string>>; timeoutMs?: number } = {}): Promise<readonly string[]> {
  const commands = new SlurmCommands(options.env ?? {}, options.timeoutMs ?? 20_000);
  try {
    const printed = await commands.run('sacctmgr', ['--noheader', '--parsable2', 'show', 'qos', 'where', `name=${qos}`, 'format=Flags']);
    return printed.trim().split(',').filter((flag) => flag !== '');
  } catch (error) {
    if (error instanceof SlurmError) return [];
    throw error;
  }
}

/** From what `scontrol show config` and `scontrol --oneliner show partition` printed. @throws {SlurmError} when it is something else. */
export function parseSite(config: string, partitions: string): Site {
  const settings: Record<string, string> = {};
  for (const line of config.split('\n')) {
    const match = /^([\w[\]]+)\s*=(.*)$/.exec(line);
    if (match?.[1] !== undefined) settings[match[1]] = (match[2] ?? '').trim();
  }
  if (settings['SLURM_VERSION'] === undefined) throw new SlurmError('user', 'scontrol show config printed no configuration of Slurm');
  return {
    settings,
    schedulerParameters: parseParameters(settings['SchedulerParameters'] ?? ''),
    partitions: partitions.split('\n').filter((line) => line.startsWith('PartitionName=')).map(parsePartition),
  };
}

function parsePartition(line: string): PartitionSettings {
  const settings: Record<string, string> = {};
  for (const word of line.split(/\s+/)) {
    const at = word.indexOf('=');
    if (at > 0) settings[word.slice(0, at)] = word.slice(at + 1);
  }
  return settings;
}

function parseParameters(text: string): Record<string, string> {
  const parameters: Record<string, string> = {};
  if (text === '(null)') return parameters;
  for (const word of text.split(',')) {
    const [name = '', value = ''] = word.split('=');
    if (name.trim() !== '') parameters[name.trim()] = value.trim();
  }
  return parameters;
}
