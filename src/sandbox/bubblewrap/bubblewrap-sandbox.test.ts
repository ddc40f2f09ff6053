import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { outputOf, processesWith, sandboxCases, startShell, until } from '../conformance/sandbox-cases.ts';
import { chooseSandbox } from '../choose-sandbox.ts';
import { processTree } from '../process-tree.ts';
import { BubblewrapSandbox } from './bubblewrap-sandbox.ts';

const scratchDir = mkdtempSync(join(tmpdir(), 'hpcwhisk-bwrap-'));
const sandbox = new BubblewrapSandbox();
before(async () => {
  const reason = await sandbox.probe();
  assert.equal(reason, undefined, `these tests need bubblewrap: ${reason ?? ''}`);
});
after(() => { rmSync(scratchDir, { recursive: true, force: true }); });

/** Runs a script in a box and gives what it printed. */
async function inBox(script: string, options: { memoryMB?: number; sandbox?: BubblewrapSandbox } = {}): Promise<string> {
  const box = await startShell(options.sandbox ?? sandbox, script, { memoryMB: options.memoryMB ?? 64 });
  const { stdout } = await outputOf(box);
  await box.kill();
  return stdout;
}

describe('bubblewrap sandbox', { timeout: 240_000 }, () => {
  sandboxCases(() => ({ sandbox, scratchDir, findsDaemons: true }));

  it('ends its boxes when the invoker is killed', async () => {
    const mark = `51${Date.now() % 100_000_000}`;
    const program = `
      import { BubblewrapSandbox } from ${JSON.stringify(import.meta.resolve('./bubblewrap-sandbox.ts'))};
      await new BubblewrapSandbox().start({ id: 'x', command: ['/bin/sh', '-c', 'setsid sleep ${mark} & wait'], env: {PATH: '/usr/bin:/bin'}, readOnly: [], memoryMB: 64 });
      setInterval(() => undefined, 1000);`;
    const invoker = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: 'inherit' });
    await until('the box', () => processesWith(`sleep\0${mark}`).length === 1, () => String(processesWith(mark)));
    invoker.kill('SIGKILL');
    await until('its end', () => processesWith(`sleep\0${mark}`).length === 0, () => String(processesWith(mark)));
  });

  it('outlives a SIGTERM that reaches its outer processes, as Slurm sends it to all of a job', async () => {
    const box = await startShell(sandbox, 'trap "" TERM; echo up; sleep 0.3; echo still');
    const said: string[] = [];
    box.stdout.on('data', (chunk: Buffer) => { said.push(chunk.toString()); });
    await until('its start', () => said.join('').includes('up'), () => said.join(''));
    for (const pid of processTree(box.pid).slice(0, 2)) process.kill(pid, 'SIGTERM');
    await box.exited;
    await until('its last words', () => said.join('').includes('still'), () => said.join(''));
    await box.kill();
  });

  it('says in one line why it does not work', async () => {
    const reason = await new BubblewrapSandbox({ program: '/no/such/bwrap' }).probe();
    assert.match(reason ?? '', /^bubblewrap is not installed[^\n]*$/);
    const broken = join(scratchDir, 'bwrap');
    writeFileSync(broken, '#!/bin/sh\ntest "$1" = --help && exit 0\necho "bwrap: No permissions to create new namespace" >&2\nexit 1\n');
    chmodSync(broken, 0o755);
    chmodSync(scratchDir, 0o755);
    const why = await new BubblewrapSandbox({ program: broken }).probe();
    assert.match(why ?? '', /No permissions to create new namespace/);
    rmSync(broken);
  });

  it('is chosen where it works', async () => {
    assert.equal((await chooseSandbox('auto', { scratchDir })).sandbox.name, 'bubblewrap');
    assert.equal((await chooseSandbox('bubblewrap', { scratchDir })).sandbox.name, 'bubblewrap');
    assert.equal((await chooseSandbox('process', { scratchDir })).sandbox.name, 'process');
  });
});

