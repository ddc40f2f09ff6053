/**
 * A few pretended nodes of this machine that behave like Slurm towards pilots, for trying the harvest out without any
 * Slurm. Prime jobs exist as demand only: a calendar made of an idle surface says when they want which node. Every
 * pass the best pending pilot (lowest nice, then oldest) starts on each idle node as a process group of its own. When
 * a prime job wants the node the group gets SIGTERM, and SIGKILL after KillWait; the time until the group is gone is
 * what the prime job waited. The wall time limit and cancellation end a pilot in the same way.
 *
 * pending ── pass ──▶ running ── prime job | limit | cancel ──▶ completing ── exit ──▶ gone
 */
import type { CancelTimer, Clock } from '../../clock/clock.ts';
import type { Logger } from '../../domain/logger.ts';
import type { IdleSurface } from '../../traces/surface.ts';
import type { JobState, NodeCount, PilotJob, PilotSubmission, Slurm } from '../slurm.ts';
import { SlurmError } from '../slurm.ts';
import { NodeCalendar } from './node-calendar.ts';
import type { PilotCommand, PilotExit } from './pilot-process.ts';
import { PilotProcess } from './pilot-process.ts';

/** A pilot that is about to start. */
interface LocalPilot {
  readonly jobId: string;
  readonly kind: string;
  readonly node: string;
  readonly limitMinutes: number;
}

export type LocalClusterEvent =
  | { type: 'node-idle'; node: string; until: number }
  | { type: 'pilot-started'; node: string; jobId: string; kind: string; limitMinutes: number }
  | { type: 'pilot-ended'; node: string; jobId: string; state: JobState; exit: PilotExit }
  /** A prime job has the node after `waitMs`; `jobId` is the pilot that held it. */
  | { type: 'node-taken'; node: string; until: number; waitMs: number; jobId?: string };

export interface LocalClusterOptions {
  readonly nodes: readonly string[];
  /** Its periods name the nodes; repeated when it ends. */
  readonly surface: IdleSurface;
  readonly command: (pilot: LocalPilot) => PilotCommand;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly onEvent?: (event: LocalClusterEvent) => void;
  /** Time between two scheduling passes, as Slurm's main loop has it. @default 1000 */
  readonly passMs?: number;
  /** From SIGTERM to SIGKILL. @default 5000 */
  readonly killWaitMs?: number;
}

export interface LocalNodeView {
  readonly name: string;
  /** `pilot` includes the moments in which a prime job waits for the node. */
  readonly state: 'busy' | 'idle' | 'pilot';
  /** When prime jobs let go of the node (busy), or when the next one wants it. Epoch ms. */
  readonly until: number;
  readonly jobId?: string;
  /** What the last prime job waited for the node, ms. */
  readonly primeWaitMs?: number;
}

interface Pending { readonly id: string; readonly order: number; readonly submission: PilotSubmission }

interface Running {
  readonly pilot: LocalPilot;
  readonly startedAt: number;
  readonly process: PilotProcess;
  /** Why it is being ended, once it is. */
  ending?: { state: JobState; cancelKill: CancelTimer };
  cancelLimit: CancelTimer;
}

interface Node {
  readonly name: string;
  readonly calendar: NodeCalendar;
  running?: Running;
  /** Epoch ms since which a prime job waits for the pilot to go. */
  waitingSince?: number;
  taken: boolean;
  primeWaitMs?: number;
}

/** How often the calendar is looked at, ms: what a prime job may come late. */
const CALENDAR_MS = 200;
/** Longer timers fire at once in Node.js; 24 days are as good as no limit here. */
const MAX_TIMER_MS = 2 ** 31 - 1;
const MAX_PENDING = 10_000;
/** Ids grow from the second of the start, so that those of two runs differ. */
const ID_EPOCH_S = 1_700_000_000;

export class LocalCluster implements Slurm {
  readonly #options: Required<Omit<LocalClusterOptions, 'surface' | 'nodes'>>;
  readonly #nodes: readonly Node[];
  readonly #timers: readonly CancelTimer[];
  #pending: Pending[] = [];
  #nextId: number;
  #closed = false;

