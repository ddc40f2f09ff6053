/**
 * Reader of the paper's node log: samples some 10 s apart, each an epoch second, optionally a line `invokers: ` with
 * the nodes that held a pilot, the lines of `sinfo` (partition, availability, limit, count, state, nodes), and `----`.
 * A node is available in a sample when its state is exactly `idle` (`idle~` is powered down) or it holds a pilot.
 * A log that was being written when it was copied ends in the middle of a sample, and a poller that was killed leaves
 * half a sample before the next one: such torn samples are left out and counted. Any other unreadable line is an error.
 */
import { gunzipSync } from 'node:zlib';
import { expandHostList, HostListError } from '../domain/host-list.ts';
import type { IdlePeriod, IdleSurface } from './surface.ts';
import { TraceError } from './trace-error.ts';

interface NodeSample {
  /** Epoch ms. */
  readonly at: number;
  readonly idle: readonly string[];
  /** Nodes that held a pilot; empty in logs without the `invokers:` line. */
  readonly pilots: readonly string[];
}

export interface NodeLog {
  /** By time. */
  readonly samples: readonly NodeSample[];
  /** Samples left out because they were not complete. */
  readonly torn: number;
}

/** More time than this between two samples, in ms, is a hole in the log: nothing is known of the nodes inside it. */
const MAX_SPACING_MS = 5 * 60_000;
const SINFO_FIELDS = 6;

/** @param content the log as text, or its bytes, gzipped or not. @throws {TraceError} */
export function readNodeLog(content: string | Uint8Array): NodeLog {
  const lines = textOf(content).split('\n');
  const samples: NodeSample[] = [];
  let torn = 0;
  let open: { at: number; idle: string[]; pilots: string[] } | undefined;
  for (let index = 0; index < lines.length; index++) {
    const line = (lines[index] ?? '').trim();
    if (line === '') continue;
    if (/^[0-9]{10}$/.test(line)) {
      if (open !== undefined) torn++;
      open = { at: Number(line) * 1000, idle: [], pilots: [] };
      checkOrder(samples.at(-1), open.at, index + 1);
      continue;
    }
    if (line === '----') {
      if (open !== undefined) samples.push(open);
      open = undefined;
      continue;
    }
    try {
      if (open === undefined) throw new TraceError('ETRACEFORMAT', `"${shortened(line)}" stands outside a sample`, index + 1);
      readLine(line, open, index + 1);
    } catch (error) {
      if (!breaksOff(lines, index)) throw error;
      open = undefined;
      torn++;
    }
  }
  if (open !== undefined) torn++;
  if (samples.length === 0) throw new TraceError('ETRACEEMPTY', 'the log holds no complete sample');
  return { samples, torn };
}

/**
 * The idle surface of a log: a node is idle from the first sample that shows it available to the first that does not.
 * @param nodeCount nodes of the cluster; by default the highest number in a node's name plus one, or what was seen
 */
export function surfaceOfLog(log: NodeLog, nodeCount?: number): IdleSurface {
  const periods: IdlePeriod[] = [];
  const since = new Map<string, number>();
  const seen = new Set<string>();
  const spacing = meanSpacingMs(log);
  let last: NodeSample | undefined;
  const endAll = (end: number): void => {
    for (const [node, start] of since) periods.push({ node, start, end });
    since.clear();
  };
  for (const sample of log.samples) {
    if (last !== undefined && sample.at - last.at > MAX_SPACING_MS) endAll(last.at + spacing);
    const available = new Set([...sample.idle, ...sample.pilots]);
    for (const [node, start] of since) {
      if (available.has(node)) continue;
      periods.push({ node, start, end: sample.at });
      since.delete(node);
    }
    for (const node of available) {
      seen.add(node);
      if (!since.has(node)) since.set(node, sample.at);
    }
    last = sample;
  }
  const from = log.samples[0]?.at ?? 0;
  const to = (last?.at ?? 0) + spacing;
  endAll(to);
  periods.sort((a, b) => a.start - b.start || (a.node < b.node ? -1 : 1));
  return { from, to, nodeCount: nodeCount ?? Math.max(seen.size, highestNumber(seen) + 1), periods };
}

/** Mean time between samples, ms; the log's resolution. */
export function meanSpacingMs(log: NodeLog): number {
  const [first, last] = [log.samples[0], log.samples.at(-1)];
  if (first === undefined || last === undefined || log.samples.length < 2) return 0;
  return (last.at - first.at) / (log.samples.length - 1);
}

function textOf(content: string | Uint8Array): string {
  if (typeof content === 'string') return content;
  const gzipped = content[0] === 0x1f && content[1] === 0x8b;
  if (!gzipped) return Buffer.from(content.buffer, content.byteOffset, content.byteLength).toString('utf8');
  try {
    return gunzipSync(content).toString('utf8');
  } catch (error) {
    throw new TraceError('ETRACEFORMAT', `the gzip file is damaged (${error instanceof Error ? error.message : 'unknown reason'})`);
  }
}

function readLine(line: string, sample: { idle: string[]; pilots: string[] }, number: number): void {
  if (line.startsWith('invokers:')) {
    sample.pilots.push(...hostsOf(line.slice('invokers:'.length).trim(), number));
    return;
  }
  const fields = line.split(/\s+/);
  const [, , , count, state, nodes] = fields;
  if (fields.length !== SINFO_FIELDS || count === undefined || state === undefined || nodes === undefined || !/^[0-9]+$/.test(count)) {
    throw new TraceError('ETRACEFORMAT', `"${shortened(line)}" is neither a time, nor "invokers:", nor a line of sinfo, nor "----"`, number);
  }
  const hosts = hostsOf(nodes, number);
  if (hosts.length !== Number(count)) {
    throw new TraceError('ETRACEFORMAT', `sinfo counts ${count} nodes and lists ${hosts.length}`, number);
  }
  if (state === 'idle') sample.idle.push(...hosts);
}

function hostsOf(text: string, line: number): string[] {
  try {
    return expandHostList(text);
  } catch (error) {
    if (error instanceof HostListError) throw new TraceError('ETRACEFORMAT', error.message, line);
    throw error;
  }
}

function checkOrder(last: NodeSample | undefined, at: number, line: number): void {
  if (last !== undefined && at <= last.at) throw new TraceError('ETRACEFORMAT', 'the time does not move forward', line);
}

/** Nothing of the sample follows the line: the file ends, or the next sample begins. */
function breaksOff(lines: readonly string[], index: number): boolean {
  const next = lines.slice(index + 1).find((line) => line.trim() !== '');
  return index > 0 && (next === undefined || /^[0-9]{10}$/.test(next.trim()));
}

function highestNumber(nodes: Iterable<string>): number {
  let highest = -1;
  for (const node of nodes) {
    const digits = /[0-9]{1,6}$/.exec(node)?.[0];
    if (digits !== undefined) highest = Math.max(highest, Number(digits));
  }
  return highest;
}

function shortened(line: string): string {
  return line.length > 60 ? `${line.slice(0, 60)}…` : line;
}
