/**
 * Compositions against generated histories: the controller is killed at any moment, with what it was writing written or
 * not; the store is out of order for a while, or never takes a checkpoint. In the end every composition has one record,
 * the same as in a calm world, and every step was run exactly once.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { ActivationId, ActivationRecord } from '../domain/activation.ts';
import type { JsonObject, JsonValue } from '../domain/json.ts';
import { isJsonObject } from '../domain/json.ts';
import type { Builtin } from './builtins.ts';
import { annotationOf, ComposeWorld } from './compose-world.test.ts';

const RUNS = Number(process.env['FAST_CHECK_RUNS'] ?? 150);

const LEAVES = ['add', 'twice', 'list', 'sometimes'];

/** What a composition does: plain actions, sequences, and conductors that go through a list. */
type Program =
  | { is: 'leaf'; name: string }
  | { is: 'builtin' }
  | { is: 'sequence' | 'conductor'; parts: Program[] };

const { program } = fc.letrec<{ program: Program }>((tie) => ({
  program: fc.oneof(
    { maxDepth: 3, depthSize: 'small' },
    fc.record({ is: fc.constant('leaf' as const), name: fc.constantFrom(...LEAVES) }),
    fc.record({ is: fc.constant('builtin' as const) }),
    fc.record({ is: fc.constantFrom('sequence' as const, 'conductor' as const), parts: fc.array(tie('program'), { minLength: 1, maxLength: 4 }) }),
  ),
}));
const composed: fc.Arbitrary<Program> = fc.record({ is: fc.constantFrom('sequence' as const, 'conductor' as const), parts: fc.array(program, { minLength: 1, maxLength: 5 }) });

type Step =
  | { do: 'begin' | 'fire'; which: number; n: number }
  | { do: 'wait'; ms: number }
  | { do: 'kill'; written: boolean; every: number; downMs: number }
  | { do: 'store'; up: boolean; latencyMs: number; checkpoints: boolean };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constantFrom('begin' as const, 'begin' as const, 'fire' as const), which: fc.nat({ max: 7 }), n: fc.nat({ max: 9 }) }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(1, 2, 5, 9, 13, 40, 150) }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('kill' as const), written: fc.boolean(), every: fc.constantFrom(1, 1, 2, 3), downMs: fc.constantFrom(0, 5, 200) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('store' as const), up: fc.boolean(), latencyMs: fc.constantFrom(0, 1, 8), checkpoints: fc.boolean() }) },
);

const builtins = new Map<string, Builtin>([['mark', ({ args }) => Promise.resolve({ ...args, marked: true })]]);

/** A world in which these programs can be invoked, as p0, p1, … */
async function worldOf(programs: readonly Program[]): Promise<ComposeWorld> {
  const world = await ComposeWorld.start(builtins);
  const n = (args: JsonObject): number => (typeof args['n'] === 'number' ? args['n'] : 0);
  world.action('add', (args) => ({ ...plain(args), n: n(plain(args)) + 1 }));
  world.action('twice', (args) => ({ ...plain(args), n: 2 * n(plain(args)) }));
  world.action('list', (args) => [n(plain(args))]);
  world.action('sometimes', (args) => (n(plain(args)) % 5 === 3 ? { error: 'three of five' } : plain(args)));
  world.entity('package', { name: 'utils', namespace: 'whisk.system', publish: true });
  world.builtin('mark', 'mark');
  for (const [index, one] of programs.entries()) install(world, `p${index}`, one);
  world.entity('trigger', { name: 't' });
  for (const [index] of programs.entries()) world.entity('rule', { name: `r${index}`, trigger: 'alice/t', action: `alice/p${index}`, status: index === 1 ? 'inactive' : 'active' });
  world.entity('rule', { name: 'plain', trigger: 'alice/t', action: 'alice/add' });
  return world;
}

/** An array comes from `list`. */
function plain(args: JsonValue): JsonObject {
  return isJsonObject(args) ? args : { n: (args as JsonValue[])[0] ?? 0 };
}

/** @returns the path by which it is invoked */
function install(world: ComposeWorld, name: string, one: Program): string {
  if (one.is === 'leaf') return `alice/${one.name}`;
  if (one.is === 'builtin') return 'whisk.system/utils/mark';
  const parts = one.parts.map((part, index) => install(world, `${name}-${index}`, part));
  if (one.is === 'sequence') return world.sequence(name, parts);
  return world.conductor(name, ({ at, ...args }) => {
    const next = parts[typeof at === 'number' ? at : 0];
    return next === undefined ? { params: args } : { action: `/${next}`, params: args, state: { at: (typeof at === 'number' ? at : 0) + 1 } };
  });
}

/** What a composition did, without ids and times. */
function trace(world: ComposeWorld, id: ActivationId): JsonValue {
  const record = world.record(id);
  const isComposition = annotationOf(record, 'kind') === 'sequence';
  return {
    name: record.name, status: record.response.statusCode, result: record.response.result, duration: isComposition ? record.duration : 'its own',
    memory: (annotationOf(record, 'limits') as JsonObject | undefined)?.['memory'] ?? null,
    parts: isComposition ? record.logs.map((part) => trace(world, part)) : [],
  };
}

/** Everything that a record leads to, itself included. */
function* family(world: ComposeWorld, record: ActivationRecord): Generator<ActivationRecord, void> {
  yield record;
  if (annotationOf(record, 'kind') !== 'sequence') return;
  for (const id of record.logs) {
    const part = world.record(id);
    assert.equal(part.cause, record.activationId, `${id} is caused by what it is a part of`);
    yield* family(world, part);
  }
}

