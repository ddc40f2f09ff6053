/** What every store promises, whatever it is made of. A backend's test calls `storeConformance` and has it run on the real thing. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { actionPath } from '../../domain/action.ts';
import { RevisionConflict, type Store } from '../store.ts';
import { sampleAction, sampleId, sampleMessage, sampleRecord } from './store-fixtures.ts';

export interface StoreUnderTest {
  /** Opens the store: an empty one the first time, afterwards the same again. The suite closes it before it opens it again. */
  open(): Promise<Store>;
  /** Removes what the store left; it is closed. */
  dispose(): Promise<void>;
}

const ALL = { limit: 0, skip: 0 };
const T = 1_700_000_000_000;

export function storeConformance(backend: string, create: () => Promise<StoreUnderTest>): void {
  describe(`the store promises (${backend})`, () => {
    let subject: StoreUnderTest;
    let store: Store;
    beforeEach(async () => {
      subject = await create();
      store = await subject.open();
    });
    afterEach(async () => {
      await store.close();
      await subject.dispose();
    });
    const reopen = async (): Promise<void> => {
      await store.close();
      store = await subject.open();
    };
    actionPromises(() => store, reopen);
    activationPromises(() => store, reopen);
    journalPromises(() => store, reopen);
    it('close can be called twice, and writes after it are rejected', async () => {
      const closed = store;
      await Promise.all([closed.close(), closed.close()]);
      await assert.rejects(closed.activations.append(sampleRecord({ activationId: sampleId(1) })), { name: 'StoreUnavailable' });
      await assert.rejects(closed.journal.accept(sampleMessage({ activationId: sampleId(1) })), { name: 'StoreUnavailable' });
      await assert.rejects(closed.actions.put(sampleAction({ name: 'a' }), undefined), { name: 'StoreUnavailable' });
      store = await subject.open();
      assert.equal(await store.activations.count({ namespace: 'guest' }), 0);
    });
  });
}

function actionPromises(store: () => Store, reopen: () => Promise<void>): void {
  describe('actions', () => {
    it('gives back what was put, also after opening again', async () => {
      const plain = sampleAction({ name: 'plain' });
      const packaged = sampleAction({ name: 'plain', package: 'tools', exec: { kind: 'python:3', code: 'AAAA', binary: true, main: 'run' } });
      const revisions = [await store().actions.put(plain, undefined), await store().actions.put(packaged, undefined)];
      for (const round of ['open', 'reopened']) {
        assert.deepEqual(await store().actions.get('guest/plain'), { action: plain, revision: revisions[0] }, round);
        assert.deepEqual(await store().actions.get('guest/tools/plain'), { action: packaged, revision: revisions[1] }, round);
        assert.equal(await store().actions.get('guest/none'), undefined, round);
        await reopen();
      }
    });

    it('is not changed by changes to what was put', async () => {
      const action = sampleAction({ name: 'a' });
      const before = structuredClone(action);
      const put = store().actions.put(action, undefined);
      action.limits.memory = 1;
      action.parameters.push({ key: 'b', value: 1 });
      await put;
      assert.deepEqual((await store().actions.get('guest/a'))?.action, before);
    });

    it('takes a change only on the revision that is stored', async () => {
      const first = await store().actions.put(sampleAction({ name: 'a' }), undefined);
      await assert.rejects(store().actions.put(sampleAction({ name: 'a' }), undefined), RevisionConflict);
      await assert.rejects(store().actions.put(sampleAction({ name: 'none' }), first), RevisionConflict);
      const changed = sampleAction({ name: 'a', version: '0.0.2' });
      const second = await store().actions.put(changed, first);
      assert.notEqual(second, first);
      await assert.rejects(store().actions.put(sampleAction({ name: 'a', version: '9.9.9' }), first), RevisionConflict);
      await assert.rejects(store().actions.delete('guest/a', first), RevisionConflict);
      assert.deepEqual(await store().actions.get('guest/a'), { action: changed, revision: second });
      await store().actions.delete('guest/a', second);
      assert.equal(await store().actions.get('guest/a'), undefined);
      await assert.rejects(store().actions.delete('guest/a', second), RevisionConflict);
      const again = await store().actions.put(sampleAction({ name: 'a' }), undefined);
      assert.ok(again !== first && again !== second, 'an action made again has a revision it never had');
    });

    it('lets one of several simultaneous changes win', async () => {
      const first = await store().actions.put(sampleAction({ name: 'a' }), undefined);
      const versions = ['0.0.2', '0.0.3', '0.0.4'];
      const results = await Promise.allSettled(versions.map((version) => store().actions.put(sampleAction({ name: 'a', version }), first)));
      const won = results.flatMap((result, index) => result.status === 'fulfilled' ? [{ version: versions[index], revision: result.value }] : []);
      assert.equal(won.length, 1);
      const stored = await store().actions.get('guest/a');
      assert.deepEqual({ version: stored?.action.version, revision: stored?.revision }, won[0]);
      for (const result of results) assert.ok(result.status === 'fulfilled' || result.reason instanceof RevisionConflict);
    });

    it('lists a namespace newest first, in pages', async () => {
      const actions = [5, 3, 9, 1, 7].map((n) => sampleAction({ name: `a${n}`, updated: T + n, ...(n > 5 ? { package: 'p' } : {}) }));
      for (const action of actions) await store().actions.put(action, undefined);
      await store().actions.put(sampleAction({ name: 'x', namespace: 'other', updated: T + 100 }), undefined);
      const names = async (page: { limit: number; skip: number }): Promise<string[]> =>
        (await store().actions.list('guest', page)).map(({ action }) => actionPath(action));
      assert.deepEqual(await names(ALL), ['guest/p/a9', 'guest/p/a7', 'guest/a5', 'guest/a3', 'guest/a1']);
      assert.deepEqual(await names({ limit: 2, skip: 1 }), ['guest/p/a7', 'guest/a5']);
      assert.deepEqual(await names({ limit: 2, skip: 9 }), []);
      assert.equal(await store().actions.count('guest'), 5);
      assert.equal(await store().actions.count('nobody'), 0);
    });
  });
}

