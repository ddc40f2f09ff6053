export type TraceErrorCode =
  /** A line of a log that cannot be read. */
  | 'ETRACEFORMAT'
  /** The log holds no complete sample. */
  | 'ETRACEEMPTY'
  /** The window asked for is not inside the trace, or is no window. */
  | 'EWINDOW';

export class TraceError extends Error {
  override readonly name = 'TraceError';
  readonly code: TraceErrorCode;
  /** Line of the log, from 1. */
  readonly line?: number;

  constructor(code: TraceErrorCode, message: string, line?: number) {
    super(line === undefined ? message : `line ${line}: ${message}`);
    this.code = code;
    if (line !== undefined) this.line = line;
  }
}
