import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { VirtualClock } from '../clock/virtual-clock.ts';
import { DEFAULT_LIMITS } from '../domain/limits.ts';
import { silentLogger } from '../domain/logger.ts';
import { openSqliteStore } from '../store/sqlite/sqlite-store.ts';
import type { Store } from '../store/store.ts';
import { Accounts } from './accounts.ts';

const UUID = '23bc46b1-71f6-4ed5-8c54-816aa4f8c502';
const AUTH = `${UUID}:${'k'.repeat(64)}`;

describe('accounts on the real store', () => {
  let directory: string;
  let store: Store;
  let accounts: Accounts;
  const clock = new VirtualClock(1_000);

  const open = (secret = 'secret'): Promise<Accounts> => Accounts.open({ documents: store.documents, secret, limits: DEFAULT_LIMITS, clock });
  const who = (auth: string): string | undefined => {
    const [uuid = '', key = ''] = auth.split(':');
    return accounts.authenticate(uuid, key)?.namespace;
  };
  const ownersAuth = (namespace: string): string => {
    const owner = accounts.ownerOf(namespace);
    assert.ok(owner, `${namespace} has no owner`);
    return `${owner.uuid}:${owner.key}`;
  };

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'hpcwhisk-accounts-'));
    store = await openSqliteStore({ directory, logger: silentLogger });
  });
  after(async () => {
    await store.close();
    await rm(directory, { recursive: true, force: true });
  });
  beforeEach(async () => {
    for (const collection of ['subjects', 'limits']) {
      for (const { key, revision } of await store.documents.list(collection)) await store.documents.delete(collection, key, revision);
    }
    accounts = await open();
    clock.advance(1_000);
  });

  it('lets in whoever has a key, and nobody with half of one', async () => {
    const { auth } = await accounts.create('alice');
    assert.match(auth, /^[0-9a-f-]{36}:[A-Za-z0-9]{64}$/);
    const [uuid = '', key = ''] = auth.split(':');
    assert.deepEqual(accounts.authenticate(uuid, key), { subject: 'alice', namespace: 'alice', uuid, key });
    for (const wrong of ['', key.slice(1), `${key}x`, key.toLowerCase(), 'k'.repeat(64)]) assert.equal(accounts.authenticate(uuid, wrong), undefined);
    assert.equal(accounts.authenticate(UUID, key), undefined);
  });

  it('keeps what it knows over a restart, and no key', async () => {
    const { auth } = await accounts.create('alice');
    const key = auth.split(':')[1] ?? '';
    const derived = ownersAuth('alice').split(':')[1] ?? '';
    const document = await store.documents.get('subjects', 'alice');
    assert.ok(!JSON.stringify(document).includes(key));
    accounts = await open();
    assert.equal(who(auth), 'alice');
    assert.equal(ownersAuth('alice').split(':')[1], derived);
    for (const name of await readdir(directory)) {
      const path = join(directory, name);
      if (!(await stat(path)).isFile()) continue;
      const bytes = await readFile(path);
      assert.ok(!bytes.includes(key) && !bytes.includes(derived), `${name} contains a key`);
    }
  });

  it('gives several keys to a namespace, several namespaces to a subject, several subjects to a namespace', async () => {
    const first = await accounts.create('alice');
    const second = await accounts.rotateKey('alice', { keep: true });
    const lab = await accounts.create('alice', { namespace: 'lab' });
    const bobs = await accounts.create('bobby', { namespace: 'lab' });
    assert.deepEqual([first, second, lab, bobs].map(({ auth }) => who(auth)), ['alice', 'alice', 'lab', 'lab']);
    assert.equal(accounts.get('alice').namespaces[0]?.keys.length, 2);
    assert.deepEqual(accounts.list('lab').map(({ subject }) => subject), ['alice', 'bobby']);
    await accounts.delete('alice', 'lab');
    assert.deepEqual([first, lab, bobs].map(({ auth }) => who(auth)), ['alice', undefined, 'lab']);
    assert.equal(accounts.ownerOf('lab')?.subject, 'bobby');
  });

  it('rotates a key: what went before opens nothing any more, the derived key neither', async () => {
    const { auth } = await accounts.create('alice');
    const derived = ownersAuth('alice');
    const rotated = await accounts.rotateKey('alice');
    assert.deepEqual([auth, derived, rotated.auth, ownersAuth('alice')].map(who), [undefined, undefined, 'alice', 'alice']);
    assert.notEqual(ownersAuth('alice'), derived);
  });

  it('shuts out who is blocked or deleted, with every key', async () => {
    const { auth } = await accounts.create('alice');
    await accounts.setLimits('alice', { firesPerMinute: 1 });
    const derived = ownersAuth('alice');
    await accounts.setBlocked('alice', true);
    assert.deepEqual([who(auth), who(derived), accounts.ownerOf('alice')], [undefined, undefined, undefined]);
    accounts = await open();
    assert.equal(who(auth), undefined);
    await accounts.setBlocked('alice', false);
    assert.deepEqual([who(auth), who(derived)], ['alice', 'alice']);
    await accounts.delete('alice');
    assert.deepEqual([who(auth), who(derived), accounts.list()], [undefined, undefined, []]);
    const again = await accounts.create('alice');
    assert.deepEqual([who(again.auth), who(derived)], ['alice', undefined]);
    assert.equal(accounts.limitsOf('alice'), DEFAULT_LIMITS);
  });

  it('derives a key that opens the namespace, differs by installation, and needs no stored key', async () => {
    await accounts.ensureKeyless('whisk.system');
    await accounts.ensureKeyless('whisk.system');
    assert.equal(who(ownersAuth('whisk.system')), 'whisk.system');
    const here = ownersAuth('whisk.system');
    accounts = await open('another secret');
    assert.notEqual(ownersAuth('whisk.system'), here);
    assert.equal(who(here), undefined);
  });

  it('takes the key that lies in a file, once', async () => {
    await accounts.ensure('guest', AUTH);
    const revision = (await store.documents.get('subjects', 'guest'))?.revision;
    await accounts.ensure('guest', AUTH);
    assert.equal((await store.documents.get('subjects', 'guest'))?.revision, revision);
    assert.equal(who(AUTH), 'guest');
    const other = `${UUID}:${'z'.repeat(64)}`;
    await accounts.ensure('guest', other);
    assert.deepEqual([who(AUTH), who(other)], [undefined, 'guest']);
    await accounts.setBlocked('guest', true);
    await accounts.ensure('guest', other);
    assert.equal(who(other), undefined);
  });

  it('refuses what it cannot do, and says so', async () => {
    await accounts.create('alice', { auth: AUTH });
    const refusals: [() => Promise<unknown>, string, RegExp][] = [
      [() => accounts.create('al'), 'EUSAGE', /at least 5/],
      [() => accounts.create('al/ice'), 'EUSAGE', /al\/ice/],
      [() => accounts.create('alice', { namespace: 'a/b' }), 'EUSAGE', /no name for a namespace/],
      [() => accounts.create('alice'), 'EEXISTS', /has the namespace alice already/],
      [() => accounts.create('bobby', { auth: AUTH }), 'EEXISTS', /is that of another key/],
      [() => accounts.create('bobby', { auth: 'secret' }), 'EAUTH', /UUID:KEY/],
      [() => accounts.setBlocked('nobody', true), 'ENOENT', /no subject nobody/],
      [() => accounts.rotateKey('alice', { namespace: 'lab' }), 'ENOENT', /no namespace lab/],
      [() => accounts.setLimits('nowhere', {}), 'ENOENT', /no namespace nowhere/],
    ];
    for (const [attempt, code, message] of refusals) await assert.rejects(attempt, { name: 'AccountError', code, message });
    assert.equal(who(AUTH), 'alice');
    assert.equal(accounts.list().length, 1);
  });

  it('makes changes one after the other', async () => {
    await accounts.create('alice');
    const keys = await Promise.all(Array.from({ length: 8 }, () => accounts.rotateKey('alice', { keep: true })));
    assert.deepEqual(keys.map(({ auth }) => who(auth)), keys.map(() => 'alice'));
    accounts = await open();
    assert.deepEqual(keys.map(({ auth }) => who(auth)), keys.map(() => 'alice'));
  });

  it('lets a namespace have limits of its own, over a restart', async () => {
    await accounts.create('alice');
    assert.equal(accounts.limitsOf('alice'), DEFAULT_LIMITS);
    await accounts.setLimits('alice', { invocationsPerMinute: 'unlimited', maxActionMemory: '2048', maxPayloadBytes: '5 MB' });
    accounts = await open();
    const limits = accounts.limitsOf('alice');
    assert.deepEqual(limits.action.memory, { min: 128, max: 2048, standard: 256 });
    assert.equal(limits.maxPayloadBytes, 5 * 1024 * 1024);
    assert.equal(limits.firesPerMinute, DEFAULT_LIMITS.firesPerMinute);
    assert.equal(accounts.limitsOf('other'), DEFAULT_LIMITS);
    assert.deepEqual(await accounts.setLimits('alice', { maxActionMemory: null, maxPayloadBytes: null, invocationsPerMinute: 7 }), { invocationsPerMinute: 7 });
    assert.deepEqual(accounts.limitsOf('alice'), { ...DEFAULT_LIMITS, invocationsPerMinute: 7 });
    await assert.rejects(accounts.setLimits('alice', { maxActionMemory: 64 }), /smallest memory \(128\) is above the greatest \(64\)/);
    await assert.rejects(accounts.setLimits('alice', { invocationPerMinute: 7 }), /no limit 'invocationPerMinute'; limits are invocationsPerMinute/);
    assert.deepEqual(accounts.limitSettings('alice'), { invocationsPerMinute: 7 });
  });
});
