import assert from 'node:assert/strict';
import { it } from 'node:test';
import { groupJobIds } from './job-ids.ts';

it('groups the tasks of an array', () => {
  assert.deepEqual(groupJobIds(['12_4', '7', '12_0', '12_1', '12_2', '13_10', '9']), ['7', '9', '12_[0-2,4]', '13_10']);
  assert.deepEqual(groupJobIds([]), []);
});
