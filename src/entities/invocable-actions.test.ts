import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ApiError } from '../domain/errors.ts';
import type { EntitiesUnderTest } from './entity-store.test.ts';
import { startEntities } from './entity-store.test.ts';
import { storedRevision } from './invocable-action.ts';
import { InvocableActions } from './invocable-actions.ts';

const GUEST = { namespace: 'guest' };
const OTHER = { namespace: 'other' };

let store: EntitiesUnderTest;
let actions: InvocableActions;
before(async () => {
  store = await startEntities();
  actions = new InvocableActions(store.entities);
});
after(async () => { await store.close(); });

const refusal = (status: number, text: string) => (error: unknown): boolean => {
  assert.ok(error instanceof ApiError);
  assert.deepEqual([error.status, error.message], [status, text]);
  return true;
};

test('what was worked out is kept until the action changes', async () => {
  await store.action('guest/a', { parameters: [{ key: 'x', value: 1 }] });
  const first = await actions.find('guest/a', GUEST);
  assert.deepEqual({ ...first?.defaults }, { x: 1 });
  assert.equal(await actions.find('guest/a', GUEST), first);
  await store.action('guest/a', { parameters: [{ key: 'x', value: 2 }] });
  assert.deepEqual({ ...(await actions.find('guest/a', GUEST))?.defaults }, { x: 2 });
});

test('what was worked out of a packaged action is kept until action, package or binding change', async () => {
  await store.package('guest/p');
  await store.package('guest/b', { binding: { namespace: 'guest', name: 'p' } });
  await store.action('guest/p/a');
  const through = (): Promise<unknown> => actions.find('guest/b/a', GUEST);
  for (const change of [
    () => store.action('guest/p/a', { publish: true }),
    () => store.package('guest/p', { publish: true }),
    () => store.package('guest/b', { binding: { namespace: 'guest', name: 'p' }, publish: true }),
  ]) {
    const before = await through();
    assert.equal(await through(), before);
    await change();
    assert.notEqual(await through(), before);
  }
});

test('two bindings of one package each give their own parameters, and the one action', async () => {
  await store.package('guest/base', { parameters: [{ key: 'x', value: 'base' }] });
  await store.action('guest/base/a', { parameters: [{ key: 'y', value: 'action' }] });
  for (const name of ['left', 'right']) {
    await store.package(`guest/${name}`, { binding: { namespace: 'guest', name: 'base' }, parameters: [{ key: 'x', value: name }, { key: 'y', value: name }] });
    const found = await actions.find(`guest/${name}/a`, GUEST);
    assert.deepEqual({ ...found?.defaults }, { x: name, y: 'action' });
    assert.deepEqual([found?.reference.path, found?.reference.binding], ['guest/base/a', `guest/${name}`]);
  }
  assert.equal((await actions.find('guest/base/a', GUEST))?.reference.binding, undefined);
});

test('who may not invoke it is told the same whether it is there or not', async () => {
  await store.action('guest/private');
  await store.package('guest/closed');
  await store.package('guest/open', { publish: true });
  await store.action('guest/open/a');
  for (const name of ['private', 'missing']) {
    await assert.rejects(actions.find(`guest/${name}`, OTHER), refusal(403, `The supplied authentication is not authorized to access 'guest/${name}'.`));
  }
  for (const name of ['closed', 'missing']) {
    await assert.rejects(actions.find(`guest/${name}/a`, OTHER), refusal(403, `The supplied authentication is not authorized to access 'guest/${name}'.`));
  }
  assert.ok(await actions.find('guest/open/a', OTHER));
  assert.equal(await actions.find('guest/open/missing', OTHER), undefined);
  assert.equal(await actions.find('guest/missing', GUEST), undefined);
});

