/** The part of a clock that the link uses; the functions cancel. */
export interface LinkTimers {
  after(ms: number, action: () => void): () => void;
  every(ms: number, action: () => void): () => void;
}

/** The machine's timers; they do not keep the process alive. */
export const machineTimers: LinkTimers = {
  after: (ms, action) => {
    const timer = setTimeout(action, ms).unref();
    return () => { clearTimeout(timer); };
  },
  every: (ms, action) => {
    const timer = setInterval(action, ms).unref();
    return () => { clearInterval(timer); };
  },
};
