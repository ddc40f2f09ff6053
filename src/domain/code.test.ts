import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isBinaryCode } from './code.ts';

test('code is binary when it is base64, whole and not empty', () => {
  for (const code of ['AAAA', 'AAA=', 'AA==', ' AAAA\n', 'main']) assert.ok(isBinaryCode(code), code);
  for (const code of ['', '  ', 'AAA', 'A===', 'AA=A', 'function main() {}', 'AAAA\nAAAA']) assert.ok(!isBinaryCode(code), code);
});

test('tens of megabytes of code are told apart without exhausting anything', () => {
  const code = 'A'.repeat(48 * 1024 * 1024);
  assert.ok(isBinaryCode(code));
  assert.ok(!isBinaryCode(`${code.slice(0, -4)}AA$A`));
});
