/**
 * The window that every cell plays: real lengths of idle periods of up to 300 s, where losses are largest, on nodes that
 * are busy for a short time between two of them, so that some minutes hold many. Half of the periods have a planned
 * start of the next prime job, up to five minutes after their end: Slurm knows limits, and jobs end before them.
 */
import { readFileSync } from 'node:fs';
import { surfaceOfLog } from '../../src/traces/availability.ts';
import { readNodeLog } from '../../src/traces/node-log.ts';
import { seededRandom } from '../../src/traces/random.ts';
import { syntheticSurface } from '../../src/traces/synthetic.ts';

/** ms from the window's begin. */
export interface WindowPeriod {
  readonly node: string;
  readonly start: number;
  readonly end: number;
  /** From the period's begin to the planned start of the next prime job, minutes; null: nothing is planned. */
  readonly planMinutes: number | null;
}

export interface ValidationWindow {
  readonly source: string;
  readonly length: number;
  readonly nodes: readonly string[];
  /** By start. */
  readonly periods: readonly WindowPeriod[];
}

const LONGEST_MS = 300_000;
/** A pilot is hardly started in less. */
const SHORTEST_MS = 10_000;
const FIRST_MS = { least: 10_000, spread: 60_000 };
const BUSY_MS = { least: 20_000, spread: 40_000 };
const PLANNED_SHARE = 0.5;
const MOST_MINUTES_EARLY = 5;
const MINUTE_MS = 60_000;

/** @param nodeLog a day's node log; undefined: a synthetic surface */
export function validationWindow(options: { minutes: number; nodes: number; seed: number; nodeLog: string | undefined }): ValidationWindow {
  const { seed, nodeLog } = options;
  const random = seededRandom(seed);
  const lengths = lengthsOf(nodeLog, seed);
  const length = options.minutes * MINUTE_MS;
  const nodes = Array.from({ length: options.nodes }, (_, index) => `n${index + 1}`);
  const periods: WindowPeriod[] = [];
  for (const node of nodes) {
    for (let start = FIRST_MS.least + random() * FIRST_MS.spread; start < length;) {
      const drawn = lengths[Math.floor(random() * lengths.length)] ?? MINUTE_MS;
      const spare = Math.floor(random() * MOST_MINUTES_EARLY);
      const planMinutes = random() < PLANNED_SHARE ? Math.ceil(drawn / MINUTE_MS) + spare : null;
      periods.push({ node, start, end: Math.min(start + drawn, length), planMinutes });
      start += drawn + BUSY_MS.least + random() * BUSY_MS.spread;
    }
  }
  periods.sort((a, b) => a.start - b.start);
  return { source: nodeLog === undefined ? `synthetic idle periods, seed ${seed}` : `idle periods of a node log, seed ${seed}`, length, nodes, periods };
}

function lengthsOf(nodeLog: string | undefined, seed: number): number[] {
  const surface = nodeLog === undefined
    ? syntheticSurface({ seed, minutes: 1440, nodes: Array.from({ length: 48 }, (_, index) => `n${index}`) })
    : surfaceOfLog(readNodeLog(readFileSync(nodeLog)));
  return surface.periods.map(({ start, end }) => end - start).filter((ms) => ms >= SHORTEST_MS && ms <= LONGEST_MS);
}
