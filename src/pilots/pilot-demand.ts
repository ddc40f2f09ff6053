/** How many invokers the calls need. */

/** What the callers ask for at one moment. */
export interface Demand {
  /** Calls that run, and calls that wait. */
  readonly running: number;
  readonly queued: number;
  /** Calls that came of late, refused ones included, per second. */
  readonly callsPerSecond: number;
  /** Calls that one invoker runs at a time. */
  readonly slotsPerInvoker: number;
}

/** Invokers go without warning, and a new one takes a backfill cycle to come. */
const HEADROOM = 1.5;
/** Calls a second that one invoker surely serves; keeps invokers warm for calls too short to be seen running. */
const CALLS_PER_SECOND = 20;
/** What was needed is kept ready for a while: calls come in bursts. */
const HALF_LIFE_MS = 300_000;

/**
 * Rises at once and falls slowly. Without a floor nobody asks, and it is 0.
 * @param sinceMs time since it was `before`
 */
export function wantedInvokers(floor: number | undefined, demand: Demand | undefined, sinceMs: number, before: number): number {
  if (floor === undefined) return 0;
  const { running = 0, queued = 0, callsPerSecond = 0, slotsPerInvoker = 1 } = demand ?? {};
  const byCalls = HEADROOM * Math.max((running + queued) / Math.max(1, slotsPerInvoker), callsPerSecond / CALLS_PER_SECOND);
  const faded = before * 0.5 ** (Math.max(0, sinceMs) / HALF_LIFE_MS);
  return Math.max(floor, byCalls, faded < 0.5 ? 0 : faded);
}
