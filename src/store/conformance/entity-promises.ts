/** What every store promises of entities and documents. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { actionPath } from '../../domain/action.ts';
import { RevisionConflict, type EntityChange, type EntityFilter, type Store, type StoredEntity } from '../store.ts';
import { sampleAction, samplePackage, sampleRule, sampleTrigger } from './store-fixtures.ts';

const ALL = { limit: 0, skip: 0 };
const T = 1_700_000_000_000;

type Put = Extract<EntityChange, { change: 'put' }>;

export function entityPromises(store: () => Store, reopen: () => Promise<void>): void {
  const create = async (...entities: (Pick<Put, 'type' | 'entity'> & Pick<StoredEntity, 'type'>)[]): Promise<string[]> =>
    (await store().entities.write(entities.map((entity) => ({ change: 'put', ...entity, expectedRevision: undefined }) as EntityChange))).map(String);
  const action = (...[changes]: Parameters<typeof sampleAction>): { type: 'action'; entity: ReturnType<typeof sampleAction> } => ({ type: 'action', entity: sampleAction(changes) });

  describe('entities', () => {
    it('gives back what was put, also after opening again', async () => {
      const entities = [
        action({ name: 'plain' }),
        action({ name: 'packaged', package: 'tools', exec: { kind: 'python:3', code: 'a\u0000\ud800\n"ö', binary: false, main: 'run' } }),
        { type: 'package' as const, entity: samplePackage({ name: 'tools', binding: { namespace: 'other', name: 'p' } }) },
        { type: 'trigger' as const, entity: sampleTrigger({ name: 'tick' }) },
        { type: 'rule' as const, entity: sampleRule({ name: 'each', trigger: 'guest/tick', action: 'guest/tools/packaged' }) },
      ];
      const revisions = await create(...entities);
      for (const round of ['open', 'reopened']) {
        for (const [index, { type, entity }] of entities.entries()) {
          assert.deepEqual(await store().entities.get(actionPath(entity)), { type, entity, revision: revisions[index] }, round);
        }
        assert.equal(await store().entities.get('guest/none'), undefined, round);
        await reopen();
      }
    });

    it('is not changed by changes to what was put', async () => {
      const put = action({ name: 'a' });
      const before = structuredClone(put.entity);
      const written = create(put);
      put.entity.limits.memory = 1;
      put.entity.parameters.push({ key: 'b', value: 1 });
      await written;
      assert.deepEqual((await store().entities.get('guest/a'))?.entity, before);
      await reopen();
      assert.deepEqual((await store().entities.get('guest/a'))?.entity, before);
    });

    it('takes a change only on the revision that is stored', async () => {
      const put = (version: string, expectedRevision: string | undefined, name = 'a'): Promise<(string | undefined)[]> =>
        store().entities.write([{ change: 'put', type: 'trigger', entity: sampleTrigger({ name, version }), expectedRevision }]);
      const remove = (expectedRevision: string): Promise<(string | undefined)[]> => store().entities.write([{ change: 'delete', path: 'guest/a', expectedRevision }]);
      const [first = ''] = await put('0.0.1', undefined);
      await assert.rejects(put('0.0.1', undefined), RevisionConflict);
      await assert.rejects(put('0.0.1', first, 'none'), RevisionConflict);
      const [second = ''] = await put('0.0.2', first);
      assert.notEqual(second, first);
      await assert.rejects(put('9.9.9', first), RevisionConflict);
      await assert.rejects(remove(first), RevisionConflict);
      assert.deepEqual(await store().entities.get('guest/a'), { type: 'trigger', entity: sampleTrigger({ name: 'a', version: '0.0.2' }), revision: second });
      assert.deepEqual(await remove(second), [undefined]);
      assert.equal(await store().entities.get('guest/a'), undefined);
      await assert.rejects(remove(second), RevisionConflict);
      const [again = ''] = await put('0.0.1', undefined);
      assert.ok(again !== first && again !== second, 'an entity made again has a revision it never had');
    });

    it('holds a path once, whatever the type', async () => {
      await create({ type: 'package', entity: samplePackage({ name: 'x' }) });
      for (const entity of [action({ name: 'x' }), { type: 'trigger' as const, entity: sampleTrigger({ name: 'x' }) }]) {
        await assert.rejects(create(entity), RevisionConflict);
      }
      // An action in a package of that name is no rival.
      await create(action({ name: 'x', package: 'x' }));
      assert.equal((await store().entities.get('guest/x'))?.type, 'package');
    });

    it('lets one of several simultaneous changes win', async () => {
      const [first] = await create(action({ name: 'a' }));
      const versions = ['0.0.2', '0.0.3', '0.0.4'];
      const results = await Promise.allSettled(versions.map((version) =>
        store().entities.write([{ change: 'put', type: 'action', entity: sampleAction({ name: 'a', version }), expectedRevision: first }])));
      const won = results.flatMap((result, index) => result.status === 'fulfilled' ? [{ version: versions[index], revision: result.value[0] }] : []);
      assert.equal(won.length, 1);
      const stored = await store().entities.get('guest/a');
      assert.deepEqual({ version: stored?.entity.version, revision: stored?.revision }, won[0]);
      for (const result of results) assert.ok(result.status === 'fulfilled' || result.reason instanceof RevisionConflict);
    });

    it('makes all changes of a write or none', async () => {
      const [kept = '', removed = ''] = await create({ type: 'trigger', entity: sampleTrigger({ name: 'kept' }) }, { type: 'trigger', entity: sampleTrigger({ name: 'removed' }) });
      const changes = (stale: string): EntityChange[] => [
        { change: 'put', type: 'rule', entity: sampleRule({ name: 'made', trigger: 'guest/kept', action: 'guest/a' }), expectedRevision: undefined },
        { change: 'delete', path: 'guest/removed', expectedRevision: removed },
        { change: 'put', type: 'trigger', entity: sampleTrigger({ name: 'kept', version: '0.0.2' }), expectedRevision: stale },
      ];
      // Read beforehand, so that a cache could be mistaken.
      for (const path of ['guest/kept', 'guest/removed', 'guest/made']) await store().entities.get(path);
      await assert.rejects(store().entities.write(changes('1-0000000000000000')), RevisionConflict);
      for (const round of ['open', 'reopened']) {
        assert.equal((await store().entities.get('guest/kept'))?.revision, kept, round);
        assert.equal((await store().entities.get('guest/removed'))?.revision, removed, round);
        assert.equal(await store().entities.get('guest/made'), undefined, round);
        await reopen();
      }
      const revisions = await store().entities.write(changes(kept));
      assert.deepEqual(revisions.map((revision) => typeof revision), ['string', 'undefined', 'string']);
      for (const round of ['open', 'reopened']) {
        assert.equal((await store().entities.get('guest/kept'))?.revision, revisions[2], round);
        assert.equal(await store().entities.get('guest/removed'), undefined, round);
        assert.equal((await store().entities.get('guest/made'))?.revision, revisions[0], round);
        await reopen();
      }
      assert.deepEqual(await store().entities.write([]), []);
    });

    it('lists one type of a namespace newest first, in pages, filtered', async () => {
      const names = async (type: 'action' | 'package' | 'rule' | 'trigger', filter: Omit<EntityFilter, 'namespace'> = {}, page = ALL): Promise<string[]> => {
        const listed = await store().entities.list(type, { namespace: 'guest', ...filter }, page);
        if (page === ALL) assert.equal(await store().entities.count(type, { namespace: 'guest', ...filter }), listed.length);
        for (const stored of listed) assert.equal((await store().entities.get(actionPath(stored.entity)))?.revision, stored.revision);
        return listed.map(({ entity }) => actionPath(entity).replace('guest/', ''));
      };
      await create(...[5, 3, 9, 1, 7].map((n) => action({ name: `a${n}`, updated: T + n, ...(n > 5 ? { package: 'p' } : {}) })));
      await create(...[1, 3, 2].map((n) => ({ type: 'package' as const, entity: samplePackage({ name: `p${n}`, updated: T + n, publish: n !== 2 }) })));
      await create({ type: 'package', entity: samplePackage({ name: 'b', updated: T, publish: true, binding: { namespace: 'guest', name: 'p1' } }) });
      await create({ type: 'trigger', entity: sampleTrigger({ name: 't' }) });
      await create(...[1, 2, 3].map((n) => ({ type: 'rule' as const, entity: sampleRule({ name: `r${n}`, updated: T + n, trigger: n === 2 ? 'guest/u' : 'guest/t', action: 'guest/a1' }) })));
      await create(action({ name: 'x', namespace: 'other', updated: T + 100 }));
      assert.deepEqual(await names('action'), ['p/a9', 'p/a7', 'a5', 'a3', 'a1']);
      assert.deepEqual(await names('action', {}, { limit: 2, skip: 1 }), ['p/a7', 'a5']);
      assert.deepEqual(await names('action', {}, { limit: 2, skip: 9 }), []);
      assert.deepEqual(await names('action', { package: 'p' }), ['p/a9', 'p/a7']);
      assert.deepEqual(await names('action', { package: null }), ['a5', 'a3', 'a1']);
      assert.deepEqual(await names('action', { package: 'p1' }), []);
      assert.deepEqual(await names('package'), ['p3', 'p2', 'p1', 'b']);
      assert.deepEqual(await names('package', { published: true }), ['p3', 'p1']);
      assert.deepEqual(await names('trigger'), ['t']);
      assert.deepEqual(await names('rule'), ['r3', 'r2', 'r1']);
      assert.deepEqual(await names('rule', { trigger: 'guest/t' }), ['r3', 'r1']);
      assert.equal(await store().entities.count('action', { namespace: 'nobody' }), 0);
    });

    it('lists actions without their code, and gives 200 when no limit is set', async () => {
      await create(...Array.from({ length: 210 }, (_, n) => action({ name: `a${n}`, updated: T + n })));
      const listed = await store().entities.list('action', { namespace: 'guest' }, ALL);
      assert.equal(listed.length, 200);
      const { entity } = action({ name: 'a209', updated: T + 209 });
      assert.deepEqual(listed[0]?.entity, { ...entity, exec: { ...entity.exec, code: '' } });
      assert.deepEqual((await store().entities.get('guest/a209'))?.entity, entity);
    });
  });
}

export function documentPromises(store: () => Store, reopen: () => Promise<void>): void {
  describe('documents', () => {
    it('gives back what was put, in its collection, also after opening again', async () => {
      const value = { text: 'Grüße\n\u2028', list: [1, null, { deep: true }] };
      const revision = await store().documents.put('subjects', 'a', value, undefined);
      await store().documents.put('apis', 'a', 7, undefined);
      for (const round of ['open', 'reopened']) {
        assert.deepEqual(await store().documents.get('subjects', 'a'), { key: 'a', value, revision }, round);
        assert.equal((await store().documents.get('apis', 'a'))?.value, 7, round);
        assert.equal(await store().documents.get('subjects', 'b'), undefined, round);
        await reopen();
      }
    });

    it('takes a change only on the revision that is stored', async () => {
      const { put, delete: remove } = { put: store().documents.put.bind(store().documents), delete: store().documents.delete.bind(store().documents) };
      const first = await put('c', 'k', 1, undefined);
      await assert.rejects(put('c', 'k', 2, undefined), RevisionConflict);
      await assert.rejects(put('c', 'none', 2, first), RevisionConflict);
      const second = await put('c', 'k', 2, first);
      await assert.rejects(put('c', 'k', 3, first), RevisionConflict);
      await assert.rejects(remove('c', 'k', first), RevisionConflict);
      assert.deepEqual(await store().documents.get('c', 'k'), { key: 'k', value: 2, revision: second });
      await remove('c', 'k', second);
      assert.equal(await store().documents.get('c', 'k'), undefined);
      await assert.rejects(remove('c', 'k', second), RevisionConflict);
      assert.notEqual(await put('c', 'k', 1, undefined), first);
    });

    it('lists a collection by key, or the part with a prefix', async () => {
      for (const key of ['b/1', 'a', 'b/2', 'b', 'b0', 'ö', '']) await store().documents.put('c', key, key, undefined);
      await store().documents.put('d', 'b/3', 1, undefined);
      const keys = async (prefix?: string): Promise<string[]> => (await store().documents.list('c', prefix)).map(({ key }) => key);
      assert.deepEqual(await keys(), ['', 'a', 'b', 'b/1', 'b/2', 'b0', 'ö']);
      assert.deepEqual(await keys('b/'), ['b/1', 'b/2']);
      assert.deepEqual(await keys('b'), ['b', 'b/1', 'b/2', 'b0']);
      assert.deepEqual(await keys('z'), []);
      // What was cut short must not stand in the way of the next change.
      await store().documents.put('c', 'z', 1, undefined);
      assert.deepEqual((await store().documents.list('c', 'z')).map(({ value }) => value), [1]);
    });
  });
}
