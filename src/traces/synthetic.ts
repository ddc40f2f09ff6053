/**
 * Idle surfaces that follow the paper's published statistics. Jobs of several nodes end and begin together, so nodes
 * come idle in groups: groups arrive as a Poisson process, their sizes are geometric, their members mostly share one
 * end. Lengths of idle periods are drawn from a mixture of two log-normals (the many gaps between jobs, and the few
 * long holes before something large) that was fitted to the published quartiles and mean. Idle nodes at a time then
 * have mean rate × group × length (Little), and the groups give them their spread.
 */
import { packSurface } from './packing.ts';
import type { Random } from './random.ts';
import { exponential, seededRandom, standardNormal } from './random.ts';
import type { IdlePeriod, IdleSurface } from './surface.ts';
import { cutSurface } from './surface.ts';

/** One part of the mixture: its weight, median in s, and the deviation of the logarithm. */
interface LogNormal { readonly weight: number; readonly medianSeconds: number; readonly sigma: number }

export interface IdlenessProfile {
  readonly name: string;
  readonly lengths: readonly LogNormal[];
  /** Idle nodes at a time on the whole cluster. */
  readonly meanIdleNodes: number;
  /** Nodes that come idle together, mean. */
  readonly meanGroup: number;
  /** A testbed of this many nodes holds all idle nodes of the cluster nearly always; smaller ones get a proportional part. */
  readonly nodesThatHoldAll: number;
}

/** 17 March 2022: idle periods 53.6/128.7/504 s, mean 640 s; idle nodes 5/11/16, mean 11.85, never more than 51. */
const PRODUCTION_DAY: IdlenessProfile = {
  name: 'day of 17 March 2022',
  lengths: [{ weight: 0.692, medianSeconds: 75.4, sigma: 0.953 }, { weight: 0.308, medianSeconds: 1056, sigma: 1.041 }],
  meanIdleNodes: 11.85, meanGroup: 3.3, nodesThatHoldAll: 48,
};

/** 21-27 February 2022: idle periods 62/124/237 s, mean 335 s; idle nodes 2/5/11, mean 9.23. */
export const WEEK: IdlenessProfile = {
  name: 'week of 21 February 2022',
  lengths: [{ weight: 0.94, medianSeconds: 113.3, sigma: 0.935 }, { weight: 0.06, medianSeconds: 1178, sigma: 1.3 }],
  meanIdleNodes: 9.23, meanGroup: 5, nodesThatHoldAll: 48,
};

export interface SyntheticRequest {
  readonly seed: number;
  readonly minutes: number;
  /** Names of the nodes on which the surface lies. */
  readonly nodes: readonly string[];
  /** Epoch ms at which it begins. @default 0 */
  readonly from?: number;
  /** @default PRODUCTION_DAY */
  readonly profile?: IdlenessProfile;
  /** Idle nodes at a time, mean. @default the profile's, scaled to the number of nodes */
  readonly meanIdleNodes?: number;
}

/** Longer holes are cut: one draw in a thousand, which would leave a short surface without any change. */
const MAX_PERIOD_MS = 4 * 3_600_000;
const MIN_PERIOD_MS = 1000;
/** Members of a group whose idle period ends together with the group's. */
const SHARED_END = 0.8;

/** The same request gives the same surface. */
export function syntheticSurface(request: SyntheticRequest): IdleSurface {
  const { seed, minutes, nodes, from = 0, profile = PRODUCTION_DAY } = request;
  const random = seededRandom(seed);
  const scale = Math.min(1, nodes.length / profile.nodesThatHoldAll);
  const meanIdle = request.meanIdleNodes ?? profile.meanIdleNodes * scale;
  const meanGroup = 1 + (profile.meanGroup - 1) * scale;
  const meanGapMs = (meanGroup * meanLengthMs(profile)) / meanIdle;
  const to = from + minutes * 60_000;
  const periods: IdlePeriod[] = [];
  // Groups from before the window reach into it: beginning one longest period earlier makes its start like its middle.
  for (let at = from - MAX_PERIOD_MS + exponential(random, meanGapMs); at < to; at += exponential(random, meanGapMs)) {
    const size = Math.min(nodes.length, geometric(random, meanGroup));
    const start = Math.round(at);
    const groupEnd = start + drawLengthMs(random, profile);
    for (let member = 0; member < size; member++) {
      const end = random() < SHARED_END ? groupEnd : start + drawLengthMs(random, profile);
      periods.push({ node: `g${periods.length}`, start, end });
    }
  }
  return packSurface(cutSurface({ from, to, nodeCount: nodes.length, periods }, from, to), nodes).surface;
}

function meanLengthMs(profile: IdlenessProfile): number {
  return 1000 * profile.lengths.reduce((sum, { weight, medianSeconds, sigma }) => sum + weight * medianSeconds * Math.exp(sigma * sigma / 2), 0);
}

function drawLengthMs(random: Random, profile: IdlenessProfile): number {
  let pick = random();
  let drawn = profile.lengths[0];
  for (const part of profile.lengths) {
    drawn = part;
    pick -= part.weight;
    if (pick < 0) break;
  }
  const length = 1000 * (drawn?.medianSeconds ?? 0) * Math.exp((drawn?.sigma ?? 0) * standardNormal(random));
  return Math.round(Math.min(MAX_PERIOD_MS, Math.max(MIN_PERIOD_MS, length)));
}

/** 1, 2, … with the given mean. */
function geometric(random: Random, mean: number): number {
  if (mean <= 1) return 1;
  return 1 + Math.floor(Math.log(1 - random()) / Math.log(1 - 1 / mean));
}
