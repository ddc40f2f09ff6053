/** `up --limits`: what the platform's limits are, beside OpenWhisk's. */
import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { checkLimitSettings, LimitSettingsError, readLimitSettings, UNLIMITED_RATES, withLimitSettings } from '../accounts/limit-settings.ts';
import type { Limits } from '../domain/limits.ts';
import { DEFAULT_LIMITS } from '../domain/limits.ts';
import { CommandError, errorText } from './command-error.ts';

const EXIT_USAGE = 64;

/**
 * @param given a YAML or JSON file of names and numbers; `unlimited`: no throttles, all else OpenWhisk's
 * @throws {CommandError} ELIMITS
 */
export async function readLimits(given: string | undefined): Promise<Limits> {
  if (given === undefined) return DEFAULT_LIMITS;
  if (given === 'unlimited') return withLimitSettings(DEFAULT_LIMITS, UNLIMITED_RATES);
  try {
    // An empty file says nothing.
    const settings: unknown = parse(await readFile(given, 'utf8')) ?? {};
    const read = readLimitSettings(settings);
    checkLimitSettings(DEFAULT_LIMITS, read);
    return withLimitSettings(DEFAULT_LIMITS, read);
  } catch (error) {
    const text = error instanceof LimitSettingsError ? error.message : errorText(error).split('\n', 1)[0] ?? '';
    throw new CommandError('ELIMITS', `the limits in ${given} cannot be used: ${text}`, EXIT_USAGE, { cause: error });
  }
}
