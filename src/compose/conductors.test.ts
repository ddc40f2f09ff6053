import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import type { JsonObject } from '../domain/json.ts';
import { isJsonObject } from '../domain/json.ts';
import { annotationOf, ComposeWorld } from './compose-world.test.ts';

let world: ComposeWorld;
beforeEach(async () => {
  world = await ComposeWorld.start();
  // `action`, `params` and `state` come from its input; what is in there beside them are params, too.
  world.conductor('conductor', ({ action, params, state, ...rest }) => {
    if (action === undefined) return params === undefined ? rest : { params };
    return { action, params: isJsonObject(params) ? { ...rest, ...params } : rest, ...(state === undefined ? {} : { state }) };
  }, { memory: 128 });
  world.action('step', ({ n }) => (n === undefined ? { error: 'missing parameter' } : { n: Number(n) + 1 }), { memory: 256 });
});

const run = async (payload: JsonObject): Promise<JsonObject> => {
  const { response } = await world.call('alice/conductor', payload);
  return { status: response.statusCode, result: response.result };
};

/** n steps, one after the other. */
function chain(n: number): JsonObject {
  let payload: JsonObject = {};
  for (let count = 0; count < n; count += 1) payload = { action: 'step', state: payload };
  return payload;
}

describe('conductors', () => {
  it('that name no action end with what they say', async () => {
    const record = await world.call('alice/conductor', { payload: 'text' });
    assert.deepEqual(record.response.result, { payload: 'text' });
    assert.deepEqual(record.annotations, [
      { key: 'topmost', value: true },
      { key: 'path', value: 'alice/conductor' },
      { key: 'kind', value: 'sequence' },
      { key: 'conductor', value: true },
      { key: 'limits', value: { timeout: 60_000, memory: 128, logs: 10, concurrency: 1 } },
    ]);
    assert.deepEqual([record.logs, record.duration], [[world.invoker.executions[0]!.id], 10]);
    const own = world.record(record.logs[0]!);
    assert.deepEqual([own.cause, annotationOf(own, 'causedBy'), annotationOf(own, 'conductor')], [record.activationId, 'sequence', undefined]);
  });

  it('end with an error, or with their params, which are unwrapped', async () => {
    assert.deepEqual(await run({ error: 'text' }), { status: 1, result: { error: 'text' } });
    assert.deepEqual(await run({ params: { payload: 'text' } }), { status: 0, result: { payload: 'text' } });
    assert.deepEqual(await run({ params: 'text' }), { status: 0, result: { value: 'text' } });
  });

  it('are asked again with what the action gave', async () => {
    const record = await world.call('alice/conductor', { action: 'step', params: { n: 1 } });
    assert.deepEqual(record.response.result, { n: 2 });
    assert.deepEqual([record.logs.length, record.duration, (annotationOf(record, 'limits') as { memory: number }).memory], [3, 30, 256]);
    assert.deepEqual(record.logs.map((id) => world.record(id).name), ['conductor', 'step', 'conductor']);
    assert.ok(record.logs.every((id) => world.record(id).cause === record.activationId));
  });

  it('are told the error of an action and may go on', async () => {
    assert.deepEqual(await run({ action: 'step', params: {} }), { status: 1, result: { error: 'missing parameter' } });
    assert.equal(world.invoker.executions.length, 3);
    world.conductor('catching', ({ error }) => (error === undefined ? { action: 'step' } : { caught: error }));
    assert.deepEqual((await world.call('alice/catching')).response.result, { caught: 'missing parameter' });
  });

  it('give an action without params an empty object, and params that are no object in a box', async () => {
    world.action('show', (args) => ({ got: args }));
    world.conductor('boxing', ({ got, params }) => (got === undefined ? { action: 'show', ...(params === undefined ? {} : { params }) } : { got }));
    assert.deepEqual((await world.call('alice/boxing')).response.result, { got: {} });
    assert.deepEqual((await world.call('alice/boxing', { params: [1, 2] })).response.result, { got: { value: [1, 2] } });
  });

  it('get back their state beside the result of the action, over it, once', async () => {
    assert.deepEqual(await run({ action: 'step', state: { witness: 42 }, params: { n: 1 } }), { status: 0, result: { n: 2, witness: 42 } });
    world.conductor('counting', ({ n, state }) => (n === undefined ? { action: 'step', params: { n: 0 }, state: 'once' } : n === 1 ? { action: 'step', params: { n }, seen: state! } : { n, state: state ?? 'none' }));
    assert.deepEqual((await world.call('alice/counting')).response.result, { n: 2, state: 'none' });
    const [first, , second, , third] = world.invoker.executions.slice(-5);
    assert.deepEqual([first!.args, second!.args, third!.args], [{}, { n: 1, state: 'once' }, { n: 2 }]);
  });

  it('go on as long as they name actions', async () => {
    const record = await world.call('alice/conductor', { ...chain(2), params: { n: 1 } });
    assert.deepEqual([record.response.result, record.logs.length, record.duration], [{ n: 3 }, 5, 50]);
  });

  it('are told of names that are none', async () => {
    assert.deepEqual(await run({ action: 'invalid#name' }), { status: 1, result: { error: 'Failed to parse action name from json value "invalid#name" during composition.' } });
    assert.deepEqual(await run({ action: { name: 'step' } }), { status: 1, result: { error: 'Failed to parse action name from json value {"name":"step"} during composition.' } });
    assert.deepEqual(await run({ action: '/step' }), { status: 1, result: { error: 'Failed to parse action name from json value "/step" during composition.' } });
    assert.equal(world.invoker.executions.length, 6, 'the conductor is asked again each time');
  });

  it('are told of actions that do not exist, and of such as are not for their caller', async () => {
    assert.deepEqual(await run({ action: 'missing' }), { status: 1, result: { error: "Failed to resolve action with name 'alice/missing' during composition." } });
    assert.deepEqual(await run({ action: '/_/none/missing' }), { status: 1, result: { error: "Failed to resolve action with name 'alice/none/missing' during composition." } });
    world.action('secret', (args) => args, { namespace: 'bob' });
    assert.deepEqual(await run({ action: '/bob/secret' }), { status: 1, result: { error: "Failed entitlement check for action with name 'bob/secret' during composition." } });
  });

  for (const [name, path] of [['step', 'alice/step'], ['/_/step', 'alice/step'], ['/alice/step', 'alice/step'], ['p/step', 'alice/p/step'], ['/_/p/step', 'alice/p/step'], ['bob/shared/step', 'bob/shared/step']]) {
    it(`find ${name} at ${path}`, async () => {
      world.entity('package', { name: 'p' });
      world.entity('package', { name: 'shared', namespace: 'bob', publish: true });
      for (const spec of [{ package: 'p' }, { namespace: 'bob', package: 'shared' }]) world.action('step', ({ n }) => ({ n: Number(n) + 1 }), spec);
      assert.deepEqual(await run({ action: name!, params: { n: 1 } }), { status: 0, result: { n: 2 } });
      assert.equal(world.invoker.executions[1]!.path, path);
    });
  }

  it('may name sequences and other conductors, which have records of their own', async () => {
    world.sequence('sequence', ['step', 'step']);
    const withSequence = await world.call('alice/conductor', { action: 'sequence', params: { n: 1 } });
    assert.deepEqual([withSequence.response.result, withSequence.logs.length, withSequence.duration], [{ n: 3 }, 3, 40]);
    assert.equal(annotationOf(world.record(withSequence.logs[1]!), 'topmost'), false);

    const nested = await world.call('alice/conductor', { action: 'conductor', params: { action: 'step', params: { n: 1 } } });
    assert.deepEqual([nested.response.result, nested.logs.length, nested.duration], [{ n: 2 }, 3, 50]);
    const inner = world.record(nested.logs[1]!);
    assert.deepEqual([inner.cause, inner.logs.length, annotationOf(inner, 'conductor'), annotationOf(inner, 'causedBy')], [nested.activationId, 3, true, 'sequence']);

    const followed = await world.call('alice/conductor', { action: 'conductor', state: { action: 'step' }, params: { action: 'step', params: { n: 1 } } });
    assert.deepEqual([followed.response.result, followed.logs.length, followed.duration], [{ n: 3 }, 5, 70]);
  });

  it('may be components of sequences', async () => {
    world.conductor('stepping', ({ n, done }) => (done === true ? { n: n! } : { action: 'step', params: { n: n! }, state: { done: true } }));
    const record = await world.call(world.sequence('s', ['stepping', 'step']), { n: 1 });
    assert.deepEqual([record.response.result, record.logs.length, record.duration], [{ n: 3 }, 2, 40]);
    assert.equal(world.record(record.logs[0]!).cause, record.activationId);
  });

  it('called through a binding keep its parameters at every turn', async () => {
    world.entity('package', { name: 'p', namespace: 'bob', publish: true });
    world.conductor('c', (args) => (args['n'] === undefined ? { action: 'step', params: { n: 1 } } : { from: args['from']! }), { namespace: 'bob', package: 'p' });
    world.entity('package', { name: 'mine', binding: { namespace: 'bob', name: 'p' }, parameters: [{ key: 'from', value: 'binding' }] });
    assert.deepEqual((await world.call('alice/mine/c')).response.result, { from: 'binding' });
  });

  it('that are deleted meanwhile end in a platform error', async () => {
    world.conductor('suicidal', () => {
      world.remove('alice/suicidal');
      return { action: 'step', params: { n: 1 } };
    });
    const { response } = await world.call('alice/suicidal');
    assert.deepEqual([response.statusCode, response.result], [3, { error: 'Activation failure during composition.' }]);
  });
});

