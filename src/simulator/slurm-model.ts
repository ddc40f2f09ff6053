/**
 * What Slurm does with pilots, as far as it decides what a harvest brings. Prime jobs are given from outside (each node is
 * theirs except in its idle periods, and at a period's end one of them takes it, whoever is on it), or stand in a queue (prime-side.ts).
 *
 * A pending pilot starts in one of two ways. The main loop (main-loop.ts) gives idle nodes to pilots by
 * priority, without regard to plans; but while a prime job waits that cannot start, it gives nothing to a partition of lower
 * priority. Then there is only backfill: every bf_interval it looks at pilots by priority and starts those that end before
 * the node's planned start, rounded down to bf_resolution. With a NoReserve QOS it reckons as if they took a minute.
 *
 * A pilot ends at its limit (by itself, before Slurm's check every 30 s would see it), or when a prime job wants its
 * node: it hears SIGTERM at once, or, with a GraceTime and no trap in a step, when a 30 s check finds that time over; the
 * node is free when it has left. A prime job that only backfill starts begins in the cycle after that. All sizes are measured: docs/reference/simulator.md.
 */
import { SlurmError, type NodeCount, type PilotJob, type PilotSubmission, type Slurm } from '../slurm/slurm.ts';
import type { EventClock } from './event-clock.ts';
import { leastPauseMs, MainLoop } from './main-loop.ts';
import type { PrimeSide } from './prime-side.ts';
import type { ModelPilot, ModelWatcher, SlurmModelOptions } from './slurm-model-options.ts';

interface ModelNode {
  readonly name: string;
  readonly index: number;
  /** A prime job has it. */
  busy: boolean;
  /** Epoch ms at which a prime job is planned to start. */
  plannedAt: number;
  /** A prime job waits for it, so that the main loop gives it to no pilot. */
  passedOver: boolean;
  pilot?: ModelPilot;
  endPilot?: () => void;
  /** The pilot is preempted: who waits for it to leave. */
  waiting?: (() => void)[];
}

const CHECK_MS = 30_000;
/** From the pilot's last process to the prime job's first line, ms. */
const HANDOVER_MS = 100;
/** Slurm's MinJobAge: how long squeue shows a job that has ended, ms. */
const MIN_JOB_AGE_MS = 300_000;
const NO_RESERVE_MINUTES = 1;
const MINUTE_MS = 60_000;

export class SlurmModel implements Slurm {
  readonly #clock: EventClock;
  readonly #options: SlurmModelOptions;
  readonly #watcher: ModelWatcher;
  readonly #nodes = new Map<string, ModelNode>();
  readonly #nodeCount: number;
  readonly #begin: number;
  /** Nodes that neither a prime job nor a pilot has. */
  readonly #idle = new Set<ModelNode>();
  /** By priority. */
  #pending: ModelPilot[] = [];
  #running = new Set<ModelPilot>();
  #ended: ModelPilot[] = [];
  #arrays = 0;
  #prime: PrimeSide | undefined;
  /** Nodes that the main loop's next pass gives to prime jobs, and since when these wait. */
  readonly #wanted: { readonly node: string; readonly since: number }[] = [];
  readonly mainLoop: MainLoop;
  /** How often the manager has asked: sbatch, squeue and sinfo, scancel. */
  readonly calls = { submit: 0, look: 0, cancel: 0 };

