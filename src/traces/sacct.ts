/**
 * Reader of what `sacct -P -o …` prints: a line of field names, then one line per job and, without `-X`, per step
 * (`17.batch`), all fields parted by `|`. Any set of fields is taken that has JobID; names are read without regard to
 * case, a width behind them (`JobName%20`) is ignored. Times are the site's wall clock, or epoch seconds where
 * SLURM_TIME_FORMAT=%s was set. A value that is not there (`Unknown`, `None`, empty) is unknown.
 */
import { expandHostList, HostListError } from '../domain/host-list.ts';
import { epochOfLocal } from './local-time.ts';
import { TraceError } from './trace-error.ts';
import { byStart, traceJob, type TraceJob, type Workload } from './workload.ts';

const NOTHING = new Set(['', 'Unknown', 'None', 'NONE', 'N/A', 'Partition_Limit', 'INVALID', 'None assigned', '(null)']);

/** @param timeZone IANA name of the site's wall clock @throws {TraceError} */
export function readSacct(text: string, timeZone: string): Workload {
  const lines = text.split('\n');
  const head = lines.findIndex((line) => line.trim() !== '');
  const header = (lines[head] ?? '').trim();
  const names = header.split('|').map((name) => name.replace(/%-?[0-9]+$/, '').toLowerCase());
  if (!names.includes('jobid')) throw new TraceError('ETRACEFORMAT', 'the first line of a dump of sacct names its fields, JobID among them', head + 1);
  const jobs: TraceJob[] = [];
  let steps = 0;
  let torn = 0;
  for (let index = head + 1; index < lines.length; index++) {
    const line = (lines[index] ?? '').trimEnd();
    if (line === '' || line === header) continue;
    const values = line.split('|');
    if (values.length !== names.length) {
      // The last line of a dump that was cut off.
      if (lines.slice(index + 1).every((rest) => rest.trim() === '')) {
        torn++;
        break;
      }
      throw new TraceError('ETRACEFORMAT', `${values.length} fields where the first line names ${names.length}`, index + 1);
    }
    const fields = new Fields(names, values, index + 1, timeZone);
    const id = fields.text('jobid') ?? '';
    if (id.includes('.')) steps++;
    else if (id !== '') jobs.push(jobOf(id, fields));
  }
  if (jobs.length === 0) throw new TraceError('ETRACEEMPTY', 'the dump of sacct holds no job');
  return { jobs: jobs.sort(byStart), steps, torn };
}

function jobOf(id: string, fields: Fields): TraceJob {
  const started = fields.time('start');
  const ended = fields.time('end');
  return traceJob({
    id, submitted: fields.time('submit'), started, ended,
    runSeconds: runSecondsOf(fields, started, ended), limitSeconds: fields.limit(),
    nodes: fields.number('nnodes') ?? fields.number('allocnodes') ?? fields.number('reqnodes'),
    processors: fields.number('alloccpus') ?? fields.number('ncpus') ?? fields.number('reqcpus'),
    nodeList: fields.hosts('nodelist'), state: fields.text('state')?.split(' ')[0], partition: fields.text('partition'),
  });
}

/** Elapsed counts where the dump does not say start and end; of a job that still runs, or never did, it is no run time. */
function runSecondsOf(fields: Fields, started: number | undefined, ended: number | undefined): number | undefined {
  if (started !== undefined && ended !== undefined) return (ended - started) / 1000;
  const unfinished = fields.has('end') && ended === undefined;
  const neverStarted = fields.has('start') && started === undefined;
  const state = fields.text('state') ?? '';
  if (unfinished || neverStarted || state === 'RUNNING' || state === 'PENDING') return undefined;
  return fields.number('elapsedraw') ?? fields.duration('elapsed');
}

class Fields {
  readonly #values: ReadonlyMap<string, string>;
  readonly #line: number;
  readonly #timeZone: string;

  constructor(names: readonly string[], values: readonly string[], line: number, timeZone: string) {
    this.#values = new Map(names.map((name, index) => [name, (values[index] ?? '').trim()]));
    this.#line = line;
    this.#timeZone = timeZone;
  }

  has(name: string): boolean {
    return this.#values.has(name);
  }

  text(name: string): string | undefined {
    const value = this.#values.get(name);
    return value === undefined || NOTHING.has(value) ? undefined : value;
  }

  number(name: string): number | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    if (!/^[0-9]+$/.test(value)) throw this.#error(name, value, 'number');
    return Number(value);
  }

  /** Epoch ms. */
  time(name: string): number | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    if (/^[0-9]{9,10}$/.test(value)) return Number(value) * 1000;
    const local = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/.test(value) ? Date.parse(`${value}Z`) : Number.NaN;
    if (Number.isNaN(local)) throw this.#error(name, value, 'time');
    return epochOfLocal(local, this.#timeZone);
  }

  /** `[days-]hours:minutes:seconds` as s. */
  duration(name: string): number | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    const match = /^(?:(\d+)-)?(?:(\d+):)?(\d+):(\d+)(?:\.\d+)?$/.exec(value);
    if (match === null) throw this.#error(name, value, 'length of time');
    const [days = 0, hours = 0, minutes = 0, seconds = 0] = match.slice(1).map((field: string | undefined) => Number(field ?? 0));
    return ((days * 24 + hours) * 60 + minutes) * 60 + seconds;
  }

  /** Wall time limit in s; null: none. */
  limit(): number | null | undefined {
    const raw = this.text('timelimitraw') ?? this.text('timelimit');
    if (raw === undefined) return undefined;
    if (raw === 'UNLIMITED') return null;
    if (this.text('timelimitraw') === undefined) return this.duration('timelimit');
    const minutes = this.number('timelimitraw');
    return minutes === undefined ? undefined : minutes * 60;
  }

  hosts(name: string): string[] | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    try {
      return expandHostList(value);
    } catch (error) {
      if (error instanceof HostListError) throw new TraceError('ETRACEFORMAT', error.message, this.#line);
      throw error;
    }
  }

  #error(name: string, value: string, what: string): TraceError {
    return new TraceError('ETRACEFORMAT', `"${value.slice(0, 40)}" in the field ${name} is no ${what}`, this.#line);
  }
}