describe('conductors: how many actions', () => {
  const limit = 5;
  const tooLong = { status: 1, result: { error: 'Too many actions in the composition.' } };
  const recursion = (n: number): JsonObject => {
    let payload: JsonObject = { n: 0 };
    for (let count = 0; count < n; count += 1) payload = { action: 'conductor', params: payload };
    return payload;
  };
  beforeEach(() => { world.sequenceLimit = limit; });

  it('as many as the limit says, and no more', async () => {
    const record = await world.call('alice/conductor', { ...chain(limit), params: { n: 0 } });
    assert.deepEqual([record.response.result, record.duration], [{ n: limit }, (2 * limit + 1) * 10]);
    assert.deepEqual(await run({ ...chain(limit + 1), params: { n: 0 } }), tooLong);
  });

  it('counted through conductors within', async () => {
    assert.deepEqual(await run({ action: 'conductor', params: { ...chain(limit - 1), params: { n: 0 } } }), { status: 0, result: { n: limit - 1 } });
    assert.deepEqual(await run({ action: 'conductor', params: { ...chain(limit + 1), params: { n: 0 } } }), tooLong);
  });

  it('not those of a sequence, which counts for one', async () => {
    world.sequence('sequence', ['step', 'step', 'step']);
    const payload = { action: 'sequence', params: { n: 0 }, state: { action: 'sequence', state: { action: 'sequence' } } };
    assert.deepEqual(await run(payload), { status: 0, result: { n: 9 } });
  });

  it('and of the conductors themselves twice as many and one', async () => {
    assert.deepEqual(await run(recursion(limit)), { status: 0, result: { n: 0 } });
    assert.deepEqual(await run(recursion(limit + 1)), tooLong);
    world.conductor('endless', () => ({ action: 'missing' }));
    assert.deepEqual((await world.call('alice/endless')).response.result, tooLong.result);
    assert.equal(world.invoker.executions.filter(({ path }) => path === 'alice/endless').length, 2 * limit + 1);
  });
});