interface Begun { which: number; n: number; id: ActivationId | undefined; fired: boolean }

class History {
  readonly world: ComposeWorld;
  readonly #programs: number;
  readonly begun: Begun[] = [];

  constructor(world: ComposeWorld, programs: number) {
    this.world = world;
    this.#programs = programs;
  }

  async perform(one: Step): Promise<void> {
    const { world } = this;
    switch (one.do) {
      case 'wait': await world.pass(one.ms); return;
      case 'kill':
        world.kill((index) => one.written === (index % one.every === 0));
        await world.pass(one.downMs);
        await world.startController();
        return;
      case 'store':
        world.store.up = one.up;
        world.store.latencyMs = one.latencyMs;
        world.store.checkpointsFail = !one.checkpoints;
        return;
      case 'begin': case 'fire': await this.#begin(one.which % this.#programs, one.n, one.do === 'fire');
    }
  }

  async #begin(which: number, n: number, fired: boolean): Promise<void> {
    const { world } = this;
    const invocation = world.invocation({ n }, { subject: 'alice', namespace: 'alice', uuid: 'u', key: 'k' });
    const begun: Begun = { which, n, id: undefined, fired };
    this.begun.push(begun);
    const stored = world.store.entities.get('alice/t');
    assert.ok(stored?.type === 'trigger');
    const path = `alice/p${which}`;
    const action = fired ? undefined : await world.actions.find(path, invocation.identity);
    const accepted = action === undefined ? world.invocations.fire(stored.entity, invocation) : world.invocations.submit(action, invocation);
    // Whoever hears nothing, or a refusal, was promised nothing.
    accepted.then((id) => { begun.id = id; }, () => undefined);
    await world.pass(1);
  }
}

async function calmTrace(programs: readonly Program[], which: number, n: number): Promise<JsonValue> {
  const calm = await worldOf(programs);
  const id = await calm.submit(`alice/p${which}`, { n });
  await calm.finished();
  return trace(calm, id);
}

async function checkComposition(world: ComposeWorld, programs: readonly Program[], id: ActivationId, which: number, n: number): Promise<Set<ActivationId>> {
  assert.deepEqual(trace(world, id), await calmTrace(programs, which, n), `${id} ended as if nothing had happened`);
  const members = [...family(world, world.record(id))].map(({ activationId }) => activationId);
  assert.equal(new Set(members).size, members.length);
  return new Set(members);
}

async function checkFiring(
  world: ComposeWorld, programs: readonly Program[], id: ActivationId, expected: Set<ActivationId>,
  add: (id: ActivationId, which: number, n: number) => Promise<void>,
): Promise<void> {
  const record = world.record(id);
  expected.add(id);
  const n = Number((record.response.result as JsonObject)['n']);
  assert.equal(record.logs.length, programs.length + 1);
  for (const line of record.logs.map((text) => JSON.parse(text) as { rule: string; success: boolean; activationId: string })) {
    if (line.rule === 'alice/r1') assert.equal(line.success, false);
    else if (line.rule === 'alice/plain') {
      assert.deepEqual(world.record(line.activationId).response.result, { n: n + 1 });
      expected.add(line.activationId);
    } else await add(line.activationId, Number(line.rule.slice('alice/r'.length)), n);
  }
}

async function check(history: History, programs: readonly Program[]): Promise<void> {
  const { world } = history;
  const expected = new Set<ActivationId>();
  const add = async (id: ActivationId, which: number, n: number): Promise<void> => {
    for (const member of await checkComposition(world, programs, id, which, n)) expected.add(member);
  };
  const ids = history.begun.flatMap(({ id }) => id ?? []);
  assert.equal(new Set(ids).size, ids.length);
  // What was journalled although nobody was told is finished, too.
  for (const message of world.store.journal.values()) {
    const { type } = message.composition ?? {};
    if (type === 'firing') ids.push(message.activationId);
  }
  for (const { id, which, n, fired } of history.begun) if (id !== undefined && !fired) await add(id, which, n);
  for (const id of new Set(ids)) if (world.record(id).name === 't') await checkFiring(world, programs, id, expected, add);
  for (const message of world.store.journal.values()) {
    if (message.composition?.type !== 'steps' || expected.has(message.activationId)) continue;
    for (const { activationId } of family(world, world.record(message.activationId))) expected.add(activationId);
  }
  const orphans = [...world.store.records.keys()].filter((id) => !expected.has(id));
  assert.deepEqual(orphans.map((id) => world.record(id)), [], 'nothing was begun that belongs to nothing');
  const runs = world.invoker.executions.map(({ id }) => id);
  assert.equal(new Set(runs).size, runs.length, 'no step was run twice');
  assert.deepEqual(runs.filter((id) => !world.store.records.has(id)), [], 'what ran has a record');
  assert.deepEqual([world.store.unfinished(), world.invocations.underWay, world.dispatcher.inFlight('alice')], [[], 0, 0]);
}

describe('compositions: generated histories', () => {
  it(`go on from where they were through ${RUNS} of them`, async () => {
    await fc.assert(fc.asyncProperty(fc.array(composed, { minLength: 1, maxLength: 3 }), fc.array(step, { minLength: 3, maxLength: 25 }), async (programs, steps) => {
      const history = new History(await worldOf(programs), programs.length);
      for (const one of steps) await history.perform(one);
      const { store } = history.world;
      store.up = true;
      store.checkpointsFail = false;
      await history.world.finished();
      await check(history, programs);
    }), { numRuns: RUNS, endOnFailure: false });
  });
});
