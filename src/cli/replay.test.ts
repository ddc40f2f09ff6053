import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { installTestbedPackages } from '../testbed/packages.ts';

const MAIN = fileURLToPath(new URL('main.ts', import.meta.url));

describe('hpcwhisk replay', { timeout: 300_000 }, () => {
  let directory = '';
  before(async () => {
    await installTestbedPackages();
    directory = await mkdtemp(join(tmpdir(), 'replay-'));
  });
  after(() => rm(directory, { recursive: true, force: true }));

  const replay = async (args: readonly string[], onOutput: (output: string, interrupt: () => void) => void): Promise<{ code: number | null; output: string }> => {
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', MAIN, 'replay', '--report', join(directory, 'report'), ...args], {
      env: { ...process.env, TMPDIR: directory }, stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    let interrupted = false;
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        output += chunk.toString();
        onOutput(output, () => {
          if (!interrupted) child.kill('SIGINT');
          interrupted = true;
        });
      });
    }
    const [code] = await once(child, 'close') as [number | null];
    return { code, output };
  };

  it('leaves nothing of any policy when it is interrupted, and says so in one line', async () => {
    const { code, output } = await replay(['--synthetic', '3', '--nodes', '3', '--minutes', '2', '--policy', 'fib', 'adaptive'], (said, interrupt) => {
      if (/fib +the first/.test(said) && /adaptive +the first/.test(said)) interrupt();
    });
    assert.equal(code, 130, output);
    assert.equal(output.match(/the replay was stopped/g)?.length, 1, output);
    assert.deepEqual(await readdir(directory), ['report']);
    assert.deepEqual(await processesThatName(directory), []);
  });

  it('refuses a pending prime job where all nodes are idle at some time', async () => {
    const { code, output } = await replay(['--synthetic', '3', '--nodes', '1', '--minutes', '600', '--prime-pending', 'always'], () => undefined);
    assert.equal(code, 64, output);
    assert.match(output, /all 1 nodes are idle/);
    assert.doesNotMatch(output, /Starting/);
    assert.deepEqual(await readdir(directory), ['report']);
  });
});

/** Command lines of processes that were started with this directory in their arguments or environment. */
async function processesThatName(directory: string): Promise<string[]> {
  const found: string[] = [];
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)) {
    const [line, env] = await Promise.all(['cmdline', 'environ'].map((file) => readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => '')));
    if (`${line ?? ''}${env ?? ''}`.includes(directory)) found.push((line ?? '').replaceAll('\0', ' '));
  }
  return found;
}
