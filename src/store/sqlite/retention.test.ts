import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { silentLogger } from '../../domain/logger.ts';
import { sampleId, sampleMessage, sampleRecord } from '../conformance/store-fixtures.ts';
import type { Store } from '../store.ts';
import { openSqliteStore } from './sqlite-store.ts';
import type { SqliteStoreOptions } from './sqlite-store-options.ts';

const HOUR_MS = 3_600_000;
const WAIT_MS = 60_000;
const ALL = { limit: 1_000_000, skip: 0 };

/** A store removes at its opening what is beyond the limits: so each test fills one and opens it again. */
describe('a store with limits to what it keeps', () => {
  let root: string;
  let directory: string;
  let store: Store | undefined;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'hpcwhisk-retention-'));
    directory = mkdtempSync(join(root, 'store-'));
  });
  afterEach(async () => {
    await store?.close();
    rmSync(root, { recursive: true });
  });

  const open = async (limits: Partial<SqliteStoreOptions> = {}): Promise<Store> => {
    await store?.close();
    store = await openSqliteStore({ directory, logger: silentLogger, ...limits });
    return store;
  };
  const append = async (numbers: readonly number[], start: (number: number) => number, logBytes = 10): Promise<void> => {
    const { activations } = store!;
    await Promise.all(numbers.map((n) => activations.append(sampleRecord({ activationId: sampleId(n), start: start(n), name: `n${n % 3}`, logs: ['x'.repeat(logBytes)] }))));
  };
  const count = (filter: { name?: string; since?: number } = {}): Promise<number> => store!.activations.count({ namespace: 'guest', ...filter });
  const countUntil = async (expected: number): Promise<void> => {
    for (const until = Date.now() + WAIT_MS; await count() !== expected;) {
      assert.ok(Date.now() < until, `still ${await count()} records, not ${expected}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  };
  const numbers = async (): Promise<number[]> =>
    (await store!.activations.list({ namespace: 'guest' }, ALL)).map(({ activationId }) => Number.parseInt(activationId.slice(12), 16)).sort((a, b) => a - b);
  const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, n) => from + n);

  it('keeps as many as it may, the latest', async () => {
    await open();
    await append(range(0, 1000), (n) => n);
    await open({ keepActivations: 130 });
    await countUntil(130);
    assert.deepEqual(await numbers(), range(870, 1000));
    assert.equal((await store!.activations.summaries({ namespace: 'guest', name: 'n1' }, ALL)).length, await count({ name: 'n1' }));
    assert.equal(await count({ since: 900 }), 100);
    await open({ keepActivations: 130 });
    assert.equal(await count(), 130);
  });

  it('keeps what began late enough, whatever the order in which it was stored', async () => {
    await open();
    const now = Date.now();
    // Every fifth one is old; and then some old ones stored after young ones.
    await append(range(0, 600), (n) => now - (n % 5 === 0 ? 3 * HOUR_MS : 0));
    await open({ keepActivationsMs: 2 * HOUR_MS });
    await countUntil(480);
    assert.ok((await numbers()).every((n) => n % 5 !== 0));
    assert.equal(await store!.activations.get('guest', sampleId(5)), undefined);
  });

  it('takes the place of what it removed again', async () => {
    await open();
    const size = (): number => statSync(join(directory, 'store.sqlite')).size;
    const sizes: number[] = [];
    for (let round = 0; round < 4; round++) {
      await append(range(round * 300, round * 300 + 300), (n) => n, 20_000);
      await open({ keepActivations: 300 });
      await countUntil(300);
      await open();
      sizes.push(size());
    }
    // Twice 300 records at most are in the file at a time.
    assert.ok(sizes[3]! <= sizes[1]! * 1.1, `the file grows: ${sizes.join(', ')} bytes`);
  });

  it('does not bring back from its log what it removed, nor its message', async () => {
    await open({ segmentBytes: 2000 });
    // The first segment stays, because a message in it stays unfinished, and so do all after it.
    const unfinished = sampleMessage({ activationId: sampleId(999), args: { text: 'x'.repeat(100_000) } });
    await store!.journal.accept(unfinished);
    for (const n of range(0, 40)) {
      const message = sampleMessage({ activationId: sampleId(n) });
      await store!.journal.accept(message);
      await append([n], (each) => each);
      // Accepted once more after its record: nothing but the record tells that it is settled.
      if (n % 4 === 0) await store!.journal.accept(message);
    }
    await open({ segmentBytes: 2000 });
    await append(range(40, 50), (n) => n);
    for (const n of range(40, 50)) await store!.journal.accept(sampleMessage({ activationId: sampleId(n) }));
    await count();
    // What a kill would leave: a copy of the directory, and of the log as it is before the close.
    cpSync(join(directory, 'log'), join(root, 'log-before'), { recursive: true });
    await open({ segmentBytes: 2000, keepActivations: 5 });
    await countUntil(5);
    assert.deepEqual(await store!.journal.unfinished(), [unfinished]);
    cpSync(join(directory, 'log'), join(root, 'log-after'), { recursive: true });
    await store!.close();
    for (const log of ['log-after', 'log-before']) {
      rmSync(join(directory, 'log'), { recursive: true });
      cpSync(join(root, log), join(directory, 'log'), { recursive: true });
      await open();
      assert.deepEqual(await numbers(), range(45, 50), log);
      if (log === 'log-after') assert.deepEqual(await store!.journal.unfinished(), [unfinished], log);
    }
  });

  it('reads and appends while it removes', async () => {
    await open();
    await append(range(0, 3000), (n) => n);
    await open({ keepActivations: 100 });
    const late = range(3000, 3050);
    for (const n of late) {
      await append([n], (each) => each);
      assert.equal((await store!.activations.get('guest', sampleId(n)))?.start, n);
    }
    // Those appended meanwhile may come on top until the next round.
    for (const until = Date.now() + WAIT_MS; await count() > 150;) assert.ok(Date.now() < until);
    const kept = await numbers();
    assert.equal(kept.length, await count());
    assert.deepEqual(kept.slice(-50), late);
    assert.deepEqual(kept, range(kept[0]!, 3050));
  });
});
