import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { drainsOf, handOverMs } from './hand-over.ts';
import { cyclesWaited, primeStarts } from './prime-starts.ts';
import { readSdiag } from './slurmctld-diagnosis.ts';
import { startersOf } from './slurmctld-log.ts';
import { cycleBegins } from './slurmctld-watch.ts';

/** As Slurm 22.05.8 prints it, shortened. */
const SDIAG = `*******************************************************
sdiag output at Sun Nov 22 20:11:42 2026 (1795378302)
Data since      Sun Nov 22 20:10:58 2026 (1795378258)
*******************************************************
Server thread count:  3

Main schedule statistics (microseconds):
	Last cycle:   410
	Max cycle:    2708
	Total cycles: 5
	Mean cycle:   836
	Mean depth cycle:  2

Backfilling stats
	Total backfilled jobs (since last slurm start): 2
	Total cycles: 7
	Last cycle when: Sun Nov 22 20:11:27 2026 (1795378287)
	Last cycle: 659
	Max cycle:  959
	Mean cycle: 700
	Last depth cycle: 3

Remote Procedure Call statistics by message type
	REQUEST_SUBMIT_BATCH_JOB                ( 4003) count:6      ave_time:1529   total_time:9179
	REQUEST_JOB_INFO                        ( 2003) count:2      ave_time:369    total_time:739

Remote Procedure Call statistics by user
	root            (       0) count:22     ave_time:716    total_time:15758
`;

describe('what slurmctld tells', () => {
  it('of its cycles and requests', () => {
    assert.deepEqual(readSdiag(SDIAG), {
      mainLoop: { count: 5, mean: 0.836, last: 0.41 }, backfill: { count: 7, mean: 0.7, last: 0.659, lastAt: 1_795_378_287_000 },
      requests: new Map([['REQUEST_SUBMIT_BATCH_JOB', { count: 6, ms: 9.179 }], ['REQUEST_JOB_INFO', { count: 2, ms: 0.739 }]]),
    });
  });

  it('of its cycles before the first of them', () => {
    const { backfill } = readSdiag(SDIAG.replace(/Backfilling stats[^]*?Remote/, 'Backfilling stats (WARNING: data obtained in the middle of backfilling execution.)\n\tTotal cycles: 0\n\tLast cycle: 0\n\nRemote'));
    assert.deepEqual(backfill, { count: 0, mean: 0, last: 0, lastAt: 0 });
    assert.deepEqual(cycleBegins([readSdiag(SDIAG), readSdiag(SDIAG)]), [1_795_378_287_000]);
  });

  it('of cycles that passed between two looks', () => {
    const look = (count: number, lastAt: number): ReturnType<typeof readSdiag> => ({ ...readSdiag(''), backfill: { count, mean: 0, last: 0, lastAt } });
    assert.deepEqual(cycleBegins([look(0, 0), look(3, 10_000), look(3, 10_000), look(5, 20_000), look(1, 30_000)]), [10_000, 15_000, 20_000, 30_000]);
  });

  it('of who started a job', () => {
    const log = `slurmctld: sched: Allocate JobId=1 NodeList=n1 #CPUs=4 Partition=prime
slurmctld: sched/backfill: _start_job: Started JobId=3 in whisk on n2
slurmctld: sched/backfill: _start_job: Started JobId=5_1(7) in whisk on n3
slurmctld: preempted JobId=3 has been killed to reclaim resources for JobId=12`;
    assert.deepEqual([...startersOf(log)], [['1', 'main loop'], ['3', 'backfill'], ['7', 'backfill']]);
  });
});

describe('the hand-over of a node', () => {
  const drain = (time: number, node: string): string => JSON.stringify({ level: 30, time, invoker: `12_3-${node}-0a1b2c3d`, cause: 'signal', running: 0, msg: 'invoker drains' });
  const drains = drainsOf([drain(1000, 'n1'), drain(4000, 'n1'), drain(4100, 'node-2'), '{"time":1,"msg":"listening"}', '{"time":5000,"msg":"invoker drai'].join('\n'));

  it('is read from the controller\'s log', () => {
    assert.deepEqual(drains, [{ node: 'n1', at: 1000 }, { node: 'n1', at: 4000 }, { node: 'node-2', at: 4100 }]);
  });

  it('counts from the last drain on the node after the job was submitted', () => {
    assert.equal(handOverMs({ node: 'n1', submittedAt: 900, startedAt: 4120 }, drains), 120);
    assert.equal(handOverMs({ node: 'node-2', submittedAt: 900, startedAt: 4120 }, drains), 20);
    assert.equal(handOverMs({ node: 'n1', submittedAt: 4001, startedAt: 4120 }, drains), undefined);
    assert.equal(handOverMs({ node: 'n3', submittedAt: 0, startedAt: 4120 }, drains), undefined);
  });
});

describe('prime jobs that backfill started', () => {
  it('waited at least one cycle, and each that began meanwhile', () => {
    const cycles = [0, 30_000, 60_000, 90_000];
    assert.equal(cyclesWaited(cycles, 31_000, 60_300), 1);
    assert.equal(cyclesWaited(cycles, 31_000, 90_300), 2);
    assert.equal(cyclesWaited(cycles, 31_000, 40_000), 1);
  });

  it('stand apart from those of the main loop, with a pilot and without', () => {
    const job = (id: string, node: string, submittedAt: number): { id: string; node: string; submittedAt: number } => ({ id, node, submittedAt });
    const starts = primeStarts({
      arrivals: [
        { job: job('1', 'n1', 10_000), plannedAt: 9_900, preempting: true }, { job: job('2', 'n2', 20_000), plannedAt: 20_000, preempting: true },
        { job: job('3', 'n3', 20_000), plannedAt: 20_000, preempting: false }, { job: job('4', 'n4', 20_000), plannedAt: 20_000, preempting: true },
      ],
      control: [job('7', 'n1', 1000), job('8', 'n2', 2000)],
      starts: new Map([['1', 10_700], ['2', 61_000], ['3', 20_100], ['7', 1500], ['8', 30_000]]),
      slurmctldLog: ['sched: Allocate JobId=1 ', 'sched: Allocate JobId=3 ', 'sched: Allocate JobId=7 ', 'backfill: _start_job: Started JobId=2 ', 'backfill: _start_job: Started JobId=8 '].join('\n'),
      controllerLog: `{"time":10600,"invoker":"9-n1-aa","msg":"invoker drains"}`, cycles: [0, 30_000, 60_000],
    });
    assert.deepEqual(starts.started?.mainLoop, {
      preempting: { count: 1, p50: 0.7, p75: 0.7, p95: 0.7, max: 0.7 }, without: { count: 1, p50: 0.5, p75: 0.5, p95: 0.5, max: 0.5 },
    });
    assert.deepEqual([starts.started.backfill.preempting.p50, starts.started.backfill.without.p50], [41, 28]);
    assert.deepEqual([starts.started.backfill.cycles.preempting.max, starts.started.backfill.cycles.without.max], [2, 1]);
    assert.deepEqual(starts.handOver?.values, [0.1]);
    assert.equal(starts.neverStarted, 1);
    assert.equal(starts.withPilots.count, 3);
  });
});
