/**
 * The reconcile loop: each round asks Slurm once for the pilots and once for the nodes, lets the policy plan, submits
 * what is missing as arrays and cancels what is too much. Nothing is remembered between rounds that Slurm could not
 * tell (what a policy has learned it can do without), so a restarted manager takes over the pilots in the queue, and a submission whose answer was lost is not
 * repeated. A failed round changes nothing; the next comes later and later (back-off) until Slurm answers again.
 */
import type { CancelTimer, Clock } from '../clock/clock.ts';
import { silentLogger, type Logger } from '../domain/logger.ts';
import { SlurmError, type NodeCount, type PilotJob, type Slurm } from '../slurm/slurm.ts';
import { jobPhase } from '../slurm/states.ts';
import { cycleOf, type AdaptiveMemory } from './adaptive-memory.ts';
import { IdleWait } from './idle-wait.ts';
import { PilotLedger, type EndedPilots } from './pilot-ledger.ts';
import { defaultPilotManagerOptions, type PilotManagerOptions } from './pilot-manager-options.ts';
import type { Demand } from './pilot-demand.ts';
import type { PilotPlan, PilotPolicy, PilotSnapshot } from './pilot-policy.ts';

export interface PilotManagerParts {
  readonly slurm: Slurm;
  readonly policy: PilotPolicy;
  readonly clock: Clock;
  readonly logger?: Logger;
  readonly options?: PilotManagerOptions;
  /** What callers ask for at the moment. */
  readonly demand?: () => Demand;
}

/** Slurm does not answer; sbatch was refused; pilots fail as soon as they start. */
export type PilotTrouble = 'away' | 'refused' | 'failing' | 'other';

export interface PilotManagerStatus {
  readonly policy: string;
  readonly pending: number;
  readonly running: number;
  readonly byKind: Readonly<Record<string, { readonly pending: number; readonly running: number }>>;
  /** Why pilots are pending, as Slurm says it. */
  readonly reasons: Readonly<Record<string, number>>;
  readonly nodes: NodeCount;
  /** Epoch ms of the last round that Slurm answered. */
  readonly lastRound?: number;
  /** Why the last round failed, or that pilots fail as soon as they start. */
  readonly lastError?: string;
  /** Of which kind that is. */
  readonly trouble?: PilotTrouble;
  /** Epoch ms since which nodes have been idle and pilots waiting without one of them starting. */
  readonly idleSince?: number;
  /** Time from one pass of Slurm that starts pilots to the next, ms, for policies that learn it. */
  readonly cycleMs?: number;
  /** The shortest limit of those that wait, minutes. */
  readonly shortestPendingMinutes?: number;
  /** Invokers that the calls want, for policies that follow them. */
  readonly wanted?: number;
  /** Wait after the last failure; 0 when all is well. */
  readonly backoffMs: number;
  /** Pilots submitted since the start. */
  readonly submitted: number;
  readonly ended: Readonly<EndedPilots>;
  /** Why this backlog: sentences for people. */
  readonly why: readonly string[];
}

const minuteMs = 60_000;
const failingRoundsAllowed = 2;
/** A slow slurmctld is asked so seldom that it spends at most this share of its time on us. */
const slowShare = 0.1;

