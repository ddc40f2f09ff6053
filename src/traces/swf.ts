/**
 * Reader of the Standard Workload Format (version 2.2, the Parallel Workloads Archive): lines `;` with what the log is
 * (`; UnixStartTime: 1073574000`), then one line of 18 numbers per job, -1 for what is not known.
 */
import { TraceError } from './trace-error.ts';
import { byStart, traceJob, type TraceJob, type Workload } from './workload.ts';

const FIELDS = 18;
/** Status of a job, field 11. Partial executions (2, 3, 4) are parts of a job that has a line of its own. */
const STATES: Readonly<Record<number, string>> = { 0: 'FAILED', 1: 'COMPLETED', 5: 'CANCELLED' };

/** @throws {TraceError} */
export function readSwf(text: string): Workload {
  const header = new Map<string, string>();
  const jobs: TraceJob[] = [];
  const lines = text.split('\n');
  let steps = 0;
  let torn = 0;
  for (const [index, raw] of lines.entries()) {
    const line = raw.trim();
    if (line.startsWith(';')) readHeader(line, header);
    if (line === '' || line.startsWith(';')) continue;
    const fields = line.split(/\s+/).map(Number);
    if (fields.length !== FIELDS || fields.some(Number.isNaN)) {
      // The last line of a file that was cut off.
      if (index < lines.length - 1 || jobs.length === 0) throw new TraceError('ETRACEFORMAT', `a line of the Standard Workload Format has ${FIELDS} numbers; "${line.slice(0, 60)}" has not`, index + 1);
      torn++;
    } else if (isPart(fields[10] ?? -1)) {
      steps++;
    } else {
      jobs.push(jobOf(fields, (headerNumber(header, 'UnixStartTime') ?? 0) * 1000));
    }
  }
  if (jobs.length === 0) throw new TraceError('ETRACEEMPTY', 'the workload holds no job');
  return { jobs: jobs.sort(byStart), steps, torn, ...clusterOf(header) };
}

function clusterOf(header: ReadonlyMap<string, string>): Pick<Workload, 'timeZone' | 'nodeCount' | 'processors'> {
  const timeZone = header.get('TimeZoneString');
  const nodeCount = headerNumber(header, 'MaxNodes');
  const processors = headerNumber(header, 'MaxProcs');
  return {
    ...timeZone === undefined || timeZone === '' ? {} : { timeZone },
    ...nodeCount === undefined ? {} : { nodeCount },
    ...processors === undefined ? {} : { processors },
  };
}

/** `; Name: value` */
function readHeader(line: string, header: Map<string, string>): void {
  const match = /^;+\s*([A-Za-z]+)\s*:\s*(.*)$/.exec(line);
  if (match?.[1] !== undefined && !header.has(match[1])) header.set(match[1], (match[2] ?? '').trim());
}

function isPart(status: number): boolean {
  return status >= 2 && status <= 4;
}

function jobOf(fields: readonly number[], begin: number): TraceJob {
  const at = (place: number): number | undefined => {
    const value = fields[place - 1];
    return value === undefined || value < 0 ? undefined : value;
  };
  const [submit, wait, run] = [at(2) ?? 0, at(3), at(4)];
  const ran = wait !== undefined && run !== undefined;
  const started = ran ? begin + (submit + wait) * 1000 : undefined;
  return traceJob({
    id: String(at(1) ?? 0), submitted: begin + submit * 1000, started,
    ended: started === undefined || run === undefined ? undefined : started + run * 1000, runSeconds: ran ? run : undefined,
    limitSeconds: at(9), processors: at(5) ?? at(8), state: STATES[at(11) ?? -1],
  });
}

function headerNumber(header: ReadonlyMap<string, string>, name: string): number | undefined {
  const text = /^[0-9]+/.exec(header.get(name) ?? '')?.[0];
  return text === undefined ? undefined : Number(text);
}
