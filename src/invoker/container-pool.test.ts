import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { ContainerPool } from './container-pool.ts';
import type { Slot } from './container-pool.ts';

type Box = string;
const NODE = { key: 'a', kind: 'nodejs:24', memoryMB: 256, concurrency: 1 };

function acquire(pool: ContainerPool<Box>, request = NODE): Slot<Box> {
  const acquired = pool.acquire(request);
  assert.ok(acquired.type !== 'wait' && acquired.type !== 'never', acquired.type);
  return acquired.slot;
}

describe('container pool', () => {
  it('uses the warm container of the same key that was used last', () => {
    const pool = new ContainerPool<Box>(1024);
    const [first, second] = [acquire(pool), acquire(pool)];
    pool.release(first, 1);
    pool.release(second, 2);
    const again = pool.acquire(NODE);
    assert.deepEqual([again.type, 'slot' in again && again.slot === second], ['warm', true]);
  });

  it('prefers a stem cell of the same kind and memory to a cold start', () => {
    const pool = new ContainerPool<Box>(2048);
    const cell = pool.reserveStemCell('nodejs:24', 256);
    assert.ok(cell);
    assert.equal(pool.acquire(NODE).type, 'cold', 'it has not started yet');
    assert.ok(pool.stemCellStarted(cell));
    assert.equal(pool.acquire({ ...NODE, memoryMB: 128 }).type, 'cold');
    assert.equal(pool.acquire({ ...NODE, kind: 'python:3' }).type, 'cold');
    assert.equal(pool.acquire(NODE).type, 'prewarmed');
    assert.equal(pool.stemCells('nodejs:24', 256), 0);
  });

  it('evicts stem cells first, then the warm container that was used longest ago, and no more than needed', () => {
    const pool = new ContainerPool<Box>(768);
    const old = acquire(pool, { ...NODE, key: 'old' });
    const recent = acquire(pool, { ...NODE, key: 'recent' });
    const cell = pool.reserveStemCell('python:3', 256);
    assert.ok(cell);
    pool.release(old, 1);
    pool.release(recent, 2);
    const first = pool.acquire(NODE);
    assert.deepEqual(first, { type: 'wait', evict: [cell] });
    pool.removing(cell);
    assert.deepEqual(pool.acquire(NODE), { type: 'wait', evict: [] }, 'its memory is on the way');
    pool.removed(cell);
    assert.equal(pool.acquire(NODE).type, 'cold');
    assert.deepEqual(pool.acquire(NODE), { type: 'wait', evict: [old] });
  });

  it('evicts nobody for what cannot fit even then', () => {
    const pool = new ContainerPool<Box>(512);
    acquire(pool);
    const idle = acquire(pool, { ...NODE, key: 'b' });
    pool.release(idle, 1);
    assert.deepEqual(pool.acquire({ ...NODE, key: 'c', memoryMB: 512 }), { type: 'wait', evict: [] });
    assert.deepEqual(pool.acquire({ ...NODE, memoryMB: 1024 }), { type: 'never' });
  });

  it('reserves stem cells from free memory only', () => {
    const pool = new ContainerPool<Box>(512);
    pool.release(acquire(pool), 1);
    assert.ok(pool.reserveStemCell('python:3', 256));
    assert.equal(pool.reserveStemCell('python:3', 256), undefined);
  });

  it('tells what has been idle for long', () => {
    const pool = new ContainerPool<Box>(1024);
    const slots = [acquire(pool), acquire(pool), acquire(pool)];
    slots.forEach((slot, at) => { pool.release(slot, at * 10); });
    assert.deepEqual(pool.idleSince(20), slots.slice(0, 2));
  });

  it('lets several activations into one container, fills one after the other, and frees it after the last', () => {
    const pool = new ContainerPool<Box>(512);
    const three = { ...NODE, concurrency: 3 };
    const first = acquire(pool, three);
    assert.deepEqual([pool.acquire(three).type, pool.acquire(three).type], ['shared', 'shared']);
    assert.equal(pool.availableMB, 256);
    const second = acquire(pool, three);
    assert.notEqual(second, first);
    assert.equal(pool.release(first, 1), false);
    assert.deepEqual([acquire(pool, three), first.running], [second, 1 + 1], 'the second has room as well, and came later');
  });

  it('lets nobody into a container that is not fit for more', () => {
    const pool = new ContainerPool<Box>(512);
    const two = { ...NODE, concurrency: 3 };
    const slot = acquire(pool, two);
    assert.equal(acquire(pool, two), slot);
    pool.doom(slot);
    assert.notEqual(acquire(pool, two), slot);
    assert.deepEqual([pool.release(slot, 1), pool.release(slot, 2)], [false, true]);
    assert.equal(pool.warm(NODE.key), undefined, 'it is not warm');
    pool.removing(slot);
    pool.removed(slot);
    assert.equal(pool.usedMB, 256);
  });

  it('never gives more memory than there is, nor a container to two, whatever happens', () => {
    const step = fc.oneof(
      fc.record({ do: fc.constant('acquire' as const), key: fc.integer({ min: 0, max: 5 }), memoryMB: fc.constantFrom(128, 256, 512, 2048), concurrency: fc.constantFrom(1, 3) }),
      fc.record({ do: fc.constantFrom('release', 'remove', 'finishRemoving', 'stemCell', 'startStemCell', 'removeIdle' as const), pick: fc.nat() }),
    );
    fc.assert(fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
      const pool = new ContainerPool<Box>(1024);
      const busy: Slot<Box>[] = [];
      const removing: Slot<Box>[] = [];
      let now = 0;
      const remove = (slot: Slot<Box>): void => {
        pool.removing(slot);
        removing.push(slot);
      };
      const release = (slot: Slot<Box> | undefined): void => {
        // As containers.ts does: a doomed one goes with the last that was in it.
        if (slot !== undefined && pool.release(slot, now) && slot.doomed) remove(slot);
      };
      const discard = (slot: Slot<Box> | undefined): void => {
        if (slot === undefined) return;
        pool.doom(slot);
        if (pool.release(slot, now)) remove(slot);
      };
      const take = (from: Slot<Box>[], pick: number): Slot<Box> | undefined => (from.length === 0 ? undefined : from.splice(pick % from.length, 1)[0]);
      for (const each of steps) {
        now += 1;
        if (each.do === 'acquire') {
          const key = `k${each.key}-${each.memoryMB}-${each.concurrency}`;
          const acquired = pool.acquire({ key, kind: 'nodejs:24', memoryMB: each.memoryMB, concurrency: each.concurrency });
          if (acquired.type === 'never') assert.ok(each.memoryMB > 1024);
          else if (acquired.type === 'wait') acquired.evict.forEach(remove);
          else {
            assert.equal(busy.filter((slot) => slot === acquired.slot).length, acquired.slot.running - 1);
            assert.ok(acquired.slot.running <= each.concurrency && !removing.includes(acquired.slot));
            assert.deepEqual([acquired.slot.state, acquired.slot.key, acquired.slot.memoryMB], ['busy', key, each.memoryMB]);
            busy.push(acquired.slot);
          }
        } else if (each.do === 'release') {
          release(take(busy, each.pick));
        } else if (each.do === 'remove') {
          discard(take(busy, each.pick));
        } else if (each.do === 'finishRemoving') {
          const slot = take(removing, each.pick);
          if (slot !== undefined) pool.removed(slot);
        } else if (each.do === 'stemCell') pool.reserveStemCell('nodejs:24', 256);
        else if (each.do === 'startStemCell') pool.slots().filter(({ state }) => state === 'starting').slice(0, 1).forEach((slot) => pool.stemCellStarted(slot));
        else pool.idleSince(now - 3).forEach(remove);
        const slots = pool.slots();
        const sum = (state?: string): number => slots.filter((slot) => state === undefined || slot.state === state).reduce((total, slot) => total + slot.memoryMB, 0);
        assert.ok(sum() <= 1024, `${sum()} MB given`);
        assert.equal(pool.usedMB, sum());
        assert.equal(pool.availableMB, 1024 - sum('busy'));
        assert.equal(slots.filter(({ state }) => state === 'busy').length, new Set(busy).size);
      }
      for (const slot of pool.slots()) remove(slot);
      for (const slot of removing) pool.removed(slot);
      assert.equal(pool.usedMB, 0);
    }), { numRuns: 500 });
  });
});
