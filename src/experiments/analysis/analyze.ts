import { daysWindow, localText } from '../../traces/local-time.ts';
import type { NodeLog } from '../../traces/node-log.ts';
import type { Trace } from '../../traces/read-trace.ts';
import { TraceError } from '../../traces/trace-error.ts';
import type { TraceJob, Workload } from '../../traces/workload.ts';
import type { Analysis, AnalysisSource } from './analysis.ts';
import { idleDataOfLog } from './idle-data.ts';
import { idleDataOfJobs, windowOfJobs } from './idle-of-jobs.ts';
import { idleStatistics } from './idle-statistics.ts';
import { jobStatistics } from './job-statistics.ts';

export interface AnalysisRequest {
  readonly files: readonly string[];
  /** IANA name, of `days` and of the report. */
  readonly timeZone: string;
  /** `YYYY-MM-DD` or `YYYY-MM-DD..YYYY-MM-DD`; the whole log by default. */
  readonly days?: string;
  /** Nodes of the cluster, where somebody knows better than the log. */
  readonly nodes?: number;
}

const NO_IDLE_PLOTS = { overTime: [], stepSeconds: 0, idleDistribution: [], periods: [], withoutAny: [] };

/** @throws {TraceError} EWINDOW where the log has nothing of the days */
export function analyze(trace: Trace, request: AnalysisRequest): Analysis {
  return trace.format === 'node-log' ? analyzeNodeLog(trace.log, request) : analyzeJobs(trace.format, trace.workload, request);
}

/** The samples of a log in the days asked for. @throws {TraceError} EWINDOW where there is none */
export function samplesOf(log: NodeLog, days: string | undefined, timeZone: string): NodeLog['samples'] {
  if (days === undefined) return log.samples;
  const { from, to } = daysWindow(days, timeZone);
  const samples = log.samples.filter(({ at }) => at >= from && at < to);
  if (samples.length === 0) throw nothingOf(days, log.samples[0]?.at ?? 0, log.samples.at(-1)?.at ?? 0, timeZone);
  return samples;
}

function analyzeNodeLog(log: NodeLog, { files, timeZone, days, nodes }: AnalysisRequest): Analysis {
  const samples = samplesOf(log, days, timeZone);
  const data = idleDataOfLog(log, samples, nodes);
  const { from, to } = { from: samples[0]?.at ?? 0, to: (samples.at(-1)?.at ?? 0) + data.spacingSeconds * 1000 };
  const idle = idleStatistics(data);
  const jobs = log.jobs === undefined ? undefined : jobStatistics(jobsIn(log.jobs, days === undefined ? undefined : { from, to }));
  return {
    summary: {
      source: {
        ...sourceOf(files, 'node-log', timeZone, from, to, log.torn), samples: samples.length, spacingSeconds: data.spacingSeconds, holes: data.holes,
      },
      idle: idle.summary, ...jobs === undefined ? {} : { jobs: jobs.summary },
    },
    plots: { ...idle.plots, runTimes: jobs?.runTimes ?? [], limits: jobs?.limits ?? [], slacks: jobs?.slacks ?? [] },
  };
}

function analyzeJobs(format: 'sacct' | 'swf', workload: Workload, { files, timeZone, days, nodes }: AnalysisRequest): Analysis {
  const asked = days === undefined ? undefined : daysWindow(days, timeZone);
  const whole = windowOfJobs(workload.jobs) ?? { from: 0, to: 0 };
  if (days !== undefined && asked !== undefined && (whole.to <= asked.from || whole.from >= asked.to)) throw nothingOf(days, whole.from, whole.to, timeZone);
  const window = asked ?? whole;
  const data = idleDataOfJobs(workload, window, nodes);
  const idle = data === undefined ? undefined : idleStatistics(data);
  const jobs = jobStatistics(jobsIn(workload.jobs, asked));
  return {
    summary: {
      source: sourceOf(files, format, timeZone, window.from, window.to, workload.torn),
      ...idle === undefined ? {} : { idle: idle.summary }, jobs: jobs.summary,
    },
    plots: { ...idle?.plots ?? NO_IDLE_PLOTS, runTimes: jobs.runTimes, limits: jobs.limits, slacks: jobs.slacks },
  };
}

/** A job belongs to the days in which it ended, or failing that began or was submitted. */
function jobsIn(jobs: readonly TraceJob[], window: { from: number; to: number } | undefined): readonly TraceJob[] {
  if (window === undefined) return jobs;
  return jobs.filter(({ submitted, started, ended }) => {
    const at = ended ?? started ?? submitted;
    return at !== undefined && at >= window.from && at < window.to;
  });
}

function sourceOf(files: readonly string[], format: AnalysisSource['format'], timeZone: string, from: number, to: number, torn: number): AnalysisSource {
  return { files, format, timeZone, from: new Date(from).toISOString(), to: new Date(to).toISOString(), seconds: (to - from) / 1000, torn };
}

function nothingOf(days: string, from: number, to: number, timeZone: string): TraceError {
  return new TraceError('EWINDOW', `the log has nothing of ${days}: it reaches from ${localText(from, timeZone)} to ${localText(to, timeZone)} (${timeZone})`);
}
