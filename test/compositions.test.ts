/**
 * What the controller runs itself, end to end on the local cluster: sequences and triggers by OpenWhisk's npm client,
 * compositions made and deployed by its composer, and a kill -9 of the controller in the middle of each.
 */
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { after, before, describe, it } from 'node:test';
import type { Client } from 'openwhisk';
import type { JsonObject } from '../src/domain/json.ts';
import { Platform } from './support/platform.ts';
import { waitUntil } from './support/wait-until.ts';

/** As far as it is used here; the package has no types. */
interface Composition { compile(): { composition: object; ast: object; version: string; annotations?: object[] } }
type Part = Composition | string | ((args: JsonObject) => unknown);
interface Composer {
  sequence(...parts: Part[]): Composition;
  if(test: Part, consequent: Part, alternate?: Part): Composition;
  while(test: Part, body: Part): Composition;
  try(body: Part, handler: Part): Composition;
  finally(body: Part, finalizer: Part): Composition;
  retain(...parts: Part[]): Composition;
  let(declarations: object, ...parts: Part[]): Composition;
  repeat(count: number, ...parts: Part[]): Composition;
  retry(count: number, ...parts: Part[]): Composition;
  dynamic(): Composition;
}
interface Deployer { compositions: { deploy(composition: object, overwrite: boolean): Promise<unknown> } }

const require = createRequire(import.meta.url);
const composer = require('openwhisk-composer') as Composer;
const composerClient = require('openwhisk-composer/client') as (options: object, basic: boolean) => Deployer;

interface Record {
  activationId: string;
  name: string;
  cause?: string;
  start: number;
  duration: number;
  logs: string[];
  annotations: { key: string; value: unknown }[];
  response: { result: JsonObject };
}

/** Declared by the composition `let`, where its function runs. */
declare let some: number;

let platform: Platform;
let whisk: Client;

const define = (name: string, action: string, annotations?: JsonObject): Promise<unknown> => whisk.actions.update({ name, kind: 'nodejs:default', action, ...(annotations === undefined ? {} : { annotations }) });
const sequence = (name: string, components: string[]): Promise<unknown> => whisk.actions.update({ name, sequence: components.map((component) => `/_/${component}`) } as unknown as Parameters<Client['actions']['update']>[0]);
const result = (name: string, params: JsonObject = {}): Promise<JsonObject> => whisk.actions.invoke<JsonObject, JsonObject>({ name, blocking: true, result: true, params });
/** The whole record, as the client gives it. */
const call = async (name: string, params: JsonObject): Promise<Record> => await whisk.actions.invoke({ name, blocking: true, params }) as unknown as Record;
const recordOf = (id: string): Promise<Record | undefined> => (whisk.activations.get({ name: id }) as unknown as Promise<Record>).catch(() => undefined);
const finished = (id: string): Promise<Record> => waitUntil(`${id} has its record`, () => recordOf(id), { timeoutMs: 60_000, describe: async () => `${JSON.stringify(await platform.status())} ${platform.output}` });
const annotation = (record: Record, key: string): unknown => record.annotations.find((one) => one.key === key)?.value;

/** The body of the error that the client throws. */
async function failure(promise: Promise<unknown>): Promise<{ statusCode: number; result: unknown }> {
  try {
    await promise;
  } catch (error) {
    const { statusCode, error: body } = error as { statusCode: number; error: { response?: { result: unknown }; error?: unknown } };
    return { statusCode, result: body.response?.result ?? body };
  }
  assert.fail('it did not fail');
}

before(async () => {
  platform = await Platform.start();
  whisk = await platform.client();
  await platform.invokers(1);
  await define('increment', 'const main = ({n, ...rest}) => ({...rest, n: n + 1})');
  await define('double', 'const main = ({n}) => ({n: 2 * n})');
  await define('list', 'const main = ({n}) => [n, n + 1]');
  await define('sum', 'const main = (list) => ({n: list.reduce((a, b) => a + b)})');
  await define('fail', 'const main = () => ({error: "as asked"})');
  await define('slow', 'const main = ({n}) => new Promise((resolve) => setTimeout(() => resolve({n: n + 1, steps: 1}), 1500))');
});
after(async () => { await platform.dispose(); });

