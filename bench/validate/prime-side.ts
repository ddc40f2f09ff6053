/**
 * The prime jobs of a window on a real Slurm. A node that is not idle holds a prime job. At a period's begin it is
 * cancelled; at its end another one takes the node and preempts what runs there.
 *
 * A planned period: each node has an anchor, a node that pilots cannot use. Before the period's begin a job A is
 * submitted for the anchor, with a limit that ends at the planned start, and a job P of both nodes, pinned to them: it
 * cannot start, and Slurm plans the node for it when A's limit is over. At the period's end A is cancelled: P gets both.
 * Slurm's plan is not exact: it looks at the ends of running jobs in groups, of 30 s at first and twice as much after
 * each in vain, and plans for the end of a group (bf_window_linear). So what it plans is asked of squeue all the time.
 * Pending: one more prime job, of lower priority and of all nodes, can never start, because a node is always held;
 * that keeps the main loop from giving nodes to pilots.
 */
import { appendFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runSlurm } from '../../src/experiments/replay/prime-jobs.ts';
import type { Testbed } from '../../src/testbed/testbed.ts';
import { waitUntil } from '../../src/testbed/wait-until.ts';
import type { ValidationWindow, WindowPeriod } from './validation-window.ts';

const HOLD_MINUTES = 2880;
/** Of a job that waits for its node: nobody sees the difference. */
const PRIME_MINUTES = 60;
/** A goes first where both could start. Both are in the queue so long before the period that no cycle misses them. */
const WAITING_NICE = 10;
const AHEAD_MS = 1500;
const LOOK_MS = 1000;
/** Below those that are pinned; the partition's weight is 20000 (src/testbed/configuration.ts). */
const BLOCKER_NICE = 1000;

export interface PrimeArrival {
  readonly period: WindowPeriod;
  /** The job that takes the node. */
  readonly id: string;
  /** Epoch ms, just before sbatch or scancel was started: from then on Slurm can start it. */
  readonly at: number;
}

/** From `at` on Slurm plans the start for `plannedAt`; epoch ms. */
export interface PlannedStart { readonly at: number; readonly plannedAt: number }

export class PrimeSide {
  readonly arrivals: PrimeArrival[] = [];
  /** A and P of each planned period. */
  readonly #anchors = new Map<WindowPeriod, { readonly anchor: Promise<string>; readonly waiting: Promise<string> }>();
  /** Planned starts of pending jobs as squeue told them, by job id and time. */
  readonly #looks = new Map<string, PlannedStart[]>();
  /** The job that has the node, or waits for it. */
  readonly #holding = new Map<string, Promise<string>>();
  /** How much later than planned each act was begun, ms. */
  readonly lateMs: number[] = [];
  readonly errors: string[] = [];
  readonly #testbed: Testbed;
  readonly #window: ValidationWindow;
  readonly #starts: string;

  constructor(testbed: Testbed, window: ValidationWindow, directory: string) {
    this.#testbed = testbed;
    this.#window = window;
    this.#starts = join(directory, 'prime-starts');
  }

  /** Nodes of a testbed that plays a window of so many: the anchors and the one that is always held come after them. */
  static nodesFor(windowNodes: number): number {
    return 2 * windowNodes + 1;
  }

