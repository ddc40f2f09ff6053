import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { notAuthorized } from '../domain/errors.ts';
import type { JsonObject, JsonValue } from '../domain/json.ts';
import type { Trigger } from '../domain/trigger.ts';
import type { Builtin } from './builtins.ts';
import { ALICE, annotationOf, ComposeWorld } from './compose-world.test.ts';

let world: ComposeWorld;
let trigger: Trigger;
beforeEach(async () => {
  world = await ComposeWorld.start(new Map<string, Builtin>([
    ['add', ({ args: { a, b } }) => Promise.resolve({ sum: Number(a) + Number(b) })],
    ['who', ({ identity, activationId, transactionId }) => Promise.resolve({ namespace: identity.namespace, activationId, transactionId })],
    ['fails', () => Promise.resolve({ error: 'as asked' })],
    ['refuses', () => Promise.reject(notAuthorized('that'))],
    ['breaks', () => Promise.reject(new Error('secret detail'))],
  ]));
  world.action('show', (args) => args, { parameters: [{ key: 'own', value: 1 }, { key: 'a', value: 'action' }] });
  trigger = world.entity('trigger', { name: 't', parameters: [{ key: 'a', value: 'trigger' }, { key: 'b', value: 'trigger' }] });
});

const rule = (name: string, action: string, status: 'active' | 'inactive' = 'active'): void => {
  world.entity('rule', { name, trigger: 'alice/t', action, status });
};

describe('a trigger that is fired', () => {
  it('is nothing without an active rule', async () => {
    assert.equal(await world.fire(trigger, { n: 1 }), undefined);
    rule('r', 'alice/show', 'inactive');
    assert.equal(await world.fire(trigger, { n: 1 }), undefined);
    assert.deepEqual([world.store.records.size, world.store.journal.size], [0, 0]);
  });

  it('has the action of each active rule invoked with its parameters and the payload over them', async () => {
    world.action('other', (args) => args);
    rule('r1', 'alice/show');
    rule('r2', 'alice/other');
    const id = await world.fire(trigger, { b: 'payload' });
    assert.ok(id !== undefined);
    await world.finished();
    assert.deepEqual(world.invoker.executions.map(({ path, args }) => ({ path, args })), [
      { path: 'alice/show', args: { own: 1, a: 'trigger', b: 'payload' } },
      { path: 'alice/other', args: { a: 'trigger', b: 'payload' } },
    ]);
    assert.deepEqual(world.errors, []);
  });

  it('has a record without an end: the payload, and a line for each rule', async () => {
    rule('r1', 'alice/show');
    rule('r2', 'alice/show', 'inactive');
    const id = await world.fire(trigger, { b: 'payload' });
    await world.finished();
    const record = world.record(id!);
    const [execution] = world.invoker.executions;
    assert.deepEqual([record.name, record.namespace, record.subject, record.version, record.end, record.annotations], ['t', 'alice', 'alice', '0.0.1', 0, []]);
    assert.deepEqual([record.response.statusCode, record.response.result], [0, { b: 'payload' }]);
    assert.deepEqual(record.logs.map((line) => JSON.parse(line) as JsonValue), [
      { statusCode: 0, success: true, activationId: execution!.id, rule: 'alice/r1', action: 'alice/show' },
      { statusCode: 1, success: false, error: "Rule 'alice/r2' is inactive, action 'alice/show' was not activated.", rule: 'alice/r2', action: 'alice/show' },
    ]);
    const invoked = world.record(execution!.id);
    assert.deepEqual([invoked.cause, annotationOf(invoked, 'causedBy')], [undefined, undefined]);
  });

  it('says in its record why an action was not invoked', async () => {
    world.action('secret', (args) => args, { namespace: 'bob' });
    world.action('final', (args) => args, { annotations: [{ key: 'final', value: true }], parameters: [{ key: 'a', value: 1 }] });
    for (const action of ['alice/gone', 'bob/secret', 'alice/final', 'alice/show']) rule(action.replace('/', '-'), action);
    const id = await world.fire(trigger);
    await world.finished();
    assert.deepEqual(world.record(id!).logs.map((line) => (JSON.parse(line) as JsonObject)['error'] ?? 'none'), [
      'The requested resource does not exist.',
      "The supplied authentication is not authorized to access 'bob/secret'.",
      'Request defines parameters that are not allowed (e.g., reserved properties).',
      'none',
    ]);
    assert.equal(world.invoker.executions.length, 1);
  });

  it('may invoke sequences, conductors and built-ins', async () => {
    world.conductor('conductor', (args) => ({ conducted: args['a']! }));
    rule('r1', world.sequence('s', ['show']));
    rule('r2', 'alice/conductor');
    world.entity('package', { name: 'utils', namespace: 'whisk.system', publish: true });
    rule('r3', world.builtin('who', 'who'));
    const id = await world.fire(trigger);
    await world.finished();
    const invoked = world.record(id!).logs.map((line) => world.record((JSON.parse(line) as { activationId: string }).activationId));
    assert.deepEqual(invoked.map(({ name, activationId, response: { result } }) => [name, (result as JsonObject)['activationId'] === activationId || result]), [
      ['s', { own: 1, a: 'trigger', b: 'trigger' }], ['conductor', { conducted: 'trigger' }], ['who', true],
    ]);
  });

  it('invokes the actions of all its rules, however many', async () => {
    for (let n = 0; n < 250; n += 1) rule(`r${n}`, 'alice/show');
    const id = await world.fire(trigger);
    await world.finished();
    assert.equal(world.record(id!).logs.length, 250);
    assert.equal(world.invoker.executions.length, 250);
  });
});

