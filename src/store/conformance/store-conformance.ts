/** What every store promises, whatever it is made of. A backend's test calls `storeConformance` and has it run on the real thing. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { ActivationMessage, ActivationRecord } from '../../domain/activation.ts';
import type { ActivationSummary, Store } from '../store.ts';
import { documentPromises, entityPromises } from './entity-promises.ts';
import { sampleId, sampleMessage, sampleRecord, sampleTrigger } from './store-fixtures.ts';

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
    entityPromises(() => store, reopen);
    documentPromises(() => store, reopen);
    activationPromises(() => store, reopen);
    journalPromises(() => store, reopen);
    it('close can be called twice, and writes after it are rejected', async () => {
      const closed = store;
      await closed.journal.accept(sampleMessage({ activationId: sampleId(2) }));
      await Promise.all([closed.close(), closed.close()]);
      await assert.rejects(closed.activations.append(sampleRecord({ activationId: sampleId(1) })), { name: 'StoreUnavailable' });
      await assert.rejects(closed.journal.accept(sampleMessage({ activationId: sampleId(1) })), { name: 'StoreUnavailable' });
      await assert.rejects(closed.journal.checkpoint(sampleMessage({ activationId: sampleId(2) })), { name: 'StoreUnavailable' });
      await assert.rejects(closed.documents.put('c', 'k', 1, undefined), { name: 'StoreUnavailable' });
      const entity = sampleTrigger({ name: 'a' });
      await assert.rejects(closed.entities.write([{ change: 'put', type: 'trigger', entity, expectedRevision: undefined }]), { name: 'StoreUnavailable' });
      store = await subject.open();
      assert.equal(await store.activations.count({ namespace: 'guest' }), 0);
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
        const summaries = await store().activations.summaries({ namespace: 'guest', ...filter }, page);
        assert.deepEqual(summaries, records.map(summaryOf));
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

    it('counts any range of time, of all names and of one, near and far', async () => {
      const minutes = [0, 0.2, 0.9, 1, 1.1, 2, 7, 60, 500, 501, 2_000];
      await Promise.all(minutes.map((minute, n) => store().activations.append(sampleRecord({ activationId: sampleId(n), start: T + minute * 60_000, name: n % 3 === 0 ? 'a' : 'b' }))));
      const bounds = [undefined, ...minutes.flatMap((minute) => [T + minute * 60_000, T + minute * 60_000 + 1])];
      for (const since of bounds) {
        for (const upto of bounds) {
          for (const name of [undefined, 'a']) {
            const filter = { namespace: 'guest', ...(since === undefined ? {} : { since }), ...(upto === undefined ? {} : { upto }), ...(name === undefined ? {} : { name }) };
            assert.equal(await store().activations.count(filter), (await store().activations.list(filter, ALL)).length, JSON.stringify(filter));
          }
        }
      }
    });

    it('finds what was called through a binding by the name of the binding', async () => {
      const annotations = (path: string, binding?: string): ActivationRecord['annotations'] =>
        [{ key: 'path', value: path }, ...(binding === undefined ? [] : [{ key: 'binding', value: binding }])];
      await store().activations.append(sampleRecord({ activationId: sampleId(1), name: 'sort', annotations: annotations('whisk.system/utils/sort', 'guest/mine') }));
      await store().activations.append(sampleRecord({ activationId: sampleId(2), name: 'sort', annotations: annotations('whisk.system/utils/sort') }));
      // A trigger's record has no path, and never ends.
      await store().activations.append(sampleRecord({ activationId: sampleId(3), name: 'sort', annotations: [], end: 0, duration: 0 }));
      const found = async (name: string): Promise<string[]> => (await store().activations.list({ namespace: 'guest', name }, ALL)).map(({ activationId }) => activationId);
      assert.deepEqual([await found('mine/sort'), await found('utils/sort'), await found('sort')], [[sampleId(1)], [sampleId(2)], [sampleId(3)]]);
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

function summaryOf({ response, logs, ...rest }: ActivationRecord): ActivationSummary {
  assert.ok(logs.length > 0);
  return { ...rest, statusCode: response.statusCode };
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

    it('gives a message in its latest state, at its place', async () => {
      const message = (n: number, step: number): ActivationMessage => sampleMessage({ activationId: sampleId(n), acceptedAt: T + n, args: { step, text: 'x'.repeat(step * 100) } });
      await Promise.all([1, 2, 3].map((n) => store().journal.accept(message(n, 0))));
      for (const step of [5, 1, 3]) await store().journal.checkpoint(message(2, step));
      for (let round = 0; round < 3; round++) {
        assert.deepEqual(await store().journal.unfinished(), [message(1, 0), message(2, 3), message(3, 0)]);
        await reopen();
      }
      await store().journal.accept(message(2, 0));
      assert.deepEqual((await store().journal.unfinished())[1], message(2, 3), 'accepted again, it stays as far as it was');
      await Promise.all([1, 2, 4].map((step) => store().journal.checkpoint(message(2, step))));
      await reopen();
      assert.deepEqual((await store().journal.unfinished())[1], message(2, 4));
    });

    it('holds nothing of a checkpoint of what has its record, or was never accepted', async () => {
      const message = sampleMessage({ activationId: sampleId(1) });
      await store().journal.accept(message);
      const checkpoint = store().journal.checkpoint({ ...message, args: { step: 1 } });
      await Promise.all([store().activations.append(sampleRecord({ activationId: sampleId(1) })), checkpoint, store().journal.checkpoint({ ...message, args: { step: 2 } })]);
      await store().journal.checkpoint({ ...message, args: { step: 3 } });
      await store().journal.checkpoint(sampleMessage({ activationId: sampleId(2) }));
      for (let round = 0; round < 2; round++) {
        assert.deepEqual(await store().journal.unfinished(), []);
        await reopen();
      }
    });
  });
}
