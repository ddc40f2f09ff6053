/** Sequences as entities: what is accepted, what is refused, what a PUT makes of them. Running them is compose's. */
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import type { JsonObject, JsonValue } from '../domain/json.ts';
import { DEFAULT_LIMITS } from '../domain/limits.ts';
import type { EntityChange } from '../store/store.ts';
import type { ApiUnderTest } from './api-harness.test.ts';
import { GUEST, OTHER, startApi } from './api-harness.test.ts';

const CODE = 'function main(args) { return args; }';
const EXEC = { kind: 'nodejs:default', code: CODE };
const LIMIT = DEFAULT_LIMITS.sequenceLength;
const TOO_LONG = 'Too many actions in the sequence.';
const CYCLIC = 'Sequence may not refer to itself.';
const MISSING = 'Sequence component does not exist.';
const NOT_ALLOWED = (path: string): string => `The supplied authentication is not authorized to access '${path}'.`;

let api: ApiUnderTest;
before(async () => {
  api = await startApi();
  for (const name of ['a', 'b', 'c']) await put(`actions/${name}`, { exec: EXEC });
});
after(async () => { await api.close(); });
beforeEach(() => { assert.deepEqual(api.errors, []); });

const sequence = (...components: string[]): { exec: object } => ({ exec: { kind: 'sequence', components: components.map((name) => (name.startsWith('/') ? name : `/_/${name}`)) } });

async function put(path: string, body: object = {}, identity = GUEST): Promise<JsonObject> {
  const { status, body: answer } = await api.requestAs(identity, 'PUT', `_/${path}`, body);
  assert.equal(status, 200, JSON.stringify(answer));
  return answer as JsonObject;
}

async function refused(path: string, body: object, status: number, text: string): Promise<void> {
  const answer = await api.request('PUT', `/${path}`, body);
  assert.equal(answer.status, status, JSON.stringify(answer.body));
  assert.equal((answer.body as { error: string }).error, text);
}

const annotations = (entity: JsonObject): Record<string, JsonValue> =>
  Object.fromEntries((entity['annotations'] as { key: string; value: JsonValue }[]).map(({ key, value }) => [key, value]));

test('PUT /namespaces/{ns}/actions/{name} (sequence): components in full, and as the one parameter', async () => {
  const made = await put('actions/made', { ...sequence('a', 'b'), parameters: [{ key: 'lost', value: 1 }], limits: { memory: 128 } });
  assert.deepEqual(made['exec'], { kind: 'sequence', components: ['/guest/a', '/guest/b'] });
  assert.deepEqual(made['parameters'], [{ key: '_actions', value: ['/guest/a', '/guest/b'] }]);
  assert.deepEqual(annotations(made), { 'provide-api-key': false, exec: 'sequence' });
  const read = (await api.request('GET', '/actions/made?code=false')).body as JsonObject;
  assert.deepEqual(read['exec'], made['exec']);
  const [summary] = (await api.request('GET', '/actions?limit=1')).body as JsonObject[];
  assert.deepEqual([summary?.['name'], summary?.['exec']], ['made', { binary: false }]);
});

test('PUT /namespaces/{ns}/actions/{name} (sequence): an update keeps its components, whatever it says of parameters', async () => {
  await put('actions/updated', sequence('a', 'b'));
  const renewed = await put('actions/updated?overwrite=true', { parameters: [{ key: 'x', value: 1 }], annotations: [{ key: 'note', value: 1 }] });
  assert.deepEqual(renewed['parameters'], [{ key: '_actions', value: ['/guest/a', '/guest/b'] }]);
  assert.deepEqual(annotations(renewed), { 'provide-api-key': false, note: 1, exec: 'sequence' });
  const other = await put('actions/updated?overwrite=true', { ...sequence('c'), delAnnotations: ['note'] });
  assert.deepEqual(other['parameters'], [{ key: '_actions', value: ['/guest/c'] }]);
  assert.equal(annotations(other)['note'], 1);
});

