import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ActivationId, ActivationMessage, ActivationRecord } from '../domain/activation.ts';
import { StoreUnavailable } from '../store/store.ts';
import type { ToInvoker } from '../link/messages.ts';
import { resolveDispatchOptions, type DispatchOptions } from './dispatch-options.ts';
import { Overloaded } from './dispatch.ts';
import type { DispatchEvent, Effect, FromInvoker } from './events.ts';
import { DispatchMachine } from './machine.ts';

interface Connection { name: string; leaseEndsAt?: number | null }

interface CallSpec { memoryMB?: number; timeLimitMs?: number; atMostOnce?: boolean }

function message(activationId: ActivationId, { memoryMB = 256, timeLimitMs = 60_000, atMostOnce = false }: CallSpec = {}): ActivationMessage {
  return {
    activationId, transactionId: 't', namespace: 'guest', subject: 'guest', args: {}, env: {}, acceptedAt: 0, blocking: true,
    action: {
      path: 'guest/f', name: 'f', version: '0.0.1', revision: '1', kind: 'nodejs:24',
      limits: { timeout: timeLimitMs, memory: memoryMB, logs: 10, concurrency: 1 }, ...(atMostOnce ? { atMostOnce } : {}),
    },
  };
}

function completion(activationId: ActivationId, attached?: ActivationMessage): Extract<FromInvoker, { type: 'complete' }> {
  const outcome = { response: { statusCode: 0 as const, result: { id: activationId }, size: 2 }, start: 1, end: 2, duration: 1, waitTime: 0, timedOut: false, logs: [] };
  return { type: 'complete', activationId, outcome, ...(attached === undefined ? {} : { message: attached }) };
}

/** Drives a machine by hand and sorts what it wants done. */
class Bench {
  readonly machine: DispatchMachine<Connection>;
  now = 0;
  effects: Effect<Connection>[] = [];

  constructor(options: Partial<DispatchOptions> = {}) {
    this.machine = new DispatchMachine(resolveDispatchOptions(options), () => 0.5);
  }

  tell(event: DispatchEvent<Connection>): this {
    this.effects = this.machine.handle(event, this.now);
    return this;
  }

  join(name: string, more: { memoryMB?: number; leaseEndsAt?: number | null; held?: ActivationId[]; as?: Connection } = {}): Connection {
    const connection = more.as ?? { name };
    connection.leaseEndsAt = more.leaseEndsAt ?? null;
    this.tell({ type: 'joined', connection, description: { invokerId: name, node: name, memoryMB: more.memoryMB ?? 1_024, leaseEndsAt: more.leaseEndsAt ?? null, held: more.held ?? [] } });
    return connection;
  }

  hear(connection: Connection, heard: FromInvoker): this {
    return this.tell({ type: 'heard', connection, message: heard });
  }

  /** Ticks through `ms`, with a heartbeat of these once per second; gathers all effects. */
  pass(ms: number, beating: Connection[] = []): this {
    const all: Effect<Connection>[] = [];
    this.effects = [];
    for (const end = this.now + ms; this.now < end;) {
      this.now += 50;
      if (this.now % 1_000 === 0) for (const connection of beating) all.push(...this.hear(connection, { type: 'heartbeat', freeMemoryMB: 0, running: 99, leaseEndsAt: connection.leaseEndsAt ?? null }).effects);
      all.push(...this.tell({ type: 'tick' }).effects);
    }
    this.effects = all;
    return this;
  }

  /** What was sent, as `name:type` or `name:assign id`. */
  get sent(): string[] {
    return this.effects.flatMap((effect) => (effect.type === 'send' ? [`${effect.to.name}:${short(effect.message)}`] : []));
  }

  get refusals(): Error[] {
    return this.effects.flatMap((effect) => (effect.type === 'refused' ? [effect.error] : []));
  }

  get records(): ActivationRecord[] {
    return this.effects.flatMap((effect) => (effect.type === 'record' ? [effect.record] : []));
  }

  get kinds(): string[] {
    return this.effects.map((effect) => effect.type).filter((type) => type !== 'log');
  }
}

