import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { besideEachOther } from './beside-each-other.ts';
import { Meeting } from './meeting.ts';
import { ReplayError } from './replay-error.ts';

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

describe('replays beside each other', () => {
  const open = new AbortController().signal;
  const untilStopped = (signal: AbortSignal): Promise<never> => new Promise((_, reject) => {
    signal.addEventListener('abort', () => { reject(new ReplayError('EABORTED', 'the replay was stopped')); }, { once: true });
  });

  it('answer in their order', async () => {
    assert.deepEqual(await besideEachOther([3, 1, 2], String, async (lane, { together }) => {
      for (let turn = 0; turn < lane; turn++) await new Promise(setImmediate);
      await together('end');
      return lane * 10;
    }, open), [30, 10, 20]);
  });

  it('all end when one fails, with the error of that one', async () => {
    let ended = 0;
    await assert.rejects(besideEachOther(['fib', 'dense', 'adaptive'], (lane) => lane, async (lane, { signal, together }) => {
      try {
        if (lane === 'fib') await together('window');
        if (lane === 'adaptive') return await untilStopped(signal);
        if (signal.aborted) throw new ReplayError('EABORTED', 'the replay was stopped');
        throw new ReplayError('ENOINVOKER', 'no invoker was healthy');
      } finally {
        ended++;
      }
    }, open), (error) => error instanceof ReplayError && error.code === 'ENOINVOKER' && error.message === 'dense: no invoker was healthy');
    assert.equal(ended, 3);
  });

  it('all end when they are stopped from outside', async () => {
    const stop = new AbortController();
    const running = besideEachOther(['fib', 'dense'], (lane) => lane, (_, { signal }) => untilStopped(signal), stop.signal);
    stop.abort();
    await assert.rejects(running, (error) => error instanceof ReplayError && error.code === 'EABORTED' && error.message === 'the replay was stopped');
  });
});
