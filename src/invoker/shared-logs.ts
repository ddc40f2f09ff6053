/**
 * Logs of a container in which several calls run at a time. The runtime marks each line with its call (SOH, call, STX); so
 * each call gets a collector of its own, which sees its lines without the mark. Lines without one (of child processes,
 * native code, the runtime itself) cannot be told apart: they go to all calls that run just then.
 */
import { PassThrough } from 'node:stream';
import type { Readable } from 'node:stream';
import type { Clock } from '../clock/clock.ts';
import { LogCollector } from './log-collector.ts';

const NEWLINE = 0x0a;
const MARK_BEGIN = 0x01;
const MARK_END = 0x02;
/** A longer line goes on in parts. */
const PART_BYTES = 65_536;

type StreamName = 'stdout' | 'stderr';
interface OpenCall { readonly stdout: PassThrough; readonly stderr: PassThrough; readonly logs: LogCollector }
/** Of one stream: the beginning of a line, and whose line it is, if a part of it has gone out already. */
interface Reading { readonly name: StreamName; rest: Buffer | undefined; call: { name: string | undefined } | undefined }

export class SharedLogs {
  readonly #clock: Clock;
  readonly #calls = new Map<string, OpenCall>();
  #ended = false;

  constructor(streams: Record<StreamName, Readable>, clock: Clock) {
    this.#clock = clock;
    for (const name of ['stdout', 'stderr'] as const) {
      const reading: Reading = { name, rest: undefined, call: undefined };
      streams[name].on('data', (chunk: Buffer) => { this.#received(reading, chunk); });
      streams[name].once('close', () => {
        this.#ended = true;
        for (const call of this.#calls.values()) call[name].end();
      });
    }
  }

  open(name: string): LogCollector {
    const [stdout, stderr] = [new PassThrough(), new PassThrough()];
    const call: OpenCall = { stdout, stderr, logs: new LogCollector(stdout, stderr, this.#clock) };
    this.#calls.set(name, call);
    if (this.#ended) for (const stream of [stdout, stderr]) stream.end();
    return call.logs;
  }

  close(name: string): void {
    const call = this.#calls.get(name);
    this.#calls.delete(name);
    call?.stdout.destroy();
    call?.stderr.destroy();
  }

  #received(reading: Reading, chunk: Buffer): void {
    const data = reading.rest === undefined ? chunk : Buffer.concat([reading.rest, chunk]);
    reading.rest = undefined;
    let from = 0;
    for (let newline = data.indexOf(NEWLINE); newline >= 0; newline = data.indexOf(NEWLINE, from)) {
      this.#pass(reading, data.subarray(from, newline + 1));
      reading.call = undefined;
      from = newline + 1;
    }
    const rest = data.subarray(from);
    if (rest.length > PART_BYTES) this.#pass(reading, rest);
    else if (rest.length > 0) reading.rest = Buffer.from(rest);
  }

  /** A line, or the next part of one. */
  #pass(reading: Reading, bytes: Buffer): void {
    let text = bytes;
    if (reading.call === undefined) {
      const end = bytes[0] === MARK_BEGIN ? bytes.indexOf(MARK_END) : -1;
      reading.call = { name: end < 0 ? undefined : bytes.toString('latin1', 1, end) };
      text = bytes.subarray(end + 1);
    }
    const { name } = reading.call;
    if (name !== undefined) this.#calls.get(name)?.[reading.name].write(text);
    else for (const call of this.#calls.values()) call[reading.name].write(text);
  }
}
