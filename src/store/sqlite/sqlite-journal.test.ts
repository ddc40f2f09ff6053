import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import fc from 'fast-check';
import type { ActivationMessage } from '../../domain/activation.ts';
import { silentLogger } from '../../domain/logger.ts';
import { sampleId, sampleMessage, sampleRecord } from '../conformance/store-fixtures.ts';
import { Database } from './database.ts';
import type { DatabaseThread } from './database-thread.ts';
import { FakeDisk } from './fake-disk.ts';
import { LiveMessages } from './live-messages.ts';
import { LogCleaner } from './log-cleaner.ts';
import { recordLine } from './log-entry.ts';
import { recoverLog } from './log-recovery.ts';
import { LogWriter } from './log-writer.ts';
import { segmentPath } from './segment-files.ts';
import { SqliteJournal } from './sqlite-journal.ts';

/** Steps of the messages found, by the number in the id. */
type Steps = Record<number, number>;

/** A journal on a disk in memory, with all of the store but its database. */
class Bench {
  readonly disk = new FakeDisk();
  readonly journal: SqliteJournal;
  readonly #live = new LiveMessages();
  readonly #writer: LogWriter;
  readonly #cleaner: LogCleaner;
  readonly #recorded = new Set<string>();

  constructor(segmentBytes: number) {
    const database = {
      call: (_: string, ids: unknown) => Promise.resolve((ids as string[]).filter((id) => !this.#recorded.has(id))),
    } as unknown as DatabaseThread;
    this.#cleaner = new LogCleaner({ files: this.disk, logger: silentLogger, live: this.#live, segmentBytes, database });
    this.#writer = new LogWriter({
      files: this.disk, logger: silentLogger, segmentBytes, queueCharacters: 1e6,
      advanced: () => undefined, segmentClosed: (position) => { this.#cleaner.segmentClosed(position); },
    });
    this.journal = new SqliteJournal(this.#writer, database, this.#live);
  }

  async record(id: string): Promise<void> {
    await this.#writer.append(recordLine(sampleRecord({ activationId: id })), () => { this.#live.settle(id); });
    this.#recorded.add(id);
  }

  /** Cleans as if the database had filed everything. */
  async clean(): Promise<void> {
    this.#cleaner.committed({ ...this.#writer.position }, this.#writer);
    await this.#cleaner.clean(this.#writer);
  }

  async close(): Promise<void> {
    await this.#writer.close();
  }

  /** What a recovery finds: all that was written (after a kill), or what was safe (after a loss of power). */
  found(what: 'content' | 'safe'): Steps {
    const directory = mkdtempSync(join(tmpdir(), 'hpcwhisk-journal-'));
    mkdirSync(join(directory, 'log'));
    const database = new Database({ directory, networkFileSystem: false });
    try {
      // What the database had filed of segments that are gone.
      for (const id of this.#recorded) {
        database.begin();
        database.activations.insert({ kind: 'record', id, namespace: 'guest', name: 'a', start: 1, summary: '{}', details: '{}' });
        database.commit();
      }
      for (const [segment, bytes] of this.disk.segments) writeFileSync(segmentPath(directory, segment), bytes[what]);
      const messages = recoverLog(directory, database).unfinished.map(({ document }) => JSON.parse(document) as ActivationMessage);
      return stepsOf(messages);
    } finally {
      database.close();
      rmSync(directory, { recursive: true });
    }
  }
}

function message(n: number, step: number): ActivationMessage {
  return sampleMessage({ activationId: sampleId(n), acceptedAt: n, args: { step, text: 'x'.repeat(50 * (step % 4)) } });
}

function stepsOf(messages: readonly ActivationMessage[]): Steps {
  return Object.fromEntries(messages.map(({ activationId, args }) => [Number.parseInt(activationId.slice(12), 16), Array.isArray(args) ? NaN : Number(args['step'])]));
}

describe('the journal on a disk that fails', () => {
  let bench: Bench;
  beforeEach(() => { bench = new Bench(1e6); });
  afterEach(async () => { await bench.close(); });

  it('keeps the earlier state when a checkpoint cannot be made durable, although it was written', async () => {
    await bench.journal.accept(message(1, 0));
    await bench.journal.checkpoint(message(1, 1));
    bench.disk.failSyncs = true;
    const failing = await Promise.allSettled([bench.journal.checkpoint(message(1, 2)), bench.journal.checkpoint(message(1, 3))]);
    assert.deepEqual(failing.map(({ status }) => status), ['rejected', 'rejected']);
    bench.disk.failSyncs = false;
    assert.deepEqual(stepsOf(await bench.journal.unfinished()), { 1: 1 });
    // The next write takes the failed states back.
    await bench.journal.accept(message(2, 0));
    assert.deepEqual([bench.found('content'), bench.found('safe')], [{ 1: 1, 2: 0 }, { 1: 1, 2: 0 }]);
    await bench.journal.checkpoint(message(1, 4));
    assert.deepEqual([bench.found('content'), bench.found('safe')], [{ 1: 4, 2: 0 }, { 1: 4, 2: 0 }]);
  });

  it('keeps the earlier state when there is no space for the later one', async () => {
    await bench.journal.accept(message(1, 0));
    bench.disk.freeBytes = 20;
    await assert.rejects(bench.journal.checkpoint(message(1, 1)), { name: 'StoreUnavailable' });
    bench.disk.freeBytes = Infinity;
    assert.deepEqual([stepsOf(await bench.journal.unfinished()), bench.found('content')], [{ 1: 0 }, { 1: 0 }]);
  });

  it('has nothing to take back of what was settled meanwhile', async () => {
    await bench.journal.accept(message(1, 0));
    bench.disk.failSyncs = true;
    const checkpoint = bench.journal.checkpoint(message(1, 1));
    await Promise.all([bench.record(sampleId(1)), assert.rejects(checkpoint)]);
    bench.disk.failSyncs = false;
    await bench.journal.accept(message(2, 0));
    assert.deepEqual([bench.found('content'), stepsOf(await bench.journal.unfinished())], [{ 2: 0 }, { 2: 0 }]);
  });
});

type Operation = { do: 'accept' | 'checkpoint' | 'record'; ids: number[] } | { do: 'clean' } | { do: 'sync'; fails: boolean };

const ids = fc.array(fc.nat(4), { minLength: 1, maxLength: 3 });
const operation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant('accept' as const), ids }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('checkpoint' as const), ids }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('record' as const), ids }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('clean' as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('sync' as const), fails: fc.boolean() }) },
);

