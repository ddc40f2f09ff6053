import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';

export interface PilotCommand {
  readonly argv: readonly string[];
  /** The whole environment but for what Slurm would set. */
  readonly env: Readonly<Record<string, string>>;
  /** File to which its output is appended. @default nowhere */
  readonly outputFile?: string;
}

export interface PilotExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** It could not be started. */
  readonly error?: Error;
}

/** A pilot's script with all its descendants, in a process group of its own, as slurmstepd would hold it. */
export class PilotProcess {
  /** Resolves when the script has ended and the rest of its group was killed; never rejects. */
  readonly exited: Promise<PilotExit>;
  readonly #pid: number | undefined;
  #gone = false;

  constructor(command: PilotCommand, slurmEnv: Readonly<Record<string, string>>) {
    const [program = '', ...rest] = command.argv;
    const output = command.outputFile === undefined ? 'ignore' : openSync(command.outputFile, 'a', 0o600);
    const child = spawn(program, rest, { detached: true, env: { ...slurmEnv, ...command.env }, stdio: ['ignore', output, output] });
    if (typeof output === 'number') closeSync(output);
    this.#pid = child.pid;
    this.exited = new Promise((resolve) => {
      child.once('error', (error) => {
        this.#gone = true;
        resolve({ code: null, signal: null, error });
      });
      child.once('exit', (code, signal) => {
        this.signal('SIGKILL');
        this.#gone = true;
        resolve({ code, signal });
      });
    });
  }

  /** To every process of the group; nothing when it is gone. */
  signal(signal: NodeJS.Signals): void {
    if (this.#gone || this.#pid === undefined) return;
    try {
      process.kill(-this.#pid, signal);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
    }
  }
}
