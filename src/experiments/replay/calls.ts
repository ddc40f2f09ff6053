import { quantile } from '../../traces/surface-statistics.ts';

/**
 * `rejected`: not accepted (503, or the controller could not be reached); the others were accepted.
 * `timed-out`: 202, or no answer within 60 s; `failed`: any other answer than the function's.
 */
export type CallOutcome = 'succeeded' | 'timed-out' | 'failed' | 'rejected';

export interface Call {
  /** When it was due, ms from the begin of the window. */
  readonly due: number;
  readonly outcome: CallOutcome;
  /** From when it was due to its last byte (or to giving up), ms. */
  readonly responseMs: number;
  /** HTTP status; 0 without an answer. */
  readonly status: number;
  readonly activationId?: string;
}

/** What the client can tell of one answer. `right`: the body is what the function returns. */
export function outcomeOf(answer: { status: number; right: boolean; responseMs: number }, timeoutMs: number): CallOutcome {
  if (answer.status === 503) return 'rejected';
  if (answer.status === 202 || answer.responseMs > timeoutMs) return 'timed-out';
  return answer.status === 200 && answer.right ? 'succeeded' : 'failed';
}

export interface ResponseTimes {
  readonly count: number;
  /** ms */
  readonly p50: number;
  readonly p75: number;
  readonly p90: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
  readonly mean: number;
}

/** @param values ms, in any order */
export function responseTimes(values: readonly number[]): ResponseTimes {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number): number => quantile(sorted, share);
  return {
    count: sorted.length, p50: at(0.5), p75: at(0.75), p90: at(0.9), p95: at(0.95), p99: at(0.99), max: sorted.at(-1) ?? 0,
    mean: sorted.length === 0 ? 0 : sorted.reduce((sum, value) => sum + value, 0) / sorted.length,
  };
}

export type OutcomeCounts = Readonly<Record<CallOutcome, number>>;

export function countOutcomes(calls: Iterable<Call>): OutcomeCounts {
  const counts = { 'succeeded': 0, 'timed-out': 0, 'failed': 0, 'rejected': 0 };
  for (const { outcome } of calls) counts[outcome]++;
  return counts;
}

export interface CallBin extends OutcomeCounts {
  /** s from the begin of the window */
  readonly at: number;
  /** Response times of the accepted calls that were due in this bin, ms. */
  readonly p50: number;
  readonly p95: number;
  readonly max: number;
}

/** Calls in bins of `seconds` by the time they were due; bins without calls are there, with zeros. */
export function binCalls(calls: readonly Call[], windowSeconds: number, seconds: number): CallBin[] {
  const bins = Array.from({ length: Math.max(1, Math.ceil(windowSeconds / seconds)) }, (): Call[] => []);
  for (const call of calls) bins[Math.floor(call.due / 1000 / seconds)]?.push(call);
  return bins.map((own, index) => {
    const times = responseTimes(accepted(own).map(({ responseMs }) => responseMs));
    return { at: index * seconds, ...countOutcomes(own), p50: times.p50, p95: times.p95, max: times.max };
  });
}

export function accepted(calls: readonly Call[]): Call[] {
  return calls.filter(({ outcome }) => outcome !== 'rejected');
}

export interface Audit {
  /** Accepted calls whose activation id has no record (or whose answer carried no id). */
  readonly lost: number;
  /** Activation ids with more than one record. */
  readonly duplicated: number;
  readonly checked: number;
}

/** Compares what was accepted with what was stored. @param records activation ids as the store lists them, repetitions included */
export function auditCalls(calls: readonly Call[], records: Iterable<string>): Audit {
  const seen = new Map<string, number>();
  for (const id of records) seen.set(id, (seen.get(id) ?? 0) + 1);
  const promised = accepted(calls).filter(({ status }) => status !== 0);
  return {
    checked: promised.length,
    lost: promised.filter(({ activationId }) => activationId === undefined || !seen.has(activationId)).length,
    duplicated: promised.filter(({ activationId }) => activationId !== undefined && (seen.get(activationId) ?? 0) > 1).length,
  };
}
