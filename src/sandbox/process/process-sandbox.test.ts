import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { processesWith, sandboxCases, until } from '../conformance/sandbox-cases.ts';
import { ProcessSandbox } from './process-sandbox.ts';

const scratchDir = mkdtempSync(join(tmpdir(), 'hpcwhisk-process-'));
after(() => { rmSync(scratchDir, { recursive: true, force: true }); });

describe('process sandbox', { timeout: 240_000 }, () => {
  sandboxCases(() => ({ sandbox: new ProcessSandbox({ scratchDir }), scratchDir, findsDaemons: false }));

  it('ends its boxes when the invoker is killed', async () => {
    const mark = `41${Date.now() % 100_000_000}`;
    const program = `
      import { ProcessSandbox } from ${JSON.stringify(import.meta.resolve('./process-sandbox.ts'))};
      const sandbox = new ProcessSandbox({ scratchDir: ${JSON.stringify(scratchDir)} });
      await sandbox.start({ id: 'orphan', command: ['/bin/sleep', '${mark}'], env: {}, readOnly: [], memoryMB: 64 });
      setInterval(() => undefined, 1000);`;
    const invoker = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: 'inherit' });
    await until('the box', () => processesWith(`sleep\0${mark}`).length === 1, () => String(processesWith(mark)));
    invoker.kill('SIGKILL');
    await until('its end', () => processesWith(`sleep\0${mark}`).length === 0, () => String(processesWith(mark)));
    rmSync(join(scratchDir, 'orphan'), { recursive: true });
    assert.ok(true);
  });
});
