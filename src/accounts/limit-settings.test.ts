import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULT_LIMITS, UNLIMITED } from '../domain/limits.ts';
import { checkLimitSettings, readLimitSettings, withLimitSettings } from './limit-settings.ts';

test('numbers may be numbers or texts, sizes have units, counts no end', () => {
  assert.deepEqual(
    readLimitSettings({ invocationsPerMinute: 'unlimited', firesPerMinute: '7', maxCodeBytes: '2 KB', maxPayloadBytes: '5mb', maxResultBytes: 10, minActionLogs: 0 }),
    { invocationsPerMinute: UNLIMITED, firesPerMinute: 7, maxCodeBytes: 2048, maxPayloadBytes: 5 * 1024 * 1024, maxResultBytes: 10, minActionLogs: 0 },
  );
});

test('what is no limit, or no number for it, is refused by name', () => {
  const refused: [given: unknown, text: RegExp][] = [
    [null, /^limits must be an object/], [[1], /^limits must be an object/], [{ memory: 1 }, /^there is no limit 'memory'; limits are invocationsPerMinute, /],
    ...[-1, 1.5, NaN, '', ' ', 'many', null, true, {}, 2 ** 40].map((value): [unknown, RegExp] => [{ firesPerMinute: value }, /^the limit firesPerMinute must be a whole number from 0 to 2147483647 or unlimited$/]),
    [{ maxPayloadBytes: '49 MB' }, /^the limit maxPayloadBytes must be a whole number from 0 to 50331648, or such as 1 MB$/],
    [{ maxPayloadBytes: 'unlimited' }, /^the limit maxPayloadBytes must be/], [{ maxActionMemory: 'unlimited' }, /^the limit maxActionMemory must be/],
  ];
  for (const [given, message] of refused) assert.throws(() => readLimitSettings(given), { name: 'LimitSettingsError', message });
});

test('settings lie over the limits below them, and ranges do not become empty', () => {
  const limits = withLimitSettings(DEFAULT_LIMITS, { maxActionMemory: 200, minActionTimeout: 400_000, sequenceLength: 3 });
  assert.deepEqual(limits.action.memory, { min: 128, max: 200, standard: 200 });
  assert.deepEqual(limits.action.timeout, { min: 400_000, max: 400_000, standard: 400_000 });
  assert.deepEqual([limits.sequenceLength, limits.firesPerMinute, limits.action.logs], [3, 60, DEFAULT_LIMITS.action.logs]);
  assert.equal(DEFAULT_LIMITS.action.memory.max, 512);
  assert.throws(() => { checkLimitSettings(DEFAULT_LIMITS, { minActionTimeout: 400_000 }); }, { name: 'LimitSettingsError', message: 'the smallest timeout (400000) is above the greatest (300000)' });
  checkLimitSettings(DEFAULT_LIMITS, { minActionTimeout: 400_000, maxActionTimeout: 400_000 });
});
