import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { systemClock } from '../clock/system-clock.ts';
import { CommandLineSlurm, type CommandLineSlurmOptions } from '../slurm/command-line/command-line-slurm.ts';
import { SlurmError } from '../slurm/slurm.ts';
import { installTestbedPackages } from '../testbed/packages.ts';
import { startTestbed, stopTestbed, type Testbed } from '../testbed/testbed.ts';
import { waitUntil } from '../testbed/wait-until.ts';
import { whyNoInvoker } from './no-invoker.ts';
import { PilotManager } from './pilot-manager.ts';
import { policyOf } from './policies.ts';

const run = promisify(execFile);
const patient = { timeoutMs: 60_000, everyMs: 100 };
const nodes = 4;
const depth = 6;

describe('pilots on a real Slurm', { timeout: 300_000 }, () => {
  let root = '';
  let testbed: Testbed;
  const managers: PilotManager[] = [];

  before(async () => {
    await installTestbedPackages();
    root = await mkdtemp(join(tmpdir(), 'pilots-test-'));
    await mkdir(join(root, 'pilots'));
    testbed = await startTestbed({ nodes, directory: join(root, 'testbed'), schedulerParameters: 'bf_interval=2,bf_resolution=10,sched_interval=5' });
  });
  after(async () => {
    for (const manager of managers) await manager.stop();
    await stopTestbed(join(root, 'testbed'));
    await rm(root, { recursive: true, force: true });
    delete process.env['HPCWHISK_SECRET'];
  });

  function slurmOf(options: Partial<CommandLineSlurmOptions> = {}): CommandLineSlurm {
    return new CommandLineSlurm({
      partition: 'whisk', jobName: 'pilot-test', env: testbed.env, ...options,
      // Writes down what it sees, then waits; sleep dies of SIGTERM at once.
      script: ({ kind, limitMinutes }) => `#!/bin/sh\nenv > ${root}/pilots/$SLURM_JOB_ID.new\nmv ${root}/pilots/$SLURM_JOB_ID.new ${root}/pilots/$SLURM_JOB_ID\n# ${kind} ${limitMinutes}\nexec sleep 900\n`,
    });
  }

  function managerOf(slurm: CommandLineSlurm): PilotManager {
    const manager = new PilotManager({ slurm, policy: policyOf('single', { depth }), clock: systemClock, options: { periodMs: 500, maxBackoffMs: 2000 } });
    managers.push(manager);
    return manager;
  }

  /** Submits a prime job of one node and waits for its first line. @returns its id */
  async function primeJob(node: string): Promise<string> {
    const sbatch = spawn('sbatch', ['--parsable', '--partition=prime', '--exclusive', `--nodelist=${node}`, '--time=5', '--output=/dev/null'], { env: testbed.env, stdio: ['pipe', 'pipe', 'inherit'] });
    let id = '';
    sbatch.stdout.on('data', (text: Buffer) => { id += text.toString(); });
    sbatch.stdin.end(`#!/bin/sh\ntouch ${root}/prime.$SLURM_JOB_ID\nexec sleep 900\n`);
    await new Promise((resolve) => { sbatch.once('close', resolve); });
    id = id.trim();
    await waitUntil('the prime job\'s first line', () => existsSync(join(root, `prime.${id}`)), (seen) => seen, { ...patient, everyMs: 20 });
    return id;
  }

  const stocked = (manager: PilotManager, running: number) => waitUntil(`${running} pilots running and more than half of ${depth} pending`, () => manager.status(),
    (status) => status.running === running && 2 * status.pending > depth, patient);

  it('fills the idle nodes, gives one back to a prime job, and takes it again afterwards', async () => {
    process.env['HPCWHISK_SECRET'] = 'a-token-of-the-submitter';
    const slurm = slurmOf();
    const manager = managerOf(slurm);
    await manager.start();
    const full = await stocked(manager, nodes);
    assert.deepEqual(full.byKind, { m90: { pending: depth, running: nodes } });
    assert.equal(full.nodes.total, nodes);
    const pilots = await slurm.pilots();
    const running = pilots.filter(({ state }) => state === 'RUNNING');
    assert.deepEqual(running.map(({ node }) => node).sort(), ['n1', 'n2', 'n3', 'n4']);
    for (const pilot of running) {
      assert.equal(pilot.limitMinutes, 90);
      assert.ok(Math.abs((pilot.startedAt ?? 0) - Date.now()) < 120_000, `started at ${pilot.startedAt ?? 'no time'}`);
    }
    assert.ok(pilots.every(({ state, reason }) => (state === 'PENDING') === (reason !== undefined)));

    const prime = await primeJob('n2');
    await waitUntil('the preemption to be counted', () => manager.status(), ({ ended }) => ended.preempted === 1, patient);
    await stocked(manager, nodes - 1);
    await run('scancel', [prime], { env: testbed.env });
    await stocked(manager, nodes);

    const seen = await readdir(join(root, 'pilots'));
    assert.ok(seen.length > nodes);
    for (const id of seen) {
      const env = await readFile(join(root, 'pilots', id), 'utf8');
      assert.match(env, /^SLURM_JOB_PARTITION=whisk$/m);
      assert.doesNotMatch(env, /HPCWHISK_SECRET|a-token-of-the-submitter/);
    }
  });

  it('goes on after slurmctld was away', async () => {
    const manager = managers[0]!;
    await testbed.stopController();
    await waitUntil('an error', () => manager.status(), ({ lastError, backoffMs }) => /contact|timed out|no answer/.test(lastError ?? '') && backoffMs > 0, patient);
    await testbed.startController();
    await waitUntil('the manager to go on', () => manager.status(), ({ lastError, backoffMs }) => lastError === undefined && backoffMs === 0, patient);
    await stocked(manager, nodes);
  });

  it('is replaced by another that takes its pilots over, and sees no others', async () => {
    await managers[0]!.stop();
    await slurmOf({ jobName: 'somebody-else' }).submit({ kind: 'm5', count: 3, limitMinutes: 5, nice: 1000 });
    const successor = managerOf(slurmOf());
    await successor.start();
    const status = await stocked(successor, nodes);
    assert.equal(status.submitted, 0);
    assert.deepEqual(Object.keys(status.byKind), ['m90']);
  });

  it('cancels all its pilots at the end, and no others', async () => {
    await managers[1]!.stop({ cancel: true });
    const over = (states: string[]) => states.every((state) => !['PENDING', 'RUNNING', 'COMPLETING'].includes(state));
    await waitUntil('all pilots to be over', async () => (await slurmOf().pilots()).map(({ state }) => state), over, patient);
    const others = slurmOf({ jobName: 'somebody-else' });
    const left = (await others.pilots()).filter(({ state }) => state === 'PENDING' || state === 'RUNNING');
    assert.equal(left.length, 3);
    assert.deepEqual([...new Set(left.map(({ kind, limitMinutes }) => `${kind} ${limitMinutes ?? 0}`))], ['m5 5']);
    await others.cancel(left.map(({ id }) => id));
    await others.cancel(left.map(({ id }) => id));
    await others.cancel(['999999']);
    await waitUntil('them to be over', async () => (await others.pilots()).map(({ state }) => state), over, patient);
  });

  it('with adaptive starts as many as there are idle nodes, learns from them, refills, and says why it keeps what it keeps', async () => {
    const slurm = slurmOf({ jobName: 'adaptive-test' });
    const manager = new PilotManager({ slurm, policy: policyOf('adaptive', { maxPending: 8, site: { maxLimitMinutes: 60 } }), clock: systemClock, options: { periodMs: 500 } });
    managers.push(manager);
    await manager.start();
    assert.match(manager.status().why.join(' '), /seen none start yet/);
    const full = await waitUntil('a wave of the longest', () => manager.status(), ({ running, pending }) => running === nodes && pending >= 7, patient);
    assert.ok((full.byKind['m60']?.running ?? 0) >= 1, JSON.stringify(full.byKind));
    assert.deepEqual((await slurm.pilots()).filter(({ state }) => state === 'PENDING').map(({ limitMinutes }) => limitMinutes ?? 0).some((minutes, place, all) => place > 0 && minutes > (all[place - 1] ?? 0)), false, 'the longest first, whenever they were submitted');
    assert.equal(whyNoInvoker({ ...full, invokers: 0 }), 'There is no invoker yet, although 4 pilots run: either they have just started or they cannot reach the controller\'s address from their nodes.');
    const prime = await primeJob('n3');
    const after = await waitUntil('the preemption', () => manager.status(), ({ ended, running }) => ended.preempted === 1 && running === nodes - 1, patient);
    assert.match(after.why.join(' '), /the more of a length the more of it Slurm took at a time \(lately up to \d of m\d+/);
    for (const sentence of after.why) assert.match(sentence, /^[A-Z].*\.$/);
    await run('scancel', [prime], { env: testbed.env });
    await waitUntil('the node to be taken again', () => manager.status(), ({ running }) => running === nodes, patient);
    // Without nodes, and without the partition.
    await manager.stop({ cancel: true });
    await run('scontrol', ['update', 'PartitionName=whisk', 'State=DOWN'], { env: testbed.env });
    const again = new PilotManager({ slurm, policy: policyOf('adaptive', { maxPending: 8 }), clock: systemClock, options: { periodMs: 500 } });
    managers.push(again);
    await again.start();
    const down = await waitUntil('the partition to be seen down', () => again.status(), ({ nodes: { partition }, running }) => partition === 'down' && running === 0, patient);
    assert.equal(whyNoInvoker({ ...down, invokers: 0 }), 'There is no invoker, because the pilots\' partition is in the state "down", in which Slurm starts no pilots: the site has to set it up again.');
    await run('scontrol', ['update', 'PartitionName=whisk', 'State=UP'], { env: testbed.env });
    await waitUntil('pilots again', () => again.status(), ({ running }) => running > 0, patient);
    await again.stop({ cancel: true });
  });

  it('rejects at its start what Slurm refuses for good', async () => {
    const cases: [Partial<CommandLineSlurmOptions>, RegExp][] = [
      [{ partition: 'nope' }, /no partition "nope"/],
      [{ sbatchArguments: ['--no-such-option'] }, /unrecognized option/],
      [{ sbatchArguments: ['--begin=nonsense'] }, /begin/],
      [{ env: { PATH: join(root, 'pilots') } }, /command not found on PATH/],
    ];
    for (const [options, text] of cases) {
      await assert.rejects(managerOf(slurmOf(options)).start(), (error) => error instanceof SlurmError && error.kind === 'user' && text.test(error.message), String(text));
    }
    assert.deepEqual((await slurmOf().pilots()).filter(({ state }) => state === 'PENDING' || state === 'RUNNING'), []);
  });
});