describe('built-ins', () => {
  beforeEach(() => { world.entity('package', { name: 'utils', namespace: 'whisk.system', publish: true, parameters: [{ key: 'b', value: 5 }] }); });

  it('are invoked as actions are, with their package\'s parameters, and recorded in the namespace of the caller', async () => {
    const record = await world.call(world.builtin('add', 'add'), { a: 1 });
    assert.deepEqual(record.response, { statusCode: 0, result: { sum: 6 }, size: 9 });
    assert.deepEqual([record.namespace, record.name, annotationOf(record, 'path'), record.cause], ['alice', 'add', 'whisk.system/utils/add', undefined]);
    assert.equal(world.invoker.executions.length, 0);
    const id = await world.submit('whisk.system/utils/add', { a: 2 });
    await world.finished();
    assert.deepEqual(world.record(id).response.result, { sum: 7 });
  });

  it('know who calls', async () => {
    const record = await world.call(world.builtin('who', 'who'));
    assert.deepEqual(record.response.result, { namespace: 'alice', activationId: record.activationId, transactionId: 'tid' });
  });

  it('may be components', async () => {
    world.builtin('add', 'add');
    const record = await world.call(world.sequence('s', ['whisk.system/utils/add', 'show']), { a: 1 });
    assert.deepEqual(record.response.result, { own: 1, a: 'action', sum: 6 });
    assert.equal(world.record(record.logs[0]!).cause, record.activationId);
  });

  for (const [builtin, statusCode, error] of [
    ['fails', 1, 'as asked'], ['refuses', 1, "The supplied authentication is not authorized to access 'that'."],
    ['breaks', 3, 'There was an internal server error.'], ['unknown', 3, "This controller has no built-in 'unknown'."],
  ] as const) {
    it(`end with status ${statusCode} where one ${builtin === 'unknown' ? 'is not known' : builtin}`, async () => {
      const { response } = await world.call(world.builtin(builtin, builtin));
      assert.deepEqual([response.statusCode, response.result], [statusCode, { error }]);
    });
  }

  it('that were accepted are run by the next controller', async () => {
    const action = await world.actions.find(world.builtin('add', 'add'), ALICE);
    const call = world.invocations.submit(action!, world.invocation({ a: 1 }, ALICE));
    const id = await world.until(call);
    world.kill(() => false);
    await world.finished();
    assert.deepEqual(world.record(id).response.result, { sum: 6 });
  });
});

describe('plain actions', () => {
  it('go straight to the dispatcher', async () => {
    const record = await world.call('alice/show', { n: 1 });
    assert.deepEqual(record.response.result, { own: 1, a: 'action', n: 1 });
    assert.deepEqual([world.store.journal.size, world.invocations.underWay], [0, 0]);
    const id = await world.submit('alice/show');
    assert.ok(world.store.journal.has(id));
  });
});
