import type { Sample } from './samples.ts';

export interface InvokerLives {
  /** Invokers seen healthy at least once. */
  readonly count: number;
  /** s from the start of the job's script to the registration, sorted. */
  readonly startupSeconds: readonly number[];
  /** s between the first and the last sample that show it healthy, sorted; those alive at either end of the window included as they stand. */
  readonly servedSeconds: readonly number[];
}

export function invokerLives(samples: readonly Sample[]): InvokerLives {
  const lives = new Map<string, { first: number; last: number; startupMs?: number }>();
  for (const { at, controller } of samples) {
    for (const { id, startupMs } of controller?.healthy ?? []) {
      const life = lives.get(id);
      if (life === undefined) lives.set(id, { first: at, last: at, ...(startupMs === undefined ? {} : { startupMs }) });
      else life.last = at;
    }
  }
  const all = [...lives.values()];
  const ascending = (values: number[]): number[] => values.sort((a, b) => a - b);
  return {
    count: all.length,
    startupSeconds: ascending(all.flatMap(({ startupMs }) => (startupMs === undefined ? [] : [startupMs / 1000]))),
    servedSeconds: ascending(all.map(({ first, last }) => (last - first) / 1000)),
  };
}