function short(sent: ToInvoker): string {
  if (sent.type === 'assign') return `assign ${sent.message.activationId}`;
  return sent.type === 'ack' ? `ack ${sent.ids.join(' ')}` : sent.type;
}

const call = (id: ActivationId, spec?: CallSpec, waitMs = 60_000): DispatchEvent<Connection> => ({ type: 'call', message: message(id, spec), waitMs });

describe('dispatch: the way of a call', () => {
  it('assigns, records, and only then acknowledges and answers', () => {
    const bench = new Bench();
    const a = bench.join('a');
    assert.deepEqual(bench.tell(call('1')).sent, ['a:assign 1']);
    assert.deepEqual(bench.hear(a, completion('1')).kinds, ['record']);
    assert.deepEqual(bench.tell({ type: 'stored', id: '1' }).kinds, ['send', 'answered']);
    assert.deepEqual(bench.sent, ['a:ack 1']);
  });

  it('journals a non-blocking call before it accepts or starts it', () => {
    const bench = new Bench();
    bench.join('a');
    assert.deepEqual(bench.tell({ type: 'submit', message: message('1') }).kinds, ['journal']);
    assert.deepEqual(bench.tell({ type: 'journalled', id: '1' }).kinds, ['accepted', 'send']);
  });

  it('forgets a non-blocking call that the journal refuses', () => {
    const bench = new Bench();
    bench.join('a');
    bench.tell({ type: 'submit', message: message('1') });
    assert.deepEqual(bench.tell({ type: 'journal-refused', id: '1', error: new StoreUnavailable('full') }).kinds, ['refused']);
    assert.equal(bench.machine.sizes().calls, 0);
  });

  it('journals a blocking call at the end of its wait, and answers when the completion was faster', () => {
    const bench = new Bench();
    const a = bench.join('a');
    bench.tell(call('1', {}, 1_000));
    assert.deepEqual(bench.pass(1_100, [a]).kinds, ['journal']);
    bench.hear(a, completion('1'));
    assert.ok(bench.tell({ type: 'stored', id: '1' }).kinds.includes('answered'));
    assert.deepEqual(bench.tell({ type: 'journalled', id: '1' }).kinds, []);
  });

  it('journals a step of a composition, runs it however long it takes, and tells its record', () => {
    const bench = new Bench({ noInvokerWaitMs: 2_000 });
    assert.deepEqual(bench.tell({ type: 'run', message: message('1') }).kinds, ['journal']);
    assert.deepEqual(bench.tell({ type: 'journalled', id: '1' }).kinds, ['accepted']);
    assert.deepEqual(bench.pass(70_000).kinds, []);
    const a = bench.join('a');
    assert.deepEqual(bench.sent, ['a:welcome', 'a:assign 1']);
    bench.hear(a, completion('1'));
    assert.deepEqual(bench.tell({ type: 'stored', id: '1' }).kinds, ['send', 'recorded']);
  });

  it('tells the record of whatever is watched, also of what an earlier controller accepted', () => {
    const bench = new Bench();
    assert.equal(bench.machine.watch('1'), false);
    bench.tell({ type: 'restored', messages: [message('1')] });
    assert.equal(bench.machine.watch('1'), true);
    const a = bench.join('a', { held: ['1'] });
    bench.hear(a, completion('1', message('1')));
    assert.deepEqual(bench.tell({ type: 'stored', id: '1' }).kinds, ['send', 'recorded']);
    assert.equal(bench.machine.watch('1'), false);
  });

  it('counts what is unfinished of each namespace', () => {
    const bench = new Bench();
    const a = bench.join('a');
    bench.tell(call('1'));
    bench.tell({ type: 'submit', message: message('2') });
    bench.tell({ type: 'submit', message: { ...message('3'), namespace: 'other' } });
    assert.deepEqual(['guest', 'other', 'nobody'].map((namespace) => bench.machine.inFlight(namespace)), [2, 1, 0]);
    bench.tell({ type: 'journal-refused', id: '2', error: new StoreUnavailable('full') });
    bench.hear(a, completion('1'));
    assert.equal(bench.machine.inFlight('guest'), 1, 'its record is not stored yet');
    bench.tell({ type: 'stored', id: '1' });
    assert.deepEqual(['guest', 'other'].map((namespace) => bench.machine.inFlight(namespace)), [0, 1]);
  });

  it('offers a refused record again, and acknowledges it only then', () => {
    const bench = new Bench();
    const a = bench.join('a');
    bench.tell(call('1'));
    bench.hear(a, completion('1'));
    assert.deepEqual(bench.tell({ type: 'store-refused', id: '1', error: new StoreUnavailable('full') }).kinds, []);
    assert.deepEqual(bench.hear(a, completion('1')).kinds, [], 'a duplicate is not acknowledged either');
    assert.deepEqual(bench.pass(200).kinds, ['record']);
    assert.deepEqual(bench.tell({ type: 'stored', id: '1' }).sent, ['a:ack 1']);
  });
});

