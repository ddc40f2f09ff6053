// `npm start`: installs what is missing, then runs `hpcwhisk up` with the arguments that stand behind `--`.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { installPackages, installSystemPackages, root } from './install.mjs';

installPackages({ development: false });
const missing = installSystemPackages([['python3', 'python3'], ['bwrap', 'bubblewrap']]);
if (missing.length > 0) {
  console.error(`Going on without ${missing.join(', ')} (to install: apt-get install ${missing.join(' ')}): `
    + 'without bubblewrap, functions run as plain processes; without python3, only Node.js actions run.');
}

const child = spawn(join(root, 'bin/hpcwhisk'), ['up', ...process.argv.slice(2)], { stdio: 'inherit' });
// A terminal sends Ctrl-C to the whole process group; the program ignores a repetition, so passing it on is harmless.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
child.on('exit', (code, signal) => { process.exitCode = signal === null ? code : 1; });
