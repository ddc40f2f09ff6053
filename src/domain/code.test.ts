import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync, zipSync } from 'fflate';
import { isBinaryCode, isArchive } from './code.ts';

test('code is binary when it is base64, whole and not empty', () => {
  for (const code of ['AAAA', 'AAA=', 'AA==', ' AAAA\n', 'main']) assert.ok(isBinaryCode(code), code);
  for (const code of ['', '  ', 'AAA', 'A===', 'AA=A', 'function main() {}', 'AAAA\nAAAA']) assert.ok(!isBinaryCode(code), code);
});

test('tens of megabytes of code are told apart without exhausting anything', () => {
  const code = 'A'.repeat(48 * 1024 * 1024);
  assert.ok(isBinaryCode(code));
  assert.ok(!isBinaryCode(`${code.slice(0, -4)}AA$A`));
});

test('a zip is known by both its ends, a tar.gz by its beginning', () => {
  const archive = Buffer.from(zipSync({ 'index.js': Buffer.alloc(200_000, 'x'), 'b.js': Buffer.from('') }, { level: 0 }));
  assert.ok(isArchive(archive.toString('base64')));
  assert.ok(isArchive(`\n${archive.toString('base64')}\n`));
  assert.ok(isArchive(Buffer.from(zipSync({})).toString('base64')));
  assert.ok(!isArchive(archive.subarray(0, -30).toString('base64')));
  assert.ok(!isArchive(archive.subarray(1).toString('base64')));
  assert.ok(!isArchive(Buffer.from('nothing of the kind').toString('base64')));
  assert.ok(isArchive(Buffer.from(gzipSync(Buffer.from('a tar'))).toString('base64')));
});
