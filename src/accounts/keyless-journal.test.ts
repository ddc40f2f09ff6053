import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { ActivationMessage } from '../domain/activation.ts';
import type { Identity } from '../domain/identity.ts';
import { silentLogger } from '../domain/logger.ts';
import { sampleMessage } from '../store/conformance/store-fixtures.ts';
import { openSqliteStore } from '../store/sqlite/sqlite-store.ts';
import { keylessJournal } from './keyless-journal.ts';

const CALLER: Identity = { subject: 'alice', namespace: 'guest', uuid: '11111111-71f6-4ed5-8c54-816aa4f8c502', key: 's'.repeat(64) };
const OWNER: Identity = { subject: 'guest', namespace: 'guest', uuid: '23bc46b1-71f6-4ed5-8c54-816aa4f8c502', key: 'd'.repeat(64) };
const id = (n: number): string => n.toString(16).padStart(32, '0');

test('no key comes to the disk, and what is taken up again has that of its namespace', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'hpcwhisk-keyless-'));
  const open = (): ReturnType<typeof openSqliteStore> => openSqliteStore({ directory, logger: silentLogger });
  const plain = sampleMessage({ activationId: id(1) });
  const keyed = sampleMessage({ activationId: id(2), apiKey: `${CALLER.uuid}:${CALLER.key}` });
  const feed: ActivationMessage = {
    ...sampleMessage({ activationId: id(3), args: { authKey: `${CALLER.uuid}:${CALLER.key}`, cron: '* * * * *' } }),
    composition: { type: 'builtin', caller: CALLER, builtin: 'alarms/alarm' },
  };
  try {
    let store = await open();
    const journal = keylessJournal(store.journal, () => OWNER);
    for (const message of [plain, keyed, feed]) await journal.accept(message);
    await journal.checkpoint(feed);
    await store.close();
    for (const name of await readdir(directory, { recursive: true })) {
      const path = join(directory, name);
      if ((await stat(path)).isFile()) assert.ok(!(await readFile(path)).includes(CALLER.key), `${name} contains a key`);
    }
    store = await open();
    const known = await keylessJournal(store.journal, () => OWNER).unfinished();
    const blocked = await keylessJournal(store.journal, () => undefined).unfinished();
    await store.close();
    const caller = { ...CALLER, uuid: OWNER.uuid, key: OWNER.key };
    assert.deepEqual(known, [
      plain,
      { ...keyed, apiKey: `${OWNER.uuid}:${OWNER.key}` },
      { ...feed, args: { authKey: '', cron: '* * * * *' }, composition: { type: 'builtin', caller, builtin: 'alarms/alarm' } },
    ]);
    assert.deepEqual([blocked[1]?.apiKey, blocked[2]?.composition?.caller.key], ['', '']);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});
