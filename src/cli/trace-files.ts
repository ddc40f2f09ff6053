/** Logs named on the command line, and their errors in its words. */
import { readFile, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { readTrace, type Trace } from '../traces/read-trace.ts';
import { TraceError } from '../traces/trace-error.ts';
import { PAPER_TIME_ZONE } from '../traces/window.ts';
import { CommandError, errorText } from './command-error.ts';

const EXIT_USAGE = 64;
const EXIT_NO_INPUT = 66;
const EXIT_CANNOT_CREATE = 73;

export interface LoadedTrace {
  readonly trace: Trace;
  readonly names: readonly string[];
  /** The one asked for, else the log's own. */
  readonly timeZone: string;
}

/**
 * @param timeZone as asked for; by default what the log says, for the paper's logs that of its cluster, else this machine's
 * @throws {CommandError}
 */
export async function loadTrace(files: readonly string[], timeZone: string | undefined): Promise<LoadedTrace> {
  if (timeZone !== undefined && !isTimeZone(timeZone)) throw new CommandError('EWINDOW', `unknown time zone "${timeZone}"`, EXIT_USAGE);
  const contents = await Promise.all(files.map(async (name) => ({ name, content: await read(name) })));
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return inItsWords(() => {
    const trace = readTrace(contents, timeZone ?? here);
    const own = trace.format === 'node-log' ? trace.log.timeZone ?? PAPER_TIME_ZONE : trace.workload.timeZone;
    return { trace, names: files.map((name) => basename(name)), timeZone: timeZone ?? (own !== undefined && isTimeZone(own) ? own : here) };
  });
}

/** A trace's error as one of the command. */
export function inItsWords<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof TraceError) throw new CommandError(error.code, error.message, EXIT_USAGE, { cause: error });
    throw error;
  }
}

export async function writeOutput(file: string, text: string): Promise<void> {
  try {
    await writeFile(file, text);
  } catch (error) {
    throw new CommandError('EREPORT', `${file} cannot be written: ${errorText(error)}`, EXIT_CANNOT_CREATE, { cause: error });
  }
}

async function read(file: string): Promise<Uint8Array> {
  try {
    return await readFile(file);
  } catch (error) {
    throw new CommandError('ENOLOG', `the log ${file} cannot be read: ${errorText(error)}`, EXIT_NO_INPUT, { cause: error });
  }
}

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}