describe('a hostile function in bubblewrap', { timeout: 240_000 }, () => {
  it('sees no secret of the invoker in any process', async () => {
    process.env['HPCWHISK_TEST_SECRET'] = 'topsecret-token';
    const seen = await inBox('cat /proc/*/environ /proc/*/cmdline /proc/self/mountinfo 2>/dev/null | tr "\\0" "\\n"');
    delete process.env['HPCWHISK_TEST_SECRET'];
    assert.ok(!seen.includes('topsecret-token'));
    assert.ok(!seen.includes(scratchDir));
    assert.match(seen, /bwrap/, 'it did look at pid 1');
  });

  it('sees no process but its own', async () => {
    const pids = (await inBox('ls /proc')).split('\n').filter((name) => /^\d+$/.test(name)).map(Number);
    assert.ok(pids.length > 0 && pids.every((pid) => pid < 100), String(pids));
    assert.equal(await inBox(`kill -0 ${process.pid} 2>/dev/null && echo killed`), '');
  });

  it("sees neither the home of the invoker's user, nor /etc/passwd, nor files of the host's /tmp", async () => {
    const secret = join(scratchDir, 'secret');
    writeFileSync(secret, 'other function');
    chmodSync(secret, 0o644);
    assert.equal(await inBox(`cat ${secret} /etc/passwd /etc/shadow 2>/dev/null; ls ${homedir()} /home /root /work /var 2>/dev/null`), '');
    rmSync(secret);
  });

  it('cannot see the files of another box', async () => {
    const other = await startShell(sandbox, 'echo mine > /tmp/f; echo up; sleep 600');
    await new Promise((resolve) => { other.stdout.once('data', resolve); });
    assert.equal(await inBox('cat /tmp/f 2>/dev/null; ls /tmp'), '');
    await other.kill();
  });

  it('can write nowhere but to its own memory-backed directories', async () => {
    assert.equal(await inBox('for d in / /usr /usr/bin /etc /runtime /proc /dev; do touch $d/x 2>/dev/null && echo $d; done; touch /tmp/x /dev/shm/x && echo ok'), 'ok\n');
    assert.equal(await inBox('dd if=/dev/zero of=/tmp/x bs=1M count=200 2>/dev/null; stat -c %s /tmp/x', { memoryMB: 32 }), `${32 * 1024 * 1024}\n`);
  });

  it('has no capability, and gets none by a user namespace of its own', async () => {
    assert.match(await inBox('grep CapEff /proc/self/status'), /CapEff:\s+0000000000000000/);
    assert.equal(await inBox('grep -i NoNewPrivs /proc/self/status | grep -o 1'), '1\n');
    assert.equal(await inBox('unshare -Ur true 2>/dev/null && echo nested'), '');
  });

  it('is bounded in processes, each box on its own', async () => {
    const small = new BubblewrapSandbox({ limits: { processes: 20 } });
    const forks = 'i=0; while [ $i -lt 60 ]; do sleep 5 & i=$((i+1)); done; echo all';
    const [first, second] = await Promise.all([inBox(forks, { sandbox: small }), inBox('for i in 1 2 3 4 5; do sleep 0.1 & done; wait; echo five', { sandbox: small })]);
    assert.equal(first, '');
    assert.equal(second, 'five\n');
  });

  it('counts its files as its memory', async () => {
    const box = await startShell(sandbox, 'dd if=/dev/zero of=/dev/shm/x bs=1M count=60 2>/dev/null; dd if=/dev/zero of=/tmp/x bs=1M count=60 2>/dev/null; sleep 600', { memoryMB: 64 });
    box.active = true;
    assert.equal((await box.exited).outOfMemory, true);
    await box.kill();
  });

  it('reaches the network or not, as configured', async () => {
    const server = createServer((socket) => socket.end('hello'));
    await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
    const address = server.address();
    assert.ok(typeof address === 'object' && address !== null);
    const script = `/usr/bin/python3 -c 'import socket; print(socket.create_connection(("127.0.0.1", ${address.port}), 5).recv(9).decode())' 2>/dev/null`;
    assert.equal(await inBox(script), 'hello\n');
    assert.equal(await inBox(script, { sandbox: new BubblewrapSandbox({ network: 'none' }) }), '');
    server.close();
  });
});
