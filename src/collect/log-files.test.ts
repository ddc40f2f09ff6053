import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { LogDirectoryError, LogFiles, type Rotation } from './log-files.ts';

describe('the files of a log', () => {
  let directory = '';
  beforeEach(async () => { directory = await mkdtemp(join(tmpdir(), 'collect-test-')); });
  afterEach(async () => { await rm(directory, { recursive: true, force: true }); });

  const at = (text: string): number => Date.parse(text);
  const names = async (): Promise<string[]> => (await readdir(directory)).filter((name) => name.startsWith('nodes-')).sort();
  const unpacked = async (name: string): Promise<string> => gunzipSync(await readFile(join(directory, name))).toString();

  /** Writes each text at its moment. @returns for each whether it had to stand by itself */
  async function write(rotation: Rotation, ...samples: (readonly [moment: string, text: string])[]): Promise<boolean[]> {
    const files = await LogFiles.open(directory, rotation, 'Europe/Warsaw');
    const alone: boolean[] = [];
    for (const [moment, text] of samples) {
      alone.push(await files.prepare(at(moment)));
      await files.append(text);
    }
    await files.close();
    return alone;
  }

  it('change at local midnight, and those before are packed', async () => {
    const alone = await write('daily', ['2022-03-17T22:59:50Z', 'a\n'], ['2022-03-17T22:59:59Z', 'b\n'], ['2022-03-17T23:00:00Z', 'c\n']);
    assert.deepEqual(alone, [true, false, true]);
    assert.deepEqual(await names(), ['nodes-2022-03-17.log.gz', 'nodes-2022-03-18.log']);
    assert.equal(await unpacked('nodes-2022-03-17.log.gz'), 'a\nb\n');
    assert.equal(await readFile(join(directory, 'nodes-2022-03-18.log'), 'utf8'), 'c\n');
  });

  it('are gone on with after a restart, behind whatever a crash has left', async () => {
    await writeFile(join(directory, 'nodes-2022-03-17.log'), 'a\nhalf a li');
    assert.deepEqual(await write('daily', ['2022-03-17T12:00:00Z', 'b\n']), [true]);
    assert.equal(await readFile(join(directory, 'nodes-2022-03-17.log'), 'utf8'), 'a\nhalf a li\nb\n');
  });

  it('of earlier days are packed at the next start', async () => {
    await writeFile(join(directory, 'nodes-2022-03-10.log'), 'old\n');
    await write('daily', ['2022-03-17T12:00:00Z', 'new\n']);
    assert.deepEqual(await names(), ['nodes-2022-03-10.log.gz', 'nodes-2022-03-17.log']);
    assert.equal(await unpacked('nodes-2022-03-10.log.gz'), 'old\n');
  });

  it('change at a size', async () => {
    const alone = await write({ bytes: 4 }, ['2022-03-17T12:00:00Z', 'aa\n'], ['2022-03-17T12:00:10Z', 'bb\n'], ['2022-03-17T12:00:20Z', 'cc\n']);
    assert.deepEqual(alone, [true, false, true]);
    assert.deepEqual(await names(), ['nodes-20220317T120000Z.log.gz', 'nodes-20220317T120020Z.log']);
    await write('never', ['2022-03-19T12:00:00Z', 'dd\n']);
    assert.deepEqual(await names(), ['nodes-20220317T120000Z.log.gz', 'nodes-20220317T120020Z.log']);
  });

  it('belong to one writer', async () => {
    const other = spawn('sleep', ['60']);
    try {
      await writeFile(join(directory, 'collect.pid'), `${other.pid}\n`);
      await assert.rejects(LogFiles.open(directory, 'daily', 'UTC'), (error) => error instanceof LogDirectoryError && error.message.includes(`process ${other.pid}`));
    } finally {
      other.kill('SIGKILL');
      await new Promise((resolve) => { other.once('close', resolve); });
    }
    await write('daily', ['2022-03-17T12:00:00Z', 'a\n']);
    assert.deepEqual(await readdir(directory), ['nodes-2022-03-17.log']);
  });

  it('cannot be where there is no directory to be', async () => {
    await writeFile(join(directory, 'file'), '');
    await assert.rejects(LogFiles.open(join(directory, 'file', 'log'), 'daily', 'UTC'), LogDirectoryError);
  });
});
