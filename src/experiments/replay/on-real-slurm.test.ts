import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { replayOn } from '../../cli/replay-lane.ts';
import { installTestbedPackages } from '../../testbed/packages.ts';
import { freePortRange } from '../../testbed/ports.ts';
import { startTestbed, stopTestbed, type Testbed } from '../../testbed/testbed.ts';
import type { IdleSurface } from '../../traces/surface.ts';
import { besideEachOther } from './beside-each-other.ts';
import { runSlurm } from './prime-jobs.ts';
import { comparePage } from './render/compare-page.ts';
import { reportPage } from './render/page.ts';
import { ReplayError } from './replay-error.ts';
import type { ReplayProgress } from './replay-progress.ts';
import { runReplay } from './run-replay.ts';

/** Most tests take seconds; a machine that is busy with something else takes minutes. */
const PATIENCE_MS = 300_000;

describe('a replay on a real Slurm', { timeout: 2 * PATIENCE_MS }, () => {
  let directory = '';
  let testbed: Testbed;
  let hard: Testbed;

  before(async () => {
    await installTestbedPackages();
    directory = await mkdtemp(path.join(tmpdir(), 'replay-test-'));
    testbed = await startTestbed({ nodes: 4, directory: path.join(directory, 'slurm') });
    hard = await startTestbed({ nodes: 4, directory: path.join(directory, 'hard'), schedulerParameters: 'bf_interval=5,bf_resolution=10' });
  });
  after(async () => {
    await Promise.all(['slurm', 'hard'].map((name) => stopTestbed(path.join(directory, name))));
    await rm(directory, { recursive: true, force: true });
  });

  // n1 is idle all the time, a prime job takes n2 after 15 s, n3 comes idle after 10 s, n4 never does.
  const surface: IdleSurface = {
    from: 0, to: 40_000, nodeCount: 4,
    periods: [{ node: 'a', start: 0, end: 40_000 }, { node: 'b', start: 0, end: 15_000 }, { node: 'c', start: 10_000, end: 40_000 }],
  };

  const queuedPrimeJobs = async (on: Testbed): Promise<string> => runSlurm(on.env, 'squeue', ['-h', '-p', 'prime', '-t', 'PENDING,RUNNING', '-o', '%i %T']);
  const untilNoPrimeJob = async (on: Testbed): Promise<void> => {
    for (const deadline = Date.now() + 60_000; await queuedPrimeJobs(on) !== '';) {
      assert.ok(Date.now() < deadline, `prime jobs are left: ${await queuedPrimeJobs(on)}`);
      await delay(200);
    }
  };

  it('ends its prime jobs when it is stopped', async () => {
    const stop = new AbortController();
    await assert.rejects(runReplay({
      surface, source: 'test', testbed, policy: 'dense', controlMs: 0, signal: stop.signal,
      controller: { url: 'http://127.0.0.1:1', authKey: 'a:b', adminToken: 'c' },
      startPilots: () => {
        stop.abort();
        return Promise.resolve();
      },
    }), (error) => error instanceof ReplayError && error.code === 'EABORTED');
    await untilNoPrimeJob(testbed);
  });

  it('says so when no controller answers', async () => {
    await assert.rejects(runReplay({
      surface, source: 'test', testbed, policy: 'dense', controlMs: 0, startPilots: () => Promise.resolve(),
      controller: { url: 'http://127.0.0.1:1', authKey: 'a:b', adminToken: 'c' },
    }), (error) => error instanceof ReplayError && error.code === 'ECONTROLLER');
    await untilNoPrimeJob(testbed);
  });

  it('harvests idle nodes, gives them back, and loses no call, with two policies side by side', async () => {
    const port = await freePortRange(2);
    const seen: ReplayProgress[] = [];
    // Each has its own load and its own Slurm. In the second the main loop gives pilots nothing, because a prime job waits.
    const lanes = [
      { policy: 'dense', testbed, directory: path.join(directory, 'dense'), port, primePending: 'never' },
      { policy: 'adaptive', testbed: hard, directory: path.join(directory, 'adaptive'), port: port + 1, primePending: 'always' },
    ] as const;
    const reports = await besideEachOther(lanes, ({ policy }) => policy, (lane, company) => replayOn(lane, {
      ...company, surface, source: 'test', rate: 5, functions: 4, controlMs: 30_000, warmUpMs: 5000, primePending: lane.primePending,
      onProgress: (progress) => { seen.push(progress); },
    }), new AbortController().signal);
    for (const report of reports) {
      const told = JSON.stringify({ policy: report.setup.policy, calls: { ...report.calls, distribution: [] }, primeJobs: report.primeJobs, warnings: report.warnings });
      assert.equal(report.calls.sent, 200);
      assert.equal(report.calls.outcomes.rejected, 0, told);
      assert.ok(report.calls.outcomes.succeeded >= 190, told);
      assert.deepEqual([report.calls.audit.lost, report.calls.audit.duplicated], [0, 0], told);
      assert.equal(report.primeJobs.preempting.count, 1, told);
      assert.equal(report.primeJobs.without?.count, 1);
      assert.equal(report.primeJobs.neverStarted, 0);
      const { mainLoop, backfill } = report.primeJobs.started ?? assert.fail(told);
      assert.deepEqual([mainLoop.preempting.count + backfill.preempting.count, mainLoop.without.count + backfill.without.count], [1, 1], told);
      assert.equal(report.primeJobs.handOver?.count, 1, told);
      assert.ok(report.primeJobs.handOver.max <= report.primeJobs.preempting.max, told);
      assert.ok(report.coverage.points.length >= 10, `only ${report.coverage.points.length} looks`);
      assert.ok(report.coverage.slurm > 0.4 && report.coverage.ready > 0.4, `coverage ${report.coverage.slurm}, ready ${report.coverage.ready}`);
      assert.ok(report.pilots.count >= 3 && report.invokers.startup.count >= 3, told);
      const { slurmctld } = report.burden;
      assert.ok(slurmctld !== undefined && slurmctld.requestsPerMinute > 0 && (slurmctld.cpuShare ?? 0) > 0, JSON.stringify(report.burden));
    }
    const begins = reports.map(({ setup }) => setup.begin);
    assert.ok(Math.max(...begins) - Math.min(...begins) < 5000, 'the windows did not begin together');
    assert.ok(seen.some(({ phase }) => phase === 'running'));
    assert.ok(reportPage(reports[0] ?? assert.fail()).includes('Table II'));
    assert.ok(comparePage(reports).includes('<th>adaptive</th>'));
    // The last prime job of a rank below the others is the one that always waits.
    const log = await readFile(path.join(hard.directory, 'log', 'slurmctld.log'), 'utf8');
    const blocking = [...log.matchAll(/submit_batch_job: JobId=(\d+) InitPrio=19000/g)].at(-1)?.[1] ?? assert.fail(log);
    const whileItWaited = log.slice(log.indexOf(`submit_batch_job: JobId=${blocking} `), log.indexOf(`REQUEST_KILL_JOB JobId=${blocking} `));
    assert.ok([...whileItWaited.matchAll(/Started JobId=\S+ in whisk/g)].length >= 2, whileItWaited);
    assert.doesNotMatch(whileItWaited, /Allocate .*Partition=whisk/);
    await Promise.all([testbed, hard].map((each) => untilNoPrimeJob(each)));
  });
});
