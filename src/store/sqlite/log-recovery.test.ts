import assert from 'node:assert/strict';
import { closeSync, copyFileSync, mkdirSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { silentLogger, type Logger } from '../../domain/logger.ts';
import { sampleId, sampleMessage, sampleRecord } from '../conformance/store-fixtures.ts';
import { Database } from './database.ts';
import { acceptedLine, joinRecord } from './log-entry.ts';
import { recoverLog } from './log-recovery.ts';
import { GroupEncoder, readGroups } from './log-group.ts';
import { listSegments, segmentPath } from './segment-files.ts';
import { openSqliteStore } from './sqlite-store.ts';

/** Each test opens a store in a directory that holds nothing but a log, as after a crash before anything reached the database. */
describe('a log found at start', () => {
  let root: string;
  let logged: string;
  let groupEnds: number[];
  before(async () => {
    root = mkdtempSync(join(tmpdir(), 'hpcwhisk-recovery-'));
    logged = join(root, 'logged');
    mkdirSync(logged);
    const store = await openSqliteStore({ directory: logged, logger: silentLogger });
    // One group each: accept 1, record 2, accept 3 and record 4 together, record 1.
    await store.journal.accept(sampleMessage({ activationId: sampleId(1) }));
    await store.activations.append(sampleRecord({ activationId: sampleId(2) }));
    await Promise.all([
      store.journal.accept(sampleMessage({ activationId: sampleId(3) })),
      store.activations.append(sampleRecord({ activationId: sampleId(4) })),
    ]);
    await store.activations.append(sampleRecord({ activationId: sampleId(1) }));
    copyFileSync(segmentPath(logged, 1), join(root, 'segment'));
    await store.close();
    const content = readFileSync(join(root, 'segment'));
    const fd = openSync(join(root, 'segment'), 'r');
    groupEnds = [...readGroups(fd, 0, content.length)].map(({ end }) => end);
    closeSync(fd);
    assert.deepEqual([groupEnds.length, groupEnds.at(-1)], [4, content.length]);
  });
  after(() => { rmSync(root, { recursive: true }); });

  const directoryWith = (...segments: Buffer[]): string => {
    const directory = mkdtempSync(join(root, 'case-'));
    mkdirSync(join(directory, 'log'));
    segments.forEach((content, index) => { writeFileSync(segmentPath(directory, index + 1), content); });
    return directory;
  };
  const number = (id: string): number => Number.parseInt(id.slice(12), 16);
  /** Numbers of the records and of the unfinished messages that a store has, opened twice. */
  const found = async (directory: string, logger: Logger = silentLogger): Promise<{ records: number[]; unfinished: number[] }> => {
    const results: { records: number[]; unfinished: number[] }[] = [];
    for (let round = 0; round < 2; round++) {
      const store = await openSqliteStore({ directory, logger });
      const records = await store.activations.list({ namespace: 'guest' }, { limit: 0, skip: 0 });
      const unfinished = await store.journal.unfinished();
      results.push({
        records: records.map(({ activationId }) => number(activationId)).sort(),
        unfinished: unfinished.map(({ activationId }) => number(activationId)),
      });
      await store.close();
    }
    assert.deepEqual(results[1], results[0], 'the same when opened again');
    return results[0]!;
  };
  /** The same without threads, for many cases. */
  const recovered = (directory: string): { records: number[]; unfinished: number[] } => {
    const database = new Database({ directory, networkFileSystem: false });
    const { unfinished } = recoverLog(directory, database);
    const records = database.activations.list({ namespace: 'guest' }, { limit: 0, skip: 0 });
    database.close();
    return {
      records: records.map((row) => number(joinRecord(row).activationId)).sort(),
      unfinished: unfinished.map(({ id }) => number(id)),
    };
  };

  it('is brought in whole, and its messages without a record are unfinished', async () => {
    const directory = directoryWith(readFileSync(join(root, 'segment')));
    assert.deepEqual(await found(directory), { records: [1, 2, 4], unfinished: [3] });
    assert.equal(listSegments(directory).length, 1, 'only the carried message is left');
  });

  it('is believed up to its last whole group, wherever it was torn', () => {
    const content = readFileSync(join(root, 'segment'));
    const expected = [
      { records: [], unfinished: [] },
      { records: [], unfinished: [1] },
      { records: [2], unfinished: [1] },
      { records: [2, 4], unfinished: [1, 3] },
    ];
    for (const [groups, believed] of expected.entries()) {
      const start = groupEnds[groups - 1] ?? 0;
      const end = groupEnds[groups]!;
      for (const cut of [start, start + 7, start + 30, end - 1]) {
        assert.deepEqual(recovered(directoryWith(content.subarray(0, cut))), believed, `cut at byte ${cut}`);
      }
      const zeroed = Buffer.from(content.subarray(0, end)).fill(0, Math.max(start, end - 100));
      assert.deepEqual(recovered(directoryWith(zeroed)), believed, `zeroes before byte ${end}`);
    }
  });

  it('gives the latest state of a message whose checkpoint is whole, wherever the next was torn', () => {
    const id = sampleId(1);
    const states = ['{"step":0}', '{"step":1}', '{"step":2}'];
    const encoder = new GroupEncoder();
    const groups = states.map((document, state) => Buffer.from(encoder.encode([acceptedLine(id, state, document)])));
    const torn = groups[2]!;
    for (const length of [0, 5, 19, 30, torn.length - 1, torn.length]) {
      const directory = directoryWith(groups[0]!, Buffer.concat([groups[1]!, torn.subarray(0, length)]));
      const database = new Database({ directory, networkFileSystem: false });
      const { unfinished } = recoverLog(directory, database);
      database.close();
      const state = length === torn.length ? 2 : 1;
      assert.deepEqual(unfinished, [{ id, state, document: states[state] }], `${length} of ${torn.length} bytes`);
    }
  });

  it('that ends in something else is believed up to there', async () => {
    const content = readFileSync(join(root, 'segment'));
    const directory = directoryWith(Buffer.concat([content, Buffer.from('=0000ffff 00000000\nRgarbage')]));
    assert.deepEqual(await found(directory), { records: [1, 2, 4], unfinished: [3] });
  });

  it('of version 1, whose records are one document, is brought in', async () => {
    const record = sampleRecord({ activationId: sampleId(7) });
    const line = `R${JSON.stringify([record.activationId, 'guest', 'hello', record.start])}\t${JSON.stringify(record)}\n`;
    const directory = directoryWith(new GroupEncoder().encode([line]));
    const store = await openSqliteStore({ directory, logger: silentLogger });
    assert.deepEqual(await store.activations.get('guest', sampleId(7)), record);
    await store.close();
  });

  it('of several segments with one damaged gives the rest, says so, and keeps the damaged file', async () => {
    const content = readFileSync(join(root, 'segment'));
    const damaged = Buffer.from(content);
    damaged[groupEnds[0]! + 60]! ^= 1;
    const errors: string[] = [];
    const logger = { ...silentLogger, error: (_: object, text: string) => { errors.push(text); } };
    const directory = directoryWith(damaged, content.subarray(groupEnds[1], groupEnds[2]));
    assert.deepEqual(await found(directory, logger), { records: [4], unfinished: [1, 3] });
    assert.deepEqual(errors, ['a segment of the log is damaged: what follows in it is lost, and the file is put aside']);
    assert.equal(readdirSync(join(directory, 'log')).filter((name) => name.includes('damaged')).length, 1);
  });
});
