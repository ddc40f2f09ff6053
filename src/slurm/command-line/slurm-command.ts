import { execFile } from 'node:child_process';
import { slurmErrorOf } from './command-errors.ts';

/**
 * The only variables of this process that Slurm's commands see. sbatch hands its environment on to the job, so whatever
 * else stands in it (tokens, keys) stays here; and SQUEUE_FORMAT and its like would change what the commands print.
 */
const passedOn = [
  'PATH', 'HOME', 'USER', 'LOGNAME', 'SHELL', 'LANG', 'TZ', 'SLURM_CONF', 'SLURM_CONF_SERVER', 'LD_LIBRARY_PATH',
  'SBATCH_ACCOUNT', 'SBATCH_QOS', 'SBATCH_RESERVATION', 'SBATCH_CONSTRAINT',
];

const maxOutputBytes = 64 << 20;

/** Slurm's commands with a clean environment and a time limit. */
export class SlurmCommands {
  readonly #env: Readonly<Record<string, string>>;
  readonly #timeoutMs: number;

  /** `env`: added to the few variables that are passed on from this process. */
  constructor(env: Readonly<Record<string, string>>, timeoutMs: number) {
    const base: Record<string, string> = {};
    for (const name of passedOn) {
      const value = process.env[name];
      if (value !== undefined) base[name] = value;
    }
    this.#env = { ...base, ...env };
    this.#timeoutMs = timeoutMs;
  }

  /** @returns what it printed. @throws {SlurmError} */
  run(command: string, args: readonly string[], options: { input?: string; env?: Readonly<Record<string, string>> } = {}): Promise<string> {
    return new Promise((resolve, reject) => {
      const child = execFile(command, args, {
        env: { ...this.#env, ...options.env }, timeout: this.#timeoutMs, killSignal: 'SIGKILL', maxBuffer: maxOutputBytes, encoding: 'utf8',
      }, (error, stdout, stderr) => {
        if (error === null) resolve(stdout);
        else reject(slurmErrorOf(command, { ...error, message: error.message, stderr }, this.#timeoutMs));
      });
      // A command that ends before it has read its input breaks the pipe; its exit code says more than that.
      child.stdin?.on('error', () => undefined);
      child.stdin?.end(options.input ?? '');
    });
  }
}
