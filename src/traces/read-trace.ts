/** Any log that says how idle a cluster is, told apart by how its content begins. */
import { bytesToText, readNodeLogs, type NodeLog } from './node-log.ts';
import { readSacct } from './sacct.ts';
import { readSwf } from './swf.ts';
import { TraceError } from './trace-error.ts';
import { byStart, type Workload } from './workload.ts';

type TraceFormat = 'node-log' | 'sacct' | 'swf';

export type Trace =
  | { readonly format: 'node-log'; readonly log: NodeLog }
  | { readonly format: 'sacct' | 'swf'; readonly workload: Workload };

export interface TraceFile {
  /** For errors. */
  readonly name: string;
  readonly content: Uint8Array;
}

/**
 * Reads the files of one log, in whatever order.
 * @param timeZone of the wall clock in dumps of sacct, which do not say it
 * @throws {TraceError}
 */
export function readTrace(files: readonly TraceFile[], timeZone: string): Trace {
  const texts = files.map(({ name, content }) => named(name, () => {
    const text = bytesToText(content);
    return { name, text, format: formatOf(text) };
  }));
  const [first] = texts;
  if (first === undefined) throw new TraceError('ETRACEEMPTY', 'no file is named');
  const other = texts.find(({ format }) => format !== first.format);
  if (other !== undefined) throw new TraceError('ETRACEFORMAT', `${first.name} is a ${FORMAT_NAMES[first.format]} and ${other.name} a ${FORMAT_NAMES[other.format]}: only files of one format can be read together`);
  const { format } = first;
  if (format === 'node-log') {
    return { format, log: readNodeLogs(texts.toSorted((a, b) => firstTime(a.text) - firstTime(b.text))) };
  }
  return { format, workload: together(texts.map(({ name, text }) => named(name, () => format === 'sacct' ? readSacct(text, timeZone) : readSwf(text)))) };
}

const FORMAT_NAMES: Readonly<Record<TraceFormat, string>> = { 'node-log': 'node log', sacct: 'dump of sacct', swf: 'file in the Standard Workload Format' };

function formatOf(text: string): TraceFormat {
  const line = (/^\s*(.*)$/m.exec(text)?.[1] ?? '').trim();
  if (line === '') throw new TraceError('ETRACEEMPTY', 'the file is empty');
  if (line.startsWith(';')) return 'swf';
  if (/^[0-9]{10}$/.test(line) || line.startsWith('#')) return 'node-log';
  if (/(^|\|)jobid(\||%|$)/i.test(line)) return 'sacct';
  if (line.split(/\s+/).length === 18 && /^[-+0-9.\seE]+$/.test(line)) return 'swf';
  throw new TraceError('ETRACEFORMAT', `"${line.slice(0, 60)}" begins no node log (an epoch second), no dump of sacct -P (field names, JobID among them) and no file in the Standard Workload Format (";" or 18 numbers)`, 1);
}

function firstTime(text: string): number {
  return Number(/^[0-9]{10}$/m.exec(text)?.[0] ?? 0);
}

/** Files of one log may overlap: a job that is in two of them counts once. */
function together(workloads: readonly Workload[]): Workload {
  const [first] = workloads;
  if (first === undefined || workloads.length === 1) return first ?? { jobs: [], steps: 0, torn: 0 };
  const jobs = new Map(workloads.flatMap((workload) => workload.jobs).map((job) => [`${job.id} ${job.submitted ?? job.started ?? ''}`, job]));
  return {
    ...first, jobs: [...jobs.values()].sort(byStart),
    steps: workloads.reduce((sum, { steps }) => sum + steps, 0), torn: workloads.reduce((sum, { torn }) => sum + torn, 0),
  };
}

function named<T>(name: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof TraceError) throw new TraceError(error.code, `${name}: ${error.message}`);
    throw error;
  }
}