export class PilotManager {
  readonly #slurm: Slurm;
  readonly #policy: PilotPolicy;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #options: Required<PilotManagerOptions>;
  readonly #demand: (() => Demand) | undefined;
  readonly #ledger = new PilotLedger();
  /** What the policy has learned. */
  #memory: AdaptiveMemory | undefined;
  #jobs: readonly PilotJob[] = [];
  #nodes: NodeCount = { idle: 0, total: 0 };
  #lastRound: number | undefined;
  #lastError: string | undefined;
  #trouble: PilotTrouble = 'other';
  readonly #idleWait = new IdleWait();
  #backoffMs = 0;
  /** Rounds, one after the other, in which no pilot ran and more had failed; and until when nothing is submitted for it. */
  #failingRounds = 0;
  #restockAt = 0;
  #submitted = 0;
  /** Ids that sbatch gave in the first round. */
  readonly #arrays: string[] = [];
  /** One for each sbatch in the last minute. By timers, since the clock may be set. */
  readonly #submissions = new Set<CancelTimer>();
  #slowestCallMs = 0;
  #timer: CancelTimer | undefined;
  #round: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(parts: PilotManagerParts) {
    this.#slurm = parts.slurm;
    this.#policy = parts.policy;
    this.#clock = parts.clock;
    this.#logger = parts.logger ?? silentLogger;
    this.#demand = parts.demand;
    this.#options = { ...defaultPilotManagerOptions, ...parts.options };
  }

  /**
   * Runs the first round and keeps going. While slurmctld is merely away it resolves all the same.
   * @throws {SlurmError} of kind `user` when it can never work: no sbatch, unknown partition, refused arguments.
   */
  async start(): Promise<void> {
    if (this.#policy.note !== undefined) this.#logger.warn({ policy: this.#policy.name }, this.#policy.note);
    const startedAt = this.#clock.now();
    const first = this.#reconcile();
    this.#round = first.catch(() => undefined);
    try {
      await first;
    } catch (error) {
      if (error instanceof SlurmError && error.kind === 'user') {
        this.#stopped = true;
        for (const forget of this.#submissions) forget();
        // Some kinds may have been accepted before one was refused.
        if (this.#arrays.length > 0) await this.#slurm.cancel(this.#arrays).catch(() => undefined);
        throw error;
      }
      this.#failed(error);
    }
    this.#scheduleNext(startedAt);
  }

  status(): PilotManagerStatus {
    const byKind: Record<string, { pending: number; running: number }> = {};
    const reasons: Record<string, number> = {};
    const total = { pending: 0, running: 0 };
    for (const { kind, state, reason } of this.#jobs) {
      const phase = jobPhase(state);
      if (phase !== 'pending' && phase !== 'running') continue;
      (byKind[kind] ??= { pending: 0, running: 0 })[phase] += 1;
      total[phase] += 1;
      if (phase === 'pending' && reason !== undefined) reasons[reason] = (reasons[reason] ?? 0) + 1;
    }
    return {
      policy: this.#policy.name, ...total, byKind, reasons, nodes: this.#nodes, ...this.#known(), ...this.#troubles(),
      backoffMs: this.#backoffMs, submitted: this.#submitted, ended: { ...this.#ledger.ended },
      why: this.#policy.explain(this.#snapshot(), this.#memory),
    };
  }

  #known(): Pick<PilotManagerStatus, 'lastRound' | 'idleSince' | 'cycleMs' | 'shortestPendingMinutes' | 'wanted'> {
    const limits = this.#jobs.flatMap(({ state, limitMinutes }) => jobPhase(state) === 'pending' && limitMinutes !== null ? [limitMinutes] : []);
    const cycleMs = this.#memory === undefined ? undefined : cycleOf(this.#memory);
    const { since: idleSince } = this.#idleWait;
    return {
      ...this.#lastRound === undefined ? {} : { lastRound: this.#lastRound },
      ...idleSince === undefined ? {} : { idleSince },
      ...cycleMs === undefined ? {} : { cycleMs },
      ...limits.length === 0 ? {} : { shortestPendingMinutes: Math.min(...limits) },
      ...this.#policy.followsCalls === true && this.#memory !== undefined ? { wanted: this.#memory.wanted } : {},
    };
  }

  #troubles(): Pick<PilotManagerStatus, 'lastError' | 'trouble'> {
    if (this.#lastError !== undefined) return { lastError: this.#lastError, trouble: this.#trouble };
    return this.#failingRounds > failingRoundsAllowed ? { lastError: 'pilots fail as soon as they start; see their output', trouble: 'failing' } : {};
  }

  /**
   * Ends the loop. `cancel: true` takes all pilots out of Slurm with one scancel (running ones get SIGTERM and drain);
   * otherwise they stay, and the next manager of the same job name takes them over.
   * @throws {SlurmError} when they could not be cancelled in time.
   */
  async stop(options: { cancel?: boolean } = {}): Promise<void> {
    this.#stopped = true;
    this.#timer?.();
    await this.#round;
    for (const forget of this.#submissions) forget();
    if (options.cancel === true) await this.#cancelAll();
  }

  async #reconcile(): Promise<void> {
    this.#slowestCallMs = 0;
    const jobs = await this.#timed(() => this.#slurm.pilots());
    const nodes = await this.#timed(() => this.#slurm.nodes());
    this.#jobs = jobs;
    this.#nodes = nodes;
    this.#lastRound = this.#clock.now();
    this.#idleWait.record(jobs, nodes, this.#lastRound);
    const failed = this.#ledger.record(jobs);
    const plan = this.#policy.plan(this.#snapshot(), this.#memory);
    this.#memory = plan.memory;
    // A plan may take pilots out of the queue only to put them in again.
    const restocks = this.#mayRestock(failed);
    if (restocks || plan.submit.length === 0) await this.#cancelSurplus(plan);
    if (restocks) await this.#submit(plan);
    this.#succeeded();
  }

  /** Pilots that fail as soon as they start would be replaced for ever: then restock ever more rarely, but never give up. */
  #mayRestock(failed: number): boolean {
    if (this.#jobs.some(({ state }) => jobPhase(state) === 'running')) {
      this.#failingRounds = 0;
      this.#restockAt = 0;
    } else if (failed > 0) {
      this.#failingRounds += 1;
      const { periodMs, maxBackoffMs } = this.#options;
      if (this.#failingRounds >= failingRoundsAllowed) this.#restockAt = this.#clock.now() + Math.min(periodMs * 2 ** (this.#failingRounds - failingRoundsAllowed + 1), maxBackoffMs);
    }
    // A clock that was set back must not keep the stock empty.
    this.#restockAt = Math.min(this.#restockAt, this.#clock.now() + this.#options.maxBackoffMs);
    return this.#clock.now() >= this.#restockAt;
  }

  async #submit(plan: PilotPlan): Promise<void> {
    for (const wanted of plan.submit) {
      for (let left = wanted.count; left > 0;) {
        if (this.#stopped || !this.#maySubmit()) return;
        const count = Math.min(left, this.#options.maxArraySize);
        this.#countSubmission();
        const id = await this.#timed(() => this.#slurm.submit({ ...wanted, count }));
        if (this.#timer === undefined) this.#arrays.push(id);
        this.#submitted += count;
        left -= count;
      }
    }
  }

  #maySubmit(): boolean {
    return this.#submissions.size < this.#options.maxSubmissionsPerMinute;
  }

  #countSubmission(): void {
    const forget = this.#clock.after(minuteMs, () => { this.#submissions.delete(forget); });
    this.#submissions.add(forget);
  }

  async #cancelSurplus(plan: PilotPlan): Promise<void> {
    const { cancel, release = [] } = plan;
    if (cancel.length === 0 && release.length === 0) return;
    const pendingIds = cancel.flatMap(({ kind, count }) => {
      const pending = this.#jobs.filter((job) => job.kind === kind && jobPhase(job.state) === 'pending');
      // The youngest have waited least; squeue's order is no order.
      return pending.map(({ id }) => id).sort(byAge).slice(-count);
    });
    this.#logger.info({ pending: pendingIds.length, kinds: cancel, running: release.length }, 'cancelling pilots too many');
    await this.#timed(() => this.#slurm.cancel([...pendingIds, ...release]));
  }

  async #cancelAll(): Promise<void> {
    const deadline = this.#clock.now() + this.#options.cancelTimeoutMs;
    for (;;) {
      try {
        const jobs = await this.#slurm.pilots();
        const ids = (['pending', 'running'] as const).flatMap((phase) => jobs.filter(({ state }) => jobPhase(state) === phase).map(({ id }) => id));
        if (ids.length > 0) await this.#slurm.cancel(ids);
        this.#jobs = [];
        return;
      } catch (error) {
        if (!(error instanceof SlurmError) || error.kind === 'user' || this.#clock.now() >= deadline) throw error;
        this.#logger.warn({ error: error.message }, 'cannot cancel the pilots yet');
        await this.#clock.sleep(Math.min(1000, this.#options.cancelTimeoutMs));
      }
    }
  }

  #scheduleNext(startedAt: number): void {
    if (this.#stopped) return;
    const { periodMs, slowCallMs, maxBackoffMs } = this.#options;
    const slowMs = this.#slowestCallMs > slowCallMs ? Math.min(this.#slowestCallMs / slowShare, maxBackoffMs) : 0;
    const wait = Math.max(periodMs - (this.#clock.now() - startedAt), slowMs, this.#backoffMs);
    this.#timer = this.#clock.after(Math.max(wait, 0), () => { this.#round = this.#runRound(); });
  }

  async #runRound(): Promise<void> {
    const startedAt = this.#clock.now();
    try {
      await this.#reconcile();
    } catch (error) {
      this.#failed(error);
    }
    this.#scheduleNext(startedAt);
  }

  #succeeded(): void {
    if (this.#lastError !== undefined) this.#logger.info({ lastError: this.#lastError }, 'Slurm answers again');
    this.#lastError = undefined;
    this.#backoffMs = 0;
  }

  #failed(error: unknown): void {
    const { periodMs, maxBackoffMs } = this.#options;
    this.#backoffMs = Math.min(this.#backoffMs === 0 ? periodMs : this.#backoffMs * 2, maxBackoffMs);
    this.#lastError = error instanceof Error ? error.message : String(error);
    this.#trouble = troubleOf(error);
    this.#logger.warn({ error: this.#lastError, backoffMs: this.#backoffMs }, 'a round of the pilot manager failed');
  }

  #snapshot(): PilotSnapshot {
    const demand = this.#demand?.();
    return {
      pending: this.#countByKind('pending'), running: this.#countByKind('running'), nodes: this.#nodes, jobs: this.#jobs,
      at: this.#lastRound ?? this.#clock.now(), ...demand === undefined ? {} : { demand },
    };
  }

  #countByKind(phase: 'pending' | 'running'): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const { kind, state } of this.#jobs) if (jobPhase(state) === phase) counts[kind] = (counts[kind] ?? 0) + 1;
    return counts;
  }

  async #timed<T>(call: () => Promise<T>): Promise<T> {
    const startedAt = this.#clock.now();
    try {
      return await call();
    } finally {
      this.#slowestCallMs = Math.max(this.#slowestCallMs, this.#clock.now() - startedAt);
    }
  }
}

function troubleOf(error: unknown): PilotTrouble {
  if (!(error instanceof SlurmError)) return 'other';
  // A limit on submitted jobs falls by itself and is worth another try; it is a refusal all the same.
  if (error.message.startsWith('sbatch') && (error.kind === 'user' || /limit|policy/i.test(error.message))) return 'refused';
  return error.kind === 'transient' ? 'away' : 'other';
}

/** Oldest first: ids `7`, `12_3` by number of job, then of task. */
function byAge(a: string, b: string): number {
  const [jobA = 0, taskA = 0] = a.split('_').map(Number);
  const [jobB = 0, taskB = 0] = b.split('_').map(Number);
  return jobA - jobB || taskA - taskB;
}
