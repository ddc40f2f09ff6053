/** One cell on a real Slurm: a testbed of its own, the production pilot manager, the window's prime jobs. */
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../src/clock/system-clock.ts';
import { PilotManager } from '../../src/pilots/pilot-manager.ts';
import { coverageOf } from '../../src/simulator/harvest-report.ts';
import { startTestbed, stopTestbed, type Testbed } from '../../src/testbed/testbed.ts';
import type { IdleSurface } from '../../src/traces/surface.ts';
import type { Cell } from './cells.ts';
import { policyOfCell } from './cells.ts';
import { delaysOf, type Findings } from './findings.ts';
import { pilotLives, pilotsOf, type PilotLife } from './pilot-lives.ts';
import { PrimeSide, type PlannedStart, type PrimeArrival } from './prime-side.ts';
import type { ValidationWindow, WindowPeriod } from './validation-window.ts';

export interface RealRun {
  readonly findings: Findings;
  /** Epoch ms. */
  readonly begin: number;
  /** Planned starts as Slurm had them. */
  readonly plans: ReadonlyMap<WindowPeriod, readonly PlannedStart[]>;
  readonly arrivals: number;
  /** Prime jobs that had not begun when their node's next period did. */
  readonly neverStarted: number;
  /** How late the driver was, ms: what the machine's load did to the window. */
  readonly lateP95Ms: number;
  readonly errors: readonly string[];
  readonly lives: readonly PilotLife[];
}

const LAST_START_MS = 15_000;

/** @param keep a directory for Slurm's logs and what was written down @throws {TestbedError} */
export async function runReal(cell: Cell, window: ValidationWindow, keep: string | undefined): Promise<RealRun> {
  const directory = await mkdtemp(join(tmpdir(), 'hpcwhisk-validate-'));
  const slurmDirectory = join(directory, 'slurm');
  try {
    const testbed = await startTestbed({
      nodes: PrimeSide.nodesFor(window.nodes.length), directory: slurmDirectory, accounting: cell.noReserve,
      whiskPartition: { Nodes: `n[1-${window.nodes.length}]` },
      ...cell.parameters === '' ? {} : { schedulerParameters: cell.parameters },
    });
    const run = await playOn(testbed, cell, window, directory);
    if (keep !== undefined) {
      const kept = join(keep, cell.name.replaceAll(':', '_'));
      await mkdir(kept, { recursive: true });
      for (const name of ['slurm/log/slurmctld.log', 'slurm/log/jobs.log', 'slurm/slurm.conf', 'pilot-starts', 'prime-starts']) await cp(join(directory, name), join(kept, name.split('/').at(-1) ?? name));
      await writeFile(join(kept, 'real.json'), JSON.stringify({ ...run, plans: [...run.plans] }));
    }
    return run;
  } finally {
    await stopTestbed(slurmDirectory);
    await rm(directory, { recursive: true, force: true });
  }
}

async function playOn(testbed: Testbed, cell: Cell, given: ValidationWindow, directory: string): Promise<RealRun> {
  // What Slurm cannot plan is not to be planned.
  const window = cell.prime === 'pending' ? given : { ...given, periods: given.periods.map((period) => ({ ...period, planMinutes: null })) };
  const prime = new PrimeSide(testbed, window, directory);
  await prime.prepare(cell.prime === 'pending');
  const slurm = await pilotsOf(testbed, directory, cell.noReserve);
  const manager = new PilotManager({ slurm, policy: policyOfCell(cell), clock: systemClock });
  const begin = Date.now();
  const over = new AbortController();
  const watching = prime.watchPlans(over.signal);
  try {
    await Promise.all([manager.start(), prime.play(begin)]);
    await new Promise((resolve) => { setTimeout(resolve, Math.max(0, begin + window.length - Date.now())); });
  } finally {
    await manager.stop();
    over.abort();
    await watching;
  }
  const until = Date.now();
  await new Promise((resolve) => { setTimeout(resolve, LAST_START_MS); });
  const lives = await pilotLives(testbed, directory, until);
  const starts = await prime.starts();
  const late = [...prime.lateMs].sort((a, b) => a - b);
  return {
    findings: findingsOf(surfaceAt(window, begin), lives, prime.arrivals, starts), begin, plans: await prime.plans(), arrivals: prime.arrivals.length,
    neverStarted: prime.arrivals.filter(({ id }) => !starts.has(id)).length, lateP95Ms: late[Math.floor(0.95 * late.length)] ?? 0, errors: prime.errors, lives,
  };
}

/** The window as a surface from `begin` (epoch ms) on. */
export function surfaceAt({ periods, length, nodes }: ValidationWindow, begin: number): IdleSurface {
  return { from: begin, to: begin + length, nodeCount: nodes.length, periods: periods.map(({ node, start, end }) => ({ node, start: begin + start, end: begin + end })) };
}

function findingsOf(surface: IdleSurface, lives: readonly PilotLife[], arrivals: readonly PrimeArrival[], starts: ReadonlyMap<string, number>): Findings {
  // A pilot that runs on for the moment that it takes to leave harvests no more.
  const harvested = surface.periods.flatMap((period) => lives.filter(({ node, start, end }) => node === period.node && start < period.end && end > period.start)
    .map(({ node, start, end }) => ({ node, start: Math.max(start, period.start), end: Math.min(end, period.end) })));
  const { pilot, missed } = coverageOf(surface, harvested, 0);
  const delays = arrivals.flatMap(({ id, at, period }) => {
    const start = starts.get(id);
    const preempting = lives.some((life) => life.node === period.node && life.start <= at && life.end >= at);
    return start === undefined ? [] : [{ preempting, seconds: (start - at) / 1000 }];
  });
  return {
    coverage: pilot, ...missed, pilots: lives.filter(({ start }) => start < surface.to).length,
    preempting: delaysOf(delays.filter(({ preempting }) => preempting).map(({ seconds }) => seconds)),
    others: delaysOf(delays.filter(({ preempting }) => !preempting).map(({ seconds }) => seconds)),
  };
}
