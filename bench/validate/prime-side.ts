/**
 * The prime jobs of a window on a real Slurm. A node that is not idle holds a prime job. At a period's begin it is
 * cancelled; at its end another one takes the node and preempts what runs there.
 *
 * A planned period: each node has an anchor, a node that pilots cannot use. At the period's begin a job A takes the
 * anchor with a limit that ends at the planned start, and a job P of both nodes, pinned to them, is submitted: it cannot
 * start, and Slurm plans the node for it when A's limit is over. At the period's end A is cancelled: P gets both.
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
/** Below those that are pinned; the partition's weight is 20000 (src/testbed/configuration.ts). */
const BLOCKER_NICE = 1000;

export interface PrimeArrival {
  readonly period: WindowPeriod;
  /** The job that takes the node. */
  readonly id: string;
  /** Epoch ms, just before sbatch or scancel was started: from then on Slurm can start it. */
  readonly at: number;
}

export class PrimeSide {
  readonly arrivals: PrimeArrival[] = [];
  /** Epoch ms of the planned start, as Slurm has it, by period. */
  readonly #anchors = new Map<WindowPeriod, { readonly id: string; readonly waiting: Promise<string> }>();
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

  /** Epoch ms of the planned start of each planned period, by Slurm's own reckoning: A's start in whole seconds and its limit. */
  async plans(): Promise<Map<WindowPeriod, number>> {
    const starts = await this.starts();
    const plans = new Map<WindowPeriod, number>();
    for (const [period, { id }] of this.#anchors) {
      const start = starts.get(id);
      if (start !== undefined && period.planMinutes !== null) plans.set(period, Math.floor(start / 1000) * 1000 + period.planMinutes * 60_000);
    }
    return plans;
  }

  async #leave(period: WindowPeriod): Promise<void> {
    const { node, planMinutes } = period;
    const before = await this.#holding.get(node);
    if (before !== undefined) await runSlurm(this.#testbed.env, 'scancel', ['--quiet', before]);
    if (planMinutes === null) return;
    const anchor = this.#testbed.nodes[this.#window.nodes.length + this.#window.nodes.indexOf(node)] ?? '';
    const id = await this.#submit(['--nodelist', anchor, '--time', String(planMinutes)]);
    const waiting = this.#submit(['--nodes', '2', '--nodelist', `${node},${anchor}`, '--time', String(PRIME_MINUTES)]);
    this.#anchors.set(period, { id, waiting });
    this.#holding.set(node, waiting);
    await waiting;
  }

  async #arrive(period: WindowPeriod): Promise<void> {
    const anchor = this.#anchors.get(period);
    const at = Date.now();
    if (anchor !== undefined) {
      await runSlurm(this.#testbed.env, 'scancel', ['--quiet', anchor.id]);
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
