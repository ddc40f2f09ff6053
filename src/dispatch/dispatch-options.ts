/** The dispatcher's tunables, each with its reason. Raw options are resolved once; below that nothing is optional. */
export interface DispatchOptions {
  /** Calls that wait for a worker; beyond it new ones are refused. 10,000 of 1 MB each is what a controller's memory bears at worst. @default 10000 */
  maxQueued: number;
  /** How long a blocking call waits while there is no invoker at all. Below OpenWhisk's 60 s wait, so that the caller hears a 503 and may go elsewhere, instead of a 202 for something that has not begun. @default 50000 */
  noInvokerWaitMs: number;
  /** How long an accepted call may wait in the queue before it ends in a record that says so. Gaps without workers of over an hour were never seen on the cluster of the paper; its callers poll by then. @default 3600000 */
  acceptedWaitMs: number;
  /** What a refused caller is told to wait, seconds. Pilots come about every 15 s. @default 10 */
  retryAfterSeconds: number;
  /** How often invokers are asked to show that they live. @default 1000 */
  heartbeatMs: number;
  /** Nothing heard for this long: no new work goes there. One heartbeat may be late. @default 1800 */
  silentMs: number;
  /** Nothing heard for this long: the invoker is lost, and what it held runs elsewhere. Two heartbeats and a stall. @default 3000 */
  lostMs: number;
  /** A lost connection may come back for this long before what the invoker held is run elsewhere: a redial takes 50 ms, and a killed invoker's calls should not wait much longer. @default 500 */
  graceMs: number;
  /** After a start, calls from the journal wait this long for invokers that still run them: the longest pause between two redials. @default 1000 */
  recoveryHoldMs: number;
  /** The same for calls that may run at most once: whoever does not show up in time costs such a call its life, so wait longer. @default 5000 */
  atMostOnceHoldMs: number;
  /** The end of a lease is taken to be this much earlier: transport, the last completion, clocks that differ. Invokers begin to drain by themselves that much before the end. @default 2000 */
  leaseMarginMs: number;
  /** How many calls behind one that fits nowhere are tried, so that a big one does not stop the small ones behind it. @default 16 */
  lookAhead: number;
  /** A call that waited this long for room gets an invoker emptied for it, so that small ones do not starve it. @default 5000 */
  reserveAfterMs: number;
  /** First and longest pause before a record that the store refused is offered again. @default 100, 5000 */
  storeRetryFirstMs: number;
  storeRetryMaxMs: number;
  /** Finished calls whose record is not stored yet; beyond it nothing new is started or accepted. @default 10000 */
  maxUnrecorded: number;
  /** The same in bytes of results and logs. @default 268435456 */
  maxUnrecordedBytes: number;
  /** The shared sweep instead of a timer per call: waits end up to this much late. @default 50 */
  tickMs: number;
  /** Longest result of an activation, bytes; the invokers cut off what is longer. @default 1048576 */
  maxResultBytes: number;
  /** What `stop` gives running calls to finish. @default 5000 */
  stopMs: number;
}

const DISPATCH_DEFAULTS: Readonly<DispatchOptions> = Object.freeze({
  maxQueued: 10_000,
  noInvokerWaitMs: 50_000,
  acceptedWaitMs: 3_600_000,
  retryAfterSeconds: 10,
  heartbeatMs: 1_000,
  silentMs: 1_800,
  lostMs: 3_000,
  graceMs: 500,
  recoveryHoldMs: 1_000,
  atMostOnceHoldMs: 5_000,
  leaseMarginMs: 2_000,
  lookAhead: 16,
  reserveAfterMs: 5_000,
  storeRetryFirstMs: 100,
  storeRetryMaxMs: 5_000,
  maxUnrecorded: 10_000,
  maxUnrecordedBytes: 256 * 1024 * 1024,
  tickMs: 50,
  maxResultBytes: 1024 * 1024,
  stopMs: 5_000,
});

export function resolveDispatchOptions(options: Partial<DispatchOptions> = {}): Readonly<DispatchOptions> {
  return Object.freeze({ ...DISPATCH_DEFAULTS, ...options });
}
