import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { silentLogger } from '../../domain/logger.ts';
import { LiveMessages } from './live-messages.ts';
import { LogCleaner } from './log-cleaner.ts';
import type { WrittenListener } from './log-writer.ts';

const SEGMENT_BYTES = 100;

describe('LogCleaner', () => {
  let removed: number[];
  let carried: string[];
  let live: LiveMessages;
  let cleaner: LogCleaner;
  /** Ids that the database has a record of. */
  let recorded: Set<string>;
  let carryFails: boolean;
  /** Called between the writing of a line and its becoming durable. */
  let whileCarrying: (line: string) => void;
  const writer = {
    accepting: true,
    position: { segment: 9, end: 1 },
    appendDurably: async (line: string, written?: WrittenListener): Promise<void> => {
      if (carryFails) throw new Error('disk full');
      carried.push(line);
      written?.(9);
      await Promise.resolve();
      whileCarrying(line);
    },
  };
  beforeEach(() => {
    [removed, carried, recorded, carryFails] = [[], [], new Set(), false];
    whileCarrying = () => undefined;
    live = new LiveMessages();
    const withoutRecord = (ids: string[]): Promise<string[]> => Promise.resolve(ids.filter((id) => !recorded.has(id)));
    cleaner = new LogCleaner({
      files: {
        remove: (segment) => { removed.push(segment); return Promise.resolve(); },
        create: () => Promise.reject(new Error('the cleaner creates nothing')),
        setAside: () => Promise.reject(new Error('the cleaner puts nothing aside')),
      },
      logger: silentLogger, live, segmentBytes: SEGMENT_BYTES,
      database: { call: (_: string, ids: unknown) => withoutRecord(ids as string[]) },
    });
  });
  const close = (...segments: number[]): void => {
    for (const segment of segments) cleaner.segmentClosed({ segment, end: SEGMENT_BYTES });
  };
  const commit = async (segment: number, end: number): Promise<number[]> => {
    cleaner.committed({ segment, end }, writer);
    await cleaner.clean(writer);
    return removed;
  };

  it('removes a segment only when it is closed and all of it is committed', async () => {
    assert.deepEqual(await commit(1, SEGMENT_BYTES), []);
    close(1, 2, 3);
    assert.deepEqual(await commit(1, SEGMENT_BYTES - 1), []);
    assert.deepEqual(await commit(1, SEGMENT_BYTES), [1]);
    assert.deepEqual(await commit(3, 10), [1, 2]);
  });

  it('keeps a segment with an unfinished message, and all after it', async () => {
    live.add('a', { document: 'x'.repeat(10), state: 0, segment: 1 });
    close(1, 2);
    assert.deepEqual(await commit(3, 0), []);
    live.settle('a');
    assert.deepEqual(await commit(3, 0), [1, 2]);
    assert.deepEqual(carried, []);
  });

  it('carries unfinished messages over once the log is several times their size, and those only', async () => {
    live.add('a', { document: 'x'.repeat(10), state: 0, segment: 1 });
    live.add('b', { document: 'y', state: 0, segment: 1 });
    recorded.add('b');
    close(1, 2);
    assert.deepEqual(await commit(4, 0), []);
    close(3);
    assert.deepEqual(await commit(4, 0), [1, 2, 3]);
    assert.deepEqual(carried, [`A["a"]\t${'x'.repeat(10)}\n`]);
    assert.deepEqual([live.countIn(1), live.countIn(9), live.ids()], [0, 1, ['a']]);
  });

  it('carries the latest state, and leaves alone what comes to a later one meanwhile', async () => {
    live.add('a', { document: 'x0', state: 0, segment: 1 });
    live.add('b', { document: 'y0', state: 0, segment: 1 });
    live.replace('a', { document: 'x3', state: 3, segment: 1 });
    close(1, 2, 3);
    whileCarrying = (line) => { if (line.includes('"b"')) live.replace('b', { document: 'y1', state: 1, segment: 5 }); };
    assert.deepEqual(await commit(4, 0), [1, 2, 3]);
    assert.deepEqual(carried, ['A["a",3]\tx3\n', 'A["b"]\ty0\n']);
    assert.deepEqual([live.get('a'), live.get('b')], [{ document: 'x3', state: 3, segment: 9 }, { document: 'y1', state: 1, segment: 5 }]);
    assert.deepEqual([1, 5, 9].map((segment) => live.countIn(segment)), [0, 1, 1]);
  });

  it('counts what was carried where it was before, until it is durable', async () => {
    live.add('a', { document: 'x', state: 0, segment: 1 });
    close(1, 2, 3);
    whileCarrying = () => { throw new Error('the disk failed after the line was written'); };
    assert.deepEqual(await commit(4, 0), []);
    assert.deepEqual([live.countIn(1), live.countIn(9)], [1, 0]);
  });

  it('does not rewrite what is mostly unfinished', async () => {
    for (const segment of [1, 2, 3, 4]) live.add(`m${segment}`, { document: 'x'.repeat(80), state: 0, segment });
    close(1, 2, 3, 4);
    assert.deepEqual(await commit(5, 0), []);
    assert.deepEqual(carried, []);
  });

  it('keeps the segment when carrying over fails, and tries again', async () => {
    live.add('a', { document: 'x', state: 0, segment: 1 });
    close(1, 2, 3);
    carryFails = true;
    assert.deepEqual(await commit(4, 0), []);
    carryFails = false;
    assert.deepEqual(await commit(4, 1), [1, 2, 3]);
  });
});
