/**
 * What a user of the client is told. Exit statuses are wsk's: 1 in general, 2 for a wrong command line, 3 when the API host
 * cannot be reached, and an HTTP status less 256 (404 is 148 to the shell) when it said no.
 */
const EXIT_GENERAL = 1;
const EXIT_USAGE = 2;
export const EXIT_NETWORK = 3;

interface WhiskErrorOptions extends ErrorOptions {
  exitCode?: number;
  /** The reader should look at the help of the command. */
  showUsage?: boolean;
  /** Nothing is to be printed: the command has said it already. */
  silent?: boolean;
}

export class WhiskError extends Error {
  override readonly name: string = 'WhiskError';
  readonly exitCode: number;
  readonly showUsage: boolean;
  readonly silent: boolean;

  constructor(message: string, { exitCode = EXIT_GENERAL, showUsage = false, silent = false, ...options }: WhiskErrorOptions = {}) {
    super(message, options);
    this.exitCode = exitCode;
    this.showUsage = showUsage;
    this.silent = silent;
  }
}

/** The API answered with an error. */
export class HttpStatusError extends WhiskError {
  override readonly name = 'HttpStatusError';
  readonly status: number;

  constructor(status: number, message: string) {
    super(message, { exitCode: exitCodeOf(status) });
    this.status = status;
  }
}

/** As a process can end with it: the status less 256, in eight bits. */
export function exitCodeOf(status: number): number {
  return status & 0xff;
}

export function usageError(message: string): WhiskError {
  return new WhiskError(message, { exitCode: EXIT_USAGE, showUsage: true });
}

export function networkError(message: string, cause: unknown): WhiskError {
  return new WhiskError(message, { exitCode: EXIT_NETWORK, cause });
}

export function fileError(file: string, cause: unknown): WhiskError {
  return new WhiskError(`File '${file}' is not a valid file or it does not exist: ${cause instanceof Error ? cause.message : String(cause)}`, { exitCode: EXIT_USAGE, cause });
}

/** The same error, said of what was to be done: `Unable to get action 'a': <error>`. */
export function because(attempt: string, error: WhiskError): WhiskError {
  if (error.silent) return error;
  return new WhiskError(`${attempt}: ${error.message}`, { exitCode: error.exitCode, showUsage: error.showUsage, cause: error });
}

/** Runs it; an error of it is said of `attempt`. */
export async function attempting<T>(attempt: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof WhiskError)) throw error;
    throw because(attempt, error);
  }
}
