/**
 * Where commands print. As wsk prints it (`table`, the default), or for scripts: `json`, the body of the API's answer and
 * nothing else on the standard output; `name`, full names, one a line; `wide`, tables with more columns.
 */
import { usageError } from '../../client/whisk-error.ts';

export type OutputFormat = 'table' | 'wide' | 'name' | 'json' | 'raw';
const FORMATS: readonly string[] = ['table', 'wide', 'name', 'json', 'raw'] satisfies OutputFormat[];

/** @throws {WhiskError} usage */
export function outputFormat(text: string | undefined): OutputFormat {
  if (text === undefined) return 'table';
  const format = text.toLowerCase();
  if (!FORMATS.includes(format)) throw usageError(`Invalid output format '${text}'. Valid values are: ${FORMATS.join(', ')}.`);
  return format as OutputFormat;
}

interface Sink {
  write(text: string): void;
  /** Whether colours can be seen. */
  readonly colour: boolean;
}

export class Output {
  readonly format: OutputFormat;
  readonly #stdout: Sink;
  readonly #stderr: Sink;

  constructor(format: OutputFormat, stdout: Sink, stderr: Sink) {
    this.format = format;
    this.#stdout = stdout;
    this.#stderr = stderr;
  }

  /** A line for people; nothing where the output is for scripts. */
  say(text: string): void {
    if (this.format !== 'json' && this.format !== 'name') this.line(text);
  }

  /** `ok: …`, for people. */
  ok(text: string): void {
    this.say(`${this.#paint('ok:', 32, this.#stdout)} ${text}`);
  }

  /** `ok: …` of something that has not gone the way it was meant, on the standard error. */
  okAside(text: string): void {
    this.#stderr.write(`${this.#paint('ok:', 32, this.#stderr)} ${text}\n`);
  }

  line(text: string): void {
    this.#stdout.write(`${text}\n`);
  }

  /** As it is. */
  text(text: string): void {
    this.#stdout.write(text);
  }

  json(value: unknown): void {
    this.line(pretty(value));
  }

  error(text: string): void {
    this.#stderr.write(`${this.#paint('error:', 31, this.#stderr)} ${text}\n`);
  }

  aside(text: string): void {
    this.#stderr.write(`${text}\n`);
  }

  bold(text: string): string {
    return this.#paint(text, 1, this.#stdout);
  }

  #paint(text: string, code: number, sink: Sink): string {
    return sink.colour ? `\u001b[${code}m${text}\u001b[0m` : text;
  }
}

/** As wsk indents. */
export function pretty(value: unknown): string {
  return JSON.stringify(value, null, 4);
}
