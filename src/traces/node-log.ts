/**
 * Reader of node logs: samples some 10 s apart, each an epoch second, then lines, and `----`. The paper's two formats
 * have the lines of `sinfo` (partition, availability, limit, count, state, nodes) and, one of them, a line `invokers: `
 * with the nodes that held a pilot. Those that `hpcwhisk collect` writes are the same with more: lines `#` with what the
 * log is, `states: ` with the number of nodes by state, and `job: ` and `gone: ` (see job-ledger.ts).
 * A node is available in a sample when its state is exactly `idle` (`idle~` is powered down) or `planned` (idle, and kept
 * for a job that starts later), or it holds a pilot.
 * A log that was being written when it was copied ends in the middle of a sample, and a poller that was killed leaves
 * half a sample before the next one: such torn samples are left out and counted. Any other unreadable line is an error.
 */
import { gunzipSync } from 'node:zlib';
import { expandHostList, HostListError } from '../domain/host-list.ts';
import { JobLedger } from './job-ledger.ts';
import { TraceError } from './trace-error.ts';
import type { TraceJob } from './workload.ts';

export interface NodeSample {
  /** Epoch ms. */
  readonly at: number;
  /** Samples that show the same nodes share one array. */
  readonly idle: readonly string[];
  /** Nodes that held a pilot; empty in logs without the `invokers:` line. */
  readonly pilots: readonly string[];
  /** Nodes by state, where the log has them. */
  readonly states?: Readonly<Record<string, number>>;
}

export interface NodeLog {
  /** By time. */
  readonly samples: readonly NodeSample[];
  /** Samples left out because they were not complete. */
  readonly torn: number;
  /** Where the log says it: IANA name, and the number of nodes that were polled. */
  readonly timeZone?: string;
  readonly nodeCount?: number;
  /** Only of logs that have any. */
  readonly jobs?: readonly TraceJob[];
}

/** More time than this between two samples, in ms, is a hole in the log: nothing is known of the nodes inside it. */
export const MAX_SPACING_MS = 5 * 60_000;
const SINFO_FIELDS = 6;
const AVAILABLE = new Set(['idle', 'planned']);
const HEADER = '# hpcwhisk node log';

interface OpenSample {
  readonly at: number;
  readonly idleLists: string[];
  pilots: string;
  states?: Record<string, number>;
}

/** @param content the log as text, or its bytes, gzipped or not. @throws {TraceError} */
export function readNodeLog(content: string | Uint8Array): NodeLog {
  const reader = new NodeLogReader();
  reader.read(typeof content === 'string' ? content : bytesToText(content));
  return reader.result();
}

/** One log that was rotated: its files in the order of time. @throws {TraceError} that names the file */
export function readNodeLogs(files: readonly { readonly name: string; readonly text: string }[]): NodeLog {
  const reader = new NodeLogReader();
  for (const { name, text } of files) {
    try {
      reader.read(text);
    } catch (error) {
      if (error instanceof TraceError) throw new TraceError(error.code, `${name}: ${error.message}`);
      throw error;
    }
  }
  return reader.result();
}

class NodeLogReader {
  readonly #samples: NodeSample[] = [];
  readonly #jobs = new JobLedger();
  readonly #lists = new Map<string, readonly string[]>();
  #torn = 0;
  #open: OpenSample | undefined;
  #timeZone: string | undefined;
  #nodeCount = 0;