test('PUT /namespaces/{ns}/actions/{name} (sequence): what it turns into has nothing of its parameters', async () => {
  await put('actions/turning', { exec: EXEC, parameters: [{ key: 'own', value: 1 }] });
  await put('actions/turning?overwrite=true', sequence('a'));
  const turned = await put('actions/turning?overwrite=true', { exec: EXEC });
  assert.deepEqual(turned['parameters'], []);
  assert.equal(annotations(turned)['exec'], 'nodejs:24');
});

test('PUT /namespaces/{ns}/actions/{name} (sequence): 400 without components, or with names that are none', async () => {
  await refused('actions/x', sequence(), 400, 'No component specified for the sequence.');
  await refused('actions/made?overwrite=true', sequence(), 400, 'No component specified for the sequence.');
  for (const query of ['', '?overwrite=true']) {
    await refused(`actions/x${query}`, { exec: { kind: 'sequence' } }, 400, "The request content was malformed:\n'components' must be defined for sequence kind");
    await refused(`actions/x${query}`, { exec: { kind: 'sequence', components: ['a', 'b'] } }, 400,
      'The request content was malformed:\nrequirement failed: The fully qualified name of the entity must contain at least the namespace and the name of the entity.');
  }
  await refused('actions/x', { exec: { kind: 'sequence', components: 'a' } }, 400, 'The request content was malformed:\nexec.components must be array');
  await refused('actions/x', sequence('a$'), 400, 'The name of the entity contains illegal characters.');
});

test('PUT /namespaces/{ns}/actions/{name} (sequence): 400 where a component is missing or is no action', async () => {
  await put('triggers/no-action');
  await put('packages/p1');
  for (const name of ['missing', 'no-action', 'p1', 'p1/missing']) await refused('actions/x', sequence('a', name), 400, MISSING);
});

test('PUT /namespaces/{ns}/actions/{name} (sequence): as many actions as the limit and no more', async () => {
  await put('actions/longest', sequence(...Array<string>(LIMIT).fill('a')));
  await refused('actions/too-long', sequence(...Array<string>(LIMIT + 1).fill('a')), 400, TOO_LONG);
});

test('PUT /namespaces/{ns}/actions/{name} (sequence): nested ones count with all that is in them', async () => {
  await put('actions/ten', sequence(...Array<string>(10).fill('a')));
  await put('actions/fifty', sequence(...Array<string>(5).fill('ten')));
  await refused('actions/sixty', sequence('fifty', 'ten'), 400, TOO_LONG);
  await refused('actions/fifty-one', sequence('fifty', 'a'), 400, TOO_LONG);
  await put('actions/again-fifty', sequence('fifty'));
});

test('PUT /namespaces/{ns}/actions/{name} (sequence): sequences that grew since they were checked are refused without counting to the end', async () => {
  const level = (n: number): EntityChange => ({
    change: 'put', type: 'action', expectedRevision: undefined,
    entity: {
      namespace: 'guest', name: `level-${n}`, version: '0.0.1', publish: false, parameters: [], annotations: [], updated: n,
      exec: n === 0 ? { kind: 'nodejs:24', code: CODE, binary: false } : { kind: 'sequence', components: Array<string>(LIMIT).fill(`/guest/level-${n - 1}`) },
      limits: { timeout: 1000, memory: 128, logs: 0, concurrency: 1 },
    },
  });
  await api.store.entities.write(Array.from({ length: 20 }, (_, n) => level(n)));
  await refused('actions/tower', sequence('level-19'), 400, TOO_LONG);
});

