import assert from 'node:assert/strict';
import { it } from 'node:test';
import { Meeting } from './meeting.ts';

it('a meeting opens each stage when all have come', async () => {
  const meeting = new Meeting(2);
  const { signal } = new AbortController();
  const events: string[] = [];
  const walk = async (name: string): Promise<void> => {
    for (const stage of ['first', 'second']) {
      events.push(`${name} at ${stage}`);
      await meeting.at(stage, signal);
    }
    events.push(`${name} through`);
  };
  const early = walk('a');
  await new Promise(setImmediate);
  assert.deepEqual(events, ['a at first']);
  await Promise.all([early, walk('b')]);
  assert.deepEqual(events.toSorted(), ['a at first', 'a at second', 'a through', 'b at first', 'b at second', 'b through']);
  assert.ok(events.indexOf('a at second') > events.indexOf('b at first'));
});

it('a meeting keeps nobody when it is called off', async () => {
  const meeting = new Meeting(2);
  const off = new AbortController();
  const waiting = meeting.at('first', off.signal);
  off.abort();
  await waiting;
  await meeting.at('second', off.signal);
});
