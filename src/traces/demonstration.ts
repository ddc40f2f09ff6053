import type { IdlePeriod, IdleSurface } from './surface.ts';
import { idleSteps } from './surface.ts';
import { syntheticSurface } from './synthetic.ts';

/** Share of the pretended nodes that are idle on average: enough to see several pilots come and go at any time. */
const IDLE_SHARE = 0.5;
/** The first node stays idle for this long from the begin, so that a first call finds an invoker. */
const FIRST_IDLE_MS = 10 * 60_000;
/** Without an idle node for longer than this somebody who watches thinks that it is broken. */
const MAX_NONE_IDLE_MS = 45_000;
const MIN_BUSY_MS = 5000;
const MINUTES = 6 * 60;

/**
 * A surface to watch the harvest by on a handful of pretended nodes: idle periods as long as the paper's, more nodes
 * idle than on a real cluster, one idle from the start, and never none for longer than about a minute. Made to be
 * repeated: all nodes are busy for a moment at its end.
 * @param from epoch ms
 */
export function demonstrationSurface(seed: number, nodes: readonly string[], from = 0): IdleSurface {
  const drawn = syntheticSurface({ seed, minutes: MINUTES, nodes, from, meanIdleNodes: nodes.length * IDLE_SHARE });
  const first = nodes[0];
  if (first === undefined) return drawn;
  const opening: IdlePeriod = { node: first, start: from, end: from + FIRST_IDLE_MS };
  const end = drawn.to - MIN_BUSY_MS;
  const periods = drawn.periods
    .filter((period) => period.node !== first || period.start >= opening.end + MIN_BUSY_MS)
    .map((period) => ({ ...period, end: Math.min(period.end, end) }))
    .filter((period) => period.end > period.start);
  const surface = { ...drawn, periods: sorted([opening, ...periods]) };
  return { ...surface, periods: sorted([...surface.periods, ...bridges(surface, nodes, end)]) };
}

/** Idle periods for the stretches in which none would be idle for too long. */
function bridges(surface: IdleSurface, nodes: readonly string[], end: number): IdlePeriod[] {
  const added: IdlePeriod[] = [];
  const steps = idleSteps(surface);
  steps.forEach(({ at, idle }, index) => {
    const until = steps[index + 1]?.at ?? end;
    const period = { start: at + MAX_NONE_IDLE_MS, end: until - MIN_BUSY_MS };
    if (idle > 0 || period.end <= period.start) return;
    const node = nodes[index % nodes.length];
    if (node !== undefined) added.push({ node, ...period });
  });
  return added;
}

function sorted(periods: IdlePeriod[]): IdlePeriod[] {
  return periods.sort((a, b) => a.start - b.start);
}
