import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { StateDirectory } from '../../cli/state-directory.ts';
import { installTestbedPackages } from '../../testbed/packages.ts';
import { freePortRange } from '../../testbed/ports.ts';
import { startTestbed, stopTestbed, type Testbed } from '../../testbed/testbed.ts';
import type { IdleSurface } from '../../traces/surface.ts';
import { runSlurm } from './prime-jobs.ts';
import { reportPage } from './render/page.ts';
import { ReplayError } from './replay-error.ts';
import type { ReplayProgress } from './replay-progress.ts';
import { runReplay } from './run-replay.ts';

const MAIN = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));
/** Most tests take seconds; a machine that is busy with something else takes minutes. */
const PATIENCE_MS = 300_000;

describe('a replay on a real Slurm', { timeout: 2 * PATIENCE_MS }, () => {
  let directory = '';
  let testbed: Testbed;
  let controller: ChildProcess | undefined;

  before(async () => {
    await installTestbedPackages();
    directory = await mkdtemp(path.join(tmpdir(), 'replay-test-'));
    testbed = await startTestbed({ nodes: 4, directory: path.join(directory, 'slurm') });
  });
  after(async () => {
    if (controller?.exitCode === null) {
      controller.kill('SIGTERM');
      await once(controller, 'exit');
    }
    await stopTestbed(path.join(directory, 'slurm'));
    await rm(directory, { recursive: true, force: true });
  });

  // n1 is idle all the time, a prime job takes n2 after 15 s, n3 comes idle after 10 s, n4 never does.
  const surface: IdleSurface = {
    from: 0, to: 40_000, nodeCount: 4,
    periods: [{ node: 'a', start: 0, end: 40_000 }, { node: 'b', start: 0, end: 15_000 }, { node: 'c', start: 10_000, end: 40_000 }],
  };

  const queuedPrimeJobs = async (): Promise<string> => runSlurm(testbed.env, 'squeue', ['-h', '-p', 'prime', '-t', 'PENDING,RUNNING', '-o', '%i %T']);
  const untilNoPrimeJob = async (): Promise<void> => {
    for (const deadline = Date.now() + 60_000; await queuedPrimeJobs() !== '';) {
      assert.ok(Date.now() < deadline, `prime jobs are left: ${await queuedPrimeJobs()}`);
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
    await untilNoPrimeJob();
  });

  it('says so when no controller answers', async () => {
    await assert.rejects(runReplay({
      surface, source: 'test', testbed, policy: 'dense', controlMs: 0, startPilots: () => Promise.resolve(),
      controller: { url: 'http://127.0.0.1:1', authKey: 'a:b', adminToken: 'c' },
    }), (error) => error instanceof ReplayError && error.code === 'ECONTROLLER');
    await untilNoPrimeJob();
  });

  it('harvests idle nodes, gives them back, and loses no call', async () => {
    const state = new StateDirectory(path.join(directory, 'state'));
    await state.create();
    const port = await freePortRange(1);
    let output = '';
    const seen: ReplayProgress[] = [];
    const report = await runReplay({
      surface, source: 'test', testbed, policy: 'dense', rate: 5, functions: 4, controlMs: 30_000, warmUpMs: 5000,
      controller: { url: `http://127.0.0.1:${port}`, authKey: await state.authKey(undefined), adminToken: await state.adminToken() },
      startPilots: async () => {
        controller = spawn(process.execPath, [
          '--disable-warning=ExperimentalWarning', MAIN, 'up', '--limits', 'unlimited', '--cluster', 'slurm', '--partition', 'whisk', '--invoker-memory', '1000',
          '--port', String(port), '--state', state.path, '--policy', 'dense',
        ], { env: { ...process.env, ...testbed.env }, stdio: ['ignore', 'pipe', 'pipe'] });
        for (const stream of [controller.stdout, controller.stderr]) stream?.on('data', (chunk: Buffer) => { output += chunk.toString(); });
        for (const deadline = Date.now() + 60_000; !await fetch(`http://127.0.0.1:${port}/ping`).then(({ ok }) => ok, () => false);) {
          assert.ok(Date.now() < deadline && controller.exitCode === null, `the controller does not answer: ${output}`);
          await delay(100);
        }
      },
      onProgress: (progress) => { seen.push(progress); },
    });
    const told = JSON.stringify({ calls: { ...report.calls, distribution: [] }, warnings: report.warnings });
    assert.equal(report.calls.sent, 200);
    assert.equal(report.calls.outcomes.rejected, 0, told);
    assert.ok(report.calls.outcomes.succeeded >= 190, told);
    assert.deepEqual([report.calls.audit.lost, report.calls.audit.duplicated], [0, 0], told);
    assert.equal(report.primeJobs.preempting.count, 1, told);
    assert.equal(report.primeJobs.without?.count, 1);
    assert.equal(report.primeJobs.neverStarted, 0);
    assert.ok(report.coverage.points.length >= 10, `only ${report.coverage.points.length} looks`);
    assert.ok(report.coverage.slurm > 0.4 && report.coverage.ready > 0.4, `coverage ${report.coverage.slurm}, ready ${report.coverage.ready}`);
    assert.ok(report.pilots.count >= 3 && report.invokers.startup.count >= 3);
    assert.ok(seen.some(({ phase }) => phase === 'running'));
    assert.ok(reportPage(report).includes('Table II'));
    await untilNoPrimeJob();
  });
});
