import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { actionPath } from '../../domain/action.ts';
import { sampleAction, sampleId, sampleRecord } from '../conformance/store-fixtures.ts';
import { activationsQuery } from './activation-table.ts';
import { Database } from './database.ts';
import { storedEntity } from './entity-rows.ts';
import { joinRecord } from './log-entry.ts';

describe('Database', () => {
  let directory: string;
  beforeEach(() => { directory = mkdtempSync(join(tmpdir(), 'hpcwhisk-database-')); });
  afterEach(() => { rmSync(directory, { recursive: true }); });
  const record = (id: string, start = 1): Parameters<Database['activations']['insert']>[0] =>
    ({ kind: 'record', id, namespace: 'guest', name: 'hello', start, summary: `{"id":"${id}"}`, details: '{}' });

  it('answers every filter from one range of an index, without sorting', () => {
    new Database({ directory, networkFileSystem: false }).close();
    const raw = new DatabaseSync(join(directory, 'store.sqlite'));
    const range = { since: 1, upto: 2 };
    for (const filter of [{}, { name: 'a' }, range, { name: 'a', ...range }, { upto: 2 }]) {
      const { sql, values } = activationsQuery('summary', { namespace: 'guest', ...filter }, { limit: 10, skip: 1000 });
      const plan = raw.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...values).map((row) => String(row['detail']));
      assert.equal(plan.length, 1, `sorts or joins: ${plan.join('; ')}`);
      const index = 'name' in filter ? 'activations_by_name \\(namespace=\\? AND name=\\? AND' : 'activations_by_start \\(namespace=\\? AND';
      assert.match(plan[0] ?? '', new RegExp(`^SEARCH activations USING INDEX ${index} start>\\? AND start<\\?\\)$`));
    }
    raw.close();
  });

  it('forgets what was rolled back, and keeps what was committed', () => {
    const database = new Database({ directory, networkFileSystem: false });
    database.begin();
    database.activations.insert(record('a'));
    database.commit();
    database.begin();
    database.activations.insert(record('b'));
    assert.ok(database.activations.has('b'), 'seen before the commit');
    database.rollback();
    database.rollback();
    assert.deepEqual([database.activations.has('a'), database.activations.has('b')], [true, false]);
    database.close();
  });

  it('refuses a page of records that are too large together to be held, and gives smaller ones', () => {
    const database = new Database({ directory, networkFileSystem: false });
    database.begin();
    for (const id of ['a', 'b', 'c']) database.activations.insert({ ...record(id), details: 'x'.repeat(25 * 1024 * 1024) });
    database.commit();
    const filter = { namespace: 'guest' };
    assert.throws(() => database.activations.list(filter, { limit: 0, skip: 0 }), /larger than 67108864 bytes together: ask for fewer/);
    assert.equal(database.activations.list(filter, { limit: 2, skip: 1 }).length, 2);
    assert.equal(database.activations.summaries(filter, { limit: 0, skip: 0 }).length, 3);
    database.close();
  });

  it('needs no shared memory on a network file system', () => {
    for (const id of ['a', 'b']) {
      const database = new Database({ directory, networkFileSystem: true });
      database.begin();
      database.activations.insert(record(id));
      database.commit();
      assert.deepEqual(readdirSync(directory).filter((name) => name.endsWith('-shm') || name.endsWith('-wal')), []);
      database.close();
    }
    const local = new Database({ directory, networkFileSystem: false });
    assert.equal(local.activations.count({ namespace: 'guest' }), 2);
    local.close();
  });

  it('refuses a schema that a newer version wrote', () => {
    const raw = new DatabaseSync(join(directory, 'store.sqlite'));
    raw.exec('PRAGMA user_version = 99');
    raw.close();
    assert.throws(() => new Database({ directory, networkFileSystem: false }), { code: 'newer-version' });
  });
});

describe('a database of version 1', () => {
  let directory: string;
  beforeEach(() => { directory = mkdtempSync(join(tmpdir(), 'hpcwhisk-database-')); });
  afterEach(() => { rmSync(directory, { recursive: true }); });

  it('becomes one of the present version, with its actions and activations', () => {
    const raw = new DatabaseSync(join(directory, 'store.sqlite'));
    raw.exec(`
      CREATE TABLE activations (
        seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, namespace TEXT NOT NULL, name TEXT NOT NULL, start INTEGER NOT NULL,
        document TEXT NOT NULL
      );
      CREATE INDEX activations_by_start ON activations (namespace, start);
      CREATE INDEX activations_by_name ON activations (namespace, name, start);
      CREATE TABLE actions (
        seq INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE, namespace TEXT NOT NULL, updated INTEGER NOT NULL, revision TEXT NOT NULL,
        document TEXT NOT NULL
      );
      CREATE INDEX actions_by_updated ON actions (namespace, updated);
      PRAGMA user_version = 1;
    `);
    const actions = [
      sampleAction({ name: 'a', updated: 2, publish: true }),
      sampleAction({ name: 'b', package: 'p', updated: 1, exec: { kind: 'nodejs:24', code: 'a\u0000\ud800\n"ö\\', binary: false } }),
    ];
    for (const action of actions) {
      raw.prepare('INSERT INTO actions (path, namespace, updated, revision, document) VALUES (?, ?, ?, ?, ?)')
        .run(actionPath(action), 'guest', action.updated, '3-c', JSON.stringify(action));
    }
    const records = [1, 2, 3].map((n) => sampleRecord({ activationId: sampleId(n), start: n * 50_000, ...(n === 2 ? { cause: sampleId(1), end: 0 } : {}) }));
    for (const record of records) {
      raw.prepare('INSERT INTO activations (id, namespace, name, start, document) VALUES (?, ?, ?, ?, ?)')
        .run(record.activationId, 'guest', 'hello', record.start, JSON.stringify(record));
    }
    raw.close();
    for (let round = 0; round < 2; round++) {
      const database = new Database({ directory, networkFileSystem: false });
      for (const entity of actions) {
        const row = database.entities.get(actionPath(entity));
        assert.deepEqual(row && storedEntity(row), { type: 'action', entity, revision: '3-c' });
      }
      const listed = (filter: object): number[] => database.entities.list('action', { namespace: 'guest', ...filter }, { limit: 0, skip: 0 }).map((row) => storedEntity(row).entity.updated);
      assert.deepEqual([listed({}), listed({ package: 'p' }), listed({ package: null })], [[2, 1], [1], [2]]);
      const filter = { namespace: 'guest', name: 'hello' };
      assert.deepEqual(database.activations.list(filter, { limit: 0, skip: 0 }).map(joinRecord), records.toReversed());
      assert.deepEqual([{}, { since: 65_536 }, { upto: 65_535 }].map((range) => database.activations.count({ ...filter, ...range })), [3, 2, 1]);
      assert.equal(database.activations.exceeds({ startedBefore: 0, keep: 2 }), true);
      assert.equal(database.activations.exceeds({ startedBefore: 0, keep: 3 }), false);
      database.close();
    }
  });
});
