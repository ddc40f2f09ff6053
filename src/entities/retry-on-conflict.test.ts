import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RevisionConflict } from '../store/store.ts';
import { retryOnConflict } from './retry-on-conflict.ts';

function failing(times: number, error: Error): { attempt: () => Promise<string>; attempts: () => number } {
  let attempts = 0;
  const attempt = (): Promise<string> => {
    attempts++;
    return attempts <= times ? Promise.reject(error) : Promise.resolve('done');
  };
  return { attempt, attempts: () => attempts };
}

test('a conflict that passes is not told', async () => {
  const { attempt, attempts } = failing(3, new RevisionConflict('changed'));
  assert.equal(await retryOnConflict(attempt), 'done');
  assert.equal(attempts(), 4);
});

test('a conflict that stays is told in the end', async () => {
  await assert.rejects(retryOnConflict(failing(Infinity, new RevisionConflict('changed')).attempt), RevisionConflict);
});

test('any other error is told at once', async () => {
  const { attempt, attempts } = failing(1, new TypeError('a mistake'));
  await assert.rejects(retryOnConflict(attempt), TypeError);
  assert.equal(attempts(), 1);
});
