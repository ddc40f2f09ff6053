import type { Clock } from './clock.ts';

/** The machine's clock. Its timers do not keep the process alive. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after: (ms, action) => {
    const timer = setTimeout(action, ms).unref();
    return () => { clearTimeout(timer); };
  },
  every: (ms, action) => {
    const timer = setInterval(action, ms).unref();
    return () => { clearInterval(timer); };
  },
  sleep: (ms) => new Promise((resolve) => { setTimeout(resolve, ms); }),
};
