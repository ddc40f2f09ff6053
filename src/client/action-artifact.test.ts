import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { execOf, fileNameOf, kindOf } from './action-artifact.ts';
import { writeActionCode } from './save-action-code.ts';

describe('the artifact of an action', () => {
  let directory: string;
  const file = (name: string): string => join(directory, name);

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'hpcwhisk-artifact-'));
    await writeFile(file('a.js'), 'function main() {} // ü');
    await writeFile(file('a.zip'), 'PK');
    await writeFile(file('exec'), Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0xff, 0x00]));
  });
  after(async () => { await rm(directory, { recursive: true }); });

  it('has the kind of its extension', () => {
    assert.deepEqual(['x.js', 'd/x.py', 'x.jar', 'x.swift', 'x.php', 'x.rb', 'x.rs', 'x.go', 'x.balx'].map(kindOf), [
      'nodejs:default', 'python:default', 'java:default', 'swift:default', 'php:default', 'ruby:default', 'rust:default', 'go:default', 'ballerina:default',
    ]);
    assert.throws(() => kindOf('x.zip'), { message: 'creating an action from a .zip artifact requires specifying the action kind explicitly', exitCode: 2 });
    assert.throws(() => kindOf('x.tar.gz'), /a \.tar\.gz artifact requires/);
    assert.throws(() => kindOf('x.txt'), { message: '\'.txt\' is not a supported action runtime' });
    assert.throws(() => kindOf('d.js/x'), { message: '\'\' is not a supported action runtime' });
  });

  it('is text as it is, and anything else in base64', async () => {
    assert.deepEqual(await execOf({ file: file('a.js') }), { kind: 'nodejs:default', code: 'function main() {} // ü' });
    assert.deepEqual(await execOf({ file: file('a.zip'), kind: 'python:3', main: 'run' }), { kind: 'python:3', code: 'UEs=', main: 'run' });
    assert.deepEqual(await execOf({ file: file('exec'), native: true }), { kind: 'blackbox', image: 'openwhisk/dockerskeleton', code: 'f0VMRv8A' });
    assert.deepEqual(await execOf({ docker: 'me/image' }), { kind: 'blackbox', image: 'me/image' });
  });

  it('is refused where it is none', async () => {
    await assert.rejects(execOf({ file: directory }), { message: /is not a valid file or it does not exist: EISDIR/, exitCode: 2 });
    await assert.rejects(execOf({ file: file('none.js') }), /ENOENT/);
    await assert.rejects(execOf({ kind: 'python:3', docker: 'image' }), /Cannot specify both --kind and --docker/);
    await assert.rejects(execOf({}), /An action name and code artifact are required/);
  });

  it('is saved under its own name, never over another file', async () => {
    assert.deepEqual([fileNameOf('a', 'nodejs:24', false), fileNameOf('a', 'python:3', true), fileNameOf('a', 'java:8', true)], ['a.js', 'a.zip', 'a.jar']);
    const action = { namespace: 'guest', name: 'a', version: '0.0.1' };
    const path = await writeActionCode({ ...action, exec: { kind: 'python:3', code: 'AAEC/w==', binary: true } }, file('saved.zip'));
    assert.deepEqual(await readFile(path), Buffer.from([0, 1, 2, 255]));
    await assert.rejects(writeActionCode({ ...action, exec: { kind: 'python:3', code: 'x' } }, file('saved.zip')), /already exists/);
    await assert.rejects(writeActionCode({ ...action, exec: { kind: 'sequence' } }), /Cannot save action sequences/);
    await assert.rejects(writeActionCode({ ...action, exec: { kind: 'blackbox', image: 'i' } }), /Cannot save Docker images/);
  });
});
