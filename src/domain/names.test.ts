import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isEntityName } from './names.ts';

test('names are letters, digits and a few signs, without blanks at their ends', () => {
  for (const name of ['a', '_', 'hello', 'my hello', 'a@b.c&d-e', 'x'.repeat(256)]) assert.ok(isEntityName(name), name);
  for (const name of ['', ' ', '.a', '-a', 'a ', ' a', 'a/b', 'a\n', 'ä', 'x'.repeat(257)]) assert.ok(!isEntityName(name), JSON.stringify(name));
});
