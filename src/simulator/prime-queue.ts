/**
 * Prime jobs as a real queue in the model of Slurm: they are submitted, wait, start when Slurm would start them, and end.
 * First come, first served.
 *
 * The main loop (main-loop.ts) starts jobs from the head of the queue on and stops at the first that cannot start at once, be it that
 * a pilot must leave its node first; then nothing of lower priority starts by it, pilots included. A job that preempts has
 * its nodes from then on, and begins when the last of the pilots has left.
 *
 * Backfill goes by limits: each cycle it plans the first jobs of the queue, starts those whose turn is now, and keeps the
 * nodes for the others, so that nothing it starts makes a job ahead later. A job that it must preempt for starts in a
 * later cycle; its nodes stay planned.
 *
 * Jobs end at their run times, mostly long before their limits: that moves plans forward, and makes gaps.
 */
import type { IdlePeriod } from '../traces/surface.ts';
import { BackfillTable } from './backfill-table.ts';
import type { EventClock } from './event-clock.ts';
import type { PrimeCycle, PrimeSide } from './prime-side.ts';
import type { PrimeJob } from './prime-workload.ts';
import type { SchedulerParameters } from './scheduler-parameters.ts';
import type { SlurmModel } from './slurm-model.ts';

/** What became of a prime job. Epoch ms. */
export interface PrimeRun {
  readonly job: PrimeJob;
  /** `before`: it ran already when the simulation began. */
  startedBy?: 'main' | 'backfill' | 'before';
  /** When Slurm first decided to start it, and what did: where pilots had to leave it started later, maybe by the other. */
  decidedAt?: number;
  decidedBy?: 'main' | 'backfill';
  startedAt?: number;
  endsAt?: number;
  /** Pilots that had to leave for it. */
  preempted: number;
  /** Indexes of its nodes. */
  nodes?: readonly number[];
}

interface PrimeQueueParts {
  readonly clock: EventClock;
  readonly slurm: SlurmModel;
  readonly scheduler: SchedulerParameters;
  /** All of the cluster, as the model knows them. */
  readonly nodes: readonly string[];
  /** By submission. */
  readonly jobs: readonly PrimeJob[];
}

const MINUTE_MS = 60_000;
const FREE = Number.NEGATIVE_INFINITY;

export class PrimeQueue implements PrimeSide {
  readonly #parts: PrimeQueueParts;
  readonly #clock: EventClock;
  readonly #slurm: SlurmModel;
  readonly runs: readonly PrimeRun[];
  /** What prime jobs left idle, until now. */
  readonly periods: IdlePeriod[] = [];
  /** By priority. */
  readonly #pending: PrimeRun[] = [];
  /** By node: when the limit of the job on it is reached, and since when there is none. */
  readonly #freeAt: Float64Array;
  readonly #freeSince: Float64Array;
  #freeNodes: number;
  /** Jobs that wait for pilots to leave the nodes they have. */
  #starting = 0;

  constructor(parts: PrimeQueueParts) {
    this.#parts = parts;
    this.#clock = parts.clock;
    this.#slurm = parts.slurm;
    this.runs = parts.jobs.map((job) => ({ job, preempted: 0 }));
    this.#freeNodes = parts.nodes.length;
    this.#freeAt = new Float64Array(parts.nodes.length).fill(FREE);
    this.#freeSince = new Float64Array(parts.nodes.length).fill(parts.clock.now());
  }

