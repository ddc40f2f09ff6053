/**
 * Calls to the platform while pilots come and go in the model of Slurm: each pilot that has started up is an invoker, and
 * the dispatcher between callers and invokers is the one that the controller runs. Only its ports have stand-ins: the
 * store (call-books.ts) and the link's transport (simulated-connection.ts). Response times count from when a call is due
 * at the dispatcher until that answers; the API in front of it takes no time here.
 */
import { Dispatcher } from '../dispatch/dispatcher.ts';
import { silentLogger } from '../domain/logger.ts';
import { MAX_BLOCKING_WAIT_MS } from '../domain/limits.ts';
import type { Random } from '../traces/random.ts';
import { CallBooks, type ResponseSeconds } from './call-books.ts';
import { Arrivals, CALLING_NAMESPACE, type CallLoad } from './call-load.ts';
import type { EventClock } from './event-clock.ts';
import { SimulatedInvoker, type InvokerWorld } from './simulated-invoker.ts';
import type { ModelPilot, ModelWatcher } from './slurm-model-options.ts';

/** What became of the calls. Those that were accepted succeeded, failed, timed out (their caller had a 202) or still wait. */
export interface CallsReport {
  readonly offered: number;
  /** 503: queue full, or no worker for too long. */
  readonly refused: number;
  readonly accepted: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly timedOut: number;
  readonly waiting: number;
  /** Accepted calls that had no record when the simulation ended; and such as did not come to one later either. */
  readonly unfinished: number;
  readonly lost: number;
  /** Second records of a call, and records of refused calls. */
  readonly twice: number;
  /** Broken off while they ran, and handed back before: these run again elsewhere. */
  readonly interrupted: number;
  readonly handedBack: number;
  readonly coldStarts: number;
  /** Of the accepted calls, s. */
  readonly response: ResponseSeconds;
  /** The longest time in which every call that came was refused, s. */
  readonly longestRefusal: number;
}

/** Room for all calls that the dispatcher lets wait, and time for them: longer than an accepted call may wait. */
const LAST_INVOKER_MB = 10_000_000;
const LAST_WAIT_MS = 7_200_000;

interface SimulatedCallsParts {
  readonly clock: EventClock;
  readonly load: CallLoad;
  /** From a pilot's start until its invoker joins, ms. */
  readonly startupMs: number;
  /** Pilots run until a prime job comes, whatever their limit. */
  readonly overTimeLimit: boolean;
  /** Epoch ms until which calls come. */
  readonly until: number;
  readonly random: Random;
  readonly watch?: CallsWatch;
}

/** Is told what happens on the nodes; epoch ms. */
export interface CallsWatch {
  /** A call kept the node busy, from the start of its container on, whatever became of it. */
  ran(node: string, from: number, to: number): void;
  /** A prime job that wanted the node at `wanted` begins on it. */
  primeBegins(node: string, wanted: number, begin: number): void;
}

export class SimulatedCalls {
  readonly #parts: SimulatedCallsParts;
  readonly #begin: number;
  readonly #books = new CallBooks();
  readonly #dispatcher: Dispatcher;
  readonly #world: InvokerWorld;
  readonly #arrivals: Arrivals;
  /** Of pilots that run; undefined while one starts up. */
  readonly #invokers = new Map<ModelPilot, SimulatedInvoker | undefined>();

  constructor(parts: SimulatedCallsParts) {
    const { clock, load, random, watch } = parts;
    this.#parts = parts;
    this.#begin = clock.now();
    this.#arrivals = new Arrivals(load, random);
    this.#dispatcher = new Dispatcher({ store: this.#books.store, code: () => Promise.resolve(undefined), clock, random, logger: silentLogger });
    this.#world = { clock, controller: this.#dispatcher, load, counts: { interrupted: 0, handedBack: 0, cold: 0 }, ...watch === undefined ? {} : { watch } };
  }

  async start(): Promise<void> {
    await this.#dispatcher.start([]);
    this.#scheduleNext();
  }

