import assert from 'node:assert/strict';
import { mkdtempSync, openSync, closeSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { silentLogger } from '../../domain/logger.ts';
import { FakeDisk } from './fake-disk.ts';
import { readGroups } from './log-group.ts';
import { LogWriter } from './log-writer.ts';
import type { LogPosition } from './segment-files.ts';

describe('LogWriter', () => {
  let directory: string;
  let disk: FakeDisk;
  let closed: LogPosition[];
  let advanced: LogPosition[];
  let writer: LogWriter;
  const open = (changes: { segmentBytes?: number; queueCharacters?: number } = {}): void => {
    writer = new LogWriter({
      files: disk, logger: silentLogger, segmentBytes: 1e6, queueCharacters: 1e6,
      advanced: (position) => { advanced.push(position); },
      segmentClosed: (position) => { closed.push(position); },
      ...changes,
    });
  };
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'hpcwhisk-log-'));
    disk = new FakeDisk();
    closed = [];
    advanced = [];
    open();
  });
  afterEach(async () => {
    await writer.close();
    rmSync(directory, { recursive: true });
  });

  /** What a recovery would believe of these bytes. */
  const linesOf = (content: Buffer): string[] => {
    const path = join(directory, 'segment');
    writeFileSync(path, content);
    const fd = openSync(path, 'r');
    try {
      return [...readGroups(fd, 0, content.length)].flatMap(({ lines }) => lines);
    } finally {
      closeSync(fd);
    }
  };
  const written = (): string[] => [...disk.segments.values()].flatMap(({ content }) => linesOf(content));
  const safe = (): string[] => [...disk.segments.values()].flatMap((segment) => linesOf(segment.safe));
  const outcomes = async (promises: Promise<void>[]): Promise<string> =>
    (await Promise.allSettled(promises)).map(({ status }) => status === 'fulfilled' ? '+' : '-').join('');

  it('writes what one turn brings as one group, in order, and tells where each line went', async () => {
    const told: string[] = [];
    await Promise.all(['a\n', 'b\n', 'c\n'].map((line) => writer.append(line, (segment) => { told.push(`${line.trim()}${segment}`); })));
    assert.deepEqual(written(), ['a', 'b', 'c']);
    assert.deepEqual(told, ['a1', 'b1', 'c1']);
    assert.equal(writer.position.end, disk.segments.get(1)?.content.length);
    assert.equal(disk.syncs, 0, 'a plain append does not wait for an fdatasync');
  });

  it('resolves a durable append when it is safe, sharing the fdatasync', async () => {
    const lines = Array.from({ length: 50 }, (_, n) => `line ${n}`);
    await Promise.all(lines.map((line) => writer.appendDurably(`${line}\n`)));
    assert.deepEqual(safe(), lines);
    assert.equal(disk.syncs, 1);
  });

  it('makes a durable append that comes during an fdatasync wait for the next', async () => {
    let second: Promise<void> | undefined;
    disk.duringSync = () => { second ??= writer.appendDurably('second\n').then(() => { assert.deepEqual(safe(), ['first', 'second']); }); };
    await writer.appendDurably('first\n');
    await second;
    assert.equal(disk.syncs, 2);
  });

  it('makes plain appends safe shortly after, and then says how far the log is', async () => {
    await writer.append('a\n');
    while (safe().length === 0) await new Promise(setImmediate);
    assert.deepEqual(advanced, [writer.position]);
  });

  it('begins a new segment when one is full, and closes the old one safely first', async () => {
    open({ segmentBytes: 50 });
    for (const line of ['a', 'b', 'c', 'd', 'e']) await writer.append(`${line.repeat(10)}\n`);
    assert.deepEqual([...disk.segments.keys()], [1, 2, 3]);
    assert.deepEqual(closed.map(({ segment }) => segment), [1, 2]);
    for (const { segment, end } of closed) assert.equal(disk.segments.get(segment)?.safe.length, end);
    assert.deepEqual(advanced.slice(0, 2), closed);
    assert.deepEqual(written(), ['a', 'b', 'c', 'd', 'e'].map((line) => line.repeat(10)));
  });

  for (const failTruncates of [false, true]) {
    it(`rejects what a full disk tears, forgets all of it, and works again with space${failTruncates ? ', even if it cannot cut it off' : ''}`, async () => {
      await writer.append('before\n');
      disk.failTruncates = failTruncates;
      disk.freeBytes = 30;
      const torn = [writer.append('first of the group\n'), writer.appendDurably('second of the group\n')];
      await assert.rejects(torn[0]!, { name: 'StoreUnavailable', message: 'The store cannot take writes: ENOSPC: no space left on device, write' });
      assert.equal(await outcomes(torn), '--');
      assert.deepEqual(written(), ['before']);
      assert.equal(await outcomes([writer.append('still full\n')]), '-');
      disk.freeBytes = Infinity;
      await writer.appendDurably('after\n');
      assert.deepEqual(safe(), ['before', 'after']);
    });
  }

  it('rejects while not even a segment can be made, and then works', async () => {
    disk.freeBytes = 0;
    assert.equal(await outcomes([writer.append('a\n'), writer.appendDurably('b\n')]), '--');
    disk.freeBytes = Infinity;
    await writer.append('c\n');
    assert.deepEqual(written(), ['c']);
  });

  it('retracts durable appends whose fdatasync failed, before anything else is written', async () => {
    disk.failSyncs = true;
    const results = [writer.append('plain\n'), writer.appendDurably('lost\n', undefined, () => 'retracted\n'), writer.appendDurably('carried\n')];
    assert.equal(await outcomes(results), '+--');
    disk.failSyncs = false;
    await writer.appendDurably('after\n');
    assert.deepEqual(linesOf(disk.segments.get(1)!.content), ['plain', 'lost', 'carried']);
    assert.deepEqual(linesOf(disk.segments.get(2)!.safe), ['retracted', 'after']);
    assert.deepEqual(closed.map(({ segment }) => segment), [1]);
  });

  it('rejects durable appends written to a segment while its fdatasync was failing', async () => {
    disk.failSyncs = true;
    let late: Promise<string> | undefined;
    disk.duringSync = () => { late ??= outcomes([writer.appendDurably('late\n', undefined, () => 'late retracted\n')]); };
    assert.equal(await outcomes([writer.appendDurably('first\n', undefined, () => 'first retracted\n')]), '-');
    disk.duringSync = () => undefined;
    disk.failSyncs = false;
    const lateOutcome = await late;
    await writer.appendDurably('after\n');
    const late1 = linesOf(disk.segments.get(1)!.content).includes('late');
    // Whether it was written before or after the failure: it is either retracted or safe.
    assert.equal(lateOutcome, late1 ? '-' : '+');
    assert.equal(safe().includes('late retracted'), late1);
    assert.ok(safe().includes('first retracted') && safe().includes('after'));
  });

  it('writes a retraction that is owed when it is closed', async () => {
    disk.failSyncs = true;
    assert.equal(await outcomes([writer.appendDurably('lost\n', undefined, () => 'retracted\n')]), '-');
    disk.failSyncs = false;
    await writer.close();
    assert.deepEqual(safe(), ['retracted']);
  });

  it('rejects what exceeds its queue, and takes a single line of any size', async () => {
    open({ queueCharacters: 100 });
    const line = `${'x'.repeat(59)}\n`;
    assert.equal(await outcomes([writer.append(line), writer.append(line), writer.append('short\n')]), '+-+');
    await writer.append(`${'y'.repeat(2_000_000)}\n`);
    assert.deepEqual(written().map((text) => text.length), [59, 5, 2_000_000]);
  });

  it('rejects after it was told to refuse, and still finishes what it has', async () => {
    const first = writer.append('a\n');
    writer.refuse('The store is closed');
    await assert.rejects(writer.append('b\n'), { name: 'StoreUnavailable', message: 'The store is closed' });
    await writer.close();
    await first;
    assert.deepEqual(safe(), ['a']);
  });
});
