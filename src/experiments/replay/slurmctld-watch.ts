/**
 * Watches slurmctld through a replay: when its backfill cycles began, and what it had to do. One sdiag a second, which
 * costs it less than the sampler's squeue; the same for every policy, so that the difference between two is the pilots'.
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { runSlurm, type SlurmEnvironment } from './prime-jobs.ts';
import { readSdiag, type Cycles, type SlurmctldDiagnosis } from './slurmctld-diagnosis.ts';

export interface SlurmctldBurden {
  /** Requests a minute that were answered, those of the measurement included, and the share (0..1) of the time that their handlers took, summed over threads. */
  readonly requestsPerMinute: number;
  readonly requestShare: number;
  /** sbatch calls a minute that were not the prime jobs'; a job array is one. */
  readonly pilotSubmissionsPerMinute: number;
  /** Processor time over the time of the window, 1 being one core; undefined where the daemon cannot be seen. */
  readonly cpuShare?: number;
  /** Cycles of the window; mean and longest seen, ms. */
  readonly mainLoop: { readonly cycles: number; readonly mean: number; readonly max: number };
  readonly backfill: { readonly cycles: number; readonly mean: number; readonly max: number };
}

interface Mark { readonly at: number; readonly seen: SlurmctldDiagnosis; readonly cpuMs: number | undefined }

const LOOK_MS = 1000;
/** Of /proc/PID/stat: USER_HZ is 100 on every Linux that Node.js runs on. */
const TICK_MS = 10;

export class SlurmctldWatch {
  readonly #env: SlurmEnvironment;
  readonly #directory: string | undefined;
  readonly #timer: NodeJS.Timeout;
  readonly #marks: Mark[] = [];
  #looking: Promise<Mark | undefined> | undefined;

  /** @param directory of the testbed, for its slurmctld's processor time */
  constructor(env: SlurmEnvironment, directory?: string) {
    this.#env = env;
    this.#directory = directory;
    this.#timer = setInterval(() => { void this.#look(); }, LOOK_MS);
  }

  /** Begins of backfill cycles so far, epoch ms to the second. */
  cycles(): number[] {
    return cycleBegins(this.#marks.map(({ seen }) => seen));
  }

  /** What slurmctld did between two times, epoch ms; undefined where it was not seen twice. @param primeSubmissions when prime jobs were submitted, epoch ms */
  burden(from: number, to: number, primeSubmissions: readonly number[]): SlurmctldBurden | undefined {
    const inside = this.#marks.filter(({ at }) => at >= from - LOOK_MS && at <= to + LOOK_MS);
    const [first, last] = [inside[0], inside.at(-1)];
    if (first === undefined || last === undefined || first === last) return undefined;
    const ms = last.at - first.at;
    const [count, busy] = totals(first.seen, last.seen);
    const primeJobs = primeSubmissions.filter((at) => at >= first.at && at < last.at).length;
    const submitted = requestsOf(last.seen, 'REQUEST_SUBMIT_BATCH_JOB') - requestsOf(first.seen, 'REQUEST_SUBMIT_BATCH_JOB') - primeJobs;
    return {
      requestsPerMinute: (count / ms) * 60_000, requestShare: busy / ms, pilotSubmissionsPerMinute: (Math.max(0, submitted) / ms) * 60_000,
      ...(first.cpuMs === undefined || last.cpuMs === undefined ? {} : { cpuShare: (last.cpuMs - first.cpuMs) / ms }),
      mainLoop: cyclesBetween(inside.map(({ seen }) => seen.mainLoop)), backfill: cyclesBetween(inside.map(({ seen }) => seen.backfill)),
    };
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#looking;
  }

  #look(): Promise<Mark | undefined> {
    this.#looking ??= this.#mark().finally(() => { this.#looking = undefined; });
    return this.#looking;
  }

  /** A look that fails is left out: the next one comes in a second. */
  async #mark(): Promise<Mark | undefined> {
    try {
      const at = Date.now();
      const mark = { at, seen: readSdiag(await runSlurm(this.#env, 'sdiag', [])), cpuMs: await this.#cpuMs() };
      this.#marks.push(mark);
      return mark;
    } catch {
      return undefined;
    }
  }

  async #cpuMs(): Promise<number | undefined> {
    if (this.#directory === undefined) return undefined;
    try {
      const pid = (await readFile(path.join(this.#directory, 'run', 'slurmctld.pid'), 'utf8')).trim();
      // The name of the process stands in brackets and may hold blanks; user and system time are the 12th and 13th field behind it.
      const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ')[1]?.split(' ') ?? [];
      const ticks = Number(fields[11]) + Number(fields[12]);
      return Number.isFinite(ticks) ? ticks * TICK_MS : undefined;
    } catch {
      return undefined;
    }
  }
}

/**
 * When backfill cycles began, epoch ms, from looks at the counter and at the begin of the last one. Cycles between two
 * looks of which only the last was seen are spread evenly.
 */
export function cycleBegins(looks: readonly SlurmctldDiagnosis[]): number[] {
  const begins: number[] = [];
  let before: { count: number; lastAt: number } | undefined;
  for (const { backfill: { count, lastAt } } of looks) {
    if (lastAt === 0 || lastAt === before?.lastAt) continue;
    // The counter starts again at midnight.
    const passed = before === undefined ? 1 : Math.max(1, count - before.count);
    const from = before?.lastAt ?? lastAt;
    for (let nth = 1; nth <= passed; nth++) begins.push(from + ((lastAt - from) * nth) / passed);
    before = { count, lastAt };
  }
  return begins;
}

function totals(first: SlurmctldDiagnosis, last: SlurmctldDiagnosis): [count: number, ms: number] {
  const sum = ({ requests }: SlurmctldDiagnosis, of: (request: { count: number; ms: number }) => number): number =>
    [...requests.values()].reduce((total, request) => total + of(request), 0);
  return [sum(last, ({ count }) => count) - sum(first, ({ count }) => count), sum(last, ({ ms }) => ms) - sum(first, ({ ms }) => ms)];
}

function requestsOf({ requests }: SlurmctldDiagnosis, type: string): number {
  return requests.get(type)?.count ?? 0;
}

function cyclesBetween(looks: readonly Cycles[]): SlurmctldBurden['backfill'] {
  const none = { count: 0, mean: 0 };
  const [first, last] = [looks[0] ?? none, looks.at(-1) ?? none];
  const cycles = last.count - first.count;
  const changed = looks.filter((look, index) => index > 0 && look.count !== looks[index - 1]?.count);
  return {
    cycles: Math.max(0, cycles), mean: cycles <= 0 ? 0 : (last.mean * last.count - first.mean * first.count) / cycles,
    max: Math.max(0, ...changed.map((look) => look.last)),
  };
}
