import { silentLogger, type Logger } from '../../domain/logger.ts';
import { SlurmError, type NodeCount, type PilotJob, type PilotSubmission, type Slurm } from '../slurm.ts';
import { groupJobIds } from './job-ids.ts';
import { checkSbatchArguments, sbatchArguments, type SbatchSettings } from './sbatch-arguments.ts';
import { SlurmCommands } from './slurm-command.ts';
import { parseSinfo, sinfoFormat } from './sinfo.ts';
import { parseSqueue, squeueFormat, squeueTimeFormat } from './squeue.ts';

export interface CommandLineSlurmOptions {
  /** Undefined: the site's default partition. */
  readonly partition?: string;
  /** Own name of this manager's pilots: it finds them by it, also after a restart. */
  readonly jobName: string;
  /** The whole job script of a pilot, its first line included. */
  readonly script: (pilot: PilotSubmission) => string;
  /** Verbatim for every sbatch, e.g. `['--account=abc']`. @default [] */
  readonly sbatchArguments?: readonly string[];
  /** Where pilots' output goes. @default nowhere (/dev/null) */
  readonly logDirectory?: string;
  /** Variables for Slurm's commands beyond PATH, HOME and the like, e.g. SLURM_CONF; jobs see them too. */
  readonly env?: Readonly<Record<string, string>>;
  /** How long a command may take before slurmctld counts as away. @default 20000 */
  readonly timeoutMs?: number;
  readonly logger?: Logger;
}

const defaultTimeoutMs = 20_000;
/** What scancel says of a job that ended meanwhile, which is what was wanted. */
const endedAlready = /invalid job id|already completing or completed|job\/step already/i;

/** Slurm by its own commands: sbatch, squeue, sinfo, scancel. One process per call, whatever the number of pilots. */
export class CommandLineSlurm implements Slurm {
  readonly #commands: SlurmCommands;
  readonly #settings: SbatchSettings;
  readonly #script: (pilot: PilotSubmission) => string;
  readonly #logger: Logger;
  readonly #user: string;

  /** @throws {SlurmError} when an sbatch argument cannot be given. */
  constructor(options: CommandLineSlurmOptions) {
    if (!/^[\w.-]+$/.test(options.jobName)) throw new SlurmError('user', `job name "${options.jobName}" may hold letters, digits, dots, dashes and underscores only`);
    const given = options.sbatchArguments ?? [];
    checkSbatchArguments(given);
    this.#settings = {
      jobName: options.jobName, sbatchArguments: given,
      ...options.partition === undefined ? {} : { partition: options.partition },
      ...options.logDirectory === undefined ? {} : { logDirectory: options.logDirectory },
    };
    this.#script = options.script;
    this.#commands = new SlurmCommands(options.env ?? {}, options.timeoutMs ?? defaultTimeoutMs);
    this.#logger = options.logger ?? silentLogger;
    this.#user = String(process.getuid?.() ?? '');
  }

  async submit(pilot: PilotSubmission): Promise<string> {
    const args = sbatchArguments(this.#settings, pilot);
    const output = await this.#commands.run('sbatch', args, { input: this.#script(pilot) });
    // `id` or `id;cluster`; a site's submit plugin may print lines of its own before it.
    const id = output.split('\n').map((line) => line.trim().split(';')[0]).findLast((word) => /^\d+$/.test(word ?? ''));
    if (id === undefined) throw new SlurmError('user', `sbatch printed no job id: "${output.trim().slice(0, 200)}"`);
    this.#logger.debug({ id, kind: pilot.kind, count: pilot.count }, 'pilots submitted');
    return id;
  }

  /** By priority, then by age. Also those that ended lately, as long as slurmctld remembers them (MinJobAge). */
  async pilots(): Promise<PilotJob[]> {
    const args = ['--noheader', '--array', '--states=all', '--sort=-p,i', `--user=${this.#user}`, `--name=${this.#settings.jobName}`, `--format=${squeueFormat}`];
    return parseSqueue(await this.#commands.run('squeue', args, { env: { SLURM_TIME_FORMAT: squeueTimeFormat } }));
  }

  async nodes(): Promise<NodeCount> {
    const { partition } = this.#settings;
    return parseSinfo(await this.#commands.run('sinfo', ['--noheader', `--format=${sinfoFormat}`, ...partition === undefined ? [] : [`--partition=${partition}`]]), partition);
  }

  async cancel(ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return;
    try {
      await this.#commands.run('scancel', groupJobIds(ids));
    } catch (error) {
      if (!(error instanceof SlurmError) || error.kind === 'transient' || !endedAlready.test(error.message)) throw error;
    }
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