describe('sequences through the npm client', () => {
  it('run their components in order and are recorded with them', async () => {
    await sequence('inner', ['increment', 'double']);
    await sequence('outer', ['inner', 'list', 'sum']);
    const record = await call('outer', { n: 1 });
    assert.deepEqual(record.response.result, { n: 9 });
    assert.deepEqual([annotation(record, 'kind'), annotation(record, 'topmost')], ['sequence', true]);
    const components = await Promise.all(record.logs.map(finished));
    assert.deepEqual(components.map(({ name }) => name), ['inner', 'list', 'sum']);
    assert.equal(record.duration, components.reduce((total, { duration }) => total + duration, 0));
    assert.ok(components.every((component) => component.cause === record.activationId && annotation(component, 'causedBy') === 'sequence'));
  });

  it('answer 502 with the first error', async () => {
    await sequence('failing', ['increment', 'fail', 'double']);
    assert.deepEqual(await failure(whisk.actions.invoke({ name: 'failing', blocking: true, params: { n: 1 } })), { statusCode: 502, result: { error: 'as asked' } });
  });

  it('answer 202 when the wait ends first, and have their record later', async () => {
    await sequence('waiting', ['slow', 'double']);
    const answer = await platform.request('POST', '/api/v1/namespaces/_/actions/waiting?blocking=true&timeout=200', { n: 1 });
    assert.equal(answer.status, 202);
    const { activationId } = await answer.json() as { activationId: string };
    assert.deepEqual((await finished(activationId)).response.result, { n: 4 });
  });
});

describe('triggers through the npm client', () => {
  it('invoke the actions of their rules', async () => {
    await whisk.triggers.update({ name: 't', trigger: { parameters: [{ key: 'n', value: 5 }] } });
    await whisk.rules.update({ name: 'r1', action: 'increment', trigger: 't' });
    await whisk.rules.update({ name: 'r2', action: 'outer', trigger: 't' });
    const { activationId } = await whisk.triggers.invoke({ name: 't', params: { m: 1 } });
    const record = await finished(activationId);
    assert.deepEqual(record.response.result, { m: 1 });
    const lines = record.logs.map((line) => JSON.parse(line) as { rule: string; activationId: string; success: boolean });
    assert.deepEqual(lines.map(({ rule, success }) => [rule, success]).sort(), [['guest/r1', true], ['guest/r2', true]]);
    const results = await Promise.all(lines.map(async ({ rule, activationId: id }) => [rule, (await finished(id)).response.result]));
    assert.deepEqual(Object.fromEntries(results), { 'guest/r1': { n: 6, m: 1 }, 'guest/r2': { n: 25 } });
  });
});

describe('compositions of the composer', () => {
  const deploy = async (name: string, composition: Composition): Promise<void> => {
    const deployer = composerClient({ apihost: platform.url, api_key: await platform.authKey() }, true);
    await deployer.compositions.deploy({ name, ...composition.compile() }, true);
  };
  const cases: { name: string; composition: () => Composition; params?: JsonObject; expected: unknown }[] = [
    { name: 'sequence', composition: () => composer.sequence('increment', 'double'), params: { n: 1 }, expected: { n: 4 } },
    { name: 'functions', composition: () => composer.sequence((args) => ({ n: Number(args['n']) + 10 }), 'double'), params: { n: 1 }, expected: { n: 22 } },
    { name: 'if', composition: () => composer.if(({ n }) => ({ value: Number(n) > 3 }), 'double', 'increment'), params: { n: 5 }, expected: { n: 10 } },
    { name: 'else', composition: () => composer.if(({ n }) => ({ value: Number(n) > 3 }), 'double', 'increment'), params: { n: 1 }, expected: { n: 2 } },
    { name: 'while', composition: () => composer.while(({ n }) => ({ value: Number(n) < 5 }), 'increment'), params: { n: 1 }, expected: { n: 5 } },
    { name: 'try', composition: () => composer.try('fail', ({ error }) => ({ caught: error })), expected: { caught: 'as asked' } },
    { name: 'finally', composition: () => composer.finally('fail', (args) => ({ finally: args['error'] ?? 'none' })), expected: { finally: 'as asked' } },
    { name: 'retain', composition: () => composer.retain('double'), params: { n: 2 }, expected: { params: { n: 2 }, result: { n: 4 } } },
    { name: 'let', composition: () => composer.let({ some: 42 }, 'increment', ({ n }) => ({ n, some: some++, then: some })), params: { n: 1 }, expected: { n: 2, some: 42, then: 43 } },
    { name: 'repeat', composition: () => composer.repeat(3, 'increment'), params: { n: 1 }, expected: { n: 4 } },
    { name: 'dynamic', composition: () => composer.sequence(() => ({ type: 'action', name: 'double', params: { n: 21 } }), composer.dynamic()), expected: { n: 42 } },
    { name: 'nested', composition: () => composer.sequence('composed-sequence', 'outer', 'increment'), params: { n: 1 }, expected: { n: 22 } },
  ];
  for (const { name, composition, params, expected } of cases) {
    it(name, async () => {
      await deploy(`composed-${name}`, composition());
      assert.deepEqual(await result(`composed-${name}`, params), expected);
    });
  }

  it('end with the error of an action, and with one of theirs', async () => {
    await deploy('composed-fail', composer.sequence('fail', 'double'));
    assert.deepEqual(await failure(whisk.actions.invoke({ name: 'composed-fail', blocking: true })), { statusCode: 502, result: { error: 'as asked' } });
    await deploy('composed-missing', composer.sequence('increment', 'no-such-action'));
    const missing = await failure(whisk.actions.invoke({ name: 'composed-missing', blocking: true, params: { n: 1 } }));
    assert.deepEqual(missing, { statusCode: 502, result: { error: "Failed to resolve action with name 'guest/no-such-action' during composition." } });
  });

  it('are recorded as conductors', async () => {
    const record = await call('composed-sequence', { n: 1 });
    assert.deepEqual(['conductor', 'kind', 'topmost'].map((key) => annotation(record, key)), [true, 'sequence', true]);
    const names = await Promise.all(record.logs.map(async (id) => (await finished(id)).name));
    assert.deepEqual(names, ['composed-sequence', 'increment', 'composed-sequence', 'double', 'composed-sequence']);
  });
});

