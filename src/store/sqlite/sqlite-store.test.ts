import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { silentLogger } from '../../domain/logger.ts';
import { storeConformance } from '../conformance/store-conformance.ts';
import { sampleId, sampleMessage, sampleRecord } from '../conformance/store-fixtures.ts';
import { listSegments } from './segment-files.ts';
import { openSqliteStore } from './sqlite-store.ts';

const logger = silentLogger;

function temporaryDirectory(): string {
  return mkdtempSync(join(tmpdir(), 'hpcwhisk-store-'));
}

storeConformance('sqlite', () => {
  const directory = temporaryDirectory();
  return Promise.resolve({
    open: () => openSqliteStore({ directory, logger }),
    dispose: () => { rmSync(directory, { recursive: true }); return Promise.resolve(); },
  });
});

storeConformance('sqlite, tiny segments', () => {
  const directory = temporaryDirectory();
  return Promise.resolve({
    open: () => openSqliteStore({ directory, logger, segmentBytes: 700, entityCacheCharacters: 600 }),
    dispose: () => { rmSync(directory, { recursive: true }); return Promise.resolve(); },
  });
});

describe('the directory of an sqlite store', () => {
  let directory: string;
  beforeEach(() => { directory = temporaryDirectory(); });
  afterEach(() => { rmSync(directory, { recursive: true, force: true }); });

  it('holds files for the owner only, and no log once everything is settled', async () => {
    const store = await openSqliteStore({ directory, logger });
    await store.documents.put('c', 'k', 1, undefined);
    await store.journal.accept(sampleMessage({ activationId: sampleId(1) }));
    await store.activations.append(sampleRecord({ activationId: sampleId(1) }));
    for (const name of readdirSync(directory, { recursive: true, encoding: 'utf8' })) {
      const mode = statSync(join(directory, name)).mode & 0o777;
      assert.equal(mode & 0o077, 0, `${name} has mode ${mode.toString(8)}`);
    }
    assert.equal(readdirSync(join(directory, 'log')).length, 1);
    await store.close();
    assert.deepEqual(readdirSync(join(directory, 'log')), []);
  });

  it('does not grow by its log while a message stays unfinished for long', async () => {
    const store = await openSqliteStore({ directory, logger, segmentBytes: 5000 });
    const message = sampleMessage({ activationId: sampleId(0), args: { step: 2 } });
    for (const step of [0, 1, 2]) {
      const state = { ...message, args: { step } };
      await (step === 0 ? store.journal.accept(state) : store.journal.checkpoint(state));
    }
    for (let n = 1; n <= 300; n++) {
      await Promise.all([store.journal.accept(sampleMessage({ activationId: sampleId(n) })), store.activations.append(sampleRecord({ activationId: sampleId(n) }))]);
    }
    // 300 records and messages fill more than 50 segments.
    const until = Date.now() + 60_000;
    while (listSegments(directory).length > 5) {
      assert.ok(Date.now() < until, `still there: segments ${listSegments(directory).join(', ')}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    assert.ok((listSegments(directory)[0] ?? 0) > 20);
    assert.deepEqual(await store.journal.unfinished(), [message]);
    await store.close();
    const next = await openSqliteStore({ directory, logger });
    assert.deepEqual(await next.journal.unfinished(), [message]);
    assert.equal(await next.activations.count({ namespace: 'guest' }), 300);
    await next.close();
  });

  it('is refused to a second store until the first is closed', async () => {
    const store = await openSqliteStore({ directory, logger });
    for (let attempt = 0; attempt < 2; attempt++) {
      await assert.rejects(openSqliteStore({ directory, logger }), (error: Error & { code?: string }) => {
        assert.equal(error.code, 'directory-in-use');
        assert.match(error.message, new RegExp(`in use by another controller \\(process ${process.pid} on `));
        return true;
      });
    }
    await store.activations.append(sampleRecord({ activationId: sampleId(1) }));
    await store.close();
    const next = await openSqliteStore({ directory, logger });
    assert.equal(await next.activations.count({ namespace: 'guest' }), 1);
    await next.close();
  });

  it('has to exist, be a directory, and be writable', async () => {
    const file = join(directory, 'file');
    writeFileSync(file, '');
    await assert.rejects(openSqliteStore({ directory: join(directory, 'none'), logger }), { code: 'directory-missing' });
    await assert.rejects(openSqliteStore({ directory: file, logger }), { code: 'directory-missing' });
    // Not even root can create files here.
    await assert.rejects(openSqliteStore({ directory: '/proc/self/fdinfo', logger }), { code: 'directory-not-writable' });
  });

  it('is refused with one clear line when a file in it is none of ours', async () => {
    for (const name of ['store.sqlite', 'lock']) {
      const path = join(directory, name);
      writeFileSync(path, 'this is not a database, but long enough to be taken for one at first sight'.repeat(100));
      await assert.rejects(openSqliteStore({ directory, logger }), (error: Error & { code?: string }) => {
        assert.equal(error.code, 'corrupt');
        assert.match(error.message, /cannot be opened: .*not a database/);
        assert.doesNotMatch(error.message, /\n/);
        return true;
      });
      chmodSync(path, 0o600);
      rmSync(path);
    }
    await (await openSqliteStore({ directory, logger })).close();
  });
});
