import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { VirtualClock } from '../../clock/virtual-clock.ts';
import { silentLogger } from '../../domain/logger.ts';
import { demonstrationSurface } from '../../traces/demonstration.ts';
import type { IdleSurface } from '../../traces/surface.ts';
import { SlurmError } from '../slurm.ts';
import type { LocalClusterEvent, LocalClusterOptions } from './local-cluster.ts';
import { LocalCluster } from './local-cluster.ts';
import { NodeCalendar } from './node-calendar.ts';

const surfaceOf = (to: number, ...periods: [string, number, number][]): IdleSurface => ({
  from: 0, to, nodeCount: 2, periods: periods.map(([node, start, end]) => ({ node, start, end })),
});
const PATIENT = ['sh', '-c', 'exec sleep 600'];
const STUBBORN = ['sh', '-c', 'trap "" TERM; while :; do sleep 0.05; done'];

describe('NodeCalendar', () => {
  const calendar = new NodeCalendar(surfaceOf(100, ['a', 10, 20], ['a', 50, 60], ['b', 0, 100]), 'a', 1000);
  const cases: [number, boolean, number][] = [
    [1000, true, 1010], [1010, false, 1020], [1020, true, 1050], [1059, false, 1060], [1060, true, 1110], [1115, false, 1120], [5050, false, 5060],
  ];
  for (const [at, wanted, until] of cases) {
    it(`at ${at}: ${wanted ? 'wanted' : 'idle'} until ${until}`, () => { assert.deepEqual(calendar.at(at), { wanted, until }); });
  }

  it('wants a node that is never idle for ever', () => {
    assert.deepEqual(new NodeCalendar(surfaceOf(100), 'a', 0).at(5), { wanted: true, until: Number.POSITIVE_INFINITY });
  });
});

