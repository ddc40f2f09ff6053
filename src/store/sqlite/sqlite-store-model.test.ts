import { mkdtempSync, rmSync } from 'node:fs';
import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import fc from 'fast-check';
import type { ActivationMessage, ActivationRecord } from '../../domain/activation.ts';
import { silentLogger } from '../../domain/logger.ts';
import { sampleAction, sampleId, sampleMessage, sampleRecord, sampleTrigger } from '../conformance/store-fixtures.ts';
import { RevisionConflict, type ActivationFilter, type EntityChange, type Store, type StoredEntity } from '../store.ts';
import { openSqliteStore } from './sqlite-store.ts';

type Operation =
  | { do: 'append'; ids: number[]; start: number; name: string }
  | { do: 'accept'; ids: number[]; size: number }
  | { do: 'checkpoint'; ids: number[]; size: number }
  | { do: 'get'; id: number }
  | { do: 'list'; filter: Omit<ActivationFilter, 'namespace'>; limit: number; skip: number }
  | { do: 'put'; name: string; stale: boolean; version: string }
  | { do: 'delete'; name: string; stale: boolean }
  | { do: 'unfinished' }
  | { do: 'reopen' };

const id = fc.nat(30);
const name = fc.constantFrom('a', 'b');
const start = fc.nat(50);
const operation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('append' as const), ids: fc.array(id, { minLength: 1, maxLength: 5 }), start, name }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('accept' as const), ids: fc.array(id, { minLength: 1, maxLength: 5 }), size: fc.nat(2000) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('checkpoint' as const), ids: fc.array(id, { minLength: 1, maxLength: 5 }), size: fc.nat(2000) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('get' as const), id }) },
  {
    weight: 2, arbitrary: fc.record({
      do: fc.constant('list' as const), limit: fc.nat(10), skip: fc.nat(10),
      filter: fc.record({ name, since: start, upto: start }, { requiredKeys: [] }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('put' as const), name, stale: fc.boolean(), version: fc.constantFrom('0.0.1', '0.0.2') }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('delete' as const), name, stale: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('unfinished' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('reopen' as const) }) },
);

/** The store as it should be, in the simplest way there is. */
class Model {
  readonly records = new Map<string, ActivationRecord>();
  readonly messages = new Map<string, ActivationMessage>();
  writes = 0;
  readonly entities = new Map<string, StoredEntity>();

  unfinished(): ActivationMessage[] {
    return [...this.messages.values()]
      .filter(({ activationId }) => !this.records.has(activationId))
      .sort((a, b) => a.activationId < b.activationId ? -1 : 1);
  }

  list({ name, since = -Infinity, upto = Infinity }: Omit<ActivationFilter, 'namespace'>): ActivationRecord[] {
    return [...this.records.values()].reverse()
      .filter((record) => (name === undefined || record.name === name) && record.start >= since && record.start <= upto)
      .sort((a, b) => b.start - a.start);
  }
}

async function step(store: Store, model: Model, operation: Exclude<Operation, { do: 'reopen' }>): Promise<void> {
  switch (operation.do) {
    case 'append': {
      const records = operation.ids.map((n) => sampleRecord({ activationId: sampleId(n), start: operation.start, name: operation.name }));
      for (const record of records) {
        if (!model.records.has(record.activationId)) model.records.set(record.activationId, record);
      }
      await Promise.all(records.map((record) => store.activations.append(record)));
      return;
    }
    case 'accept': {
      const messages = operation.ids.map((n) => sampleMessage({ activationId: sampleId(n), args: { text: 'x'.repeat(n * 50) } }));
      for (const message of messages) {
        if (!model.messages.has(message.activationId)) model.messages.set(message.activationId, message);
      }
      await Promise.all(messages.map((message) => store.journal.accept(message)));
      return;
    }
    case 'checkpoint': {
      const messages = operation.ids.map((n, index) => sampleMessage({ activationId: sampleId(n), args: { index, text: 'y'.repeat(operation.size) } }));
      for (const message of messages) {
        if (model.messages.has(message.activationId)) model.messages.set(message.activationId, message);
      }
      await Promise.all(messages.map((message) => store.journal.checkpoint(message)));
      return;
    }
    case 'get':
      assert.deepEqual(await store.activations.get('guest', sampleId(operation.id)), model.records.get(sampleId(operation.id)));
      return;
    case 'list': {
      const { filter, limit, skip } = operation;
      const expected = model.list(filter);
      assert.deepEqual(await store.activations.list({ namespace: 'guest', ...filter }, { limit, skip }), expected.slice(skip, skip + (limit === 0 ? 200 : limit)));
      assert.equal(await store.activations.count({ namespace: 'guest', ...filter }), expected.length);
      return;
    }
    case 'put': case 'delete': await changeEntity(store, model, operation); return;
    case 'unfinished': assert.deepEqual(await store.journal.unfinished(), model.unfinished()); return;
  }
}

/** Two changes in one write, of which the second is sound: it must not be made when the first is stale. */
async function changeEntity(store: Store, model: Model, operation: Extract<Operation, { do: 'put' | 'delete' }>): Promise<void> {
  const path = `guest/${operation.name}`;
  const stored = model.entities.get(path);
  const expectedRevision = operation.stale ? '1-0123456789abcdef' : stored?.revision;
  const companion = sampleTrigger({ name: 'companion', version: `0.0.${model.writes++}` });
  const entity = operation.do === 'put' ? sampleAction({ name: operation.name, version: operation.version }) : undefined;
  const changes: EntityChange[] = [
    entity !== undefined
      ? { change: 'put', type: 'action', entity, expectedRevision }
      : { change: 'delete', path, expectedRevision: expectedRevision ?? '' },
    { change: 'put', type: 'trigger', entity: companion, expectedRevision: model.entities.get('guest/companion')?.revision },
  ];
  if (operation.stale || (operation.do === 'delete' && stored === undefined)) {
    await assert.rejects(store.entities.write(changes), RevisionConflict);
  } else {
    const [revision, companionRevision = ''] = await store.entities.write(changes);
    model.entities.set('guest/companion', { type: 'trigger', entity: companion, revision: companionRevision });
    if (revision !== undefined && entity !== undefined) model.entities.set(path, { type: 'action', entity, revision });
    else model.entities.delete(path);
  }
  for (const each of [path, 'guest/companion']) assert.deepEqual(await store.entities.get(each), model.entities.get(each));
  assert.equal(await store.entities.count('action', { namespace: 'guest' }), [...model.entities.values()].filter(({ type }) => type === 'action').length);
}

it('an sqlite store does as its model does, whatever is asked of it in whatever order', { timeout: 300_000 }, async () => {
  await fc.assert(fc.asyncProperty(fc.array(operation, { maxLength: 40 }), fc.constantFrom(900, 5000, 1e6), async (operations, segmentBytes) => {
    const directory = mkdtempSync(join(tmpdir(), 'hpcwhisk-model-'));
    const open = (): Promise<Store> => openSqliteStore({ directory, logger: silentLogger, segmentBytes, entityCacheCharacters: 500 });
    const model = new Model();
    let store = await open();
    try {
      for (const operation of [...operations, { do: 'unfinished' }, { do: 'reopen' }, { do: 'unfinished' }, { do: 'list', filter: {}, limit: 0, skip: 0 }] satisfies Operation[]) {
        if (operation.do === 'reopen') {
          await store.close();
          store = await open();
        } else {
          await step(store, model, operation);
        }
      }
    } finally {
      await store.close();
      rmSync(directory, { recursive: true });
    }
  }), { numRuns: 25 });
});