function activationPromises(store: () => Store, reopen: () => Promise<void>): void {
  describe('activations', () => {
    it('reads its own writes at once, in their namespace, and after opening again', async () => {
      const record = sampleRecord({ activationId: sampleId(1), cause: sampleId(9) });
      await store().activations.append(record);
      for (const round of ['open', 'reopened']) {
        assert.deepEqual(await store().activations.get('guest', sampleId(1)), record, round);
        assert.deepEqual(await store().activations.list({ namespace: 'guest' }, ALL), [record], round);
        assert.equal(await store().activations.count({ namespace: 'guest' }), 1, round);
        assert.equal(await store().activations.get('other', sampleId(1)), undefined, round);
        assert.equal(await store().activations.get('guest', sampleId(2)), undefined, round);
        await reopen();
      }
    });

    it('keeps the first record of an id, whenever the second comes', async () => {
      const first = sampleRecord({ activationId: sampleId(1), duration: 1 });
      const second = sampleRecord({ activationId: sampleId(1), duration: 2, start: T + 500 });
      await Promise.all([store().activations.append(first), store().activations.append(second)]);
      assert.deepEqual(await store().activations.get('guest', sampleId(1)), first);
      await store().activations.append(second);
      assert.deepEqual(await store().activations.list({ namespace: 'guest' }, ALL), [first]);
      await reopen();
      await store().activations.append(second);
      assert.deepEqual(await store().activations.list({ namespace: 'guest' }, ALL), [first]);
    });

    it('lists newest first by start with every combination of filter and page', async () => {
      const starts = [30, 10, 50, 20, 40, 60];
      for (const [index, start] of starts.entries()) {
        const name = index % 2 === 0 ? 'even' : 'odd';
        await store().activations.append(sampleRecord({
          activationId: sampleId(index), start: T + start, name,
          annotations: [{ key: 'path', value: index < 4 ? `guest/${name}` : `guest/tools/${name}` }],
        }));
      }
      await store().activations.append(sampleRecord({ activationId: sampleId(99), namespace: 'other', start: T + 99 }));
      const list = async (filter: { name?: string; since?: number; upto?: number }, page = ALL): Promise<number[]> => {
        const records = await store().activations.list({ namespace: 'guest', ...filter }, page);
        if (page === ALL) assert.equal(await store().activations.count({ namespace: 'guest', ...filter }), records.length);
        return records.map(({ start }) => start - T);
      };
      assert.deepEqual(await list({}), [60, 50, 40, 30, 20, 10]);
      assert.deepEqual(await list({}, { limit: 2, skip: 1 }), [50, 40]);
      assert.deepEqual(await list({ since: T + 20, upto: T + 50 }), [50, 40, 30, 20]);
      assert.deepEqual(await list({ since: T + 21 }, { limit: 1, skip: 3 }), [30]);
      assert.deepEqual(await list({ upto: T + 49 }), [40, 30, 20, 10]);
      assert.deepEqual(await list({ name: 'odd' }), [20, 10]);
      assert.deepEqual(await list({ name: 'tools/odd' }), [60]);
      assert.deepEqual(await list({ name: 'even', since: T + 40 }), [50]);
      assert.deepEqual(await list({ name: 'tools/even', upto: T + 40 }), [40]);
      assert.deepEqual(await list({ since: T + 100 }), []);
    });

    it('gives 200 records when no limit is set', async () => {
      await Promise.all(Array.from({ length: 230 }, (_, n) => store().activations.append(sampleRecord({ activationId: sampleId(n), start: T + n }))));
      const records = await store().activations.list({ namespace: 'guest' }, ALL);
      assert.deepEqual(records.map(({ start }) => start - T), Array.from({ length: 200 }, (_, n) => 229 - n));
      assert.equal(await store().activations.count({ namespace: 'guest' }), 230);
    });

    it('pages through records of the same start without leaving any out', async () => {
      await Promise.all(Array.from({ length: 20 }, (_, n) => store().activations.append(sampleRecord({ activationId: sampleId(n) }))));
      const seen = new Set<string>();
      for (let skip = 0; skip < 20; skip += 3) {
        for (const { activationId } of await store().activations.list({ namespace: 'guest' }, { limit: 3, skip })) seen.add(activationId);
      }
      assert.equal(seen.size, 20);
    });

    it('takes records of megabytes', async () => {
      const record = sampleRecord({ activationId: sampleId(1), logs: Array.from({ length: 30_000 }, (_, n) => `line ${n} ${'ö'.repeat(80)}`) });
      await Promise.all([store().activations.append(record), store().activations.append(sampleRecord({ activationId: sampleId(2) }))]);
      assert.deepEqual(await store().activations.get('guest', sampleId(1)), record);
      assert.equal(await store().activations.count({ namespace: 'guest' }), 2);
    });
  });
}

