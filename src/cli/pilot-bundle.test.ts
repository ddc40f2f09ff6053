import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { CommandError } from './command-error.ts';
import { buildPilotBundle } from './pilot-bundle.ts';

const directory = mkdtempSync(join(tmpdir(), 'hpcwhisk-bundle-'));
after(() => { rmSync(directory, { recursive: true, force: true }); });

describe('pilot bundle', { timeout: 60_000 }, () => {
  it('holds the runtimes, and links to the other Node.js programs', async () => {
    await buildPilotBundle(directory);
    for (const file of ['invoker.mjs', 'runtimes/nodejs/runtime.cjs', 'runtimes/nodejs/archive.cjs', 'runtimes/native/native.cjs', 'runtimes/server/server.cjs', 'runtimes/python/runtime.py', 'runtimes/python/archive.py']) assert.ok(existsSync(join(directory, file)), file);
    for (const version of ['20', '22', '24']) {
      const program = realpathSync(join(directory, `runtimes/nodejs/node${version}`));
      assert.match(spawnSync(program, ['--version'], { encoding: 'utf8' }).stdout, new RegExp(`^v${version}\\.`));
    }
    assert.ok(!existsSync(join(directory, 'images.json')));
  });

  it('takes the images along, and leaves them when they are not named any more', async () => {
    const file = join(directory, 'images.yaml');
    writeFileSync(file, 'images:\n  me/python: { charliecloud: /images/python, runtime: python }\n');
    await buildPilotBundle(directory, file);
    assert.deepEqual(JSON.parse(readFileSync(join(directory, 'images.json'), 'utf8')), { images: { 'me/python': { charliecloud: '/images/python', runtime: 'python' } } });
    await buildPilotBundle(directory);
    assert.ok(!existsSync(join(directory, 'images.json')));
  });

  it('refuses images that make no sense, in one line', async () => {
    const file = join(directory, 'bad.yaml');
    for (const [text, reason] of [['images:\n  x: {charliecloud: relative}\n', /The image x/], ['images: [', /cannot be read/]] as const) {
      writeFileSync(file, text);
      await assert.rejects(buildPilotBundle(directory, file), (error) => error instanceof CommandError && error.code === 'EIMAGES' && reason.test(error.message) && !error.message.includes('\n'));
    }
    await assert.rejects(buildPilotBundle(directory, join(directory, 'none.yaml')), /cannot be read/);
  });
});
