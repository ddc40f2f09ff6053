import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { Action } from '../domain/action.ts';
import { invocableAction } from './invocable-action.ts';

it('an action in an image tells the invoker which one', () => {
  const entity: Action = {
    namespace: 'guest', name: 'boxed', version: '0.0.1', publish: false, exec: { kind: 'blackbox', image: 'me/tool:1', binary: false },
    parameters: [], annotations: [], limits: { timeout: 60_000, memory: 256, logs: 10, concurrency: 1 }, updated: 0,
  };
  const { reference } = invocableAction({ type: 'action', entity, revision: '1' });
  assert.deepEqual([reference.kind, reference.image], ['blackbox', 'me/tool:1']);
  const plain = invocableAction({ type: 'action', entity: { ...entity, exec: { kind: 'nodejs:24', code: '', binary: false } }, revision: '1' });
  assert.ok(!('image' in plain.reference));
});