  /** Puts the jobs that run already on their nodes, and the others on the clock. */
  start(): void {
    const begin = this.#clock.now();
    for (const run of this.runs) {
      if (run.job.startedAt !== undefined && this.#freeNodes >= run.job.nodes) this.#resume(run, run.job.startedAt, begin);
      else this.#clock.at(run.job.submittedAt, () => { this.#submit(run); });
    }
    // Behind the submissions of that moment, which the first pass is to find.
    for (const [index, node] of this.#parts.nodes.entries()) if (this.#isFree(index)) this.#slurm.primeLeaves(node);
    this.#slurm.follow(this);
  }

  /** What is idle at the end counts until now. */
  finish(): void {
    this.#freeSince.forEach((_, index) => { if (this.#isFree(index)) this.#closePeriod(index); });
  }

  backfill(): PrimeCycle {
    const { scheduler } = this.#parts;
    const now = this.#clock.now();
    const table = new BackfillTable(this.#freeAt, now, scheduler.bf_window * MINUTE_MS, scheduler.bf_resolution * 1000);
    const most = Math.min(...[scheduler.bf_max_job_part, scheduler.bf_max_job_test, this.#pending.length].map((limit) => limit === 0 ? Number.POSITIVE_INFINITY : limit));
    const mostStarts = scheduler.bf_max_job_start === 0 ? Number.POSITIVE_INFINITY : scheduler.bf_max_job_start;
    let looked = 0;
    let started = 0;
    for (const run of this.#pending.slice(0, most)) {
      if (started >= mostStarts) break;
      looked++;
      if (this.#plan(run, table, now)) started++;
    }
    this.#forgetStarted();
    return { looked, started, plannedAt: (index) => table.plannedAt(index) };
  }

  /** @returns whether the job has started */
  #plan(run: PrimeRun, table: BackfillTable, now: number): boolean {
    const { nodes: wanted, limitMs } = run.job;
    const found = table.firstStart(wanted, limitMs);
    if (found === undefined) return false;
    if (found.at > now) {
      table.plan(found.nodes, found.at, limitMs);
      return false;
    }
    const nodes = this.#sparing(wanted, found.nodes);
    if (nodes.every((index) => this.#slurm.pilotOn(this.#name(index)) === 'none')) {
      this.#begin(run, nodes, 'backfill');
      table.occupy(nodes, limitMs);
      return true;
    }
    run.decidedAt ??= now;
    run.decidedBy ??= 'backfill';
    for (const index of nodes) {
      if (this.#slurm.pilotOn(this.#name(index)) === 'running') run.preempted++;
      this.#slurm.vacate(this.#name(index));
    }
    table.plan(nodes, now, limitMs);
    return false;
  }

  #submit(run: PrimeRun): void {
    this.#pending.push(run);
    this.#slurm.mainLoop.submitted();
  }

  pass(): boolean {
    const blocked = this.#startFromHead();
    this.#forgetStarted();
    return !blocked;
  }

  /** @returns whether a job is left that cannot start */
  #startFromHead(): boolean {
    if (this.#starting > 0) return true;
    for (const run of this.#pending) {
      if (run.job.nodes > this.#freeNodes) return true;
      this.#begin(run, this.#sparing(run.job.nodes, this.#free()), 'main');
      if (run.startedAt === undefined) return true;
    }
    return false;
  }

  /** Gives the nodes to the job, which begins as soon as no pilot is on them. */
  #begin(run: PrimeRun, nodes: readonly number[], by: 'main' | 'backfill'): void {
    const now = this.#clock.now();
    run.startedBy = by;
    run.nodes = nodes;
    run.decidedAt ??= now;
    run.decidedBy ??= by;
    this.#freeNodes -= nodes.length;
    let waits = 0;
    for (const index of nodes) {
      this.#closePeriod(index);
      this.#freeAt[index] = now + run.job.limitMs;
      const name = this.#name(index);
      if (this.#slurm.pilotOn(name) === 'running') run.preempted++;
      const preempts = this.#slurm.take(name, () => {
        waits--;
        if (waits > 0) return;
        this.#starting--;
        this.#run(run, nodes, this.#slurm.handedOverAt(now));
      });
      if (preempts) waits++;
    }
    if (waits === 0) this.#run(run, nodes, now);
    else this.#starting++;
  }

  #run(run: PrimeRun, nodes: readonly number[], at: number): void {
    const { limitMs, runMs } = run.job;
    run.startedAt = at;
    run.endsAt = at + Math.min(runMs, limitMs);
    for (const index of nodes) this.#freeAt[index] = at + limitMs;
    this.#clock.at(run.endsAt, () => { this.#end(nodes); });
  }

  /** A job that has run since before the simulation. */
  #resume(run: PrimeRun, startedAt: number, begin: number): void {
    const { nodes: wanted, limitMs, runMs } = run.job;
    const nodes = [...this.#free()].slice(0, wanted);
    run.startedBy = 'before';
    run.nodes = nodes;
    run.startedAt = startedAt;
    run.endsAt = Math.max(begin, startedAt + Math.min(runMs, limitMs));
    this.#freeNodes -= wanted;
    for (const index of nodes) {
      this.#closePeriod(index);
      this.#freeAt[index] = startedAt + limitMs;
      this.#slurm.take(this.#name(index), () => undefined);
    }
    this.#clock.at(run.endsAt, () => { this.#end(nodes); });
  }

  #end(nodes: readonly number[]): void {
    this.#freeNodes += nodes.length;
    for (const index of nodes) {
      this.#freeAt[index] = FREE;
      this.#freeSince[index] = this.#clock.now();
      this.#slurm.primeLeaves(this.#name(index));
    }
  }

  /** By the nodes' order, but first those without a pilot, then those that a pilot leaves anyway. */
  #sparing(wanted: number, nodes: Iterable<number>): number[] {
    const chosen: number[] = [];
    const others: Record<'leaving' | 'running', number[]> = { leaving: [], running: [] };
    for (const index of nodes) {
      if (chosen.length === wanted) return chosen;
      const pilot = this.#slurm.pilotOn(this.#name(index));
      if (pilot === 'none') chosen.push(index);
      else others[pilot].push(index);
    }
    return [...chosen, ...others.leaving, ...others.running].slice(0, wanted);
  }

  *#free(): Generator<number> {
    for (let index = 0; index < this.#freeAt.length; index++) if (this.#isFree(index)) yield index;
  }

  #forgetStarted(): void {
    let kept = 0;
    for (const run of this.#pending) if (run.startedBy === undefined) this.#pending[kept++] = run;
    this.#pending.length = kept;
  }

  #isFree(index: number): boolean {
    return this.#freeAt[index] === FREE;
  }

  #closePeriod(index: number): void {
    const [start, end] = [this.#freeSince[index] ?? 0, this.#clock.now()];
    if (end > start) this.periods.push({ node: this.#name(index), start, end });
  }

  #name(index: number): string {
    return this.#parts.nodes[index] ?? '';
  }
}
