import type { CancelTimer, Clock } from '../clock/clock.ts';

/** setTimeout counts in 32 bits: about 24.8 days. */
const LONGEST_MS = 2 ** 31 - 1;

/** Calls `action` at the epoch time `at` (at once when that has passed), however far away it is. */
export function atTime(clock: Clock, at: number, action: () => void): CancelTimer {
  let cancel: CancelTimer;
  const arm = (): void => {
    const left = at - clock.now();
    cancel = left > LONGEST_MS ? clock.after(LONGEST_MS, arm) : clock.after(Math.max(0, left), action);
  };
  arm();
  return () => { cancel(); };
}
