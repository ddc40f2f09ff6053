import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { NodeSample } from './node-log.ts';
import { withPollGapsFilled } from './poll-gaps.ts';

const samples = (...rounds: [idle: string[], pilots: string[]][]): NodeSample[] => rounds.map(([idle, pilots], index) => ({ at: index * 10_000, idle, pilots }));
const idleOf = (filled: readonly NodeSample[]): string[] => filled.map(({ idle }) => idle.join(' '));

describe('withPollGapsFilled', () => {
  it('takes a node for idle in the one sample between being idle and having a pilot', () => {
    assert.deepEqual(idleOf(withPollGapsFilled(samples([['n1', 'n2'], []], [['n2'], []], [['n2'], ['n1']]))), ['n1 n2', 'n2 n1', 'n2']);
  });

  it('leaves every other gap: of two samples, at an idle node\'s return, behind a pilot, at the ends', () => {
    for (const rounds of [
      [[['n1'], []], [[], []], [[], []], [[], ['n1']]],
      [[['n1'], []], [[], []], [['n1'], []]],
      [[[], ['n1']], [[], []], [[], ['n1']]],
      [[[], []], [[], ['n1']]],
    ] as [string[], string[]][][]) {
      const given = samples(...rounds);
      assert.deepEqual(withPollGapsFilled(given), given);
    }
  });
});
