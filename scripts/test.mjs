// `npm test`: installs what the tests need, then runs them all. Arguments are test files (default: every one).
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compatibilityTable, TABLE } from './compatibility/table.mjs';
import { installPackages, installSystemPackages, node, root } from './install.mjs';

installPackages({ development: true });
const missing = installSystemPackages([
  ['slurmctld', 'slurmctld'], ['slurmd', 'slurmd'], ['sbatch', 'slurm-client'], ['munged', 'munge'],
  ['slurmdbd', 'slurmdbd'], ['mariadbd', 'mariadb-server-core'], ['bwrap', 'bubblewrap'], ['python3', 'python3'], ['prlimit', 'util-linux'], ['ps', 'procps'], ['chromium', 'chromium'],
]);
if (missing.length > 0) {
  console.error(`Missing: ${missing.join(', ')}. Tests that need them will fail. To install, as root on Debian: apt-get install ${missing.join(' ')}`);
}

const files = process.argv.slice(2);
const directory = mkdtempSync(join(tmpdir(), 'hpcwhisk-proofs-'));
// What the passed tests prove is also the table of what callers can rely on.
const proofs = process.env.HPCWHISK_PROOFS ?? join(directory, 'proofs');
try {
  const tests = spawnSync(node, [
    '--disable-warning=ExperimentalWarning', '--test', '--test-timeout=420000', '--test-concurrency=2',
    '--test-reporter=spec', '--test-reporter-destination=stdout',
    `--test-reporter=${join(root, 'scripts/compatibility/reporter.mjs')}`, `--test-reporter-destination=${proofs}`,
    ...(files.length > 0 ? files : ['src/**/*.test.ts', 'bench/**/*.test.ts', 'test/**/*.test.ts']),
  ], { cwd: root, stdio: ['ignore', 'inherit', 'inherit'], env: { ...process.env, PATH: `${join(root, 'node_modules/.bin')}:${process.env.PATH}` } });
  process.exitCode = tests.status ?? 1;
  if (tests.status === 0 && files.length === 0 && process.env.HPCWHISK_PROOFS === undefined && compatibilityTable(readFileSync(proofs, 'utf8')) !== readFileSync(TABLE, 'utf8')) {
    console.error('docs/reference/openwhisk-compatibility.md is not what the tests prove: npm run compatibility writes it');
    process.exitCode = 1;
  }
} finally {
  rmSync(directory, { recursive: true, force: true });
}
