/** Cancels the timer; calling it again, or after the timer fired, does nothing. */
export type CancelTimer = () => void;

/** Time as everything below the command line sees it, so that the same code runs on a virtual clock. */
export interface Clock {
  /** Epoch ms. */
  now(): number;
  /** Calls `action` once after `ms`. */
  after(ms: number, action: () => void): CancelTimer;
  /** Calls `action` every `ms` until cancelled. */
  every(ms: number, action: () => void): CancelTimer;
  /** Resolves after `ms`. */
  sleep(ms: number): Promise<void>;
}