describe('dispatch: admission', () => {
  it('refuses beyond the bound of the queue', () => {
    const bench = new Bench({ maxQueued: 2, retryAfterSeconds: 7 });
    bench.tell(call('1'));
    bench.tell({ type: 'submit', message: message('2') });
    const [error] = bench.tell(call('3')).refusals;
    assert.ok(error instanceof Overloaded);
    assert.equal(error.retryAfterSeconds, 7);
    bench.join('a');
    assert.deepEqual(bench.tell(call('4')).refusals, [], 'there is room again');
  });

  it('refuses blocking calls after a while without any invoker, and keeps accepted ones', () => {
    const bench = new Bench({ noInvokerWaitMs: 2_000 });
    bench.tell(call('1'));
    bench.tell({ type: 'submit', message: message('2') });
    bench.tell({ type: 'journalled', id: '2' });
    assert.deepEqual(bench.pass(1_900).refusals, []);
    assert.ok(bench.pass(500).refusals[0] instanceof Overloaded);
    bench.join('a');
    assert.deepEqual(bench.sent, ['a:welcome', 'a:assign 2'], 'the refused one is not run');
  });

  it('ends an accepted call that nobody could run for very long in a record that says so', () => {
    const bench = new Bench({ acceptedWaitMs: 3_000 });
    bench.tell({ type: 'submit', message: message('1') });
    bench.tell({ type: 'journalled', id: '1' });
    const [record] = bench.pass(3_500).records;
    assert.equal(record?.response.statusCode, 3);
    assert.match(JSON.stringify(record.response.result), /within 3 seconds/u);
  });

  it('starts nothing new while too many records wait for the store', () => {
    const bench = new Bench({ maxUnrecorded: 1 });
    const a = bench.join('a', { memoryMB: 256 });
    bench.tell(call('1'));
    bench.tell(call('2'));
    assert.deepEqual(bench.hear(a, completion('1')).sent, []);
    assert.ok(bench.tell(call('3')).refusals[0] instanceof StoreUnavailable);
    assert.deepEqual(bench.tell({ type: 'stored', id: '1' }).sent, ['a:ack 1', 'a:assign 2']);
  });
});

