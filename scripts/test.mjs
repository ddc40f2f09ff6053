// `npm test`: installs what the tests need, then runs them all. Arguments are test files (default: every one).
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { installPackages, installSystemPackages, node, root } from './install.mjs';

installPackages({ development: true });
const missing = installSystemPackages([
  ['slurmctld', 'slurmctld'], ['slurmd', 'slurmd'], ['sbatch', 'slurm-client'], ['munged', 'munge'],
  ['bwrap', 'bubblewrap'], ['python3', 'python3'], ['prlimit', 'util-linux'], ['ps', 'procps'], ['chromium', 'chromium'],
]);
if (missing.length > 0) {
  console.error(`Missing: ${missing.join(', ')}. Tests that need them will fail. To install, as root on Debian: apt-get install ${missing.join(' ')}`);
}

const files = process.argv.slice(2);
const tests = spawnSync(node, [
  '--disable-warning=ExperimentalWarning', '--test', '--test-timeout=420000', '--test-concurrency=2',
  ...(files.length > 0 ? files : ['src/**/*.test.ts', 'test/**/*.test.ts']),
], { cwd: root, stdio: ['ignore', 'inherit', 'inherit'], env: { ...process.env, PATH: `${join(root, 'node_modules/.bin')}:${process.env.PATH}` } });
process.exitCode = tests.status ?? 1;
