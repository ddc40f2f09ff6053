import assert from 'node:assert/strict';
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { chmod, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { installTestbedPackages } from '../testbed/packages.ts';
import { startTestbed, type Testbed } from '../testbed/testbed.ts';
import { waitUntil } from '../testbed/wait-until.ts';
import { readNodeLog, type NodeLog } from '../traces/node-log.ts';

const run = promisify(execFile);
const patient = { timeoutMs: 90_000, everyMs: 200 };
const program = fileURLToPath(new URL('../cli/main.ts', import.meta.url));

/** The command itself, on a real Slurm. */
describe('collect', { timeout: 300_000 }, () => {
  let root = '';
  let testbed: Testbed;
  const children: ChildProcess[] = [];
  before(async () => {
    await installTestbedPackages();
    root = await mkdtemp(join(tmpdir(), 'collect-test-'));
    testbed = await startTestbed({ nodes: 4, directory: join(root, 'slurm'), settings: { PrivateData: 'jobs' } });
  });
  after(async () => {
    for (const child of children) child.kill('SIGKILL');
    await testbed.stop();
    await rm(root, { recursive: true, force: true });
  });

  const args = (...words: string[]): string[] => ['--disable-warning=ExperimentalWarning', program, ...words];
  async function submit(...options: string[]): Promise<string> {
    const { stdout } = await run('sbatch', ['--parsable', '--chdir=/tmp', '--output=/dev/null', ...options], { env: testbed.env });
    return stdout.trim();
  }

  function start(directory: string, ...options: string[]): { child: ChildProcess; said: () => string; log: () => Promise<NodeLog | undefined>; ended: Promise<number | null> } {
    const child = spawn(process.execPath, args('collect', '--out', directory, '--interval', '1', ...options), { env: { ...process.env, ...testbed.env } });
    children.push(child);
    let said = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => { said += chunk.toString(); });
    const ended = new Promise<number | null>((resolve) => { child.once('close', resolve); });
    const log = async (): Promise<NodeLog | undefined> => {
      const name = (await readdir(directory).catch(() => [])).find((each) => each.endsWith('.log'));
      const text = name === undefined ? '' : await readFile(join(directory, name), 'utf8');
      return text.includes('----') ? readNodeLog(text) : undefined;
    };
    return { child, said: () => said, log, ended };
  }

  it('writes down nodes, pilots and jobs, bridges an absence of slurmctld, and analyze reads it', async () => {
    const directory = join(root, 'log');
    const collector = start(directory, '--pilots', 'my-pilots');
    await waitUntil('a sample of the empty cluster', collector.log, (log) => log?.samples.at(-1)?.idle.length === 4, patient);
    const job = await submit('--partition=prime', '--nodelist=n1', '--time=7', '--wrap=exec sleep 600');
    await submit('--partition=whisk', '--nodelist=n2', '--job-name=my-pilots', '--wrap=exec sleep 600');
    const busy = await waitUntil('a sample with a job and a pilot', collector.log, (log) => log?.samples.at(-1)?.pilots.length === 1 && log.samples.at(-1)?.idle.length === 2, patient);
    assert.deepEqual(busy?.samples.at(-1)?.pilots, ['n2']);
    assert.deepEqual(busy.samples.at(-1)?.idle, ['n3', 'n4']);
    assert.equal(busy.nodeCount, 4);

    await testbed.stopController();
    await waitUntil('a word that Slurm is away', collector.said, (said) => said.includes('no sample: '), patient);
    await testbed.startController();
    await waitUntil('a word that it is back', collector.said, (said) => said.includes('answer again'), patient);

    await run('scancel', [job], { env: testbed.env });
    const ended = await waitUntil('the end of the job', collector.log, (log) => log?.jobs?.[0]?.runSeconds !== undefined, patient);
    const [seen, ...others] = ended?.jobs ?? [];
    assert.deepEqual(others, []);
    assert.deepEqual([seen?.id, seen?.state, seen?.limitSeconds, seen?.nodes, seen?.partition], [job, 'CANCELLED', 420, 1, 'prime']);
    collector.child.kill('SIGTERM');
    assert.equal(await collector.ended, 0);
    assert.match(collector.said(), /^\d+ samples in .*, \d+ rounds failed$/m);
    assert.deepEqual((await readdir(directory)).length, 1);

    const files = (await readdir(directory)).map((name) => join(directory, name));
    const { stdout } = await run(process.execPath, args('analyze', ...files, '--json'));
    const summary = JSON.parse(stdout) as { source: { timeZone: string }; idle: { total: number; pilots: { coverage: number } }; jobs: { ran: number } };
    assert.deepEqual([summary.source.timeZone, summary.idle.total, summary.jobs.ran], [Intl.DateTimeFormat().resolvedOptions().timeZone, 4, 1]);
    assert.ok(summary.idle.pilots.coverage > 0 && summary.idle.pilots.coverage < 1);
    await run('scancel', ['--partition=whisk'], { env: testbed.env });
  });

  it('needs no rights: whoever may not see the jobs of others sees the nodes', async () => {
    // Only root can run it as somebody else, and only somebody else may not see the jobs.
    const nobody = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
    await chmod(root, 0o755);
    const job = await submit('--partition=prime', '--nodelist=n1', '--wrap=exec sleep 600');
    await waitUntil('the job', async () => (await run('squeue', ['-h', '-o', '%T'], { env: testbed.env })).stdout, (text) => text.includes('RUNNING'), patient);
    const queue = await run('squeue', ['-h'], { env: testbed.env, ...nobody });
    if ('uid' in nobody) assert.equal(queue.stdout, '');
    const script = `
      import { clusterLooker } from ${JSON.stringify(new URL('../slurm/command-line/cluster-look.ts', import.meta.url).href)};
      console.log(JSON.stringify(await clusterLooker({ partition: 'whisk' })()));`;
    const { stdout } = await run(process.execPath, ['--disable-warning=ExperimentalWarning', '--input-type=module', '--eval', script], { env: testbed.env, ...nobody });
    const look = JSON.parse(stdout) as { nodes: { state: string; hosts: string }[]; jobs: unknown[] };
    assert.equal(look.nodes.find(({ state }) => state === 'idle')?.hosts, 'n[2-4]');
    if ('uid' in nobody) assert.deepEqual(look.jobs, []);
    await run('scancel', [job], { env: testbed.env });
  });

  it('says what it cannot do', async () => {
    const environment = { env: { ...process.env, ...testbed.env } };
    await assert.rejects(run(process.execPath, args('collect', '--out', join(root, 'x'), '--partition', 'nope'), environment),
      (error: { code: number; stderr: string }) => error.code === 69 && /^hpcwhisk: ESLURM: .*nope/m.test(error.stderr));
    await assert.rejects(run(process.execPath, args('collect', '--out', join(root, 'x'), '--rotate', 'often'), environment),
      (error: { code: number; stderr: string }) => error.code === 64 && /EUSAGE.*daily, never, or a number of megabytes/.test(error.stderr));
    await assert.rejects(run(process.execPath, args('collect', '--out', join(root, 'x'), '--timezone', 'Mars/Olympus'), environment),
      (error: { code: number; stderr: string }) => error.code === 64 && /unknown time zone "Mars\/Olympus"/.test(error.stderr));
  });
});
