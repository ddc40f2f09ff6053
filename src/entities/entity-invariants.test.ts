/**
 * What holds whoever writes what at the same time: an active rule has its trigger, an action in a package has that
 * package, and whatever goes wrong is told as a condition of the catalogue.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { ApiError } from '../domain/errors.ts';
import { DEFAULT_LIMITS } from '../domain/limits.ts';
import type { EntitiesUnderTest } from './entity-store.test.ts';
import { startEntities } from './entity-store.test.ts';
import { listAll } from './list-all.ts';
import { deleteAction, putAction } from './write-action.ts';
import { deletePackage, putPackage } from './write-package.ts';
import { deleteRule, deleteTrigger, putRule, putTrigger, setRuleStatus } from './write-rule.ts';

const RUNS = 40;
const NS = { namespace: 'guest' };
/** One key space: packages and triggers get in each other's way, too. */
const NAMES = ['x', 'y'];
const KINDS = { resolve: (kind: string) => ({ kind, deprecated: false, requireMain: false }), names: [] };
const EXEC = { kind: 'nodejs:24', code: 'function main() {}', binary: false };

let store: EntitiesUnderTest;
before(async () => {
  store = await startEntities();
  await store.action('guest/act');
});
after(async () => { await store.close(); });

const name = fc.constantFrom(...NAMES);
const overwrite = fc.boolean();
const operation = fc.oneof(
  fc.record({ do: fc.constant('put package' as const), name, overwrite, binding: fc.option(name) }),
  fc.record({ do: fc.constant('delete package' as const), name, force: fc.boolean() }),
  fc.record({ do: fc.constant('put action' as const), name, package: name, overwrite }),
  fc.record({ do: fc.constant('delete action' as const), name, package: name }),
  fc.record({ do: fc.constant('put trigger' as const), name, overwrite }),
  fc.record({ do: fc.constant('delete trigger' as const), name }),
  fc.record({ do: fc.constant('put rule' as const), name, trigger: name, overwrite }),
  fc.record({ do: fc.constant('set status' as const), name, status: fc.constantFrom('active' as const, 'inactive' as const) }),
  fc.record({ do: fc.constant('delete rule' as const), name }),
);
type Operation = typeof operation extends fc.Arbitrary<infer Value> ? Value : never;

async function perform(asked: Operation): Promise<void> {
  const { entities } = store;
  const now = 1;
  switch (asked.do) {
    case 'put package': {
      const put = asked.binding === null ? {} : { binding: { namespace: 'guest', name: asked.binding } };
      await putPackage(entities, { ...NS, name: asked.name }, put, { overwrite: asked.overwrite, now });
      return;
    }
    case 'delete package': await deletePackage(entities, { ...NS, name: asked.name }, asked.force); return;
    case 'put action': {
      const at = { ...NS, package: asked.package, name: asked.name };
      await putAction(entities, at, { exec: EXEC }, { overwrite: asked.overwrite, limits: DEFAULT_LIMITS, kinds: KINDS, now });
      return;
    }
    case 'delete action': await deleteAction(entities, { ...NS, package: asked.package, name: asked.name }); return;
    case 'put trigger': await putTrigger(entities, { ...NS, name: asked.name }, {}, { overwrite: asked.overwrite, now }); return;
    case 'delete trigger': await deleteTrigger(entities, { ...NS, name: asked.name }); return;
    case 'put rule': {
      const put = { trigger: `guest/${asked.trigger}`, action: 'guest/act' };
      await putRule(entities, { ...NS, name: `rule-${asked.name}` }, put, { overwrite: asked.overwrite, now });
      return;
    }
    case 'set status': await setRuleStatus(entities, { ...NS, name: `rule-${asked.name}` }, asked.status); return;
    case 'delete rule': await deleteRule(entities, { ...NS, name: `rule-${asked.name}` }); return;
  }
}

async function checkInvariants(): Promise<void> {
  const { entities } = store;
  for (const { entity } of await listAll(entities, 'rule', NS)) {
    if (entity.status === 'active') assert.equal((await entities.get(entity.trigger))?.type, 'trigger', `${entity.name} is active without ${entity.trigger}`);
  }
  for (const { entity } of await listAll(entities, 'action', NS)) {
    if (entity.package === undefined) continue;
    const holder = await entities.get(`guest/${entity.package}`);
    assert.ok(holder?.type === 'package' && holder.entity.binding === undefined, `${entity.name} is in ${entity.package}, which is no package`);
  }
}

test('whatever is written at the same time, rules have their triggers and actions their packages', async () => {
  await fc.assert(fc.asyncProperty(fc.array(fc.array(operation, { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 12 }), async (rounds) => {
    for (const round of rounds) {
      const outcomes = await Promise.allSettled(round.map(perform));
      for (const outcome of outcomes) {
        if (outcome.status === 'fulfilled') continue;
        const reason: unknown = outcome.reason;
        assert.ok(reason instanceof ApiError || (reason instanceof Error && reason.name === 'RevisionConflict'), String(reason));
      }
      await checkInvariants();
    }
  }), { numRuns: RUNS });
});