  /** Takes all nodes of the window. @param pending with the prime job that waits for ever */
  async prepare(pending: boolean): Promise<void> {
    await appendFile(this.#starts, '');
    for (const node of this.#window.nodes) this.#holding.set(node, this.#submit(['--nodelist', node, '--time', String(HOLD_MINUTES)]));
    const ids = [await this.#submit(['--nodelist', this.#testbed.nodes.at(-1) ?? '', '--time', String(HOLD_MINUTES)]), ...await Promise.all(this.#holding.values())];
    await waitUntil('the prime jobs to hold the nodes', () => this.starts(), (starts) => ids.every((id) => starts.has(id)), { timeoutMs: 120_000, everyMs: 250 });
    if (pending) await this.#submit(['--nodes', String(this.#testbed.nodes.length), '--time', String(HOLD_MINUTES), `--nice=${BLOCKER_NICE}`]);
  }

  /** Plays the window from `begin` (epoch ms). Resolves when all of it was asked of Slurm. */
  async play(begin: number): Promise<void> {
    const acts = this.#window.periods.flatMap((period) => [
      ...period.planMinutes === null ? [] : [{ at: period.start - AHEAD_MS, act: () => this.#wait(period) }],
      { at: period.start, act: () => this.#leave(period) },
      ...period.end < this.#window.length ? [{ at: period.end, act: () => this.#arrive(period) }] : [],
    ]).sort((a, b) => a.at - b.at);
    const under: Promise<void>[] = [];
    for (const { at, act } of acts) {
      await new Promise((resolve) => { setTimeout(resolve, Math.max(0, begin + at - Date.now())); });
      this.lateMs.push(Date.now() - begin - at);
      under.push(act().catch((error: unknown) => { this.errors.push(error instanceof Error ? error.message : String(error)); }));
    }
    await Promise.all(under);
  }

  /** When the script of each job ran its first line, epoch ms by job id. */
  async starts(): Promise<Map<string, number>> {
    const lines = (await readFile(this.#starts, 'utf8')).trim().split('\n');
    return new Map(lines.flatMap((line): [string, number][] => {
      const [id, at] = line.split(' ');
      return id === undefined || at === undefined ? [] : [[id, Number(at)]];
    }));
  }

  /** What Slurm planned for each planned period, by time; at least one. */
  async plans(): Promise<Map<WindowPeriod, readonly PlannedStart[]>> {
    const plans = new Map<WindowPeriod, readonly PlannedStart[]>();
    for (const [period, { waiting }] of this.#anchors) {
      const looks = this.#looks.get(await waiting);
      if (looks !== undefined) plans.set(period, looks);
    }
    return plans;
  }

  /** Asks squeue for the planned starts until it is stopped. */
  async watchPlans(signal: AbortSignal): Promise<void> {
    for (let before = Date.now(); !signal.aborted;) {
      const now = Date.now();
      const output = await runSlurm({ ...this.#testbed.env, SLURM_TIME_FORMAT: '%s' }, 'squeue', ['-h', '-p', 'prime', '-t', 'PENDING', '-o', '%i %S']).catch(() => '');
      for (const line of output.split('\n')) {
        const [id = '', seconds] = line.trim().split(' ');
        if (!/^\d+$/.test(seconds ?? '')) continue;
        const looks = this.#looks.get(id) ?? [];
        // It was planned after the look before.
        if (looks.at(-1)?.plannedAt !== Number(seconds) * 1000) this.#looks.set(id, [...looks, { at: before, plannedAt: Number(seconds) * 1000 }]);
      }
      before = now;
      await new Promise((resolve) => { setTimeout(resolve, LOOK_MS); });
    }
  }

  async #wait(period: WindowPeriod): Promise<void> {
    const { node, planMinutes } = period;
    const anchor = this.#testbed.nodes[this.#window.nodes.length + this.#window.nodes.indexOf(node)] ?? '';
    const submitted = this.#submit(['--nodelist', anchor, '--time', String(planMinutes ?? 1)]);
    // One after the other, since the age decides too.
    const waiting = submitted.then(() => this.#submit(['--nodes', '2', '--nodelist', `${node},${anchor}`, '--time', String(PRIME_MINUTES), `--nice=${WAITING_NICE}`]));
    this.#anchors.set(period, { anchor: submitted, waiting });
    await waiting;
  }

  async #leave(period: WindowPeriod): Promise<void> {
    const { node } = period;
    const [before, anchor] = [this.#holding.get(node), this.#anchors.get(period)];
    if (anchor !== undefined) this.#holding.set(node, anchor.waiting);
    if (before !== undefined) await runSlurm(this.#testbed.env, 'scancel', ['--quiet', await before]);
  }

  async #arrive(period: WindowPeriod): Promise<void> {
    const anchor = this.#anchors.get(period);
    const at = Date.now();
    if (anchor !== undefined) {
      await runSlurm(this.#testbed.env, 'scancel', ['--quiet', await anchor.anchor]);
      this.arrivals.push({ period, id: await anchor.waiting, at });
      return;
    }
    const submitted = this.#submit(['--nodelist', period.node, '--time', String(HOLD_MINUTES)]);
    this.#holding.set(period.node, submitted);
    this.arrivals.push({ period, id: await submitted, at });
  }

  async #submit(args: readonly string[]): Promise<string> {
    const output = await runSlurm(this.#testbed.env, 'sbatch', [
      '--parsable', '--partition', 'prime', '--exclusive', '--job-name', 'prime', '--output', '/dev/null', '--chdir', '/', '--no-requeue', ...args,
    ], `#!/bin/sh\necho "$SLURM_JOB_ID $(date +%s%3N)" >> '${this.#starts}'\nexec sleep infinity\n`);
    return output.trim().split(';')[0] ?? '';
  }
}
