import { execFile } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { TestbedError } from './testbed-error.ts';

const run = promisify(execFile);

/** Programs of a testbed and the Debian package of each. slurm-wlm-emulator is none of them: its alternatives replace slurmctld. */
const packageOfProgram = {
  munged: 'munge', slurmctld: 'slurmctld', slurmd: 'slurmd', sbatch: 'slurm-client', squeue: 'slurm-client', scontrol: 'slurm-client',
} as const;

/** What a testbed with accounting needs beyond them. mariadb-server-core is the program alone: no service, no /var/lib/mysql. */
const packageOfAccounting = { mariadbd: 'mariadb-server-core', slurmdbd: 'slurmdbd', sacctmgr: 'slurm-client' } as const;

interface Wanted { readonly accounting?: boolean }

function wantedPackages({ accounting = false }: Wanted): Readonly<Record<string, string>> {
  return accounting ? { ...packageOfProgram, ...packageOfAccounting } : packageOfProgram;
}

/** What to type on Debian to have them all. */
function installCommand(wanted: Wanted): string {
  return `apt-get update && apt-get install -y --no-install-recommends ${[...new Set(Object.values(wantedPackages(wanted)))].join(' ')}`;
}

/** The search path for Slurm's programs: daemons live in /usr/sbin, which ordinary users do not have on theirs. */
export function testbedPath(path = process.env['PATH'] ?? ''): string {
  const directories = path.split(':').filter((directory) => directory !== '');
  for (const directory of ['/usr/bin', '/usr/sbin', '/sbin']) if (!directories.includes(directory)) directories.push(directory);
  return directories.join(':');
}

/** Debian packages whose programs are not on the path. */
async function missingTestbedPackages(wanted: Wanted, path = testbedPath()): Promise<string[]> {
  const missing = new Set<string>();
  for (const [program, name] of Object.entries(wantedPackages(wanted))) {
    if (!await isOnPath(program, path)) missing.add(name);
  }
  return [...missing];
}

/** @throws {TestbedError} naming what is missing and the command that installs it. */
export async function assertTestbedPackages(path = testbedPath(), wanted: Wanted = {}): Promise<void> {
  const missing = await missingTestbedPackages(wanted, path);
  if (missing.length === 0) return;
  throw new TestbedError('TESTBED_PACKAGES_MISSING', 'user',
    `a Slurm testbed needs the packages ${missing.join(', ')}; on Debian, as root: ${installCommand(wanted)}`);
}

/**
 * Installs what is missing with apt-get when run as root on Debian. Several at once wait for each other.
 * The packages' own set-up is left as it is; their services stay without a configuration and a testbed uses none of them.
 * @throws {TestbedError} when packages are missing and cannot be installed from here.
 */
export async function installTestbedPackages(wanted: Wanted = {}): Promise<void> {
  const missing = await missingTestbedPackages(wanted);
  if (missing.length === 0) return;
  if (process.getuid?.() !== 0 || !await isOnPath('apt-get', testbedPath())) return assertTestbedPackages(testbedPath(), wanted);
  const apt = (...words: string[]) => run('flock', ['/run/lock/hpcwhisk-testbed-packages', 'apt-get', '-o', 'DPkg::Lock::Timeout=300', ...words], {
    env: { ...process.env, PATH: testbedPath(), DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C' }, maxBuffer: 16 << 20,
  });
  const install = ['install', '-y', '--no-install-recommends', ...missing];
  try {
    // Without fresh lists the mirror may no longer have the versions that they name; with them the update is not needed.
    await apt(...install).catch(async () => { await apt('update'); await apt(...install); });
  } catch (cause) {
    throw new TestbedError('TESTBED_PACKAGES_MISSING', 'user', `could not install ${missing.join(', ')}; try: ${installCommand(wanted)}`, { cause });
  }
  await assertTestbedPackages(testbedPath(), wanted);
}

async function isOnPath(program: string, path: string): Promise<boolean> {
  for (const directory of path.split(':')) {
    try {
      await access(join(directory, program), constants.X_OK);
      return true;
    } catch { /* not here */ }
  }
  return false;
}
