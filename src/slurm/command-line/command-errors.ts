import { SlurmError } from '../slurm.ts';

/**
 * What Slurm's commands say when trying again later can help: slurmctld or munged is away, busy or just restarting, or a
 * limit on submitted jobs is reached, which falls as jobs end. Everything else is a refusal that stays one.
 */
const transientTexts = [
  /unable to contact slurm controller/i, /socket timed out/i, /connection (refused|reset|timed out)/i, /timed out/i, /backup controller/i,
  /standby mode/i, /zero bytes were transmitted/i, /temporarily/i, /try again/i, /munge/i, /protocol authentication error/i, /invalid authentication credential/i,
  /i\/o error/i, /transport endpoint/i, /message (send|receive) failure/i, /job submit limit/i, /max(imum)? ?(number of )?(submit|jobs?)/i, /rate limit/i,
  /slurmctld.*(state|recover)/i, /no route to host/i, /network is unreachable/i,
];

/** How execFile reports that a command failed. */
export interface CommandFailure {
  readonly message: string;
  /** ENOENT and others when it could not be started, else its exit code. */
  readonly code?: string | number | null;
  readonly killed?: boolean;
  readonly stderr?: string;
}

/** The error of a command of Slurm that failed. */
export function slurmErrorOf(command: string, failure: CommandFailure, timeoutMs: number): SlurmError {
  const cause = { cause: failure };
  if (failure.code === 'ENOENT') return new SlurmError('user', `${command}: command not found on PATH; run this where Slurm's commands are installed`, cause);
  if (failure.code === 'EACCES') return new SlurmError('user', `${command}: it is on PATH but may not be executed`, cause);
  if (failure.killed === true) {
    const text = said(command, failure);
    // A missing slurm.conf makes the commands wait a minute for it.
    if (/cannot stat file/.test(text)) return new SlurmError('user', `${command}: ${text}`, cause);
    return new SlurmError('transient', `${command} gave no answer within ${timeoutMs / 1000} s`, cause);
  }
  if (typeof failure.code === 'string') return new SlurmError('transient', `${command} could not be started: ${failure.message}`, cause);
  const text = said(command, failure);
  return new SlurmError(transientTexts.some((pattern) => pattern.test(text)) ? 'transient' : 'user', `${command}: ${text}`, cause);
}

function said(command: string, failure: CommandFailure): string {
  const lines = (failure.stderr ?? '').split('\n').map((line) => line.replace(`${command}: `, '').replace(/^(error|fatal): /, '').trim());
  return [...new Set(lines.filter((line) => line !== ''))].join('; ') || `failed with exit code ${failure.code ?? 'unknown'} and said nothing`;
}
