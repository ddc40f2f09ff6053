/**
 * The prime jobs of a replay on a real Slurm. Each is one sbatch, pinned to its node. The first act of its script is to
 * write down the time, which is how its start delay is measured; then it sleeps until its planned end, so that a late
 * start does not shift what follows. Jobs from before the window end by scancel: their end is not known when they begin.
 */
import { spawn } from 'node:child_process';
import { appendFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ReplayError } from './replay-error.ts';

export interface PrimeSubmission {
  readonly node: string;
  /** Epoch ms; null: until it is cancelled. */
  readonly endsAt: number | null;
}

export interface SubmittedPrimeJob {
  /** Slurm's id. */
  readonly id: string;
  readonly node: string;
  /** Epoch ms, taken just before sbatch was started. */
  readonly submittedAt: number;
}

/** Environment for Slurm's commands. */
export type SlurmEnvironment = Readonly<Record<string, string>>;

/** Of all that a replay submits as prime jobs: what ends them together. */
export const PRIME_JOB_NAME = 'replay-prime';
const COMMAND_TIMEOUT_MS = 60_000;
/** What users ask for beyond what they need, minutes: the median of the paper's week. */
const SLACK_MINUTES = 60;
/** For jobs without a planned end. */
const OPEN_END_MINUTES = 2880;

export class PrimeJobs {
  readonly #env: SlurmEnvironment;
  readonly #partition: string;
  readonly #directory: string;

  private constructor(env: SlurmEnvironment, partition: string, directory: string) {
    this.#env = env;
    this.#partition = partition;
    this.#directory = directory;
  }

  static async open(env: SlurmEnvironment, partition = 'prime'): Promise<PrimeJobs> {
    const directory = await mkdtemp(path.join(tmpdir(), 'hpcwhisk-replay-'));
    await appendFile(path.join(directory, 'starts'), '');
    return new PrimeJobs(env, partition, directory);
  }

  /** @throws {ReplayError} ESLURM */
  async submit({ node, endsAt }: PrimeSubmission): Promise<SubmittedPrimeJob> {
    const minutes = endsAt === null ? OPEN_END_MINUTES : Math.max(1, Math.ceil((endsAt - Date.now()) / 60_000)) + SLACK_MINUTES;
    const submittedAt = Date.now();
    const id = await runSlurm(this.#env, 'sbatch', [
      '--parsable', '--partition', this.#partition, '--nodelist', node, '--exclusive', '--job-name', PRIME_JOB_NAME,
      '--time', String(minutes), '--output', '/dev/null', '--chdir', '/', '--no-requeue',
    ], this.#script(endsAt));
    return { id: id.trim().split(';')[0] ?? '', node, submittedAt };
  }

  /** When the script of each job ran its first line, epoch ms by job id. */
  async starts(): Promise<Map<string, number>> {
    const lines = (await readFile(path.join(this.#directory, 'starts'), 'utf8')).split('\n');
    return new Map(lines.flatMap((line): [string, number][] => {
      const [id, at] = line.split(' ');
      return id === undefined || at === undefined ? [] : [[id, Number(at)]];
    }));
  }

  /** @throws {ReplayError} ESLURM */
  async cancel(ids: readonly string[]): Promise<void> {
    if (ids.length > 0) await runSlurm(this.#env, 'scancel', ['--quiet', ...ids]);
  }

  /** Ends all jobs of every replay in this Slurm; resolves when they are gone. @throws {ReplayError} ESLURM */
  async cancelAll(): Promise<void> {
    const ofThese = ['--partition', this.#partition, '--name', PRIME_JOB_NAME];
    await runSlurm(this.#env, 'scancel', ['--quiet', ...ofThese]);
    for (const deadline = Date.now() + COMMAND_TIMEOUT_MS; (await runSlurm(this.#env, 'squeue', ['-h', ...ofThese])).trim() !== '';) {
      if (Date.now() > deadline) throw new ReplayError('ESLURM', `prime jobs are still there ${COMMAND_TIMEOUT_MS / 1000} s after scancel`);
      await new Promise((resolve) => { setTimeout(resolve, 250); });
    }
  }

  /** Ends all jobs of every replay in this Slurm and removes what was written down. */
  async close(): Promise<void> {
    await runSlurm(this.#env, 'scancel', ['--quiet', '--partition', this.#partition, '--name', PRIME_JOB_NAME]);
    await rm(this.#directory, { recursive: true, force: true });
  }

  #script(endsAt: number | null): string {
    const starts = path.join(this.#directory, 'starts').replaceAll("'", String.raw`'\''`);
    const head = `#!/bin/sh\nnow=$(date +%s%3N)\necho "$SLURM_JOB_ID $now" >> '${starts}'\n`;
    if (endsAt === null) return `${head}exec sleep infinity\n`;
    return `${head}left=$((${Math.round(endsAt)} - now))\n[ "$left" -gt 0 ] || exit 0\n`
      + 'exec sleep "$((left / 1000)).$(printf %03d "$((left % 1000))")"\n';
  }
}

/** Nodes with a running pilot and the pilot's job id: one squeue, which does not list what is pending. @throws {ReplayError} ESLURM */
export async function runningPilots(env: SlurmEnvironment, partition: string): Promise<Map<string, string>> {
  const output = await runSlurm(env, 'squeue', ['-h', '-r', '-p', partition, '-t', 'RUNNING', '-o', '%i %N']);
  return new Map(output.split('\n').flatMap((line): [string, string][] => {
    const [id, node] = line.trim().split(' ');
    return id === undefined || node === undefined ? [] : [[node, id]];
  }));
}

/** Runs one of Slurm's commands. @returns its standard output. @throws {ReplayError} ESLURM */
export function runSlurm(env: SlurmEnvironment, command: string, args: readonly string[], input = ''): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { env, stdio: ['pipe', 'pipe', 'pipe'], timeout: COMMAND_TIMEOUT_MS });
    let [output, errors] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => { output += text; });
    child.stderr.setEncoding('utf8').on('data', (text: string) => { errors += text; });
    // A command that ends before it has read its input tells why by its exit.
    child.stdin.on('error', () => undefined).end(input);
    child.once('error', (cause) => { reject(new ReplayError('ESLURM', `${command}: ${cause.message}`, { cause })); });
    child.once('close', (code, signal) => {
      if (code === 0) resolve(output);
      else reject(new ReplayError('ESLURM', `${command}: ${errors.trim().split('\n').at(-1) ?? ''} (${signal ?? `exit ${code}`})`));
    });
  });
}
