/**
 * Limits as an administrator writes them: names and numbers, all optional, for the platform (`up --limits`) or for one
 * namespace. Names are those of OpenWhisk's UserLimits where it has one. Times are ms, memory and logs MB, sizes bytes;
 * a size may also be written `5 MB`, and a count `unlimited`.
 */
import type { ActionLimits } from '../domain/action.ts';
import { isJsonObject } from '../domain/json.ts';
import type { Limits } from '../domain/limits.ts';
import { UNLIMITED } from '../domain/limits.ts';

const COUNTS = ['invocationsPerMinute', 'concurrentInvocations', 'firesPerMinute', 'sequenceLength'] as const;
const SIZES = ['maxCodeBytes', 'maxParameterBytes', 'maxPayloadBytes', 'maxResultBytes'] as const;
const ACTION_LIMITS = {
  minActionTimeout: ['timeout', 'min'], maxActionTimeout: ['timeout', 'max'], standardActionTimeout: ['timeout', 'standard'],
  minActionMemory: ['memory', 'min'], maxActionMemory: ['memory', 'max'], standardActionMemory: ['memory', 'standard'],
  minActionLogs: ['logs', 'min'], maxActionLogs: ['logs', 'max'], standardActionLogs: ['logs', 'standard'],
  minActionConcurrency: ['concurrency', 'min'], maxActionConcurrency: ['concurrency', 'max'], standardActionConcurrency: ['concurrency', 'standard'],
} as const satisfies Record<string, readonly [keyof ActionLimits, 'min' | 'max' | 'standard']>;

type ActionLimitName = keyof typeof ACTION_LIMITS;
type LimitName = (typeof COUNTS)[number] | (typeof SIZES)[number] | ActionLimitName;

/** Some of the limits; what is not named stays as it is. */
export type LimitSettings = Readonly<Partial<Record<LimitName, number>>>;

export class LimitSettingsError extends Error {
  override readonly name = 'LimitSettingsError';
}

const ACTION_LIMIT_NAMES = Object.keys(ACTION_LIMITS) as ActionLimitName[];
const NAMES: readonly string[] = [...COUNTS, ...SIZES, ...ACTION_LIMIT_NAMES];
const UNITS: Readonly<Record<string, number>> = { b: 1, kb: 1024, mb: 1024 ** 2 };
const SIZE = /^(\d+)\s*(b|kb|mb)$/i;
/** A request may not be larger, whatever limits say (see MAX_REQUEST_BYTES). */
const LARGEST_BYTES = 48 * 1024 ** 2;

/**
 * Reads settings as they stand in a file, a request or on the command line.
 * @throws {LimitSettingsError} naming what is wrong
 */
export function readLimitSettings(given: unknown): LimitSettings {
  if (!isJsonObject(given)) throw new LimitSettingsError('limits must be an object of names and numbers');
  const settings: Partial<Record<LimitName, number>> = {};
  for (const [name, value] of Object.entries(given)) {
    if (!isLimitName(name)) throw new LimitSettingsError(`there is no limit '${name}'; limits are ${NAMES.join(', ')}`);
    settings[name] = readNumber(name, value);
  }
  return settings;
}

/** `base` with these settings over it. A range that would be empty ends where it begins. */
export function withLimitSettings(base: Limits, settings: LimitSettings): Limits {
  const action = rangesWith(base, settings);
  for (const range of Object.values(action)) {
    range.max = Math.max(range.min, range.max);
    // A standard value that was not named follows the range.
    range.standard = Math.min(range.max, Math.max(range.min, range.standard));
  }
  const rest = Object.fromEntries([...COUNTS, ...SIZES].map((name) => [name, settings[name] ?? base[name]]));
  return { ...base, ...rest, action };
}

/** For settings that are new. @throws {LimitSettingsError} when a range would be empty */
export function checkLimitSettings(base: Limits, settings: LimitSettings): void {
  for (const [limit, { min, max }] of Object.entries(rangesWith(base, settings))) {
    if (min > max) throw new LimitSettingsError(`the smallest ${limit} (${min}) is above the greatest (${max})`);
  }
}

function rangesWith({ action: { timeout, memory, logs, concurrency } }: Limits, settings: LimitSettings): Record<keyof Limits['action'], { min: number; max: number; standard: number }> {
  const ranges = { timeout: { ...timeout }, memory: { ...memory }, logs: { ...logs }, concurrency: { ...concurrency } };
  for (const name of ACTION_LIMIT_NAMES) {
    const [limit, end] = ACTION_LIMITS[name];
    ranges[limit][end] = settings[name] ?? ranges[limit][end];
  }
  return ranges;
}

/** Everything that one can set to have no throttle: for machines of one's own, benchmarks and experiments. */
export const UNLIMITED_RATES: LimitSettings = { invocationsPerMinute: UNLIMITED, concurrentInvocations: UNLIMITED, firesPerMinute: UNLIMITED };

function isLimitName(name: string): name is LimitName {
  return NAMES.includes(name);
}

function readNumber(name: LimitName, value: unknown): number {
  const isSize = (SIZES as readonly string[]).includes(name);
  const isCount = (COUNTS as readonly string[]).includes(name);
  const number = isCount && value === 'unlimited' ? UNLIMITED : isSize && typeof value === 'string' ? readSize(value) : Number(value);
  const acceptable = typeof value === 'number' || (typeof value === 'string' && value.trim() !== '');
  const most = isSize ? LARGEST_BYTES : UNLIMITED;
  if (!acceptable || !Number.isInteger(number) || number < 0 || number > most) {
    throw new LimitSettingsError(`the limit ${name} must be a whole number from 0 to ${most}${isCount ? ' or unlimited' : ''}${isSize ? ', or such as 1 MB' : ''}`);
  }
  return number;
}

function readSize(text: string): number {
  const [, number, unit] = SIZE.exec(text.trim()) ?? [];
  return number === undefined || unit === undefined ? Number(text) : Number(number) * (UNITS[unit.toLowerCase()] ?? 1);
}