describe('dispatch: invokers that go', () => {
  it('runs what a lost invoker held ahead of the queue, after the grace', () => {
    const bench = new Bench();
    const a = bench.join('a', { memoryMB: 256 });
    bench.tell(call('1'));
    bench.tell(call('2'));
    bench.tell({ type: 'closed', connection: a });
    const b = bench.join('b', { memoryMB: 256 });
    assert.deepEqual(bench.sent, ['b:welcome', 'b:assign 2']);
    bench.tell(call('3'));
    bench.pass(600, [b]);
    assert.deepEqual(bench.hear(b, completion('2')).sent, ['b:assign 1']);
    assert.equal(bench.machine.view().counts.lostInvokers, 1);
  });

  it('waits no grace after a leave', () => {
    const bench = new Bench();
    const a = bench.join('a');
    bench.tell(call('1'));
    bench.join('b');
    assert.deepEqual(bench.hear(a, { type: 'leave', cause: 'preempted' }).sent, ['b:assign 1']);
  });

  it('leaves an invoker that comes back in time what it holds, and runs again what it does not', () => {
    const bench = new Bench();
    const a = bench.join('a', { memoryMB: 512 });
    bench.tell(call('1'));
    bench.tell(call('2'));
    bench.tell({ type: 'closed', connection: a });
    bench.pass(300);
    bench.join('a', { memoryMB: 512, held: ['1'], as: { name: 'a again' } });
    assert.deepEqual(bench.sent, ['a again:welcome', 'a again:assign 2']);
  });

  it('takes a new connection for the better one, and ignores the end of the old one', () => {
    const bench = new Bench();
    const old = bench.join('a');
    bench.tell(call('1'));
    bench.join('a', { held: ['1'], as: { name: 'new' } });
    assert.ok(bench.kinds.includes('close'));
    bench.tell({ type: 'closed', connection: old });
    bench.pass(800);
    assert.deepEqual(bench.sent, []);
    assert.equal(bench.machine.view().invokers[0]?.state, 'healthy');
  });

  it('gives a silent invoker nothing new, then runs what it held elsewhere', () => {
    const bench = new Bench();
    const a = bench.join('a', { memoryMB: 512 });
    bench.tell(call('1'));
    bench.pass(2_500);
    assert.equal(bench.machine.view().invokers[0]?.state, 'silent');
    assert.deepEqual(bench.tell(call('2')).sent, []);
    bench.join('b');
    assert.deepEqual(bench.sent, ['b:welcome', 'b:assign 2']);
    assert.deepEqual(bench.pass(1_000).sent, ['b:assign 1']);
    assert.deepEqual(bench.hear(a, completion('1')).kinds, [], 'its connection is closed, it is not listened to');
  });

  it('does not mistake its own stall for the silence of others', () => {
    const bench = new Bench();
    bench.join('a');
    bench.pass(200);
    bench.now += 60_000;
    bench.tell({ type: 'tick' });
    bench.pass(500);
    assert.equal(bench.machine.view().invokers[0]?.state, 'healthy');
  });

  it('acknowledges and drops what a zombie completes after it was run elsewhere', () => {
    const bench = new Bench();
    const a = bench.join('a');
    bench.tell(call('1'));
    bench.tell({ type: 'closed', connection: a });
    const b = bench.join('b');
    bench.pass(600, [b]);
    bench.hear(b, completion('1'));
    bench.tell({ type: 'stored', id: '1' });
    const again = bench.join('a', { held: ['1'], as: { name: 'again' } });
    assert.deepEqual(bench.sent, ['again:welcome', 'again:ack 1']);
    assert.deepEqual(bench.hear(again, completion('1', message('1'))).kinds, ['send']);
  });

  it('takes the first completion, from whomever', () => {
    const bench = new Bench();
    const a = bench.join('a');
    bench.tell(call('1'));
    bench.tell({ type: 'closed', connection: a });
    const b = bench.join('b');
    bench.pass(600, [b]);
    const again = bench.join('a', { held: ['1'], as: { name: 'again' } });
    assert.deepEqual(bench.hear(again, completion('1', message('1'))).kinds, ['record']);
    bench.tell({ type: 'stored', id: '1' });
    assert.deepEqual(bench.hear(b, completion('1')).sent, ['b:ack 1']);
    assert.equal(bench.machine.sizes().running, 0);
  });

  it('gives an invoker with calls that it does not know of nothing new until they are over', () => {
    const bench = new Bench();
    const a = bench.join('a', { held: ['unknown'] });
    assert.deepEqual(bench.tell(call('1')).sent, []);
    for (const running of [0, 1]) {
      bench.hear(a, { type: 'heartbeat', freeMemoryMB: 0, running, leaseEndsAt: null });
      assert.deepEqual(bench.sent, [], 'the first heartbeat after a join does not count');
    }
    bench.hear(a, { type: 'heartbeat', freeMemoryMB: 0, running: 0, leaseEndsAt: null });
    assert.deepEqual(bench.sent, ['a:assign 1']);
  });

  it('asks an invoker to drain when its lease is about to end, once, and gives it nothing more', () => {
    const bench = new Bench();
    const a = bench.join('a', { leaseEndsAt: 5_000 });
    assert.deepEqual(bench.pass(3_900, [a]).sent, []);
    assert.deepEqual(bench.pass(900, [a]).sent, ['a:drain']);
    assert.deepEqual(bench.tell(call('1')).sent, []);
    assert.deepEqual(bench.hear(a, { type: 'leave', cause: 'time-limit' }).sent, []);
  });
});

