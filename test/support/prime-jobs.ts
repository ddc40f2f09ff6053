/** Prime jobs on a testbed: each takes a node for a while; its script's first act tells when it began. */
import { execFile } from 'node:child_process';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Testbed } from '../../src/testbed/testbed.ts';

const run = promisify(execFile);

export interface StartedJob {
  node: string;
  /** Epoch ms: sbatch begun, and the first line of the script. */
  submittedAt: number;
  beganAt: number;
}

export class PrimeJobs {
  readonly #testbed: Testbed;
  readonly #directory: string;
  readonly #submitted = new Map<string, { node: string; submittedAt: number }>();

  /** @param directory in the testbed's, for their starts: one for each instance */
  constructor(testbed: Testbed, directory = 'prime-jobs') {
    this.#testbed = testbed;
    this.#directory = join(testbed.directory, directory);
  }

  /** Submits one that needs `node` for `seconds`. */
  async submit(node: string, seconds: number): Promise<void> {
    await mkdir(this.#directory, { recursive: true });
    const name = `prime-${this.#submitted.size}`;
    this.#submitted.set(name, { node, submittedAt: Date.now() });
    await run('sbatch', [
      '--partition=prime', `--nodelist=${node}`, '--exclusive', '--time=5', `--job-name=${name}`, '--output=/dev/null',
      `--wrap=date +%s.%N > ${join(this.#directory, name)}; sleep ${seconds}`,
    ], { env: { ...process.env, ...this.#testbed.env } });
  }

  /** Those that have begun. */
  async started(): Promise<StartedJob[]> {
    const started: StartedJob[] = [];
    for (const [name, job] of this.#submitted) {
      const began = await readFile(join(this.#directory, name), 'utf8').catch(() => '');
      if (began !== '') started.push({ ...job, beganAt: Number(began) * 1000 });
    }
    return started;
  }

  /** Milliseconds from sbatch to the first line of the script, of those that have begun. */
  async startDelays(): Promise<number[]> {
    return (await this.started()).map(({ submittedAt, beganAt }) => beganAt - submittedAt);
  }
}

/** Slurm's final states of the ended jobs of this name, for example PREEMPTED. */
export async function finalStates(testbed: Testbed, jobName: RegExp): Promise<string[]> {
  const log = await readFile(testbed.jobLog, 'utf8').catch(() => '');
  return log.split('\n').flatMap((line) => {
    const name = /(?:^| )Name=(\S+)/.exec(line)?.[1];
    const state = /JobState=(\S+)/.exec(line)?.[1];
    return name !== undefined && state !== undefined && jobName.test(name) ? [state] : [];
  });
}
