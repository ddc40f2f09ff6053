// `npm run bench`: installs what the benchmarks need, then runs them; `--json` prints JSON alone on standard output.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { installPackages, installSystemPackages, node, root } from './install.mjs';

installPackages({ development: true });
installSystemPackages([['python3', 'python3'], ['bwrap', 'bubblewrap']]);
const bench = spawnSync(node, ['--disable-warning=ExperimentalWarning', join(root, 'bench/main.ts'), ...process.argv.slice(2)], { cwd: root, stdio: 'inherit' });
process.exitCode = bench.status ?? 1;
