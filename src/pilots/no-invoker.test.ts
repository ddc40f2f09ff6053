import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { whyNoInvoker, type InvokerFacts } from './no-invoker.ts';

const facts: InvokerFacts = { invokers: 0, pending: 90, running: 0, nodes: { idle: 0, total: 64 }, reasons: { Priority: 90 }, lastRound: 1 };

describe('whyNoInvoker', () => {
  it('says nothing when there is one', () => { assert.equal(whyNoInvoker({ ...facts, invokers: 1 }), undefined); });

  const cases: readonly [string, Partial<InvokerFacts>, RegExp][] = [
    ['trouble with Slurm', { lastError: 'slurmctld is away' }, /slurmctld is away/],
    ['pilots whose invokers have not joined', { running: 2 }, /2 pilots run.*cannot reach/],
    ['nothing pending', { pending: 0, reasons: {} }, /no pilot is pending/],
    ['a limit that forbids all of them', { reasons: { PartitionTimeLimit: 90 }, nodes: { idle: 3, total: 64 } }, /none of the 90 pending pilots: PartitionTimeLimit/],
    ['a full cluster', {}, /none of the 64 nodes is idle/],
    ['idle nodes that wait for backfill', { nodes: { idle: 3, total: 64 } }, /3 of 64 nodes are idle.*backfill.*Slurm says Priority/],
  ];
  for (const [title, changed, expected] of cases) {
    it(`knows ${title}`, () => { assert.match(whyNoInvoker({ ...facts, ...changed }) ?? '', expected); });
  }

  it('knows that Slurm has not answered', () => {
    assert.match(whyNoInvoker({ invokers: 0, pending: 0, running: 0, nodes: { idle: 0, total: 0 }, reasons: {} }) ?? '', /not answered/);
  });
});