describe('dispatch: calls that are interrupted', () => {
  it('runs a returned call again, as often as it takes', () => {
    const bench = new Bench();
    for (let n = 0; n < 20; n += 1) {
      const invoker = bench.join(`i${n}`);
      if (n === 0) bench.tell(call('1'));
      assert.ok(bench.sent.includes(`i${n}:assign 1`), `round ${n}`);
      bench.hear(invoker, { type: 'draining', cause: 'preempted' });
      bench.hear(invoker, { type: 'return', activationId: '1', reason: 'interrupted' });
      assert.deepEqual(bench.sent, [`i${n}:ack 1`]);
      bench.hear(invoker, { type: 'leave', cause: 'preempted' });
    }
    assert.equal(bench.machine.view().counts.returned, 20);
  });

  it('gives nothing more to an invoker that returns a call, also when it has not heard it say that it drains', () => {
    const bench = new Bench();
    bench.tell({ type: 'restored', messages: [message('1')] });
    const a = bench.join('a');
    bench.pass(1_200, [a]);
    assert.deepEqual(bench.hear(a, { type: 'return', activationId: '1', reason: 'not-started' }).sent, ['a:ack 1']);
    assert.equal(bench.machine.view().invokers[0]?.state, 'draining');
  });

  it('runs an at-most-once call again only when it had not started', () => {
    const bench = new Bench();
    const a = bench.join('a', { memoryMB: 256 });
    bench.tell(call('1', { atMostOnce: true }));
    bench.hear(a, { type: 'draining', cause: 'preempted' });
    bench.hear(a, { type: 'return', activationId: '1', reason: 'not-started' });
    const b = bench.join('b', { memoryMB: 256 });
    assert.deepEqual(bench.sent, ['b:welcome', 'b:assign 1']);
    bench.hear(b, { type: 'return', activationId: '1', reason: 'interrupted' });
    assert.equal(bench.records[0]?.response.statusCode, 3);
    assert.match(JSON.stringify(bench.records[0].response.result), /at most once/u);
  });

  it('asks for a longer lease after a lease has cut a call, so that it is not cut for ever', () => {
    const bench = new Bench();
    bench.tell(call('long', { timeLimitMs: 300_000 }));
    let tries = 0;
    for (let n = 0; n < 30; n += 1) {
      const invoker = bench.join(`i${n}`, { leaseEndsAt: bench.now + 62_000 });
      bench.pass(300);
      const other = bench.tell(call(`other${n}`, { timeLimitMs: 1_000 })).sent;
      assert.deepEqual(other, [`i${n}:assign other${n}`], 'others are not in its way');
      bench.hear(invoker, completion(`other${n}`));
      bench.tell({ type: 'stored', id: `other${n}` });
      if (bench.machine.view().running > 0) {
        tries += 1;
        bench.now += 59_000;
        bench.hear(invoker, { type: 'return', activationId: 'long', reason: 'interrupted' });
      }
      bench.hear(invoker, { type: 'leave', cause: 'time-limit' });
    }
    assert.equal(tries, 1);
    bench.join('long', { leaseEndsAt: bench.now + 100_000 });
    assert.deepEqual(bench.sent, ['long:welcome', 'long:assign long']);
  });
});