describe('a controller that is killed', () => {
  it('goes on with every composition that it had accepted, from the step that it had reached', async () => {
    await sequence('long', ['slow', 'slow', 'slow', 'increment']);
    await define('asking', `function main({n, left}) {
      if (left === undefined) return {action: 'slow', params: {n}, state: {left: 2}};
      return left === 0 ? {n} : {action: 'slow', params: {n}, state: {left: left - 1}};
    }`, { conductor: true });
    await whisk.triggers.update({ name: 'many' });
    for (const n of [1, 2, 3, 4, 5, 6, 7, 8]) await whisk.rules.update({ name: `many${n}`, action: n % 2 === 0 ? 'increment' : 'long', trigger: 'many' });

    const ids = await Promise.all(['long', 'long', 'asking', 'asking', 'asking'].map(async (name, n) => (await whisk.actions.invoke({ name, params: { n } })).activationId));
    // A blocking caller loses its answer, and its composition goes on.
    const lost = platform.request('POST', '/api/v1/namespaces/_/actions/long?blocking=true', { n: 100 }).then(() => 'answered', () => 'broken off');
    await waitUntil('first steps have been recorded', async () => (await whisk.activations.list({ name: 'slow', limit: 50 })).length >= 3, { describe: async () => JSON.stringify(await platform.status()) });
    const fired = await whisk.triggers.invoke({ name: 'many', params: { n: 1000 } });
    platform.kill9();
    assert.equal(await lost, 'broken off');
    await platform.start();
    await platform.invokers(1);

    const records = await Promise.all(ids.map(finished));
    assert.deepEqual(records.map(({ response }) => response.result), [{ n: 4, steps: 1 }, { n: 5, steps: 1 }, { n: 5 }, { n: 6 }, { n: 7 }]);
    const blocking = await waitUntil('the composition without a caller has its record', async () => {
      const longs = await whisk.activations.list({ name: 'long', docs: true, limit: 100 }) as unknown as Record[];
      return longs.find(({ response }) => response.result['n'] === 104);
    }, { timeoutMs: 60_000 });
    const trigger = await finished(fired.activationId);
    const lines = trigger.logs.map((line) => JSON.parse(line) as { rule: string; activationId: string; success: boolean });
    assert.deepEqual(lines.map(({ success }) => success), Array.from({ length: 8 }, () => true));
    const invoked = await Promise.all(lines.map(({ activationId }) => finished(activationId)));
    assert.deepEqual(invoked.map(({ name, response }) => [name, response.result['n']]).sort(), [
      ...Array.from({ length: 4 }, () => ['increment', 1001]), ...Array.from({ length: 4 }, () => ['long', 1004]),
    ]);

    const all = await everyRecord();
    const byId = new Map(all.map((record) => [record.activationId, record]));
    assert.equal(byId.size, all.length, 'an activation has two records');
    for (const record of [...records, blocking, ...invoked.filter(({ name }) => name === 'long')]) {
      const steps = record.logs.map((id) => byId.get(id));
      assert.ok(steps.every((step) => step?.cause === record.activationId), `${record.activationId}: each step is recorded`);
      assert.equal(all.filter(({ cause }) => cause === record.activationId).length, steps.length, 'and no step was taken twice');
      const starts = steps.map((step) => step!.start);
      assert.deepEqual(starts, starts.toSorted((a, b) => a - b), 'they ran in order');
    }
  });

  async function everyRecord(): Promise<Record[]> {
    const all: Record[] = [];
    for (;;) {
      const page = await whisk.activations.list({ limit: 200, skip: all.length }) as unknown as Record[];
      all.push(...page);
      if (page.length < 200) return all;
    }
  }
});
