// Installs what a command of this checkout needs and is missing: npm packages, and (as root on Debian) system packages.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = join(dirname(fileURLToPath(import.meta.url)), '..');
export const node = join(root, 'node_modules', `node-linux-${process.arch}`, 'bin', 'node');
const stamp = join(root, 'node_modules', '.hpcwhisk-installed');

/** Installs the npm packages of the lock file unless that has been done; development packages too when asked. */
export function installPackages({ development }) {
  const lock = createHash('sha256').update(readFileSync(join(root, 'package-lock.json'))).digest('hex');
  const installed = existsSync(stamp) ? readFileSync(stamp, 'utf8').split(' ') : [];
  if (installed[0] === lock && (!development || installed[1] === 'development')) return;
  console.error(`Installing npm packages${development ? ' (development ones too)' : ''} …`);
  // A running program may use node_modules: `npm ci` would take it away, `npm install` only adds what is missing.
  const verb = existsSync(join(root, 'node_modules')) ? ['install', '--no-save'] : ['ci'];
  const npm = spawnSync('npm', [...verb, development ? '--include=dev' : '--omit=dev', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], {
    // Standard output is for what was asked for.
    cwd: root, stdio: ['ignore', 2, 'inherit'], env: { ...process.env, NODE_ENV: '' },
  });
  if (npm.status !== 0) fail('ENPM', `npm ${verb[0]} failed with exit code ${npm.status}`);
  if (!existsSync(node)) fail('EPLATFORM', `there is no Node.js package for ${process.platform} ${process.arch}: only linux x64 and arm64 are supported`);
  writeFileSync(stamp, `${lock} ${development ? 'development' : 'production'}`);
}

/**
 * Installs Debian packages by apt where a program of theirs is missing and this process may (root on Debian).
 * @param wanted [program, package] pairs
 * @returns the packages that are still missing
 */
export function installSystemPackages(wanted) {
  const missing = () => [...new Set(wanted.filter(([program]) => !onPath(program)).map(([, name]) => name))];
  const before = missing();
  if (before.length === 0 || process.getuid() !== 0 || !onPath('apt-get')) return before;
  console.error(`Installing Debian packages: ${before.join(' ')} …`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const apt = (...args) => spawnSync('apt-get', ['-qq', ...args], { env, stdio: ['ignore', 'ignore', 'inherit'] }).status === 0;
  const install = () => apt('install', '-y', '--no-install-recommends', ...before);
  if (!install()) {
    apt('update');
    install();
  }
  return missing();
}

export function fail(code, text) {
  console.error(`hpcwhisk: ${code}: ${text}`);
  process.exit(1);
}

function onPath(program) {
  const directories = ['/usr/sbin', '/sbin', ...(process.env.PATH ?? '').split(':')];
  return directories.some((directory) => directory !== '' && existsSync(join(directory, program)));
}