  /** @param nodes all that are ever idle; the others, up to `nodeCount`, only count */
  constructor(clock: EventClock, nodes: readonly string[], nodeCount: number, options: SlurmModelOptions, watcher: ModelWatcher) {
    this.#clock = clock;
    this.#options = options;
    this.#watcher = watcher;
    this.#nodeCount = nodeCount;
    this.#begin = clock.now();
    for (const [index, name] of nodes.entries()) this.#nodes.set(name, { name, index, busy: true, plannedAt: Number.POSITIVE_INFINITY, passedOver: false });
    const { scheduler, phases } = options;
    this.#repeat(this.#backfillPeriodMs(), phases.backfill, () => { this.#backfill(); });
    this.mainLoop = new MainLoop(clock, scheduler, phases.main, () => { this.#mainPass(); });
  }

  /**
   * A prime job has left the node.
   * @param plannedAt when Slurm plans the next one there (epoch ms), if it does
   * @param passedOver whether the main loop gives the node to no pilot, since a prime job waits for it
   */
  primeLeaves(node: string, plannedAt = Number.POSITIVE_INFINITY, passedOver = false): void {
    const own = this.#node(node);
    own.busy = false;
    own.plannedAt = plannedAt;
    own.passedOver = passedOver;
    if (own.pilot === undefined) this.#idle.add(own);
    this.mainLoop.ended();
  }

  /**
   * A prime job for the node is there from now on, which the main loop's next pass starts.
   * @param why it was submitted, or it has waited and its other nodes have become free
   */
  primeWants(node: string, why: 'submitted' | 'freed'): void {
    const own = this.#node(node);
    own.busy = true;
    this.#idle.delete(own);
    if (own.pilot !== undefined) this.#watcher.preempted(own.pilot);
    this.#wanted.push({ node, since: this.#clock.now() });
    if (why === 'submitted') this.mainLoop.submitted();
    else this.mainLoop.ended();
  }

  /** A prime job takes the node. @param since when it came, epoch ms */
  primeArrives(node: string, since = this.#clock.now()): void {
    const at = this.#clock.now();
    const preempted = this.take(node, () => {
      const startsAt = this.#options.primeStartedBy === 'main' ? this.handedOverAt(at) : this.#nextBackfill(this.#clock.now()) + HANDOVER_MS;
      this.#watcher.primeStarted(node, at, startsAt - since, true);
    });
    if (!preempted) this.#watcher.primeStarted(node, at, at - since, false);
  }

  /**
   * The pilots have left: when a prime job begins for which a pass of the main loop preempted them. The next pass starts it.
   * @param passedAt epoch ms
   */
  handedOverAt(passedAt: number): number {
    return Math.max(this.#clock.now(), passedAt + leastPauseMs(this.#options.scheduler)) + HANDOVER_MS;
  }

  /** Prime jobs stand in a queue of their own from now on. */
  follow(prime: PrimeSide): void {
    this.#prime = prime;
  }

  /**
   * Takes the node for a prime job.
   * @param left is called when the pilot on it has left
   * @returns whether there is a pilot
   */
  take(node: string, left: () => void): boolean {
    const own = this.#node(node);
    own.busy = true;
    this.#idle.delete(own);
    return this.#preempt(own, left);
  }

  /** Preempts the pilot on the node, if there is one, for a prime job that a later cycle of backfill is to start. */
  vacate(node: string): void {
    this.#preempt(this.#node(node), () => undefined);
  }

  /** Whether a pilot is on the node, and is on its way out. */
  pilotOn(node: string): 'none' | 'running' | 'leaving' {
    const { pilot } = this.#node(node);
    if (pilot === undefined) return 'none';
    return pilot.state === 'RUNNING' ? 'running' : 'leaving';
  }

  #preempt(node: ModelNode, left: () => void): boolean {
    const { pilot, waiting } = node;
    if (pilot === undefined) return false;
    if (waiting !== undefined) {
      waiting.push(left);
      return true;
    }
    node.waiting = [left];
    node.endPilot?.();
    delete node.endPilot;
    // One that is being cancelled has heard it already.
    const leaves = pilot.state === 'COMPLETING';
    pilot.state = 'COMPLETING';
    this.#watcher.preempted(pilot);
    const at = this.#clock.now();
    const hearsAt = this.#hearsAt(at);
    if (leaves) return true;
    if (hearsAt === at) this.#signal(node, pilot);
    else this.#clock.at(hearsAt, () => { this.#signal(node, pilot); });
    return true;
  }

  /** The pilot gets SIGTERM for a prime job. */
  #signal(node: ModelNode, pilot: ModelPilot): void {
    const { graceTime, graceHeard, killWait, exitMs } = this.#options;
    const patienceMs = (killWait + (graceHeard ? graceTime : 0)) * 1000;
    const leavesAt = this.#clock.now() + Math.min(exitMs + (this.#watcher.signalled?.(pilot) ?? 0), patienceMs);
    this.#clock.at(leavesAt, () => { this.#end(node, pilot, 'PREEMPTED'); });
  }

  submit({ kind, count, limitMinutes, timeMinMinutes, nice }: PilotSubmission): Promise<string> {
    if (count < 1 || limitMinutes < 1) return Promise.reject(new SlurmError('user', 'sbatch: error: invalid request'));
    this.calls.submit++;
    const array = ++this.#arrays;
    const priority = this.#options.priorities ? nice : 0;
    const tasks = Array.from({ length: count }, (_, task): ModelPilot => ({ id: `${array}_${task}`, array, task, kind, limitMinutes, ...timeMinMinutes === undefined ? {} : { timeMinMinutes }, nice: priority, state: 'PENDING' }));
    this.#pending = [...this.#pending, ...tasks].sort((a, b) => a.nice - b.nice || a.array - b.array || a.task - b.task);
    this.mainLoop.submitted();
    return Promise.resolve(String(array));
  }

  pilots(): Promise<PilotJob[]> {
    this.calls.look++;
    const since = this.#clock.now() - MIN_JOB_AGE_MS;
    this.#ended = this.#ended.filter(({ endedAt }) => (endedAt ?? 0) > since);
    return Promise.resolve([...this.#pending, ...this.#running, ...this.#ended].map(jobOf));
  }

  nodes(): Promise<NodeCount> {
    this.calls.look++;
    return Promise.resolve({ idle: this.#idle.size, total: this.#nodeCount });
  }

  cancel(ids: readonly string[]): Promise<void> {
    this.calls.cancel++;
    // `12` is all of the array.
    const wanted = new Set(ids);
    const meant = (pilot: ModelPilot): boolean => wanted.has(pilot.id) || wanted.has(String(pilot.array));
    this.#pending = this.#pending.filter((pilot) => {
      if (!meant(pilot)) return true;
      pilot.state = 'CANCELLED';
      pilot.endedAt = this.#clock.now();
      this.#ended.push(pilot);
      return false;
    });
    for (const pilot of [...this.#running].filter(meant)) {
      const node = this.#node(pilot.node ?? '');
      node.endPilot?.();
      delete node.endPilot;
      pilot.state = 'COMPLETING';
      const leavesInMs = Math.min(this.#options.exitMs + (this.#watcher.signalled?.(pilot) ?? 0), this.#options.killWait * 1000);
      this.#clock.at(this.#clock.now() + leavesInMs, () => { this.#end(node, pilot, 'CANCELLED'); });
    }
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  /** Pilots that run, as of now. */
  running(): readonly ModelPilot[] {
    return [...this.#running];
  }

  #backfill(): void {
    const { scheduler, noReserve } = this.#options;
    const now = this.#clock.now();
    const most = (limit: number): number => limit === 0 ? Number.POSITIVE_INFINITY : limit;
    const prime = this.#prime?.backfill();
    if (prime !== undefined) for (const node of this.#idle) node.plannedAt = prime.plannedAt(node.index);
    const looks = Math.max(0, Math.min(most(scheduler.bf_max_job_part), most(scheduler.bf_max_job_test) - (prime?.looked ?? 0)));
    const resolutionMs = scheduler.bf_resolution * 1000;
    let starts = most(scheduler.bf_max_job_start) - (prime?.started ?? 0);
    /** A kind that found no node finds none later in the cycle: nodes only become fewer. */
    const hopeless = new Set<string>();
    for (const pilot of this.#pending.slice(0, looks)) {
      if (starts <= 0 || this.#idle.size === 0) break;
      if (hopeless.has(pilot.kind) || pilot.limitMinutes > scheduler.bf_window) continue;
      const minutes = noReserve ? NO_RESERVE_MINUTES : pilot.timeMinMinutes ?? pilot.limitMinutes;
      const node = this.#firstIdle(({ plannedAt }) => now + minutes * MINUTE_MS <= Math.floor(plannedAt / resolutionMs) * resolutionMs);
      if (node === undefined) {
        hopeless.add(pilot.kind);
        continue;
      }
      pilot.limitMinutes = this.#limitFor(pilot, Math.floor(node.plannedAt / resolutionMs) * resolutionMs);
      this.#start(pilot, node);
      starts--;
    }
    this.#forgetStarted();
  }

  /** The limit, minutes, with which backfill starts a pilot on a node that is planned from `plannedAt` (epoch ms) on. */
  #limitFor({ limitMinutes, timeMinMinutes }: ModelPilot, plannedAt: number): number {
    if (timeMinMinutes === undefined) return limitMinutes;
    if (this.#options.timeMin !== 'cut') return timeMinMinutes;
    return Math.max(timeMinMinutes, Math.min(limitMinutes, Math.floor((plannedAt - this.#clock.now()) / MINUTE_MS)));
  }

  #mainPass(): void {
    for (const { node, since } of this.#wanted.splice(0)) this.primeArrives(node, since);
    const comesToPilots = this.#prime === undefined ? this.#options.primePending !== true : this.#prime.pass();
    if (!comesToPilots) return;
    for (const pilot of this.#pending) {
      const node = this.#firstIdle(({ passedOver }) => !passedOver);
      if (node === undefined) break;
      this.#start(pilot, node);
    }
    this.#forgetStarted();
  }

  #start(pilot: ModelPilot, node: ModelNode): void {
    const now = this.#clock.now();
    pilot.state = 'RUNNING';
    pilot.node = node.name;
    pilot.startedAt = now;
    node.pilot = pilot;
    this.#idle.delete(node);
    this.#running.add(pilot);
    this.#watcher.started(pilot);
    if (!this.#options.overTimeLimit) {
      node.endPilot = this.#clock.at(now + pilot.limitMinutes * MINUTE_MS, () => {
        delete node.endPilot;
        this.#end(node, pilot, 'TIMEOUT');
      });
    }
  }

  #end(node: ModelNode, pilot: ModelPilot, state: ModelPilot['state']): void {
    // It reached its limit while it was being cancelled.
    if (node.pilot !== pilot) return;
    pilot.state = state;
    pilot.endedAt = this.#clock.now();
    delete node.pilot;
    this.#running.delete(pilot);
    this.#ended.push(pilot);
    if (!node.busy) this.#idle.add(node);
    this.#watcher.ended(pilot);
    const waiting = node.waiting ?? [];
    delete node.waiting;
    for (const left of waiting) left();
    this.mainLoop.ended();
  }

  /** When a pilot that a prime job preempts at `at` gets SIGTERM. */
  #hearsAt(at: number): number {
    const { graceTime, graceHeard } = this.#options;
    if (graceTime === 0 || graceHeard) return at;
    const offset = this.#begin + this.#options.phases.limitCheck * CHECK_MS;
    return offset + Math.ceil((at + graceTime * 1000 - offset) / CHECK_MS) * CHECK_MS;
  }

  #backfillPeriodMs(): number {
    return (this.#options.scheduler.bf_interval + (this.#options.backfillTakes ?? 0)) * 1000;
  }

  #nextBackfill(at: number): number {
    const period = this.#backfillPeriodMs();
    const first = this.#begin + this.#options.phases.backfill * period;
    return first + Math.max(0, Math.ceil((at - first) / period)) * period;
  }

  /** Slurm goes by the nodes' order where weights do not differ. */
  #firstIdle(fits: (node: ModelNode) => boolean): ModelNode | undefined {
    let first: ModelNode | undefined;
    for (const node of this.#idle) if ((first === undefined || node.index < first.index) && fits(node)) first = node;
    return first;
  }

  #forgetStarted(): void {
    if (this.#pending.some(({ state }) => state !== 'PENDING')) this.#pending = this.#pending.filter(({ state }) => state === 'PENDING');
  }

  #repeat(periodMs: number, phase: number, action: () => void): void {
    const round = (at: number): void => {
      this.#clock.at(at, () => {
        action();
        round(at + periodMs);
      });
    };
    round(this.#begin + phase * periodMs);
  }

  #node(name: string): ModelNode {
    const node = this.#nodes.get(name);
    if (node === undefined) throw new Error(`the model has no node ${name}`);
    return node;
  }
}

function jobOf({ id, kind, state, limitMinutes, node, startedAt }: ModelPilot): PilotJob {
  return { id, kind, state, limitMinutes, ...node === undefined ? {} : { node }, ...startedAt === undefined ? {} : { startedAt }, ...state === 'PENDING' ? { reason: 'Priority' } : {} };
}
