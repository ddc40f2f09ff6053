import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nextPatch, parseVersion } from './version.ts';

test('versions are completed and counted up', () => {
  assert.deepEqual(['1', '1.2', '0.0.1', '01.2.3', '1.2.3.4'].map(parseVersion), ['1.0.0', '1.2.0', '0.0.1', '1.2.3', '1.2.3']);
  for (const text of ['', '0.0.0', '-1', '1.x', '1..2', ' 1']) assert.throws(() => parseVersion(text), /semantic version malformed/, text);
  assert.equal(nextPatch('1.2.9'), '1.2.10');
});