test('a namespace whose name begins like another\'s is another one', async () => {
  await store.action('guest2/a');
  await store.package('guest2/p');
  await assert.rejects(actions.find('guest2/a', GUEST), ApiError);
  await assert.rejects(actions.find('guest/a', { namespace: 'guest2' }), ApiError);
  await assert.rejects(actions.find('guest2/p/a', GUEST), ApiError);
});

test('a binding leads one step, even where its package was made anew as a binding', async () => {
  await store.package('guest/one');
  await store.action('guest/one/a');
  await store.package('guest/two', { binding: { namespace: 'guest', name: 'one' } });
  await store.package('guest/three', { binding: { namespace: 'guest', name: 'two' } });
  await assert.rejects(actions.find('guest/three/a', GUEST), refusal(404, 'The requested resource does not exist.'));
  await store.package('guest/round', { binding: { namespace: 'guest', name: 'round' } });
  await assert.rejects(actions.find('guest/round/a', GUEST), refusal(404, 'The requested resource does not exist.'));
});

test('init parameters of a package make a revision that still tells the action\'s', async () => {
  await store.package('guest/env', { parameters: [{ key: 'A', value: 1, init: true }, { key: 'b', value: 2 }] });
  await store.action('guest/env/a');
  await store.action('guest/env/own', { parameters: [{ key: 'A', value: 3, init: true }] });
  const stored = await store.entities.get('guest/env/a');
  const found = await actions.find('guest/env/a', GUEST);
  assert.notEqual(found?.reference.revision, stored?.revision);
  assert.equal(storedRevision(found!.reference.revision), stored?.revision);
  assert.deepEqual(found!.initKeys, ['A']);
  // Its own wins: whatever the package says changes nothing.
  assert.equal((await actions.find('guest/env/own', GUEST))?.reference.revision, (await store.entities.get('guest/env/own'))?.revision);
});

test('who runs it', async () => {
  const conductor = [{ key: 'conductor', value: true }];
  await store.action('guest/seq', { exec: { kind: 'sequence', components: ['/guest/a', '/other/p/b'] }, annotations: conductor });
  await store.action('guest/cond', { annotations: conductor });
  await store.action('guest/no-cond', { annotations: [{ key: 'conductor', value: false }] });
  await store.action('guest/fake', { annotations: [{ key: 'builtin', value: 'alarm' }] });
  await store.package('whisk.system/alarms', { publish: true });
  await store.action('whisk.system/alarms/alarm', { annotations: [{ key: 'builtin', value: 'alarm' }] });
  const runs = async (path: string): Promise<unknown> => (await actions.find(path, GUEST))?.runs;
  assert.deepEqual(await runs('guest/seq'), { by: 'controller', as: 'sequence', components: ['guest/a', 'other/p/b'] });
  assert.deepEqual(await runs('guest/cond'), { by: 'controller', as: 'conductor' });
  assert.deepEqual(await runs('guest/no-cond'), { by: 'invoker' });
  assert.deepEqual(await runs('guest/fake'), { by: 'invoker' });
  assert.deepEqual(await runs('whisk.system/alarms/alarm'), { by: 'controller', as: 'builtin', builtin: 'alarm' });
});

test('as a web action: of the namespace in its path, for whoever asks; what that namespace may not use is not there', async () => {
  const exported = { annotations: [{ key: 'web-export', value: true }] };
  await store.action('guest/page', exported);
  await store.package('other/hidden');
  await store.action('other/hidden/page', exported);
  await store.package('other/shown', { publish: true });
  await store.action('other/shown/page', exported);
  await store.package('guest/to-hidden', { binding: { namespace: 'other', name: 'hidden' } });
  await store.package('guest/to-shown', { binding: { namespace: 'other', name: 'shown' } });
  for (const path of ['guest/page', 'other/hidden/page', 'guest/to-shown/page']) assert.ok((await actions.findForWeb(path))?.web);
  for (const path of ['guest/missing', 'guest/to-hidden/page', 'guest/nopackage/page', 'guest/to-shown']) assert.equal(await actions.findForWeb(path), undefined);
});
