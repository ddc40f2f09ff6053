/** What one placement decision costs (place a call, release the one that ran longest) at a steady load of 80 %. */
import { Placement, type PlacementRequest } from '../src/dispatch/placement.ts';
import type { PlacedInvoker } from '../src/dispatch/placed-invoker.ts';
import { seededRandom } from '../src/traces/random.ts';

export interface PlacementCost {
  invokers: number;
  nanoseconds: number;
  /** To the cost at the fewest invokers. */
  ratio: number;
}

const INVOKERS = [10, 100, 1_000, 10_000];
const CALL_MB = 256;
const INVOKER_MB = 2_048;
const LOAD = 0.8;
const ACTIONS = 100;
const DECISIONS = 400_000;
const NOW = 1_000_000_000_000;
const HOUR_MS = 3_600_000;

export function benchPlacement(): PlacementCost[] {
  // A first pass compiles the code; the counts of invokers then take turns, so that none profits from coming last.
  for (const invokers of INVOKERS) decide(invokers);
  const nanoseconds = INVOKERS.map((invokers) => decide(invokers));
  return INVOKERS.map((invokers, index) => ({ invokers, nanoseconds: nanoseconds[index] ?? NaN, ratio: (nanoseconds[index] ?? NaN) / (nanoseconds[0] ?? NaN) }));
}

function decide(invokers: number): number {
  const random = seededRandom(7);
  const placement = new Placement({ leaseMarginMs: 2_000, random });
  for (let n = 0; n < invokers; n++) placement.add(`invoker-${n}`, INVOKER_MB, NOW + HOUR_MS * random(), NOW);
  const keys = Array.from({ length: ACTIONS }, (_, n) => `guest/action-${n}`);
  const key = (): string => keys[Math.floor(random() * ACTIONS)] ?? '';
  const running: { invoker: PlacedInvoker; request: PlacementRequest }[] = [];
  const place = (): void => {
    const request = { key: key(), memoryMB: CALL_MB, timeLimitMs: 60_000, minimumLeaseMs: 0, concurrency: 1 };
    const invoker = placement.place(request, NOW);
    if (invoker !== undefined) running.push({ invoker, request });
  };
  const capacity = Math.floor(invokers * (INVOKER_MB / CALL_MB) * LOAD);
  while (running.length < capacity) place();
  let oldest = 0;
  const began = performance.now();
  for (let n = 0; n < DECISIONS; n++) {
    const done = running[oldest++];
    if (done !== undefined) placement.release(done.invoker, done.request, true);
    place();
  }
  return ((performance.now() - began) * 1e6) / DECISIONS;
}