function journalPromises(store: () => Store, reopen: () => Promise<void>): void {
  describe('journal', () => {
    it('keeps what was accepted until its record is there', async () => {
      const messages = [1, 2, 3].map((n) => sampleMessage({ activationId: sampleId(n), acceptedAt: T + n, args: { n } }));
      await Promise.all(messages.map((message) => store().journal.accept(message)));
      await store().activations.append(sampleRecord({ activationId: sampleId(2) }));
      for (let round = 0; round < 3; round++) {
        assert.deepEqual(await store().journal.unfinished(), [messages[0], messages[2]]);
        await reopen();
      }
      await store().activations.append(sampleRecord({ activationId: sampleId(1) }));
      await reopen();
      await store().activations.append(sampleRecord({ activationId: sampleId(3) }));
      assert.deepEqual(await store().journal.unfinished(), []);
      await reopen();
      assert.deepEqual(await store().journal.unfinished(), []);
      assert.equal(await store().activations.count({ namespace: 'guest' }), 3);
    });

    it('gives the oldest first, whatever the order of their arrival', async () => {
      for (const n of [3, 1, 2]) await store().journal.accept(sampleMessage({ activationId: sampleId(n), acceptedAt: T + n }));
      const order = async (): Promise<number[]> => (await store().journal.unfinished()).map(({ acceptedAt }) => acceptedAt - T);
      assert.deepEqual(await order(), [1, 2, 3]);
      await reopen();
      assert.deepEqual(await order(), [1, 2, 3]);
    });

    it('holds a message accepted twice once, and one that has its record not at all', async () => {
      const message = sampleMessage({ activationId: sampleId(1) });
      await Promise.all([store().journal.accept(message), store().journal.accept(message)]);
      assert.deepEqual(await store().journal.unfinished(), [message]);
      await store().activations.append(sampleRecord({ activationId: sampleId(1) }));
      await store().journal.accept(message);
      assert.deepEqual(await store().journal.unfinished(), []);
      await reopen();
      assert.deepEqual(await store().journal.unfinished(), []);
    });

    it('is settled by a record that overtakes the acceptance', async () => {
      const accepted = store().journal.accept(sampleMessage({ activationId: sampleId(1) }));
      await Promise.all([accepted, store().activations.append(sampleRecord({ activationId: sampleId(1) }))]);
      assert.deepEqual(await store().journal.unfinished(), []);
      await reopen();
      assert.deepEqual(await store().journal.unfinished(), []);
    });
  });
}
