/**
 * When Slurm's main loop passes over the queue (slurmctld's controller.c and job_scheduler.c, 22.05; measured on a real one).
 * Once a second slurmctld looks whether something was submitted, and lets a pass follow, but not within batch_sched_delay of
 * the last pass that came about so. The end of a job brings a pass at once, and puts off nothing. Every sched_interval there
 * is one in any case. Two passes are sched_min_interval apart at least.
 */
import type { CancelTimer } from '../clock/clock.ts';
import type { EventClock } from './event-clock.ts';
import type { SchedulerParameters } from './scheduler-parameters.ts';

/** Slurm's sched_interval, where it is not set. */
const SCHED_INTERVAL_MS = 60_000;
const LOOK_MS = 1000;

export class MainLoop {
  readonly #clock: EventClock;
  readonly #scheduler: SchedulerParameters;
  /** A look, epoch ms: the others are whole seconds before and after it. */
  readonly #aLook: number;
  readonly #pass: () => void;
  /** The submission that a look will see. */
  #submission: CancelTimer | undefined;
  #lastLook = Number.NEGATIVE_INFINITY;
  #requested = false;
  #lastPass = Number.NEGATIVE_INFINITY;

  /** @param phase of the passes of every sched_interval from now on, as a fraction of it */
  constructor(clock: EventClock, scheduler: SchedulerParameters, phase: number, pass: () => void) {
    this.#clock = clock;
    this.#scheduler = scheduler;
    this.#pass = pass;
    this.#aLook = clock.now() + Math.round(phase * SCHED_INTERVAL_MS);
    this.#everyInterval(this.#aLook);
  }

  /** A job was submitted. */
  submitted(): void {
    const soonest = Math.max(this.#clock.now(), this.#lastLook + this.#scheduler.batch_sched_delay * 1000);
    this.#submission ??= this.#clock.at(this.#aLook + Math.ceil((soonest - this.#aLook) / LOOK_MS) * LOOK_MS, () => { this.#look(); });
  }

  /** A job has left its nodes. */
  ended(): void {
    this.#request();
  }

  #look(): void {
    this.#submission?.();
    this.#submission = undefined;
    this.#lastLook = this.#clock.now();
    this.#request();
  }

  #request(): void {
    if (this.#requested) return;
    this.#requested = true;
    this.#clock.at(this.#lastPass + leastPauseMs(this.#scheduler), () => {
      this.#requested = false;
      this.#lastPass = this.#clock.now();
      this.#pass();
    });
  }

  #everyInterval(at: number): void {
    this.#clock.at(at, () => {
      this.#look();
      this.#everyInterval(at + SCHED_INTERVAL_MS);
    });
  }
}

/** Between two passes, whole ms. */
export function leastPauseMs({ sched_min_interval }: SchedulerParameters): number {
  return Math.round(sched_min_interval / 1000);
}
