import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { TraceJob } from '../traces/workload.ts';
import { mostNodesAtATime, primeWorkloadOf } from './prime-workload.ts';

const FROM = 1_600_000_000_000;
const at = (seconds: number): number => FROM + seconds * 1000;
const window = { from: FROM, to: at(3600), nodeCount: 8 };
const log = (...jobs: TraceJob[]) => ({ jobs, steps: 0, torn: 0 });

describe('prime jobs of a workload', () => {
  it('are those of the window, and those that are there at its begin', () => {
    const { jobs, leftOut } = primeWorkloadOf(log(
      { id: 'over', submitted: at(-900), started: at(-800), ended: at(0), runSeconds: 800, limitSeconds: 900, nodes: 1 },
      { id: 'runs', submitted: at(-900), started: at(-800), ended: at(100), runSeconds: 900, limitSeconds: 1200, nodes: 2 },
      { id: 'waits', submitted: at(-900), started: at(50), ended: at(100), runSeconds: 50, limitSeconds: 1200, nodes: 2 },
      { id: 'comes', submitted: at(10), started: at(50), ended: at(9000), runSeconds: 8950, limitSeconds: 30, nodes: 3 },
      { id: 'later', submitted: at(3600), started: at(3700), ended: at(3800), runSeconds: 100, limitSeconds: 600, nodes: 1 },
    ), window);
    assert.deepEqual(jobs.map(({ id, submittedAt, startedAt }) => [id, (submittedAt - FROM) / 1000, startedAt === undefined ? undefined : (startedAt - FROM) / 1000]), [
      ['runs', -900, -800], ['waits', -900, undefined], ['comes', 10, undefined],
    ]);
    // A limit is a minute at least.
    assert.deepEqual(jobs.map(({ limitMs }) => limitMs), [1_200_000, 1_200_000, 60_000]);
    assert.deepEqual(leftOut, { neverRan: 0, sizeUnknown: 0, tooLarge: 0 });
  });

  it('have nodes by their processors where they do not tell them, and the longest limit where they tell none', () => {
    const file = log({ id: '1', submitted: at(0), runSeconds: 60, limitSeconds: 7200, processors: 25 }, { id: '2', submitted: at(1), runSeconds: 60, processors: 24 }, { id: '3', submitted: at(2), runSeconds: 60, nodes: 4 });
    const { jobs, limitUnknown } = primeWorkloadOf(file, { ...window, processorsPerNode: 24 });
    assert.deepEqual(jobs.map(({ nodes, limitMs }) => [nodes, limitMs / 1000]), [[2, 7200], [1, 7200], [4, 7200]]);
    assert.equal(limitUnknown, 2);
    assert.deepEqual(primeWorkloadOf(file, window).leftOut, { neverRan: 0, sizeUnknown: 2, tooLarge: 0 });
  });

  it('leave out what never ran or is larger than the cluster, and say so', () => {
    const { jobs, leftOut } = primeWorkloadOf(log(
      { id: '1', submitted: at(0), nodes: 1, state: 'CANCELLED' }, { id: '2', submitted: at(0), runSeconds: 5, nodes: 9 }, { id: 'still runs', submitted: at(0), started: at(600), nodes: 1 },
    ), window);
    assert.deepEqual(leftOut, { neverRan: 1, sizeUnknown: 0, tooLarge: 1 });
    assert.deepEqual(jobs.map(({ id, runMs }) => [id, runMs]), [['still runs', 3_000_000]]);
  });

  it('show how large the cluster is at least', () => {
    const job = (id: string, from: number, to: number, nodes: number): TraceJob => ({ id, submitted: at(0), started: at(from), ended: at(to), nodes });
    assert.equal(mostNodesAtATime(log(job('1', 0, 10, 3), job('2', 10, 20, 4), job('3', 15, 30, 2)), undefined), 6);
    assert.equal(mostNodesAtATime(log({ id: '1', submitted: at(0), runSeconds: 5, nodes: 2 }), undefined), 0);
  });
});
