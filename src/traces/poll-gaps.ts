/**
 * A poller asks twice in a round: which nodes have pilots, and which are idle. Pilots that start between the two are in
 * neither answer, and their nodes are missing for one sample, between being idle and having a pilot. On the paper's day
 * that cut 186 of its idle periods in two. The published figures are worked out from the log as it stands; whoever asks
 * when a pilot came to a node must fill these gaps.
 */
import type { NodeSample } from './node-log.ts';

/** The samples with such nodes taken for idle in the one in which they are missing. */
export function withPollGapsFilled(samples: readonly NodeSample[]): NodeSample[] {
  return samples.map((sample, index) => {
    const [before, after] = [samples[index - 1], samples[index + 1]];
    if (before === undefined || after === undefined || after.pilots === sample.pilots) return sample;
    const [idleBefore, pilotsBefore] = [new Set(before.idle), new Set(before.pilots)];
    const here = new Set([...sample.idle, ...sample.pilots]);
    const missing = after.pilots.filter((node) => !here.has(node) && idleBefore.has(node) && !pilotsBefore.has(node));
    return missing.length === 0 ? sample : { ...sample, idle: [...sample.idle, ...missing] };
  });
}
