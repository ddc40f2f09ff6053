/** What every sandbox must do; run by the tests of each. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { it } from 'node:test';
import { inheritedDescriptors } from '../inherited-descriptors.ts';
import type { Box, BoxSpec, Sandbox } from '../sandbox.ts';

const WAIT_MS = 30_000;

export interface SandboxUnderTest {
  sandbox: Sandbox;
  /** Host directory for files of the sandbox. */
  scratchDir: string;
  /** Whether a process that has left its session and lost its parent is still found. */
  findsDaemons: boolean;
  /** Variables that the sandbox itself adds to the environment. */
  adds?: readonly string[];
}

let nextId = 1;

/** A box that runs this shell script. */
export async function startShell(sandbox: Sandbox, script: string, spec: Partial<BoxSpec> = {}): Promise<Box> {
  return sandbox.start({ id: `t${nextId++}`, command: ['/bin/sh', '-c', script], env: { PATH: '/usr/bin:/bin' }, readOnly: [], memoryMB: 128, ...spec });
}

export async function outputOf(box: Box): Promise<{ stdout: string; stderr: string }> {
  const read = async (stream: Box['stdout']): Promise<string> => {
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks).toString();
  };
  const [stdout, stderr] = await Promise.all([read(box.stdout), read(box.stderr)]);
  return { stdout, stderr };
}

export async function until(what: string, test: () => boolean, state: () => string): Promise<void> {
  for (const deadline = Date.now() + WAIT_MS; !test();) {
    if (Date.now() > deadline) assert.fail(`${what} did not come; last seen: ${state()}`);
    await new Promise((resolve) => { setTimeout(resolve, 10); });
  }
}

/** Processes of this machine whose command line has this text. */
export function processesWith(text: string): number[] {
  return readdirSync('/proc').map(Number).filter((pid) => pid > 0 && pid !== process.pid && commandLine(pid).includes(text));
}

function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1');
  } catch {
    return '';
  }
}

