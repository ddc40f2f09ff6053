/** Entities for tests of stores: valid, small, and different where asked for. */
import type { Action } from '../../domain/action.ts';
import type { ActivationMessage, ActivationRecord } from '../../domain/activation.ts';
import type { Package } from '../../domain/package.ts';
import type { Rule } from '../../domain/rule.ts';
import type { Trigger } from '../../domain/trigger.ts';

export function sampleRecord(changes: Partial<ActivationRecord> & Pick<ActivationRecord, 'activationId'>): ActivationRecord {
  const name = changes.name ?? 'hello';
  const namespace = changes.namespace ?? 'guest';
  return {
    namespace, name, subject: 'guest', start: 1_700_000_000_000, end: 1_700_000_000_012, duration: 12,
    response: { statusCode: 0, result: { greeting: 'Grüße, 世界\n\t"\u2028', nested: [1, null, { a: false }] }, size: 40 },
    logs: ['2026-01-02T03:04:05.678Z         stdout: a\tb'], version: '0.0.1', publish: false,
    annotations: [{ key: 'path', value: `${namespace}/${name}` }, { key: 'waitTime', value: 3 }],
    ...changes,
  };
}

export function sampleMessage(changes: Partial<ActivationMessage> & Pick<ActivationMessage, 'activationId'>): ActivationMessage {
  return {
    transactionId: 'tid', namespace: 'guest', subject: 'guest', args: { name: 'Grüße\n\t世界' }, env: { KEY: 'value' },
    action: {
      path: 'guest/hello', name: 'hello', version: '0.0.1', revision: '1-a', kind: 'nodejs:24',
      limits: { timeout: 60_000, memory: 256, logs: 10, concurrency: 1 },
    },
    acceptedAt: 1_700_000_000_000, blocking: false,
    ...changes,
  };
}

export function sampleAction(changes: Partial<Action> & Pick<Action, 'name'>): Action {
  return {
    namespace: 'guest', version: '0.0.1', publish: false,
    exec: { kind: 'nodejs:24', code: "const main = () => ({ text: 'Grüße' });", binary: false },
    parameters: [{ key: 'a', value: { deep: [1, 2] } }], annotations: [],
    limits: { timeout: 60_000, memory: 256, logs: 10, concurrency: 1 },
    updated: 1_700_000_000_000,
    ...changes,
  };
}

const NEW = { namespace: 'guest', version: '0.0.1', publish: false, annotations: [{ key: 'b', value: 'Grüße' }], updated: 1_700_000_000_000 };

export function samplePackage(changes: Partial<Package> & Pick<Package, 'name'>): Package {
  return { ...NEW, parameters: [{ key: 'a', value: { deep: [1, 2] } }], ...changes };
}

export function sampleTrigger(changes: Partial<Trigger> & Pick<Trigger, 'name'>): Trigger {
  return { ...NEW, parameters: [{ key: 'a', value: { deep: [1, 2] } }], ...changes };
}

export function sampleRule(changes: Partial<Rule> & Pick<Rule, 'name' | 'trigger' | 'action'>): Rule {
  return { ...NEW, status: 'active', ...changes };
}

/** An id as activations have: `ms` since the epoch, then `number`. */
export function sampleId(number: number, ms = 1_700_000_000_000): string {
  return ms.toString(16).padStart(12, '0') + number.toString(16).padStart(20, '0');
}
