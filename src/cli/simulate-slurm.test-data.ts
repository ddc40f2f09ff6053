import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const program = fileURLToPath(new URL('main.ts', import.meta.url));

/** @returns what `hpcwhisk simulate slurm` prints */
export async function simulate(...args: string[]): Promise<string> {
  return (await run(process.execPath, ['--disable-warning=ExperimentalWarning', program, 'simulate', 'slurm', ...args])).stdout;
}

/** Asserts that the arguments are refused with one line that says why. */
export async function refused(args: string[], message: RegExp): Promise<void> {
  await assert.rejects(simulate(...args), (error: { code: number; stderr: string }) => {
    assert.match(error.stderr, message);
    return error.code === 64 && error.stderr.trim().split('\n').length === 1;
  });
}