export function sandboxCases(make: () => SandboxUnderTest): void {
  it('runs a command with exactly the environment that was given', async () => {
    const { sandbox, adds = [] } = make();
    const box = await sandbox.start({ id: 'env', command: ['/usr/bin/env'], env: { A: '1', WITH_SPACE: 'a b', PATH: '/usr/bin' }, readOnly: [], memoryMB: 64 });
    const { stdout, stderr } = await outputOf(box);
    // bubblewrap tells the working directory.
    assert.deepEqual(stdout.trim().split('\n').filter((line) => !['PWD', ...adds].includes(line.split('=')[0] ?? '')).sort(), ['A=1', 'PATH=/usr/bin', 'WITH_SPACE=a b'], stderr);
    await box.kill();
  });

  it('gives both output streams and the exit code', async () => {
    const { sandbox } = make();
    const box = await startShell(sandbox, 'echo out; echo err >&2; exit 7');
    assert.deepEqual(await outputOf(box), { stdout: 'out\n', stderr: 'err\n' });
    assert.deepEqual(await box.exited, { code: 7, signal: null, outOfMemory: false });
    await box.kill();
  });

  it('connects descriptor 3, and no other beyond stdio', async () => {
    const { sandbox } = make();
    const inherited = new Set(inheritedDescriptors().map(String));
    const box = await startShell(sandbox, 'read line <&3; echo "got $line" >&3; ls /proc/self/fd');
    box.channel.write('hello\n');
    const [answer] = await new Promise<Buffer[]>((resolve) => { box.channel.once('data', (chunk: Buffer) => { resolve([chunk]); }); });
    assert.equal(String(answer), 'got hello\n');
    const { stdout } = await outputOf(box);
    // 4 is the listing's own; a test runner may have left some open on its side, which the invoker closes at its start.
    assert.deepEqual(stdout.trim().split('\n').filter((fd) => !inherited.has(fd)), ['0', '1', '2', '3', '4']);
    await box.kill();
  });

  it('shows files where it promises them', async () => {
    const { sandbox } = make();
    const shown = { host: process.execPath, inside: '/runtime/program' };
    const box = await startShell(sandbox, `test -x ${sandbox.inside(shown)} && echo there`, { readOnly: [shown] });
    assert.deepEqual(await outputOf(box), { stdout: 'there\n', stderr: '' });
    await box.kill();
  });

  it('has a working directory that can be written to', async () => {
    const { sandbox } = make();
    const directory = sandbox.workDirectory('work');
    const box = await startShell(sandbox, `cd ${directory} && echo text > file && cat file && pwd`, { id: 'work' });
    assert.deepEqual(await outputOf(box), { stdout: `text\n${directory}\n`, stderr: '' });
    await box.kill();
  });

  it('kills the whole tree, sessions of their own included', async () => {
    const { sandbox } = make();
    const mark = `31${Date.now() % 100_000_000}`;
    const box = await startShell(sandbox, `setsid sleep ${mark} & sleep ${mark} & echo up; wait`);
    await new Promise((resolve) => { box.stdout.once('data', resolve); });
    await until('both sleeps', () => processesWith(`sleep\0${mark}`).length >= 2, () => String(processesWith(mark)));
    await box.kill();
    await box.kill();
    await until('their end', () => processesWith(`sleep\0${mark}`).length === 0, () => String(processesWith(mark)));
  });

  it('kills daemons where it can find them', async (t) => {
    const { sandbox, findsDaemons } = make();
    if (!findsDaemons) {
      t.skip('a process that left its session and lost its parent cannot be found without a pid namespace');
      return;
    }
    const mark = `32${Date.now() % 100_000_000}`;
    const box = await startShell(sandbox, `(setsid sleep ${mark} &) ; exec sleep ${mark}`);
    await until('both sleeps', () => processesWith(`sleep\0${mark}`).length >= 2, () => String(processesWith(mark)));
    await box.kill();
    assert.deepEqual(processesWith(`sleep\0${mark}`), []);
  });

  it('ends the tree when the command itself ends', async () => {
    const { sandbox } = make();
    const mark = `33${Date.now() % 100_000_000}`;
    const box = await startShell(sandbox, `sleep ${mark} & exit 0`);
    assert.equal((await box.exited).code, 0);
    await until('the end of its child', () => processesWith(`sleep\0${mark}`).length === 0, () => String(processesWith(mark)));
    await box.kill();
  });

  it('kills a tree that takes more memory than it was given', async () => {
    const { sandbox } = make();
    const box = await sandbox.start({
      id: 'memory', command: ['/usr/bin/python3', '-I', '-S', '-c', 'x = bytearray(b"x") * (160 << 20)\nimport time\ntime.sleep(600)'],
      env: { PATH: '/usr/bin' }, readOnly: [], memoryMB: 64,
    });
    box.active = true;
    box.stdout.resume();
    box.stderr.resume();
    assert.equal((await box.exited).outOfMemory, true);
    await box.kill();
  });

  it('leaves nothing behind, also when a box cannot be made', async () => {
    const { sandbox, scratchDir } = make();
    const box = await startShell(sandbox, 'echo x > $HOME/x; echo done', { env: { PATH: '/usr/bin:/bin', HOME: sandbox.workDirectory('left') }, id: 'left' });
    await outputOf(box);
    await box.kill();
    const failing = await sandbox.start({ id: 'none', command: ['/no/such/program'], env: {}, readOnly: [], memoryMB: 64 }).catch(() => undefined);
    if (failing !== undefined) {
      failing.stdout.resume();
      failing.stderr.resume();
      assert.notEqual((await failing.exited).code, 0);
      await failing.kill();
    }
    assert.deepEqual(existsSync(scratchDir) ? readdirSync(scratchDir) : [], []);
  });
}