/** Does everything at once that stands between two changes of the disk, and keeps account of what was confirmed. */
class Account {
  readonly confirmed = new Map<number, number>();
  readonly attempted = new Map<number, number>();
  readonly recorded = new Set<number>();

  async perform(bench: Bench, operation: Exclude<Operation, { do: 'sync' }>): Promise<void> {
    if (operation.do === 'clean') {
      await bench.clean();
      return;
    }
    await Promise.allSettled(operation.ids.map(async (n) => {
      if (operation.do === 'record') {
        if (!this.confirmed.has(n)) return;
        this.recorded.add(n);
        await bench.record(sampleId(n));
        return;
      }
      if (operation.do === 'checkpoint' && (!this.confirmed.has(n) || this.recorded.has(n))) return;
      const step = operation.do === 'accept' ? 0 : (this.attempted.get(n) ?? 0) + 1;
      this.attempted.set(n, Math.max(step, this.attempted.get(n) ?? 0));
      await (operation.do === 'accept' ? bench.journal.accept(message(n, 0)) : bench.journal.checkpoint(message(n, step)));
      this.confirmed.set(n, Math.max(step, this.confirmed.get(n) ?? 0));
    }));
  }

  compare(found: Steps, exact: boolean): void {
    for (const [n, step] of this.confirmed) {
      if (this.recorded.has(n)) continue;
      const is = found[n];
      assert.ok(is !== undefined, `message ${n} is lost`);
      assert.ok(is >= step && is <= (exact ? step : this.attempted.get(n) ?? 0), `message ${n} is at ${is}, confirmed was ${step}`);
    }
    for (const n of this.recorded) assert.ok(!(n in found), `message ${n} has its record`);
  }
}

it('the journal loses no confirmed state, whatever is written, fails and is cleaned in whatever order', { timeout: 300_000 }, async () => {
  await fc.assert(fc.asyncProperty(fc.array(fc.array(operation, { maxLength: 4 }), { maxLength: 25 }), async (turns) => {
    const bench = new Bench(600);
    const account = new Account();
    for (const turn of turns) {
      // The operations of a turn overlap.
      await Promise.all(turn.map(async (operation) => {
        if (operation.do === 'sync') bench.disk.failSyncs = operation.fails;
        else await account.perform(bench, operation);
      }));
    }
    account.compare(bench.found('content'), false);
    account.compare(bench.found('safe'), false);
    bench.disk.failSyncs = false;
    await bench.journal.accept(message(9, 0));
    account.compare(stepsOf(await bench.journal.unfinished()), true);
    account.compare(bench.found('content'), true);
    account.compare(bench.found('safe'), true);
    await bench.close();
  }), { numRuns: 100 });
});
