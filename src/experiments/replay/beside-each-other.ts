import { Meeting } from './meeting.ts';
import { ReplayError } from './replay-error.ts';

export interface Companionship {
  /** Aborted when another one failed, or from outside. */
  readonly signal: AbortSignal;
  /** Resolves when all have come to this stage. */
  readonly together: (stage: string) => Promise<void>;
}

/**
 * Runs replays at the same time; the first that fails ends all, since what is left would be compared with nothing.
 * @param name undefined: it goes without saying
 * @throws {ReplayError} the first failure, with the name of its replay, when all have ended
 */
export async function besideEachOther<Lane, Result>(
  lanes: readonly Lane[], name: (lane: Lane) => string | undefined, run: (lane: Lane, company: Companionship) => Promise<Result>, stopped: AbortSignal,
): Promise<Result[]> {
  const failed = new AbortController();
  const signal = AbortSignal.any([stopped, failed.signal]);
  const meeting = new Meeting(lanes.length);
  const errors: Error[] = [];
  const results = await Promise.all(lanes.map(async (lane): Promise<Result[]> => {
    try {
      return [await run(lane, { signal, together: (stage) => meeting.at(stage, signal) })];
    } catch (error) {
      errors.push(named(name(lane), error));
      failed.abort();
      return [];
    }
  }));
  const [first] = errors;
  if (first !== undefined) throw first;
  return results.flat();
}

function named(name: string | undefined, error: unknown): Error {
  if (error instanceof ReplayError && error.code !== 'EABORTED' && name !== undefined) return new ReplayError(error.code, `${name}: ${error.message}`, { cause: error });
  return error instanceof Error ? error : new Error(String(error));
}
