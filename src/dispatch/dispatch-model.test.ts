/**
 * The dispatcher's promises against generated histories: whatever callers, invokers, network, store and controller do,
 * after the world has come to rest every accepted call has its record, and the books balance.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { ModelInvoker } from './model/model-invoker.ts';
import type { ActivationRecord } from '../domain/activation.ts';
import { ModelWorld, type Book, type ModelCall } from './model/model-world.ts';

const RUNS = Number(process.env['FAST_CHECK_RUNS'] ?? 2_000);

/** After the end of a wait: a write to the journal, one of the record, a few ticks. */
const SLACK_MS = 700 + 700 + 200;

type Step =
  | { do: 'submit' | 'call' | 'run'; call: ModelCall; waitMs: number; times: number }
  | { do: 'join'; memoryMB: number; leaseMs: number | null; latencyMs: number }
  | { do: 'kill' | 'cut' | 'partition' | 'drain' | 'repeat'; which: number; ms: number; flag: boolean }
  | { do: 'wait'; ms: number }
  | { do: 'store'; up: boolean; latencyMs: number }
  | { do: 'restart'; downMs: number; written: boolean };

const call: fc.Arbitrary<ModelCall> = fc.record({
  memoryMB: fc.constantFrom(128, 200, 256, 512, 1024),
  durationMs: fc.constantFrom(0, 5, 50, 500, 3_000, 8_000),
  timeLimitMs: fc.constantFrom(1_000, 10_000, 60_000),
  atMostOnce: fc.constantFrom(false, false, false, true),
  action: fc.nat({ max: 2 }),
});
const which = fc.nat({ max: 7 });
const ms = fc.constantFrom(0, 20, 300, 700, 2_000, 6_000);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 12, arbitrary: fc.record({ do: fc.constantFrom('submit' as const, 'call' as const, 'run' as const), call, waitMs: fc.constantFrom(20, 400, 3_000, 60_000), times: fc.integer({ min: 1, max: 5 }) }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('join' as const), memoryMB: fc.constantFrom(256, 512, 1_024, 2_300), leaseMs: fc.constantFrom(null, null, 2_500, 5_000, 15_000), latencyMs: fc.constantFrom(0, 1, 30) }) },
  { weight: 10, arbitrary: fc.record({ do: fc.constantFrom('kill' as const, 'cut' as const, 'partition' as const, 'drain' as const, 'repeat' as const), which, ms, flag: fc.boolean() }) },
  { weight: 10, arbitrary: fc.record({ do: fc.constant('wait' as const), ms }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('store' as const), up: fc.constantFrom(true, true, false), latencyMs: fc.constantFrom(0, 1, 40, 700) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('restart' as const), downMs: ms, written: fc.boolean() }) },
);

function perform(world: ModelWorld, one: Step): void {
  switch (one.do) {
    case 'submit': for (let n = 0; n < one.times; n += 1) world.submit(one.call); return;
    case 'call': for (let n = 0; n < one.times; n += 1) world.call(one.call, one.waitMs); return;
    case 'run': for (let n = 0; n < one.times; n += 1) world.run(one.call); return;
    case 'join': world.addInvoker(one.memoryMB, one.leaseMs, one.latencyMs); return;
    case 'wait': world.clock.advance(one.ms); return;
    case 'store':
      world.store.up = one.up;
      world.store.latencyMs = one.latencyMs;
      return;
    case 'restart':
      world.killController((index) => one.written === (index % 2 === 0));
      world.clock.advance(one.downMs);
      world.startController();
      return;
    default: {
      const alive = world.invokers.filter((invoker) => invoker.alive);
      const invoker = alive[one.which % Math.max(1, alive.length)];
      if (invoker !== undefined) performOn(world, invoker, one);
    }
  }
}

function performOn(world: ModelWorld, invoker: ModelInvoker, one: Extract<Step, { which: number }>): void {
  switch (one.do) {
    case 'kill': invoker.kill(one.flag); return;
    case 'cut': world.cut(invoker, one.ms); return;
    case 'partition': world.partition(invoker, one.ms); return;
    case 'drain': invoker.drain(one.flag); return;
    case 'repeat': invoker.repeatItself(); return;
  }
}

