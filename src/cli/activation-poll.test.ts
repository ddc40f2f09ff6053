import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ActivationPoll } from './activation-poll.ts';
import { goDuration } from './render/activation-rows.ts';
import { withoutStamp } from './render/log-line.ts';

const started = (activationId: string, start: number): Parameters<ActivationPoll['unseen']>[0][number] => ({ activationId, start, namespace: 'guest', name: 'a', version: '0.0.1' });
const ids = (found: ReturnType<ActivationPoll['unseen']>): string[] => found.map(({ activationId }) => activationId);

describe('a poll for activations', () => {
  it('shows each once, oldest first, and none from before', () => {
    const poll = new ActivationPoll(1_000);
    assert.deepEqual(ids(poll.unseen([started('c', 3_000), started('b', 2_000), started('a', 500)])), ['b', 'c']);
    assert.deepEqual(ids(poll.unseen([started('d', 4_000), started('c', 3_000), started('b', 2_000)])), ['d']);
  });

  it('finds a record that comes late because its activation ran long', () => {
    const poll = new ActivationPoll(0);
    poll.unseen([started('quick', 1_000_000)]);
    assert.equal(poll.query()['since'], 700_000);
    assert.deepEqual(ids(poll.unseen([started('quick', 1_000_000), started('slow', 800_000)])), ['slow']);
    poll.unseen([started('later', 2_000_000)]);
    assert.equal(poll.query()['since'], 1_700_000);
  });
});

describe('what a list of activations shows', () => {
  it('prints durations as Go does', () => {
    assert.deepEqual([0, 12, 999, 1_000, 1_234, 60_000, 61_500, 3_603_000].map(goDuration), ['0s', '12ms', '999ms', '1s', '1.234s', '1m0s', '1m1.5s', '1h0m3s']);
  });

  it('strips the stamp of a log line and nothing else', () => {
    assert.equal(withoutStamp('2026-01-01T00:00:00.000000000Z stdout: a stdout: b'), 'a stdout: b');
    assert.equal(withoutStamp('2026-01-01T00:00:00.000Z       stderr: '), '');
    assert.equal(withoutStamp('01a204406986b3a0fc74655268edb405'), '01a204406986b3a0fc74655268edb405');
  });
});