  read(text: string): void {
    const lines = text.split('\n');
    for (let index = 0; index < lines.length; index++) {
      const line = (lines[index] ?? '').trim();
      if (line === '') continue;
      try {
        this.#line(line, index + 1);
      } catch (error) {
        if (!breaksOff(lines, index)) throw error;
        this.#open = undefined;
        this.#torn++;
      }
    }
    if (this.#open !== undefined) this.#torn++;
    this.#open = undefined;
  }

  result(): NodeLog {
    if (this.#samples.length === 0) throw new TraceError('ETRACEEMPTY', 'the log holds no complete sample');
    const jobs = this.#jobs.jobs();
    return {
      samples: this.#samples, torn: this.#torn,
      ...this.#timeZone === undefined ? {} : { timeZone: this.#timeZone },
      ...this.#nodeCount === 0 ? {} : { nodeCount: this.#nodeCount },
      ...jobs.length === 0 ? {} : { jobs },
    };
  }

  #line(line: string, number: number): void {
    if (/^[0-9]{10}$/.test(line)) this.#begin(Number(line) * 1000, number);
    else if (line === '----') this.#end();
    else if (line.startsWith('#')) this.#comment(line);
    else if (this.#open === undefined) throw new TraceError('ETRACEFORMAT', `"${shortened(line)}" stands outside a sample`, number);
    else this.#content(line, this.#open, number);
  }

  #begin(at: number, number: number): void {
    const last = this.#samples.at(-1);
    if (this.#open !== undefined) this.#torn++;
    this.#open = undefined;
    if (last !== undefined && at <= last.at) throw new TraceError('ETRACEFORMAT', 'the time does not move forward', number);
    this.#open = { at, idleLists: [], pilots: '' };
  }

  #end(): void {
    const open = this.#open;
    if (open === undefined) return;
    this.#samples.push({
      at: open.at, idle: this.#hosts(open.idleLists.join(',')), pilots: this.#hosts(open.pilots),
      ...open.states === undefined ? {} : { states: open.states },
    });
    this.#jobs.endSample();
    this.#open = undefined;
  }

  #comment(line: string): void {
    if (!line.startsWith(HEADER)) return;
    if (this.#open !== undefined) this.#torn++;
    this.#open = undefined;
    this.#jobs.beginFile();
    this.#timeZone = / zone=(\S+)/.exec(line)?.[1] ?? this.#timeZone;
  }

  #content(line: string, sample: OpenSample, number: number): void {
    const space = line.indexOf(' ');
    const rest = space < 0 ? '' : line.slice(space + 1).trim();
    switch (space < 0 ? line : line.slice(0, space)) {
      case 'invokers:':
        this.#hosts(rest, number);
        sample.pilots = rest;
        return;
      case 'states:':
        sample.states = countsOf(rest, number);
        this.#nodeCount = Math.max(this.#nodeCount, Object.values(sample.states).reduce((sum, count) => sum + count, 0));
        return;
      case 'job:':
        this.#jobs.job(rest, number);
        return;
      case 'gone:':
        this.#jobs.gone(rest, sample.at);
        return;
      default:
        this.#sinfo(line, sample, number);
    }
  }

  #sinfo(line: string, sample: OpenSample, number: number): void {
    const fields = line.split(/\s+/);
    const [partition, , , count, state, nodes = ''] = fields;
    // What sinfo prints above the nodes, and in their place where there are none.
    if (partition === 'PARTITION' || (count === '0' && fields.length === SINFO_FIELDS - 1)) return;
    if (fields.length !== SINFO_FIELDS || count === undefined || state === undefined || !/^[0-9]+$/.test(count)) {
      throw new TraceError('ETRACEFORMAT', `"${shortened(line)}" is neither a time, nor "invokers:", nor a line of sinfo, nor "----"`, number);
    }
    const hosts = this.#hosts(nodes, number);
    if (hosts.length !== Number(count)) throw new TraceError('ETRACEFORMAT', `sinfo counts ${count} nodes and lists ${hosts.length}`, number);
    if (AVAILABLE.has(state)) sample.idleLists.push(nodes);
  }

  /** The same list is read once: most samples show what the one before showed. */
  #hosts(list: string, number?: number): readonly string[] {
    let hosts = this.#lists.get(list);
    if (hosts === undefined) this.#lists.set(list, hosts = hostsOf(list, number));
    return hosts;
  }
}

/** Mean time between samples, ms; the log's resolution. */
export function meanSpacingMs(samples: readonly NodeSample[]): number {
  const [first, last] = [samples[0], samples.at(-1)];
  if (first === undefined || last === undefined || samples.length < 2) return 0;
  return (last.at - first.at) / (samples.length - 1);
}

/** @throws {TraceError} for a damaged gzip file */
export function bytesToText(content: Uint8Array): string {
  const gzipped = content[0] === 0x1f && content[1] === 0x8b;
  if (!gzipped) return Buffer.from(content.buffer, content.byteOffset, content.byteLength).toString('utf8');
  try {
    return gunzipSync(content).toString('utf8');
  } catch (error) {
    throw new TraceError('ETRACEFORMAT', `the gzip file is damaged (${error instanceof Error ? error.message : 'unknown reason'})`);
  }
}

function countsOf(text: string, line: number): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const word of text.split(' ').filter((each) => each !== '')) {
    const [state = '', count = ''] = word.split('=');
    if (!/^[0-9]+$/.test(count)) throw new TraceError('ETRACEFORMAT', `"${shortened(word)}" is no number of nodes in a state`, line);
    counts[state] = Number(count);
  }
  return counts;
}

function hostsOf(text: string, line: number | undefined): string[] {
  try {
    return expandHostList(text);
  } catch (error) {
    if (error instanceof HostListError) throw new TraceError('ETRACEFORMAT', error.message, line);
    throw error;
  }
}

/** Nothing of the sample follows the line: the file ends, or the next sample or another writer begins. */
function breaksOff(lines: readonly string[], index: number): boolean {
  const next = lines.slice(index + 1, index + 100).find((line) => line.trim() !== '');
  return index > 0 && (next === undefined || /^([0-9]{10}$|#)/.test(next.trim()));
}

function shortened(line: string): string {
  return line.length > 60 ? `${line.slice(0, 60)}…` : line;
}