describe('dispatch: room', () => {
  it('lets a few small calls pass a big one, then empties an invoker for it', () => {
    const bench = new Bench({ reserveAfterMs: 1_000 });
    const a = bench.join('a', { memoryMB: 1_024 });
    for (let n = 0; n < 4; n += 1) bench.tell(call(`s${n}`));
    bench.tell(call('big', { memoryMB: 1_024 }));
    for (let n = 4; n < 10; n += 1) bench.tell(call(`s${n}`));
    assert.deepEqual(bench.hear(a, completion('s0')).sent, ['a:assign s4']);
    bench.pass(1_500, [a]);
    for (const id of ['s1', 's2', 's3']) assert.deepEqual(bench.hear(a, completion(id)).sent, [], 'kept free');
    assert.deepEqual(bench.hear(a, completion('s4')).sent, ['a:assign big']);
    assert.deepEqual(bench.hear(a, completion('big')).sent, ['a:assign s5', 'a:assign s6', 'a:assign s7', 'a:assign s8']);
  });

  it('sets a call apart that no invoker is large enough for, until one is', () => {
    const bench = new Bench();
    bench.join('a', { memoryMB: 512 });
    for (let n = 0; n < 20; n += 1) bench.tell(call(`big${n}`, { memoryMB: 1_024 }));
    assert.deepEqual(bench.tell(call('small')).sent, ['a:assign small']);
    bench.join('b', { memoryMB: 4_096 });
    assert.deepEqual(bench.sent, ['b:welcome', 'b:assign big0', 'b:assign big1', 'b:assign big2', 'b:assign big3']);
  });
});

describe('dispatch: after a restart', () => {
  it('leaves calls to the invokers that still run them, and runs the others again', () => {
    const bench = new Bench();
    bench.tell({ type: 'restored', messages: [message('1'), message('2')] });
    const a = bench.join('a', { held: ['1'] });
    assert.deepEqual(bench.sent, ['a:welcome']);
    assert.deepEqual(bench.pass(900, [a]).sent, []);
    assert.deepEqual(bench.pass(300, [a]).sent, ['a:assign 2']);
    assert.deepEqual(bench.hear(a, completion('1', message('1'))).kinds, ['record']);
  });

  it('lets a late invoker have back what still waits', () => {
    const bench = new Bench();
    bench.tell({ type: 'restored', messages: [message('1')] });
    bench.pass(3_000);
    bench.join('a', { held: ['1'] });
    assert.deepEqual(bench.sent, ['a:welcome']);
    assert.equal(bench.machine.view().running, 1);
  });

  it('does not run an at-most-once call that nobody claims', () => {
    const bench = new Bench();
    bench.tell({ type: 'restored', messages: [message('1', { atMostOnce: true }), message('2', { atMostOnce: true })] });
    const a = bench.join('a', { held: ['2'] });
    const { records, sent } = bench.pass(5_500, [a]);
    assert.deepEqual(sent, []);
    assert.deepEqual(records.map((record) => [record.activationId, record.response.statusCode]), [['1', 3]]);
  });

  it('records what an invoker of the earlier controller completes, when the message is attached', () => {
    const bench = new Bench();
    const a = bench.join('a', { held: ['1', '2'] });
    assert.deepEqual(bench.sent, ['a:welcome'], 'not acknowledged: their completion is news');
    assert.deepEqual(bench.hear(a, completion('1', message('1'))).kinds, ['record']);
    assert.deepEqual(bench.tell({ type: 'stored', id: '1' }).sent, ['a:ack 1']);
    assert.deepEqual(bench.hear(a, completion('2')).sent, ['a:ack 2'], 'without it nothing can be recorded');
    assert.deepEqual(bench.records, []);
  });
});

describe('dispatch: the end', () => {
  it('refuses new calls and waiting ones, asks invokers to drain, and keeps what is journalled', () => {
    const bench = new Bench();
    const a = bench.join('a', { memoryMB: 256 });
    bench.tell(call('1'));
    bench.tell(call('2'));
    bench.tell({ type: 'stop' });
    assert.deepEqual(bench.sent, ['a:drain']);
    assert.ok(bench.refusals[0] instanceof Overloaded);
    assert.ok(bench.tell(call('3')).refusals[0] instanceof Overloaded);
    bench.hear(a, completion('1'));
    assert.ok(bench.tell({ type: 'stored', id: '1' }).kinds.includes('answered'));
    bench.join('b');
    assert.deepEqual(bench.sent, ['b:welcome', 'b:drain']);
  });
});
