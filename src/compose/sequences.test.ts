import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import type { JsonValue } from '../domain/json.ts';
import { ALICE, annotationOf, BOB, ComposeWorld } from './compose-world.test.ts';

let world: ComposeWorld;
beforeEach(async () => {
  world = await ComposeWorld.start();
  world.action('increment', ({ n, ...rest }) => ({ ...rest, n: Number(n) + 1 }), { memory: 128 });
  world.action('double', ({ n }) => ({ n: 2 * Number(n) }), { memory: 512 });
  world.action('fail', () => ({ error: { because: 'it had to' } }));
  world.action('echo', (args) => args);
});

const paths = (): string[] => world.invoker.executions.map(({ path }) => path);

describe('sequences', () => {
  it('give each component the result of the one before, and answer with that of the last', async () => {
    const record = await world.call(world.sequence('s', ['increment', 'double', 'increment']), { n: 1 });
    assert.deepEqual(record.response, { statusCode: 0, result: { n: 5 }, size: 7 });
    assert.deepEqual(paths(), ['alice/increment', 'alice/double', 'alice/increment']);
    assert.deepEqual(world.errors, []);
  });

  it('are recorded with their components, the sum of their durations and the largest of their memories', async () => {
    const record = await world.call(world.sequence('s', ['increment', 'double']), { n: 1 });
    assert.deepEqual(record.logs, world.invoker.executions.map(({ id }) => id));
    assert.equal(record.duration, 20);
    assert.ok(record.end - record.start > record.duration, 'what passed between is no duration');
    assert.deepEqual(
      [record.namespace, record.name, record.subject, record.version, record.cause], ['alice', 's', 'alice', '0.0.1', undefined],
    );
    assert.deepEqual(record.annotations, [
      { key: 'topmost', value: true },
      { key: 'path', value: 'alice/s' },
      { key: 'kind', value: 'sequence' },
      { key: 'limits', value: { timeout: 60_000, memory: 512, logs: 10, concurrency: 1 } },
    ]);
    for (const id of record.logs) {
      const component = world.record(id);
      assert.equal(component.cause, record.activationId);
      assert.equal(annotationOf(component, 'causedBy'), 'sequence');
      assert.equal(annotationOf(component, 'topmost'), undefined);
    }
  });

  it('end with the first result that has an error, with its status', async () => {
    const record = await world.call(world.sequence('s', ['increment', 'fail', 'double']), { n: 1 });
    assert.deepEqual([record.response.statusCode, record.response.result], [1, { error: { because: 'it had to' } }]);
    assert.equal(record.logs.length, 2);
  });

  it('do not take an error in the payload of the caller for one', async () => {
    const record = await world.call(world.sequence('s', ['double', 'increment']), { n: 1, error: 'not mine' });
    assert.deepEqual(record.response.result, { n: 3 });
  });

  it('end with the developer error of a component', async () => {
    world.action('crash', () => { throw new Error('boom'); });
    const record = await world.call(world.sequence('s', ['crash', 'double']), { n: 1 });
    assert.equal(record.response.statusCode, 2);
    assert.deepEqual(paths(), ['alice/crash']);
  });

  it('pass arrays from one component to the next', async () => {
    world.action('list', ({ n }) => [Number(n), Number(n) + 1]);
    world.action('reverse', (args) => (args as unknown as JsonValue[]).toReversed(), { parameters: [{ key: 'unused', value: 1 }] });
    const record = await world.call(world.sequence('s', ['list', 'reverse']), { n: 1 });
    assert.deepEqual(record.response.result, [2, 1]);
    assert.deepEqual(world.invoker.executions[1]!.args, [1, 2]);
  });

  it('merge the parameters of each component under its input, and leave out their own', async () => {
    world.action('show', (args) => args, { parameters: [{ key: 'a', value: 1 }, { key: 'b', value: 1 }] });
    const record = await world.call(world.sequence('s', ['show'], { parameters: [{ key: '_actions', value: ['/alice/show'] }] }), { b: 2 });
    assert.deepEqual(record.response.result, { a: 1, b: 2 });
  });

  it('take components out of packages and through bindings, with their parameters', async () => {
    world.entity('package', { name: 'tools', namespace: 'bob', publish: true, parameters: [{ key: 'from', value: 'package' }, { key: 'over', value: 'package' }] });
    world.action('show', (args) => args, { namespace: 'bob', package: 'tools' });
    world.entity('package', { name: 'mine', binding: { namespace: 'bob', name: 'tools' }, parameters: [{ key: 'over', value: 'binding' }] });
    const record = await world.call(world.sequence('s', ['bob/tools/show', 'alice/mine/show']), { n: 1 });
    assert.deepEqual(record.response.result, { n: 1, from: 'package', over: 'package' }, 'what came out of the first goes over the parameters of the second');
    const [first, second] = record.logs.map((id) => world.record(id));
    assert.deepEqual([first!, second!].map((component) => annotationOf(component, 'path')), ['bob/tools/show', 'bob/tools/show']);
    assert.deepEqual([first!, second!].map((component) => annotationOf(component, 'binding')), [undefined, 'alice/mine']);
    assert.deepEqual([first!.namespace, second!.namespace], ['alice', 'alice'], 'the record is the caller\'s');
  });

  it('contain sequences: each has its own record, and its components are caused by it', async () => {
    world.sequence('inner', ['double', 'increment']);
    const outer = await world.call(world.sequence('outer', ['increment', 'inner', 'increment']), { n: 1 });
    assert.deepEqual(outer.response.result, { n: 6 });
    assert.equal(outer.logs.length, 3);
    const inner = world.record(outer.logs[1]!);
    assert.deepEqual([inner.name, inner.cause, inner.logs.length, inner.duration], ['inner', outer.activationId, 2, 20]);
    assert.deepEqual([annotationOf(inner, 'topmost'), annotationOf(inner, 'causedBy')], [false, 'sequence']);
    assert.equal(world.record(inner.logs[0]!).cause, inner.activationId);
    assert.deepEqual([outer.duration, (annotationOf(outer, 'limits') as { memory: number }).memory], [40, 512]);
    assert.deepEqual(world.store.unfinished(), []);
  });

  it('stop with an error inside an inner one', async () => {
    world.sequence('inner', ['increment', 'fail', 'increment']);
    const outer = await world.call(world.sequence('outer', ['inner', 'increment']), { n: 1 });
    assert.equal(outer.response.statusCode, 1);
    assert.equal(outer.logs.length, 1);
    assert.deepEqual(paths(), ['alice/increment', 'alice/fail']);
  });

  it('say that a component does not exist (any more)', async () => {
    const path = world.sequence('s', ['increment', 'gone']);
    const record = await world.call(path, { n: 1 });
    assert.deepEqual([record.response.statusCode, record.response.result], [1, { error: 'Sequence component does not exist.' }]);
    assert.equal(record.logs.length, 1);
    world.remove('alice/increment');
    const none = await world.call(path, { n: 1 });
    assert.deepEqual(none.response.result, { error: 'Sequence component does not exist.' });
    assert.equal(annotationOf(none, 'limits'), undefined, 'nothing ran');
  });

  it('run as many actions as the limit says, counted through the sequences within', async () => {
    world.sequenceLimit = 4;
    world.sequence('two', ['increment', 'increment']);
    const within = await world.call(world.sequence('four', ['two', 'two']), { n: 0 });
    assert.deepEqual(within.response.result, { n: 4 });
    const beyond = await world.call(world.sequence('five', ['two', 'two', 'increment']), { n: 0 });
    assert.deepEqual([beyond.response.statusCode, beyond.response.result], [1, { error: 'Too many actions in the sequence.' }]);
    assert.equal(world.invoker.executions.length, 8);
  });

  it('that came to contain themselves end, too', async () => {
    world.sequence('a', ['b']);
    const record = await world.call(world.sequence('b', ['a']), {});
    assert.deepEqual(record.response.result, { error: 'Too many actions in the sequence.' });
  });

  it('need that the caller may invoke each component', async () => {
    world.action('secret', (args) => args, { namespace: 'bob' });
    world.entity('package', { name: 'open', namespace: 'bob', publish: true });
    const path = world.sequence('s', ['bob/secret'], { namespace: 'bob', package: 'open' });
    const action = await world.actions.find(path, ALICE);
    await assert.rejects(world.until(world.invocations.call(action!, world.invocation({}, ALICE), 1_000)), { status: 403, message: "The supplied authentication is not authorized to access 'bob/secret'." });
    assert.deepEqual([world.store.journal.size, world.store.records.size], [0, 0]);
    assert.equal((await world.call(path, { n: 1 }, BOB)).response.statusCode, 0);
  });

  it('give a component the key of the caller where it asks for it, and the initial parameters their place', async () => {
    world.action('keyed', (_args, message) => ({ key: message.apiKey ?? null, env: message.env }), {
      annotations: [{ key: 'provide-api-key', value: true }], parameters: [{ key: 'TOKEN', value: 't', init: true }],
    });
    const record = await world.call(world.sequence('s', ['keyed']), {});
    assert.deepEqual(record.response.result, { key: 'uuid-of-alice:key-of-alice', env: { TOKEN: 't' } });
  });
});