const isDone = (world: ModelWorld): boolean => {
  const sizes = world.machine?.sizes();
  return sizes?.calls === 0 && sizes.running === 0 && world.invokers.every((invoker) => invoker.unacked.size === 0 && invoker.running.size === 0);
};

/** Everything works again, and there is one more invoker, large and without an end. */
function heal(world: ModelWorld): void {
  world.startController();
  world.store.up = true;
  world.store.latencyMs = 1;
  world.addInvoker(4_096, null, 1);
  for (let n = 0; n < 3_000 && !isDone(world); n += 1) world.clock.advance(100);
}

function checkBook(id: string, book: Book, record: ActivationRecord | undefined, journalled: boolean): void {
  switch (book.told) {
    case 'nothing': assert.fail(`${id}: its caller still waits`); break;
    case 'accepted':
      assert.ok(record !== undefined, `${id} was accepted and has no record`);
      break;
    case 'answered': assert.deepEqual(record, book.answer, `${id}: the caller got what is stored`); break;
    case 'refused':
      // An invoker that ran it may tell a later controller, which cannot know that the earlier one had refused it.
      if (book.restartsSince === 0) assert.equal(record, undefined, `${id} was refused and has a record`);
      break;
    case 'unknown': if (journalled) assert.ok(record !== undefined, `${id} was journalled and has no record`);
  }
  if (book.watched && book.told !== 'refused') assert.deepEqual(book.recorded, record, `${id}: whoever waits got what is stored`);
  if (book.message.blocking && book.told !== 'unknown') {
    assert.ok(book.toldAt - book.message.acceptedAt <= book.waitMs + SLACK_MS, `${id}: its caller waited ${book.toldAt - book.message.acceptedAt} ms`);
  }
  if (record !== undefined && book.message.action.atMostOnce !== true) {
    assert.equal(record.response.statusCode, 0, `${id} failed though nothing but the platform did: ${JSON.stringify(record.response)}`);
  }
}

function check(world: ModelWorld): void {
  assert.deepEqual(world.violations, []);
  const sizes = world.machine!.sizes();
  assert.deepEqual(
    { ...sizes, invokers: 0, warmKeys: 0 },
    { calls: 0, held: 0, waits: 0, unrecorded: 0, accepting: 0, running: 0, invokers: 0, warmKeys: 0 }, 'the machine forgets what is over',
  );
  assert.equal(world.machine!.inFlight('guest'), 0, 'nothing is in flight');
  const view = world.machine!.view();
  assert.equal(view.queued + view.rescued + view.running, 0);
  for (const invoker of view.invokers) assert.equal(invoker.freeMemoryMB, invoker.memoryMB, `memory of ${invoker.id} is free again`);
  for (const [id, book] of world.books) checkBook(id, book, world.store.records.get(id), world.store.journal.has(id));
  for (const invoker of world.invokers.filter((one) => one.alive)) {
    assert.equal(invoker.unacked.size, 0, `${invoker.options.id} may forget everything`);
    invoker.kill(true);
  }
  world.clock.advance(5_000);
  const empty = world.machine!.sizes();
  assert.deepEqual([empty.invokers, empty.warmKeys], [0, 0], 'the registry forgets the dead');
}

describe('dispatch: generated histories', () => {
  it(`keeps its promises through ${RUNS} of them`, () => {
    fc.assert(fc.property(fc.array(step, { minLength: 1, maxLength: 60, size: 'max' }), (steps) => {
      const world = new ModelWorld({ maxQueued: 40, noInvokerWaitMs: 5_000, storeRetryMaxMs: 400, reserveAfterMs: 1_000, maxUnrecorded: 30 });
      world.addInvoker(1_024, null, 1);
      for (const one of steps) perform(world, one);
      heal(world);
      check(world);
    }), { numRuns: RUNS, endOnFailure: false });
  });
});
