import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { bucketOf } from './capacity-index.ts';
import type { PlacedInvoker } from './placed-invoker.ts';
import { Placement, type PlacementRequest } from './placement.ts';

const MARGIN_MS = 2_000;

function seeded(): () => number {
  let state = 1;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

const placement = (): Placement => new Placement({ leaseMarginMs: MARGIN_MS, random: seeded() });

function request(key: string, memoryMB = 256, timeLimitMs = 60_000, minimumLeaseMs = 0, concurrency = 1): PlacementRequest {
  return { key, memoryMB, timeLimitMs, minimumLeaseMs, concurrency };
}

describe('placement: memory', () => {
  it('fills every invoker to the brim and not beyond', () => {
    const p = placement();
    const invokers = Array.from({ length: 5 }, (_, n) => p.add(`i${n}`, 1_000, null, 0));
    for (let n = 0; n < 5 * 3; n += 1) assert.ok(p.place(request('k', 300), 0), `call ${n}`);
    assert.equal(p.place(request('k', 300), 0), undefined);
    assert.deepEqual(invokers.map((invoker) => invoker.freeMB), [100, 100, 100, 100, 100]);
    assert.ok(p.place(request('k', 100), 0), 'a smaller one fits');
  });

  it('spreads over the emptiest', () => {
    const p = placement();
    for (let n = 0; n < 10; n += 1) p.add(`i${n}`, 1_024, null, 0);
    const used = new Set<string>();
    for (let n = 0; n < 10; n += 1) used.add(p.place(request(`k${n}`), 0)!.id);
    assert.equal(used.size, 10);
  });

  it('sorts free memory into buckets that grow with it', () => {
    let last = 0;
    for (let mb = 0; mb < 2_000_000; mb += 97) {
      const bucket = bucketOf(mb);
      assert.ok(bucket >= last && bucket < 32, `${mb} MB in bucket ${bucket}`);
      last = bucket;
    }
    assert.deepEqual([0, 127, 128, 2_047, 2_048, 3_072, 4_096, 6_144].map(bucketOf), [0, 0, 1, 15, 16, 17, 18, 19]);
  });
});

describe('placement: warm containers', () => {
  it('goes back to where the container is', () => {
    const p = placement();
    for (let n = 0; n < 50; n += 1) p.add(`i${n}`, 1_024, null, 0);
    const first = p.place(request('k'), 0)!;
    p.release(first, request('k', 256), true);
    for (let n = 0; n < 20; n += 1) {
      const next = p.place(request('k'), 0)!;
      assert.equal(next, first);
      p.release(next, request('k', 256), true);
    }
    assert.notEqual(p.place(request('other'), 0), first, 'others go to the emptiest');
  });

  it('uses the one that became idle last, so that the others may grow cold', () => {
    const p = placement();
    for (let n = 0; n < 4; n += 1) p.add(`i${n}`, 1_024, null, 0);
    const running = Array.from({ length: 4 }, () => p.place(request('k'), 0)!);
    for (const invoker of running) p.release(invoker, request('k', 256), true);
    assert.equal(p.place(request('k'), 0), running[3]);
    assert.equal(p.place(request('k'), 0), running[2]);
  });

  it('keeps its affinity while others come and go', () => {
    const p = placement();
    const others: PlacedInvoker[] = [];
    for (let n = 0; n < 20; n += 1) others.push(p.add(`a${n}`, 1_024, null, 0));
    const home = new Map<string, PlacedInvoker>();
    for (let n = 0; n < 30; n += 1) {
      const invoker = p.place(request(`k${n}`), 0)!;
      home.set(`k${n}`, invoker);
      p.release(invoker, request(`k${n}`, 256), true);
    }
    const stayers = new Set(home.values());
    for (const other of others.filter((one) => !stayers.has(one))) p.remove(other);
    const [gone] = stayers;
    p.remove(gone!);
    for (let n = 0; n < 20; n += 1) p.add(`b${n}`, 4_096, null, 0);
    for (const [key, invoker] of home) {
      if (invoker === gone) continue;
      const next = p.place(request(key), 0)!;
      assert.equal(next.id, invoker.id, key);
      p.release(next, request(key, 256), true);
    }
  });

  it('forgets the containers that had to make room, the oldest first', () => {
    const p = placement();
    const small = p.add('small', 512, null, 0);
    for (const key of ['a', 'b', 'c']) {
      p.place(request(key), 0);
      p.release(small, request(key, 256), true);
    }
    assert.equal(p.warmKeys, 2);
    p.place(request('b'), 0);
    assert.equal(p.warmKeys, 1, 'b is in use, c waits');
    p.place(request('d'), 0);
    assert.equal(p.warmKeys, 0, 'no room for c');
  });

  it('forgets the containers of an invoker that goes, or drains', () => {
    const p = placement();
    const invoker = p.add('i', 1_024, null, 0);
    p.release(p.place(request('k'), 0)!, request('k', 256), true);
    p.forgetContainers(invoker);
    assert.equal(p.warmKeys, 0);
    p.release(p.place(request('k'), 0)!, request('k', 256), true);
    p.remove(invoker);
    assert.equal(p.warmKeys, 0);
    assert.equal(p.place(request('k'), 0), undefined);
  });
});

describe('placement: leases', () => {
  it('prefers a lease that covers the time limit, cold before warm', () => {
    const p = placement();
    const short = p.add('short', 4_096, 50_000, 0);
    p.release(p.place(request('k', 256, 10_000), 0)!, request('k', 256), true);
    const long = p.add('long', 1_024, 100_000, 0);
    assert.equal(p.place(request('k', 256, 10_000), 0), short, 'covered by both: warm');
    p.release(short, request('k', 256), true);
    assert.equal(p.place(request('k', 256, 60_000), 0), long);
  });

  it('takes the longest lease when none covers, or a warm one with at least half of that', () => {
    const p = placement();
    p.add('a', 1_024, 20_000, 0);
    const b = p.add('b', 1_024, 28_000, 0);
    p.add('c', 1_024, 9_000, 0);
    assert.equal(p.place(request('k', 256, 60_000), 0), b);
    p.release(b, request('k', 256), true);
    const d = p.add('d', 1_024, 45_000, 0);
    assert.equal(p.place(request('k', 256, 60_000), 0), b, 'warm, and more than half');
    p.release(b, request('k', 256), true);
    assert.equal(p.place(request('k', 256, 60_000), 15_000), d, 'warm, but less than half');
  });

  it('follows the time, whether the index has been told or not', () => {
    const p = placement();
    const one = p.add('one', 1_024, 100_000, 0);
    assert.equal(p.place(request('k', 256, 60_000), 0), one);
    assert.equal(p.place(request('k', 256, 60_000), 60_000), one, 'does not cover any more, but is all there is');
    assert.equal(p.place(request('k', 256, 60_000), 98_000), undefined, 'within the margin');
    p.retier(one, 98_000);
    assert.equal(p.place(request('k', 256, 1), 98_000), undefined);
    p.setLease(one, 300_000, 98_000);
    assert.equal(p.place(request('k', 256, 60_000), 98_000), one, 'the lease was extended');
  });

  it('does not use a lease below the least that makes sense', () => {
    const p = placement();
    const a = p.add('a', 1_024, 20_000, 0);
    assert.equal(p.place(request('k', 256, 60_000, 25_000), 0), undefined);
    assert.equal(p.place(request('k', 256, 60_000, 15_000), 0), a);
  });
});

interface Booked { invoker: PlacedInvoker; request: PlacementRequest }

/** Placement beside a list of what it should have booked. */
class Ledger {
  readonly p = placement();
  readonly invokers: PlacedInvoker[] = [];
  readonly booked: Booked[] = [];
  now = 0;
  #ids = 0;

  add(memoryMB: number, leaseMs: number | null): void {
    if (this.invokers.length < 6) this.invokers.push(this.p.add(`i${this.#ids++}`, memoryMB, leaseMs === null ? null : this.now + leaseMs, this.now));
  }

  remove(which: number): void {
    const [gone] = this.invokers.splice(which % Math.max(1, this.invokers.length), 1);
    if (gone === undefined) return;
    this.p.remove(gone);
    for (const entry of this.booked.filter((one) => one.invoker === gone)) this.booked.splice(this.booked.indexOf(entry), 1);
  }

  setOpen(which: number, open: boolean): void {
    const chosen = this.invokers[which % Math.max(1, this.invokers.length)];
    if (chosen !== undefined) this.p.setOpen(chosen, open, this.now);
  }

  release(which: number, warm: boolean): void {
    const [entry] = this.booked.splice(which % Math.max(1, this.booked.length), 1);
    if (entry !== undefined) this.p.release(entry.invoker, entry.request, warm);
  }

  place(wanted: PlacementRequest): void {
    const { key, memoryMB, timeLimitMs, concurrency } = wanted;
    const sharing = (invoker: PlacedInvoker): boolean => this.#running(invoker, key) % concurrency !== 0;
    const left = (invoker: PlacedInvoker): number => invoker.leaseEndsAt - MARGIN_MS - this.now;
    const room = this.invokers.filter((one) => one.open && (one.freeMB >= memoryMB || sharing(one)) && left(one) > 0).map((one) => one.id);
    const endless = this.invokers.some((one) => room.includes(one.id) && one.leaseEndsAt === Infinity);
    const invoker = this.p.place(wanted, this.now);
    if (invoker === undefined) {
      assert.deepEqual(room, [], 'there was room');
      return;
    }
    assert.ok(room.includes(invoker.id), 'it takes calls, and had room and time');
    if (endless) assert.ok(left(invoker) >= timeLimitMs, 'a lease that covers the limit was there');
    this.booked.push({ invoker, request: wanted });
  }

  #running(invoker: PlacedInvoker, key: string): number {
    return this.booked.filter((entry) => entry.invoker === invoker && entry.request.key === key).length;
  }

  #usedMB(invoker: PlacedInvoker): number {
    let used = 0;
    const shared = new Map<string, PlacementRequest>();
    for (const entry of this.booked) {
      if (entry.invoker !== invoker) continue;
      if (entry.request.concurrency > 1) shared.set(entry.request.key, entry.request);
      else used += entry.request.memoryMB;
    }
    for (const { key, memoryMB, concurrency } of shared.values()) used += memoryMB * Math.ceil(this.#running(invoker, key) / concurrency);
    return used;
  }

  check(): void {
    for (const invoker of this.invokers) {
      assert.equal(invoker.freeMB, invoker.memoryMB - this.#usedMB(invoker));
      assert.ok(invoker.idleMB <= invoker.freeMB && invoker.idleMB >= 0);
    }
  }
}

describe('placement: containers that calls share', () => {
  const shared = (limit = 60_000): PlacementRequest => request('s', 256, limit, 0, 3);

  it('takes memory once per container, and sends further calls where one has room', () => {
    const p = placement();
    const invokers = [p.add('a', 512, null, 0), p.add('b', 512, null, 0)];
    const first = p.place(shared(), 0)!;
    for (let n = 0; n < 2; n += 1) assert.equal(p.place(shared(), 0), first);
    assert.equal(first.freeMB, 256);
    for (let n = 0; n < 9; n += 1) assert.ok(p.place(shared(), 0), `call ${n}`);
    assert.deepEqual(invokers.map(({ freeMB }) => freeMB), [0, 0]);
    assert.equal(p.place(shared(), 0), undefined, 'four containers of three calls are all there is');
  });

  it('gives the memory back when a container is empty, which stays warm', () => {
    const p = placement();
    const one = p.add('one', 1_024, null, 0);
    for (let n = 0; n < 4; n += 1) p.place(shared(), 0);
    assert.equal(one.freeMB, 512);
    p.release(one, shared(), true);
    assert.equal(one.freeMB, 768);
    for (let n = 0; n < 3; n += 1) p.release(one, shared(), true);
    assert.deepEqual([one.freeMB, one.idleMB, p.warmKeys], [1_024, 512, 1]);
    p.place(shared(), 0);
    assert.equal(one.idleMB, 256, 'one of the two warm ones is used again');
  });

  it('prefers a new container under a lease that covers the call to room under one that does not', () => {
    const p = placement();
    const short = p.add('short', 1_024, 30_000, 0);
    assert.equal(p.place(shared(), 0), short);
    const long = p.add('long', 256, null, 0);
    assert.equal(p.place(shared(), 0), long);
    assert.equal(p.place(shared(), 0), long);
    p.setOpen(long, false, 0);
    assert.equal(p.place(shared(), 0), short, 'which is better than nothing');
  });
});

describe('placement: any history', () => {
  it('books exactly, and finds room wherever there is some', () => {
    const operation: fc.Arbitrary<(ledger: Ledger) => void> = fc.oneof(
      fc.tuple(fc.nat({ max: 3 }), fc.integer({ min: 100, max: 900 }), fc.constantFrom(100, 10_000, 60_000))
        .map(([key, memoryMB, limit]) => (ledger: Ledger) => { ledger.place(request(`k${key}`, memoryMB, limit)); }),
      fc.tuple(fc.nat({ max: 1 }), fc.constantFrom(100, 10_000, 60_000))
        .map(([key, limit]) => (ledger: Ledger) => { ledger.place(request(`shared${key}`, 300, limit, 0, 2 + key)); }),
      fc.tuple(fc.nat(), fc.boolean()).map(([which, warm]) => (ledger: Ledger) => { ledger.release(which, warm); }),
      fc.tuple(fc.integer({ min: 128, max: 3_000 }), fc.constantFrom(null, 1_000, 5_000, 40_000, 70_000))
        .map(([memoryMB, leaseMs]) => (ledger: Ledger) => { ledger.add(memoryMB, leaseMs); }),
      fc.nat().map((which) => (ledger: Ledger) => { ledger.remove(which); }),
      fc.tuple(fc.nat(), fc.boolean()).map(([which, open]) => (ledger: Ledger) => { ledger.setOpen(which, open); }),
      fc.constantFrom(10, 3_000, 30_000).map((ms) => (ledger: Ledger) => { ledger.now += ms; }),
    );
    fc.assert(fc.property(fc.array(operation, { maxLength: 80, size: 'max' }), (operations) => {
      const ledger = new Ledger();
      for (const perform of operations) {
        perform(ledger);
        ledger.check();
      }
      for (const invoker of ledger.invokers) ledger.p.remove(invoker);
      assert.equal(ledger.p.warmKeys, 0);
    }), { numRuns: 500 });
  });
});