describe('the answer to who invokes a sequence', () => {
  it('is an id at once where nobody waits', async () => {
    const id = await world.submit(world.sequence('s', ['increment', 'double']), { n: 1 });
    assert.equal(world.store.records.has(id), false);
    await world.finished();
    assert.deepEqual(world.record(id).response.result, { n: 4 });
  });

  it('is an id when the wait ends first, and the sequence goes on', async () => {
    world.invoker.durationMs = 5_000;
    const action = await world.actions.find(world.sequence('s', ['increment', 'double']), ALICE);
    const answer = await world.until(world.invocations.call(action!, world.invocation({ n: 1 }, ALICE), 6_000));
    assert.equal(answer.done, false);
    assert.equal(world.invoker.executions.length, 2);
    await world.finished();
    assert.deepEqual(world.record(answer.activationId).response.result, { n: 4 });
  });

  it('is a refusal when the store does not take it, and nothing happens', async () => {
    world.store.up = false;
    const action = await world.actions.find(world.sequence('s', ['increment']), ALICE);
    await assert.rejects(world.until(world.invocations.call(action!, world.invocation({ n: 1 }, ALICE), 1_000)), { name: 'StoreUnavailable' });
    world.store.up = true;
    await world.finished();
    assert.deepEqual([world.invoker.executions.length, world.store.records.size, world.invocations.underWay], [0, 0, 0]);
  });

  it('is an id when the controller stops, and what it began goes on after the next start', async () => {
    world.invoker.durationMs = 1_000;
    const action = await world.actions.find(world.sequence('s', ['increment', 'double']), ALICE);
    const call = world.invocations.call(action!, world.invocation({ n: 1 }, ALICE), 60_000);
    await world.pass(50);
    world.invocations.stop();
    const answer = await world.until(call);
    assert.equal(answer.done, false);
    await assert.rejects(world.invocations.submit(action!, world.invocation({}, ALICE)), { name: 'Overloaded' });
    world.kill(() => true);
    await world.finished();
    assert.deepEqual(world.record(answer.activationId).response.result, { n: 4 });
    assert.equal(world.invoker.executions.length, 2);
  });
});

describe('a store that is full for a while', () => {
  it('delays a sequence and does not break it', async () => {
    const id = await world.submit(world.sequence('s', ['increment', 'double', 'increment']), { n: 1 });
    await world.pass(12);
    world.store.up = false;
    await world.pass(3_000);
    assert.equal(world.store.records.has(id), false);
    world.store.up = true;
    await world.finished();
    assert.deepEqual(world.record(id).response.result, { n: 5 });
    assert.equal(world.invoker.executions.length, 3);
  });
});
