import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { activationsQuery, Database } from './database.ts';

describe('Database', () => {
  let directory: string;
  beforeEach(() => { directory = mkdtempSync(join(tmpdir(), 'hpcwhisk-database-')); });
  afterEach(() => { rmSync(directory, { recursive: true }); });
  const record = (id: string, start = 1): Parameters<Database['insertActivation']>[0] =>
    ({ kind: 'record', id, namespace: 'guest', name: 'hello', start, document: `{"id":"${id}"}` });

  it('answers every filter from one range of an index, without sorting', () => {
    new Database({ directory, networkFileSystem: false }).close();
    const raw = new DatabaseSync(join(directory, 'store.sqlite'));
    const range = { since: 1, upto: 2 };
    for (const filter of [{}, { name: 'a' }, range, { name: 'a', ...range }, { upto: 2 }]) {
      const { sql, values } = activationsQuery({ namespace: 'guest', ...filter }, { limit: 10, skip: 1000 });
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
    database.insertActivation(record('a'));
    database.commit();
    database.begin();
    database.insertActivation(record('b'));
    assert.ok(database.hasActivation('b'), 'seen before the commit');
    database.rollback();
    database.rollback();
    assert.deepEqual([database.hasActivation('a'), database.hasActivation('b')], [true, false]);
    database.close();
  });

  it('needs no shared memory on a network file system', () => {
    for (const id of ['a', 'b']) {
      const database = new Database({ directory, networkFileSystem: true });
      database.insertActivation(record(id));
      assert.deepEqual(readdirSync(directory).filter((name) => name.endsWith('-shm') || name.endsWith('-wal')), []);
      database.close();
    }
    const local = new Database({ directory, networkFileSystem: false });
    assert.equal(local.countActivations({ namespace: 'guest' }), 2);
    local.close();
  });

  it('refuses a schema that a newer version wrote', () => {
    const raw = new DatabaseSync(join(directory, 'store.sqlite'));
    raw.exec('PRAGMA user_version = 99');
    raw.close();
    assert.throws(() => new Database({ directory, networkFileSystem: false }), { code: 'newer-version' });
  });
});