describe('LocalCluster', () => {
  let directory = '';
  let clock: VirtualClock;
  let cluster: LocalCluster | undefined;
  let events: LocalClusterEvent[] = [];

  beforeEach(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'local-cluster-'));
    clock = new VirtualClock(0);
    events = [];
  });
  afterEach(async () => {
    const closing = cluster?.close();
    clock.advance(10_000);
    await closing;
    cluster = undefined;
    await rm(directory, { recursive: true, force: true });
  });

  const start = (surface: IdleSurface, options: Partial<LocalClusterOptions> = {}): LocalCluster => {
    cluster = new LocalCluster({
      nodes: ['a', 'b'], surface, clock, logger: silentLogger,
      command: () => ({ argv: PATIENT, env: { PATH: process.env['PATH'] ?? '' } }),
      onEvent: (event) => { events.push(event); }, ...options,
    });
    return cluster;
  };
  const until = async <E extends LocalClusterEvent['type']>(type: E, count = 1): Promise<Extract<LocalClusterEvent, { type: E }>[]> => {
    for (let tries = 0; tries < 2000; tries++) {
      const found = events.filter((event): event is Extract<LocalClusterEvent, { type: E }> => event.type === type);
      if (found.length >= count) return found;
      await delay(10);
    }
    throw new Error(`no ${type} after 20 s; seen: ${JSON.stringify(events)}`);
  };
  /** A zombie that nobody has reaped yet is as good as gone. */
  const alive = async (pid: number): Promise<boolean> => {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
    return stat !== undefined && !/\) [ZX] /.test(stat);
  };
  const untilWritten = async (file: string): Promise<string> => {
    for (let tries = 0; tries < 2000; tries++) {
      const text = await readFile(file, 'utf8').catch(() => '');
      if (text.endsWith('\n')) return text;
      await delay(10);
    }
    throw new Error(`nothing was written to ${file} in 20 s`);
  };

  it('starts the pilot with the lowest nice on an idle node, in the next pass', async () => {
    const slurm = start(surfaceOf(1e6, ['a', 0, 1e6]));
    const long = await slurm.submit({ kind: 'long', count: 2, limitMinutes: 90, nice: 100 });
    await slurm.submit({ kind: 'first', count: 1, limitMinutes: 2, nice: 0 });
    assert.deepEqual(await slurm.nodes(), { idle: 1, total: 2 });
    clock.advance(1000);
    const jobs = await slurm.pilots();
    assert.deepEqual(jobs.map(({ kind, state, node }) => [kind, state, node]), [
      ['first', 'RUNNING', 'a'], ['long', 'PENDING', undefined], ['long', 'PENDING', undefined],
    ]);
    assert.deepEqual(jobs.map(({ id }) => id).slice(1), [`${long}_0`, `${long}_1`]);
    assert.deepEqual(await slurm.nodes(), { idle: 0, total: 2 });
    assert.deepEqual(slurm.describe().map(({ name, state, until: end }) => [name, state, end]), [['a', 'pilot', 1e6], ['b', 'busy', Number.POSITIVE_INFINITY]]);
  });

  it('gives the node to a prime job at the end of the idle period and takes it back at the next', async () => {
    const slurm = start(surfaceOf(60_000, ['a', 0, 10_000], ['a', 20_000, 60_000]));
    await slurm.submit({ kind: 'k', count: 5, limitMinutes: 90, nice: 0 });
    clock.advance(10_000);
    assert.equal((await slurm.pilots()).find(({ node }) => node === 'a')?.state, 'COMPLETING');
    const [taken] = await until('node-taken');
    assert.equal(taken?.until, 20_000);
    assert.ok(taken.jobId !== undefined);
    assert.deepEqual((await until('pilot-ended')).map(({ state, exit }) => [state, exit.signal]), [['PREEMPTED', 'SIGTERM']]);
    assert.equal(slurm.describe()[0]?.state, 'busy');
    clock.advance(9000);
    assert.ok((await slurm.pilots()).every(({ state }) => state === 'PENDING'));
    clock.advance(2000);
    assert.equal((await slurm.pilots()).filter(({ state }) => state === 'RUNNING').length, 1);
    await slurm.cancel((await slurm.pilots()).map(({ id }) => id));
    await until('pilot-ended', 2);
    assert.deepEqual(await slurm.pilots(), []);
  });

  it('kills a pilot that ignores SIGTERM after KillWait, and tells what the prime job waited', async () => {
    const ready = path.join(directory, 'ready');
    const slurm = start(surfaceOf(60_000, ['a', 0, 10_000]), {
      command: () => ({ argv: ['sh', '-c', `trap "" TERM; echo $$ > ${ready}; while :; do sleep 0.05; done`], env: { PATH: process.env['PATH'] ?? '' } }),
    });
    await slurm.submit({ kind: 'k', count: 1, limitMinutes: 90, nice: 0 });
    clock.advance(5000);
    await untilWritten(ready);
    clock.advance(5000);
    assert.equal(slurm.describe()[0]?.state, 'pilot');
    clock.advance(5000);
    const [taken] = await until('node-taken');
    assert.equal(taken?.waitMs, 5000);
    assert.equal(slurm.describe()[0]?.primeWaitMs, 5000);
    assert.equal((await until('pilot-ended'))[0]?.exit.signal, 'SIGKILL');
  });

  it('ends a pilot at its time limit, with what it left in its process group', async () => {
    const file = path.join(directory, 'child');
    const slurm = start(surfaceOf(1e6, ['a', 0, 1e6]), {
      command: () => ({ argv: ['sh', '-c', `sh -c 'trap "" TERM; echo $$ > ${file}; while :; do sleep 0.05; done' & exec sleep 600`], env: { PATH: process.env['PATH'] ?? '' } }),
    });
    await slurm.submit({ kind: 'k', count: 1, limitMinutes: 2, nice: 0 });
    clock.advance(1000);
    const child = Number(await untilWritten(file));
    assert.ok(await alive(child));
    clock.advance(119_000);
    assert.equal(events.some(({ type }) => type === 'pilot-ended'), false);
    clock.advance(1000);
    assert.equal((await until('pilot-ended'))[0]?.state, 'TIMEOUT');
    for (let tries = 0; await alive(child) && tries < 1000; tries++) await delay(10);
    assert.equal(await alive(child), false);
  });

  it('tells a pilot who it is, as Slurm would', async () => {
    const file = path.join(directory, 'env');
    const slurm = start(surfaceOf(1e6, ['b', 0, 1e6]), {
      command: (pilot) => ({ argv: ['sh', '-c', 'env; exec sleep 600'], env: { PATH: process.env['PATH'] ?? '', OWN: pilot.kind }, outputFile: file }),
    });
    const id = await slurm.submit({ kind: 'k', count: 1, limitMinutes: 4, nice: 0 });
    clock.advance(1000);
    let seen = '';
    for (let tries = 0; tries < 2000 && !seen.includes('OWN='); tries++) {
      await delay(10);
      seen = await readFile(file, 'utf8').catch(() => '');
    }
    for (const line of [`SLURM_JOB_ID=${id}_0`, 'SLURMD_NODENAME=b', 'HPCWHISK_LIMIT_MINUTES=4', 'HPCWHISK_TERM_CAUSE=preempted', 'OWN=k']) {
      assert.ok(seen.split('\n').includes(line), `${line} is missing in:\n${seen}`);
    }
    assert.equal(seen.includes('HOME='), false);
  });

  it('frees the node of a pilot that ends by itself or cannot start', async () => {
    let program = 'true';
    const slurm = start(surfaceOf(1e6, ['a', 0, 1e6]), { command: () => ({ argv: [program], env: { PATH: process.env['PATH'] ?? '' } }) });
    await slurm.submit({ kind: 'k', count: 1, limitMinutes: 4, nice: 0 });
    clock.advance(1000);
    assert.equal((await until('pilot-ended'))[0]?.state, 'COMPLETED');
    program = '/nonexistent/program';
    await slurm.submit({ kind: 'k', count: 1, limitMinutes: 4, nice: 0 });
    clock.advance(1000);
    assert.equal((await until('pilot-ended', 2))[1]?.state, 'FAILED');
    assert.deepEqual(await slurm.nodes(), { idle: 1, total: 2 });
  });

  it('cancels arrays and single tasks', async () => {
    const slurm = start(surfaceOf(1e6));
    const first = await slurm.submit({ kind: 'k', count: 3, limitMinutes: 4, nice: 0 });
    const second = await slurm.submit({ kind: 'k', count: 2, limitMinutes: 4, nice: 0 });
    await slurm.cancel([`${first}_1`, second, '999_9']);
    assert.deepEqual((await slurm.pilots()).map(({ id }) => id), [`${first}_0`, `${first}_2`]);
  });

  it('refuses what Slurm would refuse', async () => {
    const slurm = start(surfaceOf(1e6));
    for (const wrong of [{ count: 0 }, { limitMinutes: 0 }, { count: 1.5 }]) {
      await assert.rejects(slurm.submit({ kind: 'k', count: 1, limitMinutes: 1, nice: 0, ...wrong }), (error) => error instanceof SlurmError && error.kind === 'user');
    }
    await assert.rejects(slurm.submit({ kind: 'k', count: 20_000, limitMinutes: 1, nice: 0 }), (error) => error instanceof SlurmError && error.kind === 'transient');
  });

  it('leaves no process behind when it is closed', async () => {
    const slurm = start(surfaceOf(1e6, ['a', 0, 1e6], ['b', 0, 1e6]), {
      command: ({ node }) => ({ argv: node === 'a' ? PATIENT : STUBBORN, env: { PATH: process.env['PATH'] ?? '' } }),
    });
    await slurm.submit({ kind: 'k', count: 2, limitMinutes: 4, nice: 0 });
    clock.advance(1000);
    const closing = slurm.close();
    clock.advance(5000);
    await closing;
    assert.equal((await until('pilot-ended', 2)).every(({ state }) => state === 'CANCELLED'), true);
    assert.deepEqual(await slurm.pilots(), []);
  });

  it('harvests a demonstration surface for hours of pretended time', async () => {
    const slurm = start(demonstrationSurface(3, ['a', 'b']));
    for (let minute = 0; minute < 120; minute++) {
      if ((await slurm.pilots()).length < 4) await slurm.submit({ kind: 'k', count: 4, limitMinutes: 14, nice: 0 });
      for (let second = 0; second < 60; second += 15) {
        clock.advance(15_000);
        await delay(0);
      }
    }
    const counts = (type: LocalClusterEvent['type']): number => events.filter((event) => event.type === type).length;
    assert.ok(counts('pilot-started') >= 5, `only ${counts('pilot-started')} pilots started`);
    assert.ok(counts('node-taken') >= 5, `only ${counts('node-taken')} nodes taken`);
  });
});
