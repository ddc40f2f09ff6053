import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { outputOf, processesWith, sandboxCases, startShell, until } from '../conformance/sandbox-cases.ts';
import { processTree } from '../process-tree.ts';
import type { Sandbox } from '../sandbox.ts';
import { makeSmallImage } from '../testing/small-image.ts';
import { CharliecloudSandbox } from './charliecloud-sandbox.ts';

const directory = mkdtempSync(join(tmpdir(), 'hpcwhisk-charliecloud-'));
const scratchDir = join(directory, 'scratch');
const image = { path: join(directory, 'image') };
before(async () => {
  assert.equal(await new CharliecloudSandbox().probe(), undefined);
  chmodSync(directory, 0o755);
  mkdirSync(scratchDir);
  makeSmallImage(image.path);
});
after(() => { rmSync(directory, { recursive: true, force: true }); });

/** Runs everything in the image. */
function inImage(sandbox: Sandbox): Sandbox {
  return {
    name: sandbox.name, inside: (path) => sandbox.inside(path), workDirectory: (id) => sandbox.workDirectory(id), probe: () => sandbox.probe(),
    start: (spec) => sandbox.start({ image, ...spec }),
  };
}
const sandbox = inImage(new CharliecloudSandbox());

async function inBox(script: string, box = sandbox): Promise<string> {
  const started = await startShell(box, script, { memoryMB: 64 });
  const { stdout } = await outputOf(started);
  await started.kill();
  return stdout;
}

describe('charliecloud sandbox', { timeout: 240_000 }, () => {
  sandboxCases(() => ({ sandbox, scratchDir, findsDaemons: true, adds: ['CH_RUNNING'] }));

  it("runs in the image's files, and shows it what it must, read-only", async () => {
    const file = join(directory, 'shown.txt');
    writeFileSync(file, 'shown');
    assert.equal(await inBox('cat /etc/image'), 'small\n');
    const box = await startShell(sandbox, `cat ${sandbox.inside({ host: file, inside: '/runtime/shown.txt' })}; for f in / /etc/image /mnt /mnt/shown.txt; do (: >> $f/x || : >> $f) 2>/dev/null && echo wrote $f; done`, { readOnly: [{ host: file, inside: '/runtime/shown.txt' }] });
    assert.equal((await outputOf(box)).stdout, 'shown');
    await box.kill();
  });

  it('sees neither processes nor files of the host, nor a secret in its environment', async () => {
    process.env['HPCWHISK_TEST_SECRET'] = 'topsecret-token';
    const seen = await inBox(`cat /proc/*/environ 2>/dev/null; ls ${homedir()} /work 2>/dev/null; ls /tmp; kill -0 ${process.pid} 2>/dev/null && echo reached`);
    delete process.env['HPCWHISK_TEST_SECRET'];
    assert.ok(!seen.includes('topsecret-token') && !seen.includes('reached'), seen);
    const pids = (await inBox('ls /proc')).split('\n').filter((name) => /^\d+$/.test(name)).map(Number);
    assert.ok(pids.length > 0 && pids.every((pid) => pid < 100), String(pids));
  });

  it('counts its files as its memory', async () => {
    const box = await startShell(sandbox, 'dd if=/dev/zero of=/tmp/x bs=1M count=100 2>/dev/null; sleep 600', { memoryMB: 64 });
    box.active = true;
    assert.equal((await box.exited).outOfMemory, true);
    await box.kill();
  });

  it('ends its boxes when the invoker is killed', async () => {
    const mark = `61${Date.now() % 100_000_000}`;
    const program = `
      import { CharliecloudSandbox } from ${JSON.stringify(import.meta.resolve('./charliecloud-sandbox.ts'))};
      await new CharliecloudSandbox().start({ id: 'x', image: ${JSON.stringify(image)}, command: ['/bin/sh', '-c', 'setsid sleep ${mark} & wait'], env: {PATH: '/usr/bin:/bin'}, readOnly: [], memoryMB: 64 });
      setInterval(() => undefined, 1000);`;
    const invoker = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: 'inherit' });
    await until('the box', () => processesWith(`sleep\0${mark}`).length === 1, () => String(processesWith(mark)));
    invoker.kill('SIGKILL');
    await until('its end', () => processesWith(`sleep\0${mark}`).length === 0, () => String(processesWith(mark)));
  });

  it('outlives a SIGTERM that reaches its outer processes', async () => {
    const box = await startShell(sandbox, 'echo up; sleep 0.3; echo still');
    const said: string[] = [];
    box.stdout.on('data', (chunk: Buffer) => { said.push(chunk.toString()); });
    await until('its start', () => said.join('').includes('up'), () => said.join(''));
    for (const pid of processTree(box.pid).slice(0, 2)) process.kill(pid, 'SIGTERM');
    await until('its last words', () => said.join('').includes('still'), () => said.join(''));
    await box.kill();
  });

  it('reaches the network or not, as configured', async () => {
    const server = createServer((socket) => socket.end('hello'));
    await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
    const address = server.address();
    assert.ok(typeof address === 'object' && address !== null);
    const script = `/usr/bin/python3 -I -S -c 'import socket; print(socket.create_connection(("127.0.0.1", ${address.port}), 5).recv(9).decode())' 2>/dev/null`;
    assert.equal(await inBox(script), 'hello\n');
    assert.equal(await inBox(script, inImage(new CharliecloudSandbox({ network: 'none' }))), '');
    server.close();
  });

  it('says in one line why it does not work', async () => {
    assert.match(await new CharliecloudSandbox({ program: '/no/such/ch-run' }).probe() ?? '', /^Charliecloud is not installed[^\n]*$/);
  });
});
