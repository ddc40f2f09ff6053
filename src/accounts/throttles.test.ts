import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VirtualClock } from '../clock/virtual-clock.ts';
import { DEFAULT_LIMITS } from '../domain/limits.ts';
import { Throttles } from './throttles.ts';

const NOON = Date.UTC(2026, 0, 1, 12);

function throttles(running = { count: 0 }): { throttles: Throttles; clock: VirtualClock; running: { count: number } } {
  const clock = new VirtualClock(NOON + 59_000);
  const limitsOf = (namespace: string): typeof DEFAULT_LIMITS => (namespace === 'small' ? { ...DEFAULT_LIMITS, invocationsPerMinute: 0, concurrentInvocations: 0 } : DEFAULT_LIMITS);
  return { throttles: new Throttles({ limitsOf, inFlight: () => running.count, clock }), clock, running };
}

test('the sixty-first invocation of a minute is refused, and the minute is that of the wall clock', () => {
  const { throttles: t, clock } = throttles();
  for (let call = 0; call < 60; call++) t.checkInvocation('alice');
  assert.throws(() => { t.checkInvocation('alice'); }, { status: 429, message: 'Too many requests in the last minute (count: 61, allowed: 60).' });
  assert.throws(() => { t.checkInvocation('alice'); }, { message: 'Too many requests in the last minute (count: 62, allowed: 60).' });
  t.checkInvocation('bobby');
  clock.advance(999);
  assert.throws(() => { t.checkInvocation('alice'); });
  clock.advance(1);
  t.checkInvocation('alice');
});

test('fires are counted apart from invocations', () => {
  const { throttles: t } = throttles();
  for (let call = 0; call < 60; call++) {
    t.checkInvocation('alice');
    t.checkFire('alice');
  }
  assert.throws(() => { t.checkFire('alice'); }, { status: 429, message: 'Too many requests in the last minute (count: 61, allowed: 60).' });
});

test('with thirty in flight the next is refused, whatever the rate', () => {
  const { throttles: t, running } = throttles();
  running.count = 29;
  t.checkInvocation('alice');
  running.count = 30;
  assert.throws(() => { t.checkInvocation('alice'); }, { status: 429, message: 'Too many concurrent requests in flight (count: 30, allowed: 30).' });
  t.checkFire('alice');
});

test('a namespace may be forbidden to invoke anything', () => {
  const { throttles: t } = throttles();
  assert.throws(() => { t.checkInvocation('small'); }, { message: 'Too many requests in the last minute (count: 1, allowed: 0).' });
});