  constructor(options: LocalClusterOptions) {
    this.#options = { onEvent: () => undefined, passMs: 1000, killWaitMs: 5000, ...options };
    const { clock } = options;
    const begin = clock.now();
    this.#nextId = Math.max(1, Math.floor(begin / 1000) - ID_EPOCH_S);
    this.#nodes = options.nodes.map((name) => ({ name, calendar: new NodeCalendar(options.surface, name, begin), taken: true }));
    this.#followCalendar();
    this.#timers = [
      clock.every(CALENDAR_MS, () => { this.#followCalendar(); }),
      clock.every(this.#options.passMs, () => { this.#startPilots(); }),
    ];
  }

  submit(pilot: PilotSubmission): Promise<string> {
    if (!Number.isInteger(pilot.count) || pilot.count < 1 || !Number.isInteger(pilot.limitMinutes) || pilot.limitMinutes < 1) {
      return Promise.reject(new SlurmError('user', `an array of ${pilot.count} pilots of ${pilot.limitMinutes} minutes cannot be submitted`));
    }
    if (this.#pending.length + pilot.count > MAX_PENDING) {
      return Promise.reject(new SlurmError('transient', `the queue is full (${MAX_PENDING} jobs)`));
    }
    const id = this.#nextId++;
    for (let task = 0; task < pilot.count; task++) this.#pending.push({ id: `${id}_${task}`, order: id, submission: pilot });
    this.#pending.sort((a, b) => a.submission.nice - b.submission.nice || a.order - b.order);
    return Promise.resolve(String(id));
  }

  pilots(): Promise<PilotJob[]> {
    const pending = this.#pending.map(({ id, submission }, index): PilotJob => ({
      id, kind: submission.kind, state: 'PENDING', limitMinutes: submission.limitMinutes, reason: index === 0 ? 'Resources' : 'Priority',
    }));
    const running = this.#nodes.flatMap(({ running: job }): PilotJob[] => (job === undefined ? [] : [{
      id: job.pilot.jobId, kind: job.pilot.kind, state: job.ending === undefined ? 'RUNNING' : 'COMPLETING',
      limitMinutes: job.pilot.limitMinutes, node: job.pilot.node, startedAt: job.startedAt,
    }]));
    return Promise.resolve([...running, ...pending]);
  }

  nodes(): Promise<NodeCount> {
    const idle = this.#nodes.filter((node) => !node.taken && node.running === undefined).length;
    return Promise.resolve({ idle, total: this.#nodes.length });
  }

  cancel(ids: readonly string[]): Promise<void> {
    const wanted = new Set(ids);
    const meant = (id: string): boolean => wanted.has(id) || wanted.has(id.slice(0, id.indexOf('_')));
    this.#pending = this.#pending.filter(({ id }) => !meant(id));
    for (const { running } of this.#nodes) {
      if (running !== undefined && meant(running.pilot.jobId)) this.#end(running, 'CANCELLED');
    }
    return Promise.resolve();
  }

  /** The nodes as somebody sees them who watches the cluster. */
  describe(): LocalNodeView[] {
    const now = this.#options.clock.now();
    return this.#nodes.map((node) => ({
      name: node.name,
      state: stateOf(node),
      until: node.calendar.at(now).until,
      ...(node.running === undefined ? {} : { jobId: node.running.pilot.jobId }),
      ...(node.primeWaitMs === undefined ? {} : { primeWaitMs: node.primeWaitMs }),
    }));
  }

  /** Ends all pilots (SIGTERM, SIGKILL after KillWait) and resolves when they are gone. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const cancel of this.#timers) cancel();
    this.#pending = [];
    const running = this.#nodes.flatMap((node) => node.running ?? []);
    for (const job of running) this.#end(job, 'CANCELLED');
    await Promise.all(running.map((job) => job.process.exited));
  }

  #followCalendar(): void {
    const now = this.#options.clock.now();
    for (const node of this.#nodes) {
      const { wanted, until } = node.calendar.at(now);
      if (!wanted && node.taken) {
        node.taken = false;
        this.#options.onEvent({ type: 'node-idle', node: node.name, until });
      }
      // The prime job that waited has given up or been served by the calendar's next idle period.
      if (!wanted) delete node.waitingSince;
      if (!wanted || node.taken || node.waitingSince !== undefined) continue;
      node.waitingSince = now;
      if (node.running === undefined) this.#take(node, now);
      else this.#end(node.running, 'PREEMPTED');
    }
  }

  #take(node: Node, now: number, jobId?: string): void {
    const waitMs = now - (node.waitingSince ?? now);
    delete node.waitingSince;
    node.taken = true;
    node.primeWaitMs = waitMs;
    this.#options.onEvent({
      type: 'node-taken', node: node.name, until: node.calendar.at(now).until, waitMs, ...(jobId === undefined ? {} : { jobId }),
    });
  }

  #startPilots(): void {
    for (const node of this.#nodes) {
      if (node.taken || node.running !== undefined || node.waitingSince !== undefined) continue;
      const best = this.#pending.shift();
      if (best === undefined) return;
      this.#start(best, node);
    }
  }

  #start({ id, submission }: Pending, node: Node): void {
    const { clock, command, logger, onEvent } = this.#options;
    const pilot: LocalPilot = { jobId: id, kind: submission.kind, node: node.name, limitMinutes: submission.limitMinutes };
    let started: PilotProcess;
    try {
      started = new PilotProcess(command(pilot), slurmEnvironment(pilot));
    } catch (error) {
      logger.error({ jobId: id, node: node.name, error: String(error) }, 'pilot could not be started');
      return;
    }
    const running: Running = {
      pilot, startedAt: clock.now(), process: started,
      cancelLimit: clock.after(Math.min(pilot.limitMinutes * 60_000, MAX_TIMER_MS), () => { this.#end(running, 'TIMEOUT'); }),
    };
    node.running = running;
    onEvent({ type: 'pilot-started', node: node.name, jobId: id, kind: pilot.kind, limitMinutes: pilot.limitMinutes });
    void started.exited.then((exit) => { this.#ended(node, running, exit); });
  }

  #end(running: Running, state: JobState): void {
    if (running.ending !== undefined) return;
    running.cancelLimit();
    running.ending = {
      state,
      cancelKill: this.#options.clock.after(this.#options.killWaitMs, () => { running.process.signal('SIGKILL'); }),
    };
    running.process.signal('SIGTERM');
  }

  #ended(node: Node, running: Running, exit: PilotExit): void {
    const { clock, logger, onEvent } = this.#options;
    running.cancelLimit();
    running.ending?.cancelKill();
    delete node.running;
    const { jobId } = running.pilot;
    if (exit.error !== undefined) logger.error({ jobId, node: node.name, error: exit.error.message }, 'pilot could not be started');
    const state = running.ending?.state ?? (exit.code === 0 ? 'COMPLETED' : 'FAILED');
    onEvent({ type: 'pilot-ended', node: node.name, jobId, state, exit });
    if (node.waitingSince !== undefined && !this.#closed) this.#take(node, clock.now(), jobId);
  }
}

function stateOf(node: Node): LocalNodeView['state'] {
  if (node.running !== undefined) return 'pilot';
  return node.taken ? 'busy' : 'idle';
}

/** What slurmd would set, as far as an invoker looks at it; and why SIGTERM comes, which nobody can be asked here. */
function slurmEnvironment(pilot: LocalPilot): Record<string, string> {
  const [arrayId = '', task = ''] = pilot.jobId.split('_');
  return {
    SLURM_JOB_ID: pilot.jobId, SLURM_ARRAY_JOB_ID: arrayId, SLURM_ARRAY_TASK_ID: task, SLURMD_NODENAME: pilot.node,
    HPCWHISK_LIMIT_MINUTES: String(pilot.limitMinutes), HPCWHISK_TERM_CAUSE: 'preempted',
  };
}
