import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { whyNoInvoker, type InvokerFacts } from './no-invoker.ts';

const ROUND = 1_600_000_000_000;
const facts: InvokerFacts = { invokers: 0, pending: 90, running: 0, nodes: { idle: 0, total: 64 }, reasons: { Priority: 90 }, lastRound: ROUND };
const idle = (planned: number, waitedSeconds: number): Partial<InvokerFacts> => ({ nodes: { idle: 3, planned, total: 64 }, idleSince: ROUND - waitedSeconds * 1000, cycleMs: 120_000, shortestPendingMinutes: 1 });

describe('whyNoInvoker', () => {
  it('says nothing when there is one', () => { assert.equal(whyNoInvoker({ ...facts, invokers: 1 }), undefined); });

  // Read them aloud: they are for somebody who has to do something about it.
  const cases: readonly [string, Partial<InvokerFacts>, string][] = [
    ['slurmctld away', { lastError: 'squeue: Unable to contact slurm controller', trouble: 'away', backoffMs: 20_000 }, 'There is no invoker, and Slurm does not answer the pilot manager (squeue: Unable to contact slurm controller); it tries again within 20 s.'],
    ['submissions refused', { lastError: 'sbatch: Invalid account', trouble: 'refused', backoffMs: 60_000 }, 'There is no invoker, because Slurm refuses the pilots (sbatch: Invalid account); it tries again within 60 s.'],
    ['pilots that fail', { lastError: 'pilots fail as soon as they start; see their output', trouble: 'failing' }, 'There is no invoker, because pilots fail as soon as they start; see their output.'],
    ['other trouble', { lastError: 'squeue printed a line', trouble: 'other' }, 'There is no invoker, and the pilot manager has trouble with Slurm (squeue printed a line).'],
    ['pilots whose invokers have not joined', { running: 2 }, 'There is no invoker yet, although 2 pilots run: either they have just started or they cannot reach the controller\'s address from their nodes.'],
    ['a partition that is down', { nodes: { idle: 3, total: 64, partition: 'down' }, reasons: { PartitionDown: 90 } }, 'There is no invoker, because the pilots\' partition is in the state "down", in which Slurm starts no pilots: the site has to set it up again.'],
    ['a floor of 0 while nobody calls', { pending: 0, reasons: {}, wanted: 0 }, 'There is no invoker, because nobody calls and the floor is 0: the first call brings pilots.'],
    ['nothing pending', { pending: 0, reasons: {} }, 'There is no invoker, because no pilot is pending: they are about to be submitted.'],
    ['a limit that forbids all of them', { reasons: { PartitionTimeLimit: 90 }, nodes: { idle: 3, total: 64 } }, 'There is no invoker, because Slurm will start none of the 90 pending pilots: PartitionTimeLimit.'],
    ['a full cluster', {}, 'There is no invoker, because none of the 64 nodes is idle; 90 pilots wait.'],
    ['a full cluster with nodes out of service', { pending: 1, reasons: { Resources: 1 }, nodes: { idle: 0, down: 1, total: 64 } }, 'There is no invoker, because none of the 64 nodes is idle (1 of them is out of service); 1 pilot waits.'],
    ['nodes that have just come idle', idle(0, 5), 'There is no invoker yet although 3 of 64 nodes are idle: Slurm starts one within seconds, or, while a prime job waits that cannot start, within 120 s, with Slurm\'s next backfill cycle (Slurm says Priority).'],
    ['a prime job that keeps the main loop from pilots', idle(0, 30), 'There is no invoker although 3 of 64 nodes are idle, because a prime job that cannot start yet keeps Slurm\'s main loop from starting pilots: the next may start within 120 s, with Slurm\'s next backfill cycle (Slurm says Priority).'],
    ['a prime job that Slurm has planned', idle(1, 5), 'There is no invoker although 3 of 64 nodes are idle, because a prime job that cannot start yet keeps Slurm\'s main loop from starting pilots: the next may start within 120 s, with Slurm\'s next backfill cycle (Slurm says Priority).'],
    ['a cycle that it has not learned', { nodes: { idle: 3, planned: 1, total: 64 }, reasons: {} }, 'There is no invoker although 3 of 64 nodes are idle, because a prime job that cannot start yet keeps Slurm\'s main loop from starting pilots: the next may start with Slurm\'s next backfill cycle.'],
    ['a planned gap that no pilot fits', idle(3, 200), 'There is no invoker although 3 of 64 nodes are idle, all held for jobs that Slurm plans to start before even the shortest pending pilot (1 min) would end (Slurm says Priority).'],
    ['a gap that no pilot fits, on a Slurm that does not show plans', idle(0, 200), 'There is no invoker although 3 of 64 nodes are idle, either held for a job that Slurm plans to start before even the shortest pending pilot (1 min) would end, or not fit for pilots (Slurm says Priority).'],
  ];
  for (const [title, changed, expected] of cases) {
    it(`knows ${title}`, () => { assert.equal(whyNoInvoker({ ...facts, ...changed }), expected); });
  }

  it('knows that Slurm has not answered', () => {
    assert.equal(whyNoInvoker({ invokers: 0, pending: 0, running: 0, nodes: { idle: 0, total: 0 }, reasons: {} }), 'There is no invoker, because Slurm has not answered the pilot manager yet.');
  });
});