test('PUT /namespaces/{ns}/actions/{name} (sequence): 400 where it would come back to itself', async () => {
  await refused('actions/self', sequence('self'), 400, CYCLIC);
  await refused('actions/self', sequence('a', 'self', 'b'), 400, CYCLIC);
  await put('actions/cycle', sequence('a', 'b'));
  await refused('actions/cycle?overwrite=true', sequence('a', 'cycle'), 400, CYCLIC);
  await put('actions/around', sequence('cycle', 'c'));
  await refused('actions/cycle?overwrite=true', sequence('around'), 400, CYCLIC);
  // An action that is in a sequence cannot become one around it.
  await put('actions/atom', { exec: EXEC });
  await put('actions/molecule', sequence('atom'));
  await refused('actions/atom?overwrite=true', sequence('molecule'), 400, CYCLIC);
});

test('PUT /namespaces/{ns}/actions/{name} (sequence): the same sequence twice side by side is no cycle', async () => {
  await put('actions/y', sequence('a'));
  await put('actions/z', sequence('b'));
  await put('actions/x', sequence('b', 'z'));
  await put('actions/s', sequence('a', 'x', 'y'));
  await refused('actions/z?overwrite=true', sequence('s'), 400, CYCLIC);
  await refused('actions/s?overwrite=true', sequence('a', 's', 'b'), 400, CYCLIC);
  await put('actions/z?overwrite=true', sequence('y'));
  await put('actions/s?overwrite=true', sequence('a', 'x', 'y', 'a', 'b'));
});

test('PUT /namespaces/{ns}/actions/{pkg}/{name} (sequence): bindings are looked through, for cycles, too', async () => {
  await put('packages/seqs');
  await put('packages/bound', { binding: { namespace: '_', name: 'seqs' } });
  await put('actions/seqs/inner', { exec: EXEC });
  assert.deepEqual((await put('actions/through', sequence('bound/inner')))['exec'], { kind: 'sequence', components: ['/guest/bound/inner'] });
  await put('actions/seqs/round', sequence('a', 'b'));
  await refused('actions/seqs/round?overwrite=true', sequence('a', 'bound/round'), 400, CYCLIC);
  await refused('actions/seqs/new', sequence('bound/new'), 400, CYCLIC);
});

test('PUT /namespaces/{ns}/actions/{name} (sequence): components must be one\'s own or published', async () => {
  await put('packages/open', { publish: true }, OTHER);
  await put('actions/open/act', { exec: EXEC }, OTHER);
  await put('packages/closed', {}, OTHER);
  await put('actions/lone', { exec: EXEC }, OTHER);
  await put('actions/borrowing', sequence('/other/open/act', 'a'));
  await refused('actions/x1', sequence('/other/closed/act'), 403, NOT_ALLOWED('other/closed'));
  await refused('actions/x1', sequence('/other/lone', 'a', '/other/alone'), 403, NOT_ALLOWED('other/alone, other/lone'));
  await refused('actions/x1', sequence('nopkg/a'), 404, 'The requested resource does not exist.');
});

test('POST /namespaces/{ns}/actions/{name} (sequence): one step after the other, with parameters of packages', async () => {
  await put('packages/adding', { parameters: [{ key: 'step', value: 2 }] });
  await put('actions/adding/add', { exec: { kind: 'nodejs:default', code: 'function main({ n = 0, step }) { return { n: n + step }; }' } });
  await put('actions/sum', sequence('adding/add', 'adding/add', 'a'));
  const { status, body } = await api.request('POST', '/actions/sum?blocking=true&result=true', { n: 1 });
  assert.deepEqual([status, body], [200, { n: 5 }]);
});

test('POST /namespaces/{ns}/actions/{name} (sequence): of a published package with a component that is private, 403 for others', async () => {
  await put('packages/shop', { publish: true }, OTHER);
  await put('actions/shop/front', sequence('/other/lone'), OTHER);
  const { status, body } = await api.requestAs(GUEST, 'POST', 'other/actions/shop/front?blocking=true', {});
  assert.deepEqual([status, (body as { error: string }).error], [403, NOT_ALLOWED('other/lone')]);
  assert.equal((await api.requestAs(OTHER, 'POST', '_/actions/shop/front?blocking=true', {})).status, 200);
});
