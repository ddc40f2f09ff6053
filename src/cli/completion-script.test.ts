import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import { completionScript, SHELLS } from './completion-script.ts';
import type { CommandOutline } from './grammar/flag.ts';

const run = promisify(execFile);
const COMMANDS: CommandOutline[] = [
  { name: 'up', description: 'runs it', flags: [{ name: 'port', kind: 'integer', description: 'it\'s a port' }], verbs: [] },
  {
    name: 'action', description: 'work with actions', flags: [{ name: 'help', short: 'h', kind: 'boolean', description: 'help' }],
    verbs: [{ name: 'create', description: 'create', flags: [{ name: 'kind', kind: 'text', description: 'kind' }], verbs: [] }, { name: 'list', description: 'list', flags: [], verbs: [] }],
  },
];

describe('completion', () => {
  it('completes commands, verbs and flags in a real bash', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'hpcwhisk-completion-'));
    try {
      const script = join(directory, 'completion.bash');
      await writeFile(script, completionScript('bash', COMMANDS));
      const complete = async (...words: string[]): Promise<string[]> => {
        const line = `source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(( $# - 1 )); _hpcwhisk; printf '%s\\n' "\${COMPREPLY[@]}"`;
        const { stdout } = await run('bash', ['-c', line, script, 'hpcwhisk', ...words], { cwd: directory });
        return stdout.split('\n').filter((word) => word !== '');
      };
      assert.deepEqual(await complete(''), ['up', 'action']);
      assert.deepEqual(await complete('action', 'c'), ['create']);
      assert.deepEqual(await complete('action', 'create', '--k'), ['--kind']);
      assert.deepEqual(await complete('action', 'create', 'name', '--k'), ['--kind']);
      assert.deepEqual(await complete('up', '--'), ['--port']);
      assert.deepEqual(await complete('action', 'create', 'name', 'comp'), ['completion.bash'], 'files where nothing else fits');
    } finally {
      await rm(directory, { recursive: true });
    }
  });

  it('knows every command for every shell', () => {
    for (const shell of SHELLS) {
      const script = completionScript(shell, COMMANDS);
      for (const word of ['action', 'create', 'kind', 'port']) assert.ok(script.includes(word), `${shell} ${word}`);
    }
  });
});
