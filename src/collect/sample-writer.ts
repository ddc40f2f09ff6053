/**
 * Looks at a cluster as text of a node log (traces/node-log.ts reads it). Idle nodes are listed, of the others only the
 * numbers by state are kept; a job is told when it is first seen and when something about it has changed, without its
 * name and its owner. So a sample of a large cluster is a few hundred bytes.
 */
import { compressHostList, expandHostList } from '../domain/host-list.ts';
import type { ClusterLook, QueuedJob } from '../slurm/command-line/cluster-look.ts';

export interface SampleWriterOptions {
  /** For the first line of each file. */
  readonly timeZone: string;
  readonly intervalSeconds: number;
  readonly partition?: string;
  /** Jobs of this name are pilots: their nodes are available. */
  readonly isPilot: (jobName: string) => boolean;
}

/** States whose nodes are listed: with a sign behind it a node is asleep, deaf or set aside, and only counted. */
const LISTED = new Set(['idle', 'planned']);
const HOLDS_NODES = new Set(['RUNNING', 'COMPLETING', 'SUSPENDED', 'STOPPED', 'SIGNALING']);

export class SampleWriter {
  readonly #options: SampleWriterOptions;
  /** What was last told of each job. */
  #told = new Map<string, string>();
  #next = new Map<string, string>();
  #whole = true;

  constructor(options: SampleWriterOptions) {
    this.#options = options;
  }

  /** The next sample begins a file, or follows something that was not written: it tells all jobs there are. */
  beginWhole(): void {
    this.#whole = true;
    this.#told = new Map();
  }

  /** @param at epoch seconds */
  write(at: number, { nodes, jobs }: ClusterLook): string {
    const lines = this.#whole ? [this.#header(), String(at)] : [String(at)];
    const pilots = jobs.filter((job) => this.#options.isPilot(job.name));
    const holding = pilots.filter(({ state, hosts }) => HOLDS_NODES.has(state) && hosts !== '').flatMap(({ hosts }) => expandHostList(hosts));
    if (holding.length > 0) lines.push(`invokers: ${compressHostList(holding)}`);
    const counts = new Map<string, number>();
    for (const { state, count } of nodes) counts.set(state, (counts.get(state) ?? 0) + count);
    lines.push(`states: ${[...counts].map(([state, count]) => `${state}=${count}`).join(' ')}`);
    for (const { state, count, hosts } of nodes) {
      if (LISTED.has(state)) lines.push(`${this.#options.partition ?? 'all'} up n/a ${count} ${state} ${hosts}`);
    }
    this.#next = new Map();
    for (const job of jobs) if (!this.#options.isPilot(job.name)) this.#next.set(job.id, jobLine(job));
    for (const [id, line] of this.#next) if (this.#told.get(id) !== line) lines.push(line);
    for (const [id, line] of this.#told) if (!this.#next.has(id) && !hasEnded(line)) lines.push(`gone: ${id}`);
    return `${lines.join('\n')}\n----\n`;
  }

  /** The sample is in the log. */
  written(): void {
    this.#told = this.#next;
    this.#whole = false;
  }

  #header(): string {
    const { timeZone, intervalSeconds, partition } = this.#options;
    return `# hpcwhisk node log 1 zone=${timeZone} interval=${intervalSeconds}${partition === undefined ? '' : ` partition=${partition}`}`;
  }
}

function jobLine({ id, state, submitted, started, ended, limitMinutes, nodes, processors, partition }: QueuedJob): string {
  const limit = limitMinutes === null ? 'UNLIMITED' : limitMinutes;
  return `job: ${[id, state, submitted, started, ended, limit, nodes, processors, partition].map((value) => value ?? '').join('|')}`;
}

function hasEnded(line: string): boolean {
  return line.split('|')[4] !== '';
}
