import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULT_LIMIT_RANGES, resolveLimits, standardLimits } from './limits.ts';

const standard = standardLimits(DEFAULT_LIMIT_RANGES);

test('limits merge field by field, and both ends of a range are allowed', () => {
  assert.deepEqual(resolveLimits({ memory: 512 }, { ...standard, timeout: 100 }, DEFAULT_LIMIT_RANGES), { timeout: 100, memory: 512, logs: 10, concurrency: 1 });
  assert.deepEqual(resolveLimits({ timeout: 300_000, memory: 128, logs: 0 }, standard, DEFAULT_LIMIT_RANGES), { timeout: 300_000, memory: 128, logs: 0, concurrency: 1 });
});

test('thresholds are told in the largest unit that fits', () => {
  for (const [max, text] of [[60_000, '1 minute'], [600_000, '10 minutes'], [90_000, '90 seconds'], [1000, '1 second'], [1500, '1500 milliseconds']] as const) {
    assert.throws(
      () => resolveLimits({ timeout: max + 1 }, standard, { ...DEFAULT_LIMIT_RANGES, timeout: { min: 100, max, standard: 100 } }),
      { message: `duration ${max + 1} milliseconds exceeds allowed threshold of ${text}`, status: 400 },
    );
  }
});
