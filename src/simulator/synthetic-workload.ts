/**
 * Workloads after the published statistics of the paper's week (21-27 February 2022): 73,977 jobs on 2,239 nodes, of which
 * prime jobs use all but 0.4 %, and by how much jobs end before their limits: quartiles 38.6 / 59.7 / 668.7 min, mean 820.
 * What was not published is made up: sizes (mostly one node, seldom more), run times (log-normal), the hours of submissions
 * (a Poisson process). Run times are scaled so that jobs offer a little more than the cluster can do, and a queue of jobs
 * stands there from the begin on: only a queue that never empties keeps a cluster that full.
 */
import { exponential, seededRandom, standardNormal, type Random } from '../traces/random.ts';
import type { PrimeJob, PrimeWorkload } from './prime-workload.ts';

interface SyntheticWorkloadRequest {
  readonly seed: number;
  readonly minutes: number;
  readonly nodeCount: number;
  /** Epoch ms. @default 0 */
  readonly from?: number;
}

const WEEK_MS = 7 * 86_400_000;
const JOBS_PER_NODE_AND_WEEK = 73_977 / 2239;
/** Work that is offered, of what the cluster can do. */
const OFFERED = 1.02;
/** Queue at the begin, in hours of the whole cluster. */
const BACKLOG_HOURS = 2;
/** Jobs have 1, 2, 4, … nodes; each step is so likely as this. */
const DOUBLES = 0.2;
const MOST_NODES = 64;
/** Spread of the logarithm of run times. */
const SIGMA = 1.6;
/** Whoever looks at a cluster sees a job the likelier the longer it is: the jobs that run at the begin are longer by this. */
const SEEN_LONGER = Math.exp(SIGMA * SIGMA);
/** Run times are cut at three days. */
const MOST_MS = 3 * 86_400_000;
const MINUTE_MS = 60_000;
/** Slack by share: straight lines between the published quartiles, and an exponential above so that the mean comes out. */
const SLACK_MINUTES: readonly { readonly share: number; readonly minutes: number }[] = [
  { share: 0, minutes: 0 }, { share: 0.25, minutes: 38.6 }, { share: 0.5, minutes: 59.7 }, { share: 0.75, minutes: 668.7 },
];
const SLACK_MEAN = 820;

/** The same request gives the same workload. */
export function syntheticWorkload({ seed, minutes, nodeCount, from = 0 }: SyntheticWorkloadRequest): PrimeWorkload {
  const random = seededRandom(seed);
  const to = from + minutes * MINUTE_MS;
  const gapMs = WEEK_MS / (JOBS_PER_NODE_AND_WEEK * nodeCount);
  const mostNodes = Math.max(1, Math.min(MOST_NODES, Math.floor(nodeCount / 4)));
  const meanRunMs = OFFERED * nodeCount * gapMs / meanNodes(mostNodes);
  const jobs: PrimeJob[] = [];
  const add = (submittedAt: number, runMs: number, startedAt?: number): PrimeJob => {
    const limitMs = Math.ceil((runMs + drawSlackMinutes(random) * MINUTE_MS) / MINUTE_MS) * MINUTE_MS;
    const job: PrimeJob = {
      id: String(jobs.length + 1), submittedAt: Math.round(submittedAt), nodes: drawNodes(random, mostNodes), runMs, limitMs,
      ...startedAt === undefined ? {} : { startedAt },
    };
    jobs.push(job);
    return job;
  };
  for (let free = nodeCount; free > 0;) {
    const runMs = drawRunMs(random, meanRunMs * SEEN_LONGER);
    const startedAt = from - Math.round(random() * runMs);
    free -= add(startedAt - 1, runMs, startedAt).nodes;
  }
  for (let work = BACKLOG_HOURS * 3_600_000 * nodeCount; work > 0;) {
    const { nodes, runMs } = add(from - 1, drawRunMs(random, meanRunMs));
    work -= nodes * runMs;
  }
  for (let at = from + exponential(random, gapMs); at < to; at += exponential(random, gapMs)) add(at, drawRunMs(random, meanRunMs));
  return { from, to, nodeCount, jobs, leftOut: { neverRan: 0, sizeUnknown: 0, tooLarge: 0 }, limitUnknown: 0 };
}

function drawRunMs(random: Random, meanMs: number): number {
  return Math.round(Math.min(MOST_MS, Math.max(1000, meanMs * Math.exp(SIGMA * standardNormal(random) - SIGMA * SIGMA / 2))));
}

function drawNodes(random: Random, most: number): number {
  let nodes = 1;
  while (nodes * 2 <= most && random() < DOUBLES) nodes *= 2;
  return nodes;
}

function meanNodes(most: number): number {
  let mean = 0;
  let share = 1;
  for (let nodes = 1; nodes <= most; nodes *= 2) {
    const stops = nodes * 2 <= most ? 1 - DOUBLES : 1;
    mean += share * stops * nodes;
    share *= DOUBLES;
  }
  return mean;
}

function drawSlackMinutes(random: Random): number {
  const share = random();
  const above = SLACK_MINUTES.findIndex((point) => point.share > share);
  const last = SLACK_MINUTES.at(-1) ?? { share: 0, minutes: 0 };
  if (above < 1) return last.minutes + exponential(random, tailMean(last.minutes));
  const [a, b] = [SLACK_MINUTES[above - 1] ?? last, SLACK_MINUTES[above] ?? last];
  return a.minutes + (b.minutes - a.minutes) * (share - a.share) / (b.share - a.share);
}

/** What the last quarter must exceed the third quartile by, at the mean. */
function tailMean(q3: number): number {
  let below = 0;
  for (const [place, point] of SLACK_MINUTES.entries()) {
    const before = SLACK_MINUTES[place - 1];
    if (before !== undefined) below += (point.share - before.share) * (point.minutes + before.minutes) / 2;
  }
  return (SLACK_MEAN - below) / 0.25 - q3;
}