  /** Follows the pilots, as another one does. */
  beside(watcher: ModelWatcher): ModelWatcher {
    return {
      started: (pilot) => {
        watcher.started(pilot);
        this.#started(pilot);
      },
      preempted: (pilot) => { watcher.preempted(pilot); },
      signalled: (pilot) => this.#signalled(pilot),
      ended: (pilot) => {
        watcher.ended(pilot);
        this.#ended(pilot);
      },
      primeStarted: (node, at, delayMs, preempted) => {
        watcher.primeStarted(node, at, delayMs, preempted);
        this.#parts.watch?.primeBegins(node, at, at + delayMs);
      },
    };
  }

  /**
   * What became of the calls until now. Then nothing new comes, and an invoker without an end takes what is unfinished: every
   * accepted call must come to its record.
   */
  async finish(): Promise<CallsReport> {
    const { clock, load } = this.#parts;
    const report = this.#report();
    new SimulatedInvoker({ clock, controller: this.#dispatcher, load: { ...load, memoryMB: LAST_INVOKER_MB }, counts: { interrupted: 0, handedBack: 0, cold: 0 } }, {
      invokerId: 'last', node: 'last', memoryMB: LAST_INVOKER_MB, held: [], leaseEndsAt: null,
    });
    const deadline = clock.now() + LAST_WAIT_MS;
    while (this.#dispatcher.inFlight(CALLING_NAMESPACE) > 0 && clock.now() < deadline) await clock.run(clock.now() + 1000);
    return { ...report, lost: this.#books.withoutRecord(), twice: this.#books.twice };
  }

  #report(): Omit<CallsReport, 'lost' | 'twice'> {
    const { clock } = this.#parts;
    const { offered, answered } = this.#books;
    const { interrupted, handedBack, cold } = this.#world.counts;
    const { refused, succeeded, failed, timedOut } = answered;
    const accepted = offered - refused;
    return {
      offered, refused, accepted, succeeded, failed, timedOut, waiting: accepted - succeeded - failed - timedOut,
      unfinished: this.#books.withoutRecord(), interrupted, handedBack, coldStarts: cold,
      response: this.#books.responses(), longestRefusal: this.#books.longestRefusal(clock.now() - this.#begin),
    };
  }

  #started(pilot: ModelPilot): void {
    const { clock, startupMs, overTimeLimit, load } = this.#parts;
    this.#invokers.set(pilot, undefined);
    const startedAt = clock.now();
    clock.at(startedAt + startupMs, () => {
      if (!this.#invokers.has(pilot)) return;
      this.#invokers.set(pilot, new SimulatedInvoker(this.#world, {
        invokerId: pilot.id, jobId: pilot.id, node: pilot.node ?? '', memoryMB: load.memoryMB, held: [], startupMs, startedAt,
        leaseEndsAt: overTimeLimit ? null : startedAt + pilot.limitMinutes * 60_000,
      }));
    });
  }

  /** @returns how long calls hold the node, ms */
  #signalled(pilot: ModelPilot): number {
    const invoker = this.#invokers.get(pilot);
    // It dies while it starts up.
    if (invoker === undefined) this.#invokers.delete(pilot);
    return invoker?.signal() ?? 0;
  }

  #ended(pilot: ModelPilot): void {
    this.#invokers.get(pilot)?.kill();
    this.#invokers.delete(pilot);
  }

  #scheduleNext(): void {
    const { clock, until } = this.#parts;
    const due = this.#begin + this.#arrivals.due;
    if (due >= until) return;
    clock.after(due - clock.now(), () => {
      this.#offer();
      this.#scheduleNext();
    });
  }

  #offer(): void {
    const { clock } = this.#parts;
    const now = clock.now();
    const message = this.#arrivals.take(now);
    const number = this.#books.offer(now - this.#begin);
    this.#dispatcher.call(message, MAX_BLOCKING_WAIT_MS).then(
      (answer) => { this.#books.answer(number, answer, clock.now() - now); },
      () => { this.#books.refuse(number, clock.now() - now); },
    );
  }
}
