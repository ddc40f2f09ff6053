/**
 * Jobs out of the lines that a node log of ours has for them. A log tells each job when it is first seen and again when
 * something about it has changed; `gone: ID` when squeue does not show it any more. A new file of the log begins with all
 * jobs there are: one that ran in the last sample before and is not among them ended at a time that nobody has seen.
 */
import { TraceError } from './trace-error.ts';
import { byStart, type TraceJob } from './workload.ts';

/** `job: ` id|state|submitted|started|ended|limit|nodes|processors|partition; times in epoch seconds, the limit in minutes, empty: unknown. */
const FIELDS = 9;
const ENDED = new Set(['COMPLETED', 'PREEMPTED', 'TIMEOUT', 'CANCELLED', 'FAILED', 'NODE_FAIL', 'BOOT_FAIL', 'DEADLINE', 'OUT_OF_MEMORY', 'REVOKED']);

type OpenJob = { -readonly [Key in keyof TraceJob]: TraceJob[Key] };

export class JobLedger {
  readonly #all: OpenJob[] = [];
  #open = new Map<string, OpenJob>();
  /** While the first sample of a file is read: the jobs of the file before. */
  #before: Map<string, OpenJob> | undefined;

  /** The next sample lists all jobs there are. */
  beginFile(): void {
    this.#before = this.#open;
    this.#open = new Map();
  }

  endSample(): void {
    this.#before = undefined;
  }

  /** @param text what follows `job: ` @throws {TraceError} */
  job(text: string, line: number): void {
    const fields = text.split('|');
    if (fields.length !== FIELDS) throw new TraceError('ETRACEFORMAT', `a job has ${FIELDS} fields, not ${fields.length}`, line);
    const [id = '', state = '', submitted, started, ended, limit, nodes, processors, partition = ''] = fields;
    const known = this.#open.get(id) ?? this.#before?.get(id);
    const again = known?.submitted !== undefined && known.submitted === secondsOf(submitted, line);
    const job = again ? known : this.#add({ id });
    if (state !== '') job.state = state;
    if (partition !== '') job.partition = partition;
    set(job, 'submitted', secondsOf(submitted, line));
    set(job, 'started', secondsOf(started, line));
    set(job, 'nodes', numberOf(nodes, line));
    set(job, 'processors', numberOf(processors, line));
    if (limit === 'UNLIMITED') job.limitSeconds = null;
    else set(job, 'limitSeconds', scaled(numberOf(limit, line), 60));
    if (ENDED.has(state)) this.#end(job, secondsOf(ended, line));
    else this.#open.set(id, job);
  }

  /** @param at epoch ms of the sample that does not show it any more */
  gone(id: string, at: number): void {
    const job = this.#open.get(id);
    if (job !== undefined) this.#end(job, job.started === undefined ? undefined : at);
  }

  jobs(): TraceJob[] {
    return this.#all.sort(byStart);
  }

  #add(job: OpenJob): OpenJob {
    this.#all.push(job);
    return job;
  }

  #end(job: OpenJob, at: number | undefined): void {
    this.#open.delete(job.id);
    set(job, 'ended', at);
    if (at !== undefined && job.started !== undefined) job.runSeconds = Math.max(0, at - job.started) / 1000;
  }
}

function set<Key extends keyof OpenJob>(job: OpenJob, key: Key, value: OpenJob[Key] | undefined): void {
  if (value !== undefined) job[key] = value;
}

function scaled(value: number | undefined, factor: number): number | undefined {
  return value === undefined ? undefined : value * factor;
}

function secondsOf(text: string | undefined, line: number): number | undefined {
  return scaled(numberOf(text, line), 1000);
}

function numberOf(text: string | undefined, line: number): number | undefined {
  if (text === undefined || text === '') return undefined;
  if (!/^[0-9]+$/.test(text)) throw new TraceError('ETRACEFORMAT', `"${text.slice(0, 30)}" in a line of a job is no number`, line);
  return Number(text);
}
