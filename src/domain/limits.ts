import type { ActionLimits } from './action.ts';
import { limitOutOfRange } from './errors.ts';

/** Lowest and highest allowed value, and what holds where nothing is said. */
interface LimitRange {
  min: number;
  max: number;
  standard: number;
}

/** The platform's ranges: timeout in ms, memory and logs in MB, concurrency in activations per container. */
export type ActionLimitRanges = Readonly<Record<Exclude<keyof ActionLimits, 'instances'>, Readonly<LimitRange>>>;

/** OpenWhisk's defaults. */
export const DEFAULT_LIMIT_RANGES: ActionLimitRanges = {
  timeout: { min: 100, max: 300_000, standard: 60_000 },
  memory: { min: 128, max: 512, standard: 256 },
  logs: { min: 0, max: 10, standard: 10 },
  concurrency: { min: 1, max: 1, standard: 1 },
};

/** How many containers really come to be is the cluster's affair. */
const INSTANCES = { min: 1, max: Number.MAX_SAFE_INTEGER };

const MB = 1024 * 1024;
/** Bytes of code (with the name of `main`) in one action. */
export const MAX_CODE_BYTES = 48 * MB;
/** Bytes of the parameters, and of the annotations, of one entity. */
export const MAX_PARAMETER_BYTES = MB;
/** Bytes of an activation's payload. */
export const MAX_PAYLOAD_BYTES = MB;

/** Everything that a namespace may not exceed, resolved: the platform's limits with the namespace's own over them. */
export interface Limits {
  /** Invocations that requests start in one minute of the wall clock. */
  readonly invocationsPerMinute: number;
  /** Activations accepted and not finished. */
  readonly concurrentInvocations: number;
  /** Triggers fired in one minute of the wall clock. */
  readonly firesPerMinute: number;
  /** Components of a sequence; a conductor may run as many actions. */
  readonly sequenceLength: number;
  /** What actions may ask for, and what they get unasked. */
  readonly action: ActionLimitRanges;
  /** Bytes of code (with the name of `main`) in one action. */
  readonly maxCodeBytes: number;
  /** Bytes of the parameters, and of the annotations, of one entity. */
  readonly maxParameterBytes: number;
  /** Bytes of an activation's payload. */
  readonly maxPayloadBytes: number;
  /** Bytes of an activation's result; a longer one is cut off. */
  readonly maxResultBytes: number;
}

/** Stands for no limit where a number must be said: the greatest that clients in every language can read. */
export const UNLIMITED = 2_147_483_647;

/** OpenWhisk's defaults. */
export const DEFAULT_LIMITS: Limits = {
  invocationsPerMinute: 60,
  concurrentInvocations: 30,
  firesPerMinute: 60,
  sequenceLength: 50,
  action: DEFAULT_LIMIT_RANGES,
  maxCodeBytes: MAX_CODE_BYTES,
  maxParameterBytes: MAX_PARAMETER_BYTES,
  maxPayloadBytes: MAX_PAYLOAD_BYTES,
  maxResultBytes: MB,
};

/** Bytes of any request. */
export const MAX_REQUEST_BYTES = 50 * MB;
/** Entities in one answer; also what `limit=0` means. */
export const MAX_LIST_LIMIT = 200;
export const DEFAULT_LIST_LIMIT = 30;
/** The longest that a blocking call waits, ms. */
export const MAX_BLOCKING_WAIT_MS = 60_000;

/**
 * Limits of an action: what the request names, else what `base` has.
 * @throws {ApiError} 400 where one is out of range
 */
export function resolveLimits(requested: Partial<ActionLimits>, base: ActionLimits, ranges: ActionLimitRanges): ActionLimits {
  const limits = { ...base, ...requested };
  check(limits.timeout, ranges.timeout, (is) => `duration ${is} milliseconds`, durationText);
  check(limits.memory, ranges.memory, (is) => `memory size ${is} MB`, megabytesText);
  check(limits.logs, ranges.logs, (is) => `log size ${is} MB`, megabytesText);
  check(limits.concurrency, ranges.concurrency, (is) => `concurrency ${is}`, String);
  if (limits.instances !== undefined) check(limits.instances, INSTANCES, (is) => `instances ${is}`, String);
  return limits;
}

export function standardLimits(ranges: ActionLimitRanges): ActionLimits {
  return {
    timeout: ranges.timeout.standard,
    memory: ranges.memory.standard,
    logs: ranges.logs.standard,
    concurrency: ranges.concurrency.standard,
  };
}

function check(value: number, range: Pick<LimitRange, 'min' | 'max'>, subject: (is: number) => string, threshold: (allowed: number) => string): void {
  if (value > range.max) throw limitOutOfRange(`${subject(value)} exceeds allowed threshold of ${threshold(range.max)}`);
  if (value < range.min) throw limitOutOfRange(`${subject(value)} below allowed threshold of ${threshold(range.min)}`);
}

/** As OpenWhisk prints a configured duration: `5 minutes`, `90 seconds`, `100 milliseconds`. */
function durationText(ms: number): string {
  if (ms % 60_000 === 0) return ms === 60_000 ? '1 minute' : `${ms / 60_000} minutes`;
  if (ms % 1000 === 0) return ms === 1000 ? '1 second' : `${ms / 1000} seconds`;
  return `${ms} milliseconds`;
}

function megabytesText(megabytes: number): string {
  return `${megabytes} MB`;
}
