import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { runInNewContext } from 'node:vm';
import { actionPath } from '../domain/action.ts';
import type { JsonObject } from '../domain/json.ts';
import { DEFAULT_LIMIT_RANGES, standardLimits } from '../domain/limits.ts';
import { silentLogger } from '../domain/logger.ts';
import { openSqliteStore } from '../store/sqlite/sqlite-store.ts';
import type { Store } from '../store/store.ts';
import { installSystemPackages } from './install-system-packages.ts';
import { SYSTEM_PACKAGES } from './system-packages.ts';

const NOW = Date.UTC(2026, 0, 1);
const ENTITIES = SYSTEM_PACKAGES.reduce((count, { actions }) => count + 1 + actions.length, 0);

/** As the runtime calls it. What is made in a context of its own has prototypes of its own; JSON takes them away. */
async function run(code: string, args: JsonObject, env: Record<string, string> = {}): Promise<unknown> {
  const logs: string[] = [];
  const context = { console: { log: (...line: unknown[]) => { logs.push(line.join(' ')); } }, process: { env }, setTimeout, args };
  return JSON.parse(JSON.stringify(await runInNewContext(`${code}\nmain(args)`, context)));
}

const codeOf = (packageName: string, name: string): string => SYSTEM_PACKAGES.find((each) => each.name === packageName)?.actions.find((each) => each.name === name)?.code ?? '';

describe('the code of whisk.system', () => {
  for (const { name: packageName, actions } of SYSTEM_PACKAGES) {
    for (const { name, code, sampleInput, sampleOutput } of actions) {
      if (code === undefined || sampleInput === undefined || ['curl', 'hosturl'].includes(name)) continue;
      it(`${packageName}/${name} gives what its sample says`, async () => { assert.deepEqual(await run(code, sampleInput), sampleOutput); });
    }
  }

  const cases: [name: string, args: JsonObject, expected: object][] = [
    ['cat', {}, { lines: [], payload: '' }],
    ['split', { payload: 'a\nb\r\nc' }, { lines: ['a', 'b', 'c'], payload: 'a\nb\r\nc' }],
    ['split', {}, { error: "Expected an argument 'payload'." }],
    ['sort', { lines: [4, 2, 3] }, { lines: [2, 3, 4], length: 3 }],
    ['head', { lines: [4, 2, 3] }, { lines: [4], num: 1 }],
    ['smash', { a: 1 }, { error: "Expected an argument '$fieldName' of type 'string'." }],
    ['namespace', {}, { namespace: 'alice' }],
    ['hosturl', {}, { url: 'http://h/api/v1/namespaces/alice/actions' }],
    ['hosturl', { path: 'p/a' }, { url: 'http://h/api/v1/namespaces/alice/actions/p/a' }],
    ['hosturl', { path: 't', trigger: true }, { url: 'http://h/api/v1/namespaces/alice/triggers/t' }],
    ['hosturl', { path: 'a', web: true, ext: '.http' }, { url: 'http://h/api/v1/web/alice/default/a.http' }],
    ['hosturl', { path: 'a', web: true, ext: '.exe' }, { error: 'extension for web action must be one of [".json",".text",".html",".http"].' }],
    ['hosturl', { web: true, trigger: true }, { error: 'triggers are not allowed for web actions.' }],
    ['hosturl', { path: 'p/t', trigger: true }, { error: 'triggers are not allowed in packages.' }],
  ];
  for (const [name, args, expected] of cases) {
    it(`utils/${name} of ${JSON.stringify(args)}`, async () => {
      assert.deepEqual(await run(codeOf('utils', name), args, { __OW_NAMESPACE: 'alice', __OW_API_HOST: 'http://h' }), expected);
    });
  }

  it('utils/date tells the time', async () => {
    const before = Date.now();
    const { date } = await run(codeOf('utils', 'date'), {}) as { date: string };
    assert.ok(Date.parse(date) >= before && Date.parse(date) <= Date.now());
  });
});

describe('the packages of whisk.system in a store', () => {
  let directory: string;
  let store: Store;
  const install = (packages = SYSTEM_PACKAGES, now = NOW): Promise<number> => installSystemPackages({ entities: store.entities, kind: 'nodejs:24', limits: standardLimits(DEFAULT_LIMIT_RANGES), now }, packages);

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'hpcwhisk-system-'));
    store = await openSqliteStore({ directory, logger: silentLogger });
  });
  after(async () => {
    await store.close();
    await rm(directory, { recursive: true, force: true });
  });

  it('are put in place once, published', async () => {
    assert.equal(await install(), ENTITIES);
    assert.equal(await install(SYSTEM_PACKAGES, NOW + 1), 0);
    const packages = await store.entities.list('package', { namespace: 'whisk.system', published: true }, { limit: 0, skip: 0 });
    assert.deepEqual(packages.map(({ entity }) => entity.name).sort(), ['alarms', 'samples', 'utils']);
    assert.equal(await store.entities.count('action', { namespace: 'whisk.system', package: 'utils' }), 9);
    const feed = await store.entities.get('whisk.system/alarms/alarm');
    assert.ok(feed?.type === 'action');
    assert.deepEqual(feed.entity.annotations.filter(({ key }) => key === 'feed' || key === 'builtin'), [{ key: 'feed', value: true }, { key: 'builtin', value: 'alarms/alarm' }]);
  });

  it('get a new version where this one brings something else, and only there', async () => {
    const changed = SYSTEM_PACKAGES.map((each) => ({ ...each, actions: each.actions.map((action) => (action.name === 'echo' ? { ...action, code: 'function main() {}' } : action)) }));
    assert.equal(await install(changed, NOW + 2), 1);
    const versions = (await store.entities.list('action', { namespace: 'whisk.system' }, { limit: 0, skip: 0 })).map(({ entity }) => [actionPath(entity), entity.version]);
    assert.deepEqual(versions.filter(([, version]) => version !== '0.0.1'), [['whisk.system/utils/echo', '0.0.2']]);
  });
});
